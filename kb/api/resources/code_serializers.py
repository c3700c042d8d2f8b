"""What the API says about a return code. `kb.answers` makes the answers; a test compares them with these fields."""

from typing import Any

from rest_framework import serializers

from kb.answers.build import LISTS
from kb.api.framework.read_views import AnswerSerializer, Permalink, QuickSerializer
from kb.api.resources.incidents import OpenIncidentSerializer
from kb.api.resources.notes import ShownNoteSerializer
from kb.api.resources.references import TRUNCATED, CodeRefSerializer, RangeRefSerializer, SectionSerializer
from kb.models import ReturnCode
from kb.models.fields import CODE_MEMBERS, VENDOR_TEXTS
from kb.models.origins import Origin
from kb.text.codes.disposition import DISPOSITIONS, FIXERS

DISPOSITION_CHOICES = list(DISPOSITIONS.items())
FIXER_CHOICES = list(FIXERS.items())


class DispositionSerializer(serializers.Serializer[Any]):
    """What to do, and who decided it."""

    value = serializers.ChoiceField(DISPOSITION_CHOICES)
    origin = serializers.ChoiceField(Origin.choices)


class FixerSerializer(serializers.Serializer[Any]):
    """Who can fix it, and who decided it."""

    value = serializers.ChoiceField(FIXER_CHOICES)
    origin = serializers.ChoiceField(Origin.choices)


class VendorSerializer(serializers.Serializer[Any]):
    """The vendor's latest texts where support has edited them."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return a field for each text of a code."""
        return {name: serializers.CharField(required=False, allow_blank=True) for name in VENDOR_TEXTS}


class CodeMembersSerializer(QuickSerializer):
    """What every answer says of a code: `CODE_MEMBERS`."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)
    section = SectionSerializer(read_only=True)
    number = serializers.IntegerField(read_only=True, allow_null=True, help_text="Its numeric value, if it has one.")
    vendor = VendorSerializer(read_only=True, help_text="The vendor's latest texts where support has edited them.")
    extra = serializers.DictField(
        child=serializers.CharField(allow_blank=True), read_only=True, help_text="Other columns of the vendor's table."
    )
    disposition = DispositionSerializer(read_only=True, help_text="What to do, and who decided it.")
    fixer = FixerSerializer(read_only=True, help_text="Who can fix it, and who decided it.")
    successor = CodeRefSerializer(
        read_only=True, allow_null=True, help_text="For a retired code: the code that replaces it."
    )
    has_notes = serializers.BooleanField(read_only=True, help_text="Whether there is a published note for you.")
    has_open_incident = serializers.BooleanField(read_only=True, help_text="Whether one that you may read is open.")
    url = Permalink(help_text="The code's page.")

    class Meta:
        model = ReturnCode
        fields = [*CODE_MEMBERS]
        read_only_fields = fields


class CodeSerializer(AnswerSerializer, CodeMembersSerializer):
    """A return code. Texts are exactly as stored; a missing text is empty."""

    optional_fields = (*LISTS, "truncated")
    open_incidents = OpenIncidentSerializer(many=True, read_only=True, help_text="Open incidents.")
    notes = ShownNoteSerializer(
        many=True, read_only=True, help_text="Notes about the code and about the ranges that contain it."
    )
    past_incidents = OpenIncidentSerializer(many=True, read_only=True, help_text="Resolved incidents.")
    ranges = RangeRefSerializer(many=True, read_only=True, help_text="Known ranges that contain it, narrowest first.")
    truncated = serializers.ListField(child=serializers.ChoiceField(LISTS), read_only=True, help_text=TRUNCATED)

    class Meta:
        model = ReturnCode
        # Open incidents come first, as on the card: they may make everything else irrelevant.
        fields = [
            *("open_incidents", *CODE_MEMBERS, "notes", "past_incidents", "ranges", "truncated"),
        ]
        read_only_fields = fields
