"""What the API says of each thing."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kb.models import Audience, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.code import VENDOR_TEXTS, Origin
from kb.models.incident import IncidentState
from kb.models.note import NoteState
from kb.text.disposition import DISPOSITIONS, FIXERS


class Permalink(serializers.Field):
    """The address of the page of a thing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        """Return the whole address."""
        return self.context["request"].build_absolute_uri(value.get_absolute_url())


extend_schema_field({"type": "string", "format": "uri"})(Permalink)


class TableSerializer(serializers.ModelSerializer):
    """A code table."""

    source_url = serializers.CharField(read_only=True, help_text="Where the vendor publishes it; may be empty.")
    code_count = serializers.IntegerField(read_only=True, help_text="Codes that the vendor lists.")
    retired_count = serializers.IntegerField(read_only=True)
    url = Permalink()

    class Meta:
        model = CodeTable
        fields = (
            "id slug vendor product name language source_url audience code_count retired_count version created_at"
            " updated_at url"
        ).split()
        read_only_fields = fields


class SectionSerializer(serializers.ModelSerializer):
    """The section of a code."""

    class Meta:
        model = Section
        fields = ("name", "slug")


class DispositionSerializer(serializers.Serializer):
    """What to do, and who says so."""

    value = serializers.ChoiceField(list(DISPOSITIONS.items()))
    origin = serializers.ChoiceField(Origin.choices)


class FixerSerializer(serializers.Serializer):
    """Who can fix it, and who says so."""

    value = serializers.ChoiceField(list(FIXERS.items()))
    origin = serializers.ChoiceField(Origin.choices)


class VendorSerializer(serializers.Serializer):
    """The vendor's last words where support's differ."""

    symbol = serializers.CharField(required=False)
    description = serializers.CharField(required=False)
    possible_reasons = serializers.CharField(required=False)
    suggested_actions = serializers.CharField(required=False)


class CodeSerializer(serializers.ModelSerializer):
    """A return code."""

    table = serializers.CharField(source="table.slug", read_only=True)
    section = SectionSerializer(read_only=True)
    vendor = serializers.SerializerMethodField(help_text="The vendor's last words where support's differ.")
    disposition = serializers.SerializerMethodField()
    fixer = serializers.SerializerMethodField()
    has_notes = serializers.BooleanField(read_only=True)
    has_open_incident = serializers.BooleanField(read_only=True)
    url = Permalink()

    class Meta:
        model = ReturnCode
        fields = (
            "id table section code number symbol description possible_reasons suggested_actions vendor extra"
            " disposition fixer retired_at successor has_notes has_open_incident version created_at updated_at url"
        ).split()
        read_only_fields = fields

    @extend_schema_field(VendorSerializer)
    def get_vendor(self, code: ReturnCode) -> dict[str, str]:
        """Return the vendor's last words where support's differ."""
        return {name: getattr(code, f"vendor_{name}") for name in VENDOR_TEXTS if name in code.edited_texts}

    @extend_schema_field(DispositionSerializer)
    def get_disposition(self, code: ReturnCode) -> dict[str, str]:
        """Return what to do, and who says so."""
        return {"value": code.disposition, "origin": code.disposition_origin}

    @extend_schema_field(FixerSerializer)
    def get_fixer(self, code: ReturnCode) -> dict[str, str]:
        """Return who can fix it, and who says so."""
        return {"value": code.fixer, "origin": code.fixer_origin}


class CodeRefSerializer(serializers.ModelSerializer):
    """A code, as a note or an incident names it."""

    table = serializers.CharField(source="table.slug", read_only=True)
    section = serializers.CharField(source="section.slug", read_only=True)
    url = Permalink()

    class Meta:
        model = ReturnCode
        fields = ("id", "table", "section", "code", "url")


class NoteSerializer(serializers.ModelSerializer):
    """A troubleshooting note. Texts are Markdown."""

    codes = CodeRefSerializer(source="shown_codes", many=True, read_only=True)
    state = serializers.ChoiceField(NoteState.choices, read_only=True)
    audience = serializers.ChoiceField(Audience.choices, read_only=True)
    url = Permalink()

    class Meta:
        model = TroubleshootingNote
        fields = (
            "id title issue environment cause resolution customer_reply state audience review_on validated_at codes"
            " version created_at updated_at url"
        ).split()
        read_only_fields = fields


class IncidentSerializer(serializers.ModelSerializer):
    """A link to an incident in somebody's tracker."""

    codes = CodeRefSerializer(source="shown_codes", many=True, read_only=True)
    state = serializers.ChoiceField(IncidentState.choices, read_only=True)
    audience = serializers.ChoiceField(Audience.choices, read_only=True)

    class Meta:
        model = IncidentLink
        fields = (
            "id url reference title state started_at resolved_at impact workaround audience codes version created_at"
            " updated_at"
        ).split()
        read_only_fields = fields


class CodeDetailSerializer(CodeSerializer):
    """A return code with the notes and the open incidents that the caller may read."""

    notes = NoteSerializer(source="shown_notes", many=True, read_only=True)
    open_incidents = IncidentSerializer(source="shown_incidents", many=True, read_only=True)

    class Meta(CodeSerializer.Meta):
        fields = [*CodeSerializer.Meta.fields, "notes", "open_incidents"]
        read_only_fields = fields
