"""Return codes."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kb import lookup, searching, usage
from kb.api import table
from kb.api.errors import BadParameters, describe
from kb.api.incident import OpenIncidentSerializer
from kb.api.note import ShownNoteSerializer
from kb.api.parameters import Parameter
from kb.api.reading import AnswerSerializer, Permalink, ReadViewSet
from kb.api.refs import CodeRefSerializer
from kb.api.values import CODE, CODES, MOMENT, NUMBER, TEXT, WORDS, YES_NO, one_of
from kb.api.verdict import DISPOSITION_CHOICES, FIXER_CHOICES
from kb.models import ReturnCode, Section
from kb.models.code import VENDOR_TEXTS, Origin, ReturnCodeQuerySet
from kb.text.disposition import DISPOSITIONS, FIXERS


class CodeFilters(FilterSet):
    """Filters of return codes."""

    table = Parameter(TEXT, several=True, method="by_table", about="Slug of a table.")
    section = Parameter(TEXT, several=True, method="by_section", about="Name or slug of a section.")
    code = Parameter(CODE, several=True, method="by_codes", about="A code in any spelling: 0xC0000005 or 3221225477.")
    code__in = Parameter(CODES, method="by_codes", about="Codes in any spelling, separated by commas.")
    prefix = Parameter(CODE, field_name="code", lookup_expr="istartswith", about="How the code begins.")
    number_min = Parameter(NUMBER, field_name="number", lookup_expr="gte")
    number_max = Parameter(NUMBER, field_name="number", lookup_expr="lte")
    disposition = Parameter(one_of(DISPOSITIONS), several=True)
    fixer = Parameter(one_of(FIXERS), several=True)
    retired = Parameter(YES_NO, method="by_retired", about="Whether the vendor has dropped it.")
    has_notes = Parameter(YES_NO, about="Whether a live note that you may read is about it or a range around it.")
    has_open_incident = Parameter(YES_NO, about="Whether an incident that you may read hits it and goes on.")
    updated_since = Parameter(MOMENT, field_name="updated_at", lookup_expr="gte")
    text = Parameter(WORDS, method="by_text", about="Words that the code's texts or its notes all hold.")

    class Meta:
        model = ReturnCode
        fields: list[str] = []

    def by_table(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep codes of the tables with these slugs."""
        return queryset.filter(table__in=table.named(value, self.request.user))

    def by_section(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep codes of the sections with these names or slugs."""
        sections = Section.objects.visible_to(self.request.user)
        found = list(sections.filter(Q(name__in=value) | Q(slug__in=value)).values_list("pk", "name", "slug"))
        missing = set(value) - {word for _, *words in found for word in words}
        if missing:
            known = sections.exclude(name="").order_by("name").values_list("name", flat=True).distinct()
            names = list(known[: table.MOST_NEAR])
            raise BadParameters(
                [describe(name, one, "There is no section {} that you may read.", names) for one in missing]
            )
        return queryset.filter(section__in=[pk for pk, *_ in found])

    def by_codes(self, queryset: ReturnCodeQuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep codes that one of the written codes may mean."""
        return queryset.matching_any(value)

    def by_retired(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        """Keep retired codes, or the others."""
        return queryset.filter(retired_at__isnull=not value)

    def by_text(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Keep codes that hold each word."""
        return searching.containing(queryset, value, self.request.user)


class SectionSerializer(serializers.ModelSerializer):
    """The vendor's grouping that a code stands in; without a name where the table has no groups."""

    class Meta:
        model = Section
        fields = ["name", "slug"]


class DispositionSerializer(serializers.Serializer):
    """What to do, and who says so."""

    value = serializers.ChoiceField(DISPOSITION_CHOICES)
    origin = serializers.ChoiceField(Origin.choices)


class FixerSerializer(serializers.Serializer):
    """Who can fix it, and who says so."""

    value = serializers.ChoiceField(FIXER_CHOICES)
    origin = serializers.ChoiceField(Origin.choices)


class VendorSerializer(serializers.Serializer):
    """The vendor's last words, where support's differ."""

    symbol = serializers.CharField(required=False, allow_blank=True)
    description = serializers.CharField(required=False, allow_blank=True)
    possible_reasons = serializers.CharField(required=False, allow_blank=True)
    suggested_actions = serializers.CharField(required=False, allow_blank=True)


class CodeSerializer(AnswerSerializer):
    """A return code. Texts are as stored, to the letter; one that is not there is empty."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)
    section = SectionSerializer(read_only=True)
    number = serializers.IntegerField(read_only=True, allow_null=True, help_text="The code's value, if it has one.")
    vendor = serializers.SerializerMethodField(help_text="The vendor's last words, where support's differ.")
    extra = serializers.DictField(read_only=True, help_text="Other columns of the vendor's table.")
    disposition = serializers.SerializerMethodField(help_text="What to do, and who says so.")
    fixer = serializers.SerializerMethodField(help_text="Who can fix it, and who says so.")
    successor = serializers.SerializerMethodField(help_text="For a retired code: what took its place.")
    has_notes = serializers.BooleanField(read_only=True)
    has_open_incident = serializers.BooleanField(read_only=True)
    url = Permalink(help_text="The code's page.")

    class Meta:
        model = ReturnCode
        fields = [
            *("id", "table", "section", "code", "number", *VENDOR_TEXTS, "vendor", "extra", "disposition", "fixer"),
            *(
                "retired_at",
                "successor",
                "has_notes",
                "has_open_incident",
                "version",
                "created_at",
                "updated_at",
                "url",
            ),
        ]
        read_only_fields = fields

    @extend_schema_field(VendorSerializer)
    def get_vendor(self, code: ReturnCode) -> dict[str, str]:
        """Return the vendor's words that support has changed."""
        return {name: getattr(code, f"vendor_{name}") for name in code.edited_texts}

    @extend_schema_field(DispositionSerializer)
    def get_disposition(self, code: ReturnCode) -> dict[str, str]:
        """Return what to do, and who says so."""
        return {"value": code.disposition, "origin": code.disposition_origin}

    @extend_schema_field(FixerSerializer)
    def get_fixer(self, code: ReturnCode) -> dict[str, str]:
        """Return who can fix it, and who says so."""
        return {"value": code.fixer, "origin": code.fixer_origin}

    @extend_schema_field(CodeRefSerializer(allow_null=True))
    def get_successor(self, code: Any) -> dict[str, Any] | None:
        """Return the code that took its place, if the caller may read that."""
        return CodeRefSerializer(code.successor, context=self.context).data if code.shows_successor else None


class CodeDetailSerializer(CodeSerializer):
    """A return code with the notes and open incidents that its card shows the caller."""

    notes = serializers.SerializerMethodField(help_text="Notes on the code and on the ranges around it.")
    open_incidents = serializers.SerializerMethodField(help_text="Incidents that go on.")

    class Meta(CodeSerializer.Meta):
        # An open incident comes first, as on the card: it may make all that follows beside the point.
        fields = ["open_incidents", *CodeSerializer.Meta.fields, "notes"]
        read_only_fields = fields

    @extend_schema_field(ShownNoteSerializer(many=True))
    def get_notes(self, code: Any) -> Any:
        """Return the notes of the card."""
        return ShownNoteSerializer(self._card(code).notes, many=True, context=self.context).data

    @extend_schema_field(OpenIncidentSerializer(many=True))
    def get_open_incidents(self, code: Any) -> Any:
        """Return the open incidents of the card."""
        return OpenIncidentSerializer(self._card(code).open_incidents, many=True, context=self.context).data

    def _card(self, code: Any) -> lookup.Card:
        if not hasattr(self, "_read"):
            (self._read,) = lookup.cards([code], self.context["request"].user)
        return self._read


class CodeViewSet(ReadViewSet):
    """Return codes: what each means, and what to do about it."""

    queryset = ReturnCode.objects.none()
    serializer_class = CodeSerializer
    detail_serializer_class = CodeDetailSerializer
    filterset_class = CodeFilters
    lookup_value_regex = "[0-9]{1,18}"
    default_ordering = "vendor"
    orders = {
        "vendor": ("table", "position", "id"),
        "code": ("sort_key", "id"),
        "number": ("number", "id"),
        "updated_at": ("updated_at", "id"),
        "created_at": ("created_at", "id"),
        "id": ("id",),
    }

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer one code, and count that it was looked up."""
        answer = super().retrieve(request, *args, **kwargs)
        usage.count_codes([int(kwargs["pk"])])
        return answer

    def get_queryset(self) -> QuerySet[ReturnCode]:
        """Return the codes that the caller may read, with what the caller may know of them."""
        user = self.request.user
        successor = ReturnCode.objects.visible_to(user).filter(pk=OuterRef("successor"))
        codes = lookup.with_flags(lookup.codes_visible_to(user), user).annotate(shows_successor=Exists(successor))
        return codes.select_related("table", "section", "successor__table", "successor__section")
