"""The troubleshooting notes of the API: list and detail."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import OuterRef, Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kb import searching
from kb.api.framework import field_lookups as lookups
from kb.api.framework.errors import MAX_ERRORS, BadParameters, describe
from kb.api.framework.filters import UPDATED_SINCE, Filters, Parameter
from kb.api.framework.parameter_values import CODE, DAY, MOMENT, SLUG, TEXT, WORDS, YES_NO, lacking, repeated
from kb.api.framework.read_views import AnswerSerializer, Permalink, ReadViewSet
from kb.api.resources.references import (
    TRUNCATED,
    CodeRefSerializer,
    RangeRefSerializer,
    Related,
    prefetch_codes,
    prefetch_ranges,
    truncated_lists,
)
from kb.api.resources.tables import MAX_NEAR, visible_tables
from kb.models import Audience, CodeRange, ReturnCode, TroubleshootingNote
from kb.models.notes import NOTE_TEXTS, NoteState
from kb.models.subqueries import any_of
from kb.models.visibility import Person
from kb.text.accents import fold_case
from kb.text.codes import forms as text_code


def _owners(names: list[str], user: Person | None, parameter: str, most: int = MAX_ERRORS) -> list[int]:
    """Return the ids of the owners with these user names.

    Raises BadParameters for names that own no note, and names at most so many.
    """
    owners = get_user_model().objects.filter(owned_notes__isnull=False).distinct()
    ids = dict(owners.filter(username__in=names).values_list("username", "pk"))
    missing = lacking(names, ids)
    if missing:
        allowed = list(owners.order_by("username").values_list("username", flat=True)[:MAX_NEAR])
        raise BadParameters([describe(parameter, name, "{} owns no note.", allowed) for name in missing[:most]])
    return list(ids.values())


@lookups.include(
    lookups.numbers("id"),
    lookups.names("title"),
    lookups.contains("title"),
    *(lookups.texts(name) for name in NOTE_TEXTS[1:]),
    lookups.choices("state", NoteState.values),
    lookups.choices("audience", Audience.values),
    lookups.moments("validated_at"),
    lookups.null("validated_at"),
    lookups.moments("review_on", DAY, internal=True),
    lookups.null("review_on", internal=True),
    lookups.moments("verify_since", internal=True),
    lookups.null("verify_since", internal=True),
    lookups.numbers("version"),
    lookups.moments("created_at"),
    lookups.moments("updated_at"),
)
class NoteFilters(Filters):
    """Filters of troubleshooting notes."""

    code = Parameter(repeated(CODE), method="by_codes", about="A code in any spelling, or a number in a range.")
    code__not = Parameter(repeated(CODE), method="by_other_codes", about="About none of these codes, in any spelling.")
    table = Parameter(
        repeated(SLUG),
        method="by_codes",
        names=visible_tables,
        about="Slug of a table; with `code`, of that same code.",
    )
    table__not = Parameter(
        repeated(SLUG),
        method="by_other_tables",
        names=visible_tables,
        about="About no code and no range of these tables.",
    )
    owner = Parameter(
        repeated(TEXT),
        internal=True,
        method="by_owner",
        names=_owners,
        about="User name of its owner.",
        example="editor",
    )
    owner__not = Parameter(
        repeated(TEXT),
        internal=True,
        method="by_owner",
        names=_owners,
        about="None of these is its owner.",
        example="editor",
    )
    due = Parameter(YES_NO, internal=True, method="by_due", about="Whether its review is due.")
    updated_since = Parameter(MOMENT, field_name="updated_at", lookup_expr="gte", about=UPDATED_SINCE)
    text = Parameter(WORDS, method="by_text", about="Words that must all appear in its texts.")

    class Meta:
        model = TroubleshootingNote
        fields: list[str] = []

    def by_codes(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep notes about one of the codes or a range that contains it, if the caller may read that."""
        values = self.form.cleaned_data
        if name == "table" and values.get("code"):
            # The filter by code checks the table too: a note must be about a code of that table.
            return queryset
        tables = visible_tables(values["table"], self.request.user) if values.get("table") else None
        if values.get("code"):
            # Few codes: their notes come first.
            return queryset.filter(self._about(values["code"], tables))
        return queryset.filter(self._about_tables(tables or []))

    def by_other_codes(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep notes about none of the codes, nor about a range that contains one, as far as the caller may read."""
        return queryset.exclude(self._about(value, None))

    def by_other_tables(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep notes about no code and no range of the tables."""
        return queryset.filter(~Q(self._about_tables(visible_tables(value, self.request.user, name))))

    def _about(self, spellings: list[str], tables: list[int] | None) -> Q:
        codes, ranges = self._visible(tables)
        numbers = {text_code.number(code) for code in spellings} - {None}
        conditions = [Q(first__lte=number, last__gte=number) for number in numbers]
        codes = codes.matching_any(spellings)
        ranges = ranges.filter(Q(*conditions, _connector=Q.OR)) if conditions else ranges.none()
        links, blocks = codes.filter(notes__isnull=False), ranges.filter(notes__isnull=False)
        return Q(pk__in=links.values("notes")) | Q(pk__in=blocks.values("notes"))

    def _about_tables(self, tables: list[int]) -> Any:
        codes, ranges = self._visible(tables)
        same_note = {"notes": OuterRef("pk")}
        return any_of(codes.filter(**same_note), ranges.filter(**same_note))

    def _visible(self, tables: list[int] | None) -> tuple[Any, Any]:
        """Return the codes and ranges that the caller may read, all or those of some tables."""
        codes = ReturnCode.objects.visible_to(self.request.user)
        ranges = CodeRange.objects.visible_to(self.request.user)
        return (codes, ranges) if tables is None else (codes.among_tables(tables), ranges.filter(table__in=tables))

    def by_owner(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep notes of the owners with these user names; with `owner__not`, all others."""
        owned = {"owner__in": _owners(value, self.request.user, name)}
        return queryset.exclude(**owned) if name == "owner__not" else queryset.filter(**owned)

    def by_due(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Keep notes that are due for review, or the others."""
        due = Q(pk__in=TroubleshootingNote.objects.due(timezone.localdate()).values("pk"))
        return queryset.filter(due if value else ~due)

    def text_contains(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep notes whose text contains the value. The folded texts of a note contain it, too."""
        return super().text_contains(queryset.filter(folded_text__contains=fold_case(value)), name, value)

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep notes that contain every word."""
        return searching.notes_containing(queryset, value)


class NoteSerializer(AnswerSerializer):
    """A troubleshooting note. Texts are Markdown. Its owner, reviewer and review date are internal."""

    codes = Related(CodeRefSerializer(), source="first_codes")
    ranges = Related(RangeRefSerializer(), source="first_ranges")
    truncated: Any = serializers.SerializerMethodField(help_text=TRUNCATED)
    owner: Any = serializers.SlugRelatedField(
        "username", read_only=True, allow_null=True, help_text="User name of its owner; null for the public."
    )
    validated_by: Any = serializers.SlugRelatedField(
        "username", read_only=True, allow_null=True, help_text="User name of its reviewer; null for the public."
    )
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
        """Return the names of the lists that are cut."""
        return truncated_lists(note, codes="first_codes", ranges="first_ranges")


class ShownNoteSerializer(serializers.ModelSerializer[Any]):
    """A note within the answer for one of its codes."""

    optional_fields = ()

    url = Permalink(help_text="The note's page.")

    class Meta:
        model = TroubleshootingNote
        fields = ["id", *NOTE_TEXTS, "state", "audience", "validated_at", "updated_at", "url"]


class NoteViewSet(ReadViewSet):
    """Troubleshooting notes about codes."""

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
        return notes.prefetch_related(prefetch_codes(user), prefetch_ranges(user))
