"""Filters of return codes."""

from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from kb import searching
from kb.api.framework import field_lookups as lookups
from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.filters import UPDATED_SINCE, Filters, Parameter
from kb.api.framework.parameter_values import CODE, CODES, ID, MOMENT, NUMBER, TEXT, WORDS, YES_NO, repeated
from kb.api.resources.tables import MAX_NEAR, visible_tables
from kb.models import IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.codes import ReturnCodeQuerySet
from kb.models.fields import VENDOR_TEXTS
from kb.models.origins import Origin
from kb.queries.lookup import having_notes, having_open_incident
from kb.text.codes.disposition import DISPOSITIONS, FIXERS
from kb.text.codes.forms import sort_key


@lookups.include(
    lookups.numbers("id"),
    lookups.prefix("code"),
    lookups.numbers("number", NUMBER),
    lookups.null("number"),
    lookups.names("symbol"),
    lookups.empty("symbol"),
    lookups.contains("symbol"),
    *(lookups.texts(name) for name in VENDOR_TEXTS[1:]),
    lookups.choices("disposition", DISPOSITIONS),
    lookups.choices("disposition_origin", Origin.values),
    lookups.choices("fixer", FIXERS),
    lookups.choices("fixer_origin", Origin.values),
    lookups.moments("retired_at"),
    lookups.null("retired_at"),
    lookups.numbers("version"),
    lookups.moments("created_at"),
    lookups.moments("updated_at"),
)
class CodeFilters(Filters):
    """Filters of return codes."""

    table = Parameter(repeated(TEXT), method="by_table", about="Slug of a table.")
    section = Parameter(repeated(TEXT), method="by_section", about="Name or slug of a section.")
    code = Parameter(repeated(CODE), method="by_codes", about="A code in any spelling: 0xC0000005 or 3221225477.")
    code__in = Parameter(CODES, method="by_codes", about="Codes in any spelling, separated by commas.")
    prefix = Parameter(CODE, field_name="code", lookup_expr="istartswith", about="Short for `code__prefix`.")
    number_min = Parameter(NUMBER, method="from_number", about="Short for `number__gte`.")
    number_max = Parameter(NUMBER, method="to_number", about="Short for `number__lte`.")
    retired = Parameter(YES_NO, method="by_retired", about="Whether the vendor has dropped it.")
    successor__isnull = Parameter(
        YES_NO, method="by_successor", about="Whether no code that you may read has replaced it."
    )
    has_notes = Parameter(
        YES_NO, method="by_notes", about="Whether you may read a live note about it or about a range that contains it."
    )
    has_open_incident = Parameter(
        YES_NO, method="by_open_incident", about="Whether you may read an open incident that affects it."
    )
    note = Parameter(repeated(ID), method="by_related", field_name="notes", about="Id of a note about it.")
    incident = Parameter(repeated(ID), method="by_related", field_name="incidents", about="Id of an incident.")
    updated_since = Parameter(MOMENT, field_name="updated_at", lookup_expr="gte", about=UPDATED_SINCE)
    text = Parameter(WORDS, method="by_text", about="Words that must all appear in the code's texts or its notes.")

    class Meta:
        model = ReturnCode
        fields: list[str] = []

    def by_table(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep codes of the tables with these slugs."""
        tables = visible_tables(value, self.request.user)
        return self._among(queryset, "table_id", tables)

    def by_section(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep codes of the sections with these names or slugs."""
        sections = Section.objects.visible_to(self.request.user)
        matches = list(sections.filter(Q(name__in=value) | Q(slug__in=value)).values_list("pk", "name", "slug"))
        missing = set(value) - {word for _, *words in matches for word in words}
        if missing:
            section_names = sections.exclude(name="").order_by("name").values_list("name", flat=True).distinct()
            allowed = list(section_names[:MAX_NEAR])
            raise BadParameters(
                [describe(name, text, "There is no section {} that you may read.", allowed) for text in missing]
            )
        return self._among(queryset, "section_id", [pk for pk, *_ in matches])

    def _among(self, queryset: QuerySet[Any], column: str, pks: list[int]) -> QuerySet[Any]:
        if "code" in self.data or "code__in" in self.data:
            # `+ 0` makes SQLite use the index of the code instead of one of the table, which has 100,000 codes.
            queryset = queryset.alias(**{f"{column}_only": F(column) + 0})
            column = f"{column}_only"
        return queryset.filter(**{f"{column}__in": pks})

    def by_codes(self, queryset: ReturnCodeQuerySet, name: str, value: list[str]) -> QuerySet[Any]:
        """Keep codes that one of these spellings may mean."""
        return queryset.matching_any(value)

    def by_retired(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Keep retired codes, or the others."""
        return queryset.filter(retired_at__isnull=not value)

    def by_successor(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Keep codes without a successor that the caller may read, or the others."""
        successor = ReturnCode.objects.visible_to(self.request.user).filter(pk=OuterRef("successor"))
        return queryset.exclude(Exists(successor)) if value else queryset.filter(Exists(successor))

    def from_number(self, queryset: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        """Keep codes with this number or a higher one. The key as well, so that an index scan can start there."""
        return queryset.filter(number__gte=value, sort_key__gte=sort_key(str(value)))

    def to_number(self, queryset: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        """Keep codes with this number or a lower one."""
        return queryset.filter(number__lte=value, sort_key__lte=sort_key(str(value)))

    def by_notes(self, queryset: ReturnCodeQuerySet, name: str, value: bool) -> QuerySet[Any]:
        """Keep codes with notes, or the others."""
        return having_notes(queryset, self.request.user, value)

    def by_open_incident(self, queryset: ReturnCodeQuerySet, name: str, value: bool) -> QuerySet[Any]:
        """Keep codes with an open incident, or the others."""
        return having_open_incident(queryset, self.request.user, value)

    def by_related(self, queryset: QuerySet[Any], name: str, value: list[int]) -> QuerySet[Any]:
        """Keep codes of the notes or incidents with these ids, if the caller may read them."""
        model: Any = TroubleshootingNote if name == "notes" else IncidentLink
        related = model.objects.visible_to(self.request.user).filter(pk__in=value, codes=OuterRef("pk"))
        return queryset.filter(Exists(related))

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Keep the codes that the search index has for the words of a text, without scanning a large table."""
        return searching.containing(queryset, text, self.request.user)

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep codes that contain every word."""
        return self.narrow(queryset, value)
