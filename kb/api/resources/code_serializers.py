"""Return codes as the API answers them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kb.api.framework.read_views import AnswerSerializer, Permalink, QuickSerializer
from kb.api.resources.incidents import OpenIncidentSerializer
from kb.api.resources.notes import ShownNoteSerializer
from kb.api.resources.references import TRUNCATED, CodeRefSerializer, RangeRefSerializer
from kb.api.resources.verdicts import DISPOSITION_CHOICES, FIXER_CHOICES
from kb.models import ReturnCode, Section
from kb.models.fields import VENDOR_TEXTS
from kb.models.origins import Origin

ON_CARD = ("open_incidents", "notes", "past_incidents", "ranges")
"""The fields that come from the code's card."""

MAX_ON_CARD = 20
"""Items that each of these fields lists."""


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
    vendor = serializers.SerializerMethodField(help_text="The vendor's latest texts where support has edited them.")
    extra = serializers.DictField(read_only=True, help_text="Other columns of the vendor's table.")
    disposition = serializers.SerializerMethodField(help_text="What to do, and who decided it.")
    fixer = serializers.SerializerMethodField(help_text="Who can fix it, and who decided it.")
    successor = serializers.SerializerMethodField(help_text="For a retired code: the code that replaces it.")
    has_notes = serializers.BooleanField(read_only=True)
    has_open_incident = serializers.BooleanField(read_only=True)
    url = Permalink(help_text="The code's page.")
    open_incidents = serializers.SerializerMethodField(help_text="Open incidents.")
    notes = serializers.SerializerMethodField(help_text="Notes about the code and about the ranges that contain it.")
    past_incidents = serializers.SerializerMethodField(help_text="Resolved incidents.")
    ranges = serializers.SerializerMethodField(help_text="Known ranges that contain it, narrowest first.")
    truncated = serializers.SerializerMethodField(help_text=TRUNCATED)

    class Meta:
        model = ReturnCode
        # Open incidents come first, as on the card: they may make everything else irrelevant.
        fields = [
            *("open_incidents", "id", "table", "section", "code", "number", *VENDOR_TEXTS, "vendor", "extra"),
            *("disposition", "fixer", "retired_at", "successor", "has_notes", "has_open_incident", "version"),
            *("created_at", "updated_at", "url", "notes", "past_incidents", "ranges", "truncated"),
        ]
        read_only_fields = fields

    @extend_schema_field(VendorSerializer)
    def get_vendor(self, code: ReturnCode) -> dict[str, str]:
        """Return the vendor's texts that support has changed."""
        return {name: getattr(code, f"vendor_{name}") for name in code.edited_texts}

    @extend_schema_field(DispositionSerializer)
    def get_disposition(self, code: ReturnCode) -> dict[str, str]:
        """Return what to do, and who decided it."""
        return {"value": code.disposition, "origin": code.disposition_origin}

    @extend_schema_field(FixerSerializer)
    def get_fixer(self, code: ReturnCode) -> dict[str, str]:
        """Return who can fix it, and who decided it."""
        return {"value": code.fixer, "origin": code.fixer_origin}

    @extend_schema_field(CodeRefSerializer(allow_null=True))
    def get_successor(self, code: Any) -> dict[str, Any] | None:
        """Return the code that replaces it, if the caller may read that code."""
        return CodeRefSerializer(code.successor, context=self.context).data if code.shows_successor else None

    @extend_schema_field(OpenIncidentSerializer(many=True))
    def get_open_incidents(self, code: ReturnCode) -> Any:
        """Return the open incidents of the card."""
        return OpenIncidentSerializer(self._first(code, "open_incidents"), many=True, context=self.context).data

    @extend_schema_field(ShownNoteSerializer(many=True))
    def get_notes(self, code: ReturnCode) -> Any:
        """Return the notes of the card."""
        return ShownNoteSerializer(self._first(code, "notes"), many=True, context=self.context).data

    @extend_schema_field(OpenIncidentSerializer(many=True))
    def get_past_incidents(self, code: ReturnCode) -> Any:
        """Return the resolved incidents of the card."""
        return OpenIncidentSerializer(self._first(code, "past_incidents"), many=True, context=self.context).data

    @extend_schema_field(RangeRefSerializer(many=True))
    def get_ranges(self, code: ReturnCode) -> Any:
        """Return the ranges of the card."""
        return RangeRefSerializer(self._first(code, "ranges"), many=True, context=self.context).data

    @extend_schema_field({"type": "array", "items": {"type": "string", "enum": list(ON_CARD)}})
    def get_truncated(self, code: ReturnCode) -> list[str]:
        """Return the names of the lists that are cut."""
        # Without a selected list there is no card.
        lists = [name for name in ON_CARD if name in self.context["fields"]]
        return [name for name in lists if len(getattr(self.context["cards"][code.pk], name)) > MAX_ON_CARD]

    def _first(self, code: ReturnCode, name: str) -> Any:
        return getattr(self.context["cards"][code.pk], name)[:MAX_ON_CARD]
