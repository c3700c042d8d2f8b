"""Troubleshooting notes."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kb import searching
from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.filter_lookups import SINCE, days, holds, moments, names, numbers, texts, with_lookups, words_of
from kb.api.framework.parameter_values import CODE, MOMENT, TEXT, WORDS, YES_NO
from kb.api.framework.parameters import Filters, Parameter
from kb.api.framework.read_views import AnswerSerializer, Permalink, ReadViewSet
from kb.api.resources.references import (
    CUT,
    CodeRefSerializer,
    RangeRefSerializer,
    Related,
    cut,
    shown_codes,
    shown_ranges,
)
from kb.api.resources.tables import MOST_NEAR, visible_tables
from kb.models import Audience, CodeRange, ReturnCode, TroubleshootingNote
from kb.models.notes import NOTE_TEXTS, NoteState
from kb.text.codes import forms as text_code


@with_lookups(
    {
        **numbers("id"),
        **names("title"),
        **holds("title"),
        **{name: one for text in NOTE_TEXTS[1:] for name, one in texts(text).items()},
        **words_of("state", NoteState.values),
        **words_of("audience", Audience.values),
        **moments("validated_at", may_lack=True),
        **days("review_on", internal=True),
        **moments("verify_since", may_lack=True, internal=True),
        **numbers("version"),
        **moments("created_at"),
        **moments("updated_at"),
    }
)
class NoteFilters(Filters):
    """Filters of troubleshooting notes."""

    code = Parameter(CODE, several=True, method="about", about="A code in any spelling, or a number in a range.")
    table = Parameter(TEXT, several=True, method="about", about="Slug of a table; with `code`, of that very code.")
    owner = Parameter(TEXT, several=True, internal=True, method="by_owner", about="User name of who keeps it true.")
    due = Parameter(YES_NO, internal=True, method="by_due", about="Whether its review date has come.")
    updated_since = Parameter(MOMENT, field_name="updated_at", lookup_expr="gte", about=SINCE)
    text = Parameter(WORDS, method="by_text", about="Words that its texts all hold.")

    class Meta:
        model = TroubleshootingNote
        fields: list[str] = []

    def about(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep notes about a code, or a range around it, that the caller may read."""
        given = self.form.cleaned_data.get
        if name == "table" and given("code"):
            # The filter by code looks at the table too: a note must be about that very code.
            return queryset
        codes = ReturnCode.objects.visible_to(self.request.user)
        ranges = CodeRange.objects.visible_to(self.request.user)
        if given("table"):
            tables = visible_tables(given("table"), self.request.user)
            codes, ranges = codes.filter(table__in=tables), ranges.filter(table__in=tables)
        if given("code"):
            numbers = {text_code.number(code) for code in given("code")} - {None}
            around = [Q(first__lte=number, last__gte=number) for number in numbers]
            codes = codes.matching_any(given("code"))
            ranges = ranges.filter(Q(*around, _connector=Q.OR)) if around else ranges.none()
        this = {"notes": OuterRef("pk")}
        return queryset.filter(Exists(codes.filter(**this)) | Exists(ranges.filter(**this)))

    def by_owner(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep notes of the owners with these user names."""
        owners = get_user_model().objects.filter(owned_notes__isnull=False).distinct()
        found = dict(owners.filter(username__in=value).values_list("username", "pk"))
        missing = [one for one in value if one not in found]
        if missing:
            owning = list(owners.order_by("username").values_list("username", flat=True)[:MOST_NEAR])
            raise BadParameters([describe(name, one, "{} owns no note.", owning) for one in missing])
        return queryset.filter(owner__in=found.values())

    def by_due(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        """Keep notes whose review date has come, or the others."""
        due = Q(pk__in=TroubleshootingNote.objects.due(timezone.localdate()).values("pk"))
        return queryset.filter(due if value else ~due)

    def by_text(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Keep notes that hold each word."""
        return searching.notes_containing(queryset, value)


class NoteSerializer(AnswerSerializer):
    """A troubleshooting note. Texts are Markdown; who stands behind it and when to review it are internal."""

    codes = Related(CodeRefSerializer(), source="shown_codes")
    ranges = Related(RangeRefSerializer(), source="shown_ranges")
    truncated: Any = serializers.SerializerMethodField(help_text=CUT)
    owner: Any = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    validated_by: Any = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    verify_reason = serializers.CharField(read_only=True, allow_null=True)
    url = Permalink(help_text="The note's page.")

    internal_fields = ("owner", "review_on", "validated_by", "verify_since", "verify_reason")

    class Meta:
        model = TroubleshootingNote
        fields = [
            *("id", *NOTE_TEXTS, "codes", "ranges", "truncated", "state", "audience", "owner", "review_on"),
            *("validated_by", "validated_at", "verify_since", "verify_reason", "version", "created_at", "updated_at"),
            "url",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": {"type": "string", "enum": ["codes", "ranges"]}})
    def get_truncated(self, note: TroubleshootingNote) -> list[str]:
        """Return the lists that are longer."""
        return cut(note, codes="shown_codes", ranges="shown_ranges")


class ShownNoteSerializer(serializers.ModelSerializer):
    """A note on the answer of one of its codes."""

    url = Permalink(help_text="The note's page.")

    class Meta:
        model = TroubleshootingNote
        fields = ["id", *NOTE_TEXTS, "state", "audience", "validated_at", "updated_at", "url"]


class NoteViewSet(ReadViewSet):
    """Troubleshooting notes: what support knows about codes."""

    queryset = TroubleshootingNote.objects.none()
    serializer_class = NoteSerializer
    filterset_class = NoteFilters
    lookup_value_regex = "[0-9]{1,18}"
    orders = {
        "updated_at": ("updated_at", "id"),
        "created_at": ("created_at", "id"),
        "title": ("title", "id"),
        "id": ("id",),
    }
    default_ordering = "-updated_at"
    facets = {"state": "state", "audience": "audience"}

    def get_queryset(self) -> QuerySet[TroubleshootingNote]:
        """Return the notes that the caller may read, with the codes and ranges that the caller may read."""
        user = self.request.user
        notes = TroubleshootingNote.objects.visible_to(user).select_related("owner", "validated_by")
        return notes.prefetch_related(shown_codes(user), shown_ranges(user))
