"""What the API says about a return code. `kb.answers` makes the answers; a test compares them with these fields."""

from typing import Any

from rest_framework import serializers

from kb.answers.build import LISTS
from kb.api.framework.read_views import AnswerSerializer, Permalink, QuickSerializer
from kb.api.resources.incidents import OpenIncidentSerializer
from kb.api.resources.notes import ShownNoteSerializer
from kb.api.resources.references import TRUNCATED, CodeRefSerializer, RangeRefSerializer
from kb.api.resources.verdicts import DISPOSITION_CHOICES, FIXER_CHOICES
from kb.models import ReturnCode, Section
from kb.models.fields import VENDOR_TEXTS
from kb.models.origins import Origin


class SectionSerializer(QuickSerializer):
    """The vendor's section that contains the code; the name is empty if the table has no sections."""

    class Meta:
        model = Section
        fields = ["name", "slug"]


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


class CodeSerializer(AnswerSerializer):
    """A return code. Texts are exactly as stored; a missing text is empty."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)
    section = SectionSerializer(read_only=True)
    number = serializers.IntegerField(read_only=True, allow_null=True, help_text="Its numeric value, if it has one.")
    vendor = VendorSerializer(read_only=True, help_text="The vendor's latest texts where support has edited them.")
    extra = serializers.DictField(read_only=True, help_text="Other columns of the vendor's table.")
    disposition = DispositionSerializer(read_only=True, help_text="What to do, and who decided it.")
    fixer = FixerSerializer(read_only=True, help_text="Who can fix it, and who decided it.")
    successor = CodeRefSerializer(
        read_only=True, allow_null=True, help_text="For a retired code: the code that replaces it."
    )
    has_notes = serializers.BooleanField(read_only=True)
    has_open_incident = serializers.BooleanField(read_only=True)
    url = Permalink(help_text="The code's page.")
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
            *("open_incidents", "id", "table", "section", "code", "number", *VENDOR_TEXTS, "vendor", "extra"),
            *("disposition", "fixer", "retired_at", "successor", "has_notes", "has_open_incident", "version"),
            *("created_at", "updated_at", "url", "notes", "past_incidents", "ranges", "truncated"),
        ]
        read_only_fields = fields
