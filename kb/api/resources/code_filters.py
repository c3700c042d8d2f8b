"""Filters of return codes."""

from collections.abc import Collection
from functools import cached_property
from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from kb import searching
from kb.api.framework import field_lookups as lookups
from kb.api.framework.filters import UPDATED_SINCE, Filters, Parameter
from kb.api.framework.parameter_values import (
    CODE,
    CODES,
    ID,
    MOMENT,
    NUMBER,
    SLUG,
    TEXT,
    WORDS,
    YES_NO,
    list_of,
    repeated,
)
from kb.api.resources.index_choice import BY_TABLE, EXACT, FEW, IDS, INDEX, field_of, may_be_few, served_by_order
from kb.api.resources.tables import visible_sections, visible_tables
from kb.models import IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.codes import ReturnCodeQuerySet
from kb.models.fields import VENDOR_TEXTS
from kb.models.origins import Origin
from kb.models.subqueries import without_index
from kb.queries.code_knowledge import having_notes, having_open_incident
from kb.text.codes.disposition import DISPOSITIONS, FIXERS
from kb.text.codes.forms import NO_NUMBER, readings, sort_key

_SECTION, _SYMBOL = "Public return codes", "ROOM_NOT_EXIST"


@lookups.include(
    lookups.numbers("id"),
    lookups.prefix("symbol"),
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

    table = Parameter(repeated(SLUG), method="by_table", names=visible_tables, about="Slug of a table.")
    table__not = Parameter(
        repeated(SLUG),
        method="by_other_tables",
        names=visible_tables,
        about="Of none of the tables with these slugs.",
    )
    section = Parameter(
        repeated(TEXT),
        method="by_section",
        names=visible_sections,
        about="Name or slug of a section.",
        example=_SECTION,
    )
    section__not = Parameter(
        repeated(TEXT),
        method="by_other_sections",
        names=visible_sections,
        about="Of no section with this name or slug.",
        example=_SECTION,
    )
    code = Parameter(repeated(CODE), method="by_codes", about="A code in any spelling: 0xC0000005 or 3221225477.")
    code__not = Parameter(repeated(CODE), method="by_other_codes", about="None of these codes, in any spelling.")
    code__in = Parameter(CODES, method="by_codes", about="Codes in any spelling.")
    prefix = Parameter(CODE, method="by_beginning", about="Short for `code__prefix`.", example="6603")
    code__prefix = Parameter(TEXT, method="by_beginning", about="Begins with this text, in any case.", example="6603")
    symbol = Parameter(repeated(TEXT), method="by_symbol", about="One of these symbols.", example=_SYMBOL)
    symbol__not = Parameter(
        repeated(TEXT), field_name="symbol", method="is_none_of", about="None of these symbols.", example=_SYMBOL
    )
    symbol__in = Parameter(list_of(TEXT), method="by_symbol", about="One of these symbols.", example=_SYMBOL)
    number = Parameter(repeated(NUMBER), method="by_numbers", about="A code with one of these numbers.")
    number__not = Parameter(
        repeated(NUMBER), field_name="number", method="is_none_of", about="None of these numbers, or none at all."
    )
    number__in = Parameter(list_of(NUMBER), method="by_numbers", about="A code with one of these numbers.")
    number__gte = Parameter(NUMBER, method="from_number", about="This number or a higher one.")
    number__lte = Parameter(NUMBER, method="to_number", about="This number or a lower one.")
    number__isnull = Parameter(YES_NO, method="by_number_at_all", about="Whether the code is no number.")
    number_min = Parameter(NUMBER, method="from_number", about="Short for `number__gte`.")
    number_max = Parameter(NUMBER, method="to_number", about="Short for `number__lte`.")
    version = Parameter(repeated(ID), method="by_version", about="One of these versions.")
    version__in = Parameter(list_of(ID), method="by_version", about="One of these versions.")
    version__gte = Parameter(ID, method="by_version", about="This version or a later one.")
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
    note__not = Parameter(
        repeated(ID), method="by_unrelated", field_name="notes", about="None of the notes with these ids is about it."
    )
    incident = Parameter(repeated(ID), method="by_related", field_name="incidents", about="Id of an incident.")
    incident__not = Parameter(
        repeated(ID), method="by_unrelated", field_name="incidents", about="No incident with these ids affects it."
    )
    updated_since = Parameter(MOMENT, field_name="updated_at", lookup_expr="gte", about=UPDATED_SINCE)
    text = Parameter(WORDS, method="by_text", about="Words that must all appear in the code's texts or its notes.")

    class Meta:
        model = ReturnCode
        fields: list[str] = []

    by_index = True
    """Whether the filter that is applied now may use its index."""

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the codes that pass every filter. See Note [Few or many]."""
        values = {name: value for name, value in self.form.cleaned_data.items() if name in self.filters}
        if exact := EXACT.intersection(values):
            return self._passing(queryset, values, exact)
        served = served_by_order(str(self.data.get("ordering", "vendor")), values)
        for field in sorted({field_of(name) for name in values if may_be_few(name, values[name])} - served):
            ids = self._few(field, values)
            if ids is not None:
                others = {name: value for name, value in values.items() if field_of(name) != field}
                # Without an id, Django asks nothing: that no code at all passes would be told by the time. How many
                # pass that others may read is still told by it: see the known limits in docs/threats.md.
                return self._passing(queryset.filter(pk__in=ids or [0]), others, set())
        return self._passing(queryset, values, {name for name in values if name == "table" or field_of(name) in served})

    def _few(self, field: str, values: dict[str, Any]) -> list[int] | None:
        """Return the ids of the codes that pass the filters of a field; None if there are more than FEW."""
        if field in IDS:
            return IDS[field](self.request.user, FEW)
        names = {name for name in values if field_of(name) == field or (name == "table" and field in BY_TABLE)}
        ordered = ReturnCode.objects.order_by(*[INDEX[field]] if field in INDEX else [])
        if f"{field}__contains" in names:
            part = searching.ids_with_part(field, values[f"{field}__contains"], FEW)
            names.remove(f"{field}__contains")
            if part is None or not names:
                return part
            ordered = ordered.filter(pk__in=part or [0])
        codes = self._passing(ordered, {name: values[name] for name in names}, names)
        ids = list(codes.values_list("pk", flat=True)[: FEW + 1])
        return ids if len(ids) <= FEW else None

    def _passing(self, queryset: QuerySet[Any], values: dict[str, Any], by_index: Collection[str]) -> QuerySet[Any]:
        """Return the codes that pass filters, by the indexes of some of these alone."""
        for name, value in values.items():
            parameter, self.by_index = self.filters[name], name in by_index
            if parameter.method is not None:
                queryset = parameter.filter(queryset, value)
            elif parameter.lookup_expr == "in" and len(value) == 1:
                queryset = self._where(queryset, Q(**{parameter.field_name: value[0]}))
            else:
                queryset = self._where(queryset, Q(**{f"{parameter.field_name}__{parameter.lookup_expr}": value}))
        return queryset

    def _where(self, queryset: QuerySet[Any], condition: Q) -> QuerySet[Any]:
        return queryset.filter(condition if self.by_index else without_index(condition))

    def by_table(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep codes of the tables with these slugs."""
        return self._of_tables(queryset, self._tables)

    def by_section(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep codes of the sections with these names or slugs."""
        sections = self._where(queryset, Q(section_id__in=[pk for pk, _ in self._sections]))
        if self.by_index or "table" in self.data:
            return sections
        self.by_index = True
        return self._of_tables(sections, [table for _, table in self._sections])

    def _of_tables(self, queryset: QuerySet[Any], pks: list[int]) -> QuerySet[Any]:
        if len(pks) == 1:
            return self._where(queryset, Q(table_id=pks[0]))
        # The index of one table has no order of several.
        return queryset.filter(without_index(Q(table_id__in=pks)))

    def by_other_tables(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep codes of other tables than those with these slugs."""
        pks = visible_tables(value, self.request.user, "table__not")
        return queryset.filter(without_index(~Q(table_id__in=pks)))

    def by_other_sections(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep codes of other sections than those with these names or slugs."""
        pks = [pk for pk, _ in visible_sections(value, self.request.user, "section__not")]
        return queryset.filter(without_index(~Q(section_id__in=pks)))

    @cached_property
    def _tables(self) -> list[int]:
        return visible_tables(self.data["table"], self.request.user)

    @cached_property
    def _sections(self) -> list[tuple[int, int]]:
        return visible_sections(self.data["section"], self.request.user)

    def by_codes(self, queryset: ReturnCodeQuerySet, name: str, value: list[str]) -> QuerySet[Any]:
        """Keep codes that one of these spellings may mean."""
        return queryset.matching_any(value)

    def by_other_codes(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep codes that none of these spellings may mean."""
        forms = {reading.canonical for spelling in value for reading in readings(spelling)}
        return queryset.filter(without_index(~Q(canonical__in=forms))) if forms else queryset

    def is_none_of(self, queryset: QuerySet[Any], name: str, value: list[Any]) -> QuerySet[Any]:
        """Keep codes with none of the values, also those without any."""
        return queryset.exclude(without_index(Q(**{f"{name}__in": value})))

    def by_retired(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Keep retired codes, or the others."""
        return self._where(queryset, Q(retired_at__isnull=not value))

    def by_version(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """Keep codes with one of these versions, or with this one or a later one."""
        versions = value if isinstance(value, list) else [value]
        condition = Q(version__in=versions) if isinstance(value, list) else Q(version__gte=value)
        # The index has the edited codes alone.
        return self._where(queryset, condition & Q(version__gt=1) if min(versions) > 1 else condition)

    def by_successor(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Keep codes without a successor that the caller may read, or the others."""
        successor = ReturnCode.objects.visible_to(self.request.user).filter(pk=OuterRef("successor"))
        if value:
            # Not `exclude`: PostgreSQL would read all codes to join them.
            return queryset.filter(Q(successor__isnull=True) | ~Exists(successor))
        return self._where(queryset, Q(successor__isnull=False)).filter(Exists(successor))

    def from_number(self, queryset: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        """Keep codes with this number or a higher one. The key as well, so that an index scan can start there."""
        key = Q(sort_key__gte=sort_key(str(value)), sort_key__lt=NO_NUMBER)
        return self._where(queryset, Q(number__gte=value) & key if self.by_index else Q(number__gte=value))

    def to_number(self, queryset: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        """Keep codes with this number or a lower one."""
        key = Q(sort_key__lte=sort_key(str(value)))
        return self._where(queryset, Q(number__lte=value) & key if self.by_index else Q(number__lte=value))

    def by_numbers(self, queryset: QuerySet[Any], name: str, value: list[int]) -> QuerySet[Any]:
        """Keep codes with one of these numbers."""
        return self._where(queryset, Q(number__in=value, sort_key__in=[sort_key(str(number)) for number in value]))

    def by_number_at_all(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Keep codes without a number, or those with one."""
        within = Q(sort_key__gte=NO_NUMBER) if value else Q(sort_key__lt=NO_NUMBER)
        return self._where(queryset, within & Q(number__isnull=value))

    def by_beginning(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep codes that begin with this text, in any case."""
        condition = Q()
        for text in dict.fromkeys((value, value.lower(), value.upper())):
            # SQLite ignores the case of ASCII letters only.
            condition |= Q(code__istartswith=text)
        if self.by_index:
            codes: QuerySet[Any] = cast(Any, queryset).with_beginning(value)
            queryset = codes
        return self._where(queryset, condition)

    def by_notes(self, queryset: ReturnCodeQuerySet, name: str, value: bool) -> QuerySet[Any]:
        """Keep codes with notes, or the others."""
        return having_notes(queryset, self.request.user, value)

    def by_open_incident(self, queryset: ReturnCodeQuerySet, name: str, value: bool) -> QuerySet[Any]:
        """Keep codes with an open incident, or the others."""
        return having_open_incident(queryset, self.request.user, value)

    def by_related(self, queryset: QuerySet[Any], name: str, value: list[int]) -> QuerySet[Any]:
        """Keep codes of the notes or incidents with these ids, if the caller may read them."""
        model: Any = TroubleshootingNote if name == "notes" else IncidentLink
        related = model.objects.visible_to(self.request.user).filter(pk__in=value)
        return queryset.filter(pk__in=related.order_by().values("codes"))

    def by_unrelated(self, queryset: QuerySet[Any], name: str, value: list[int]) -> QuerySet[Any]:
        """Keep codes that none of the notes or incidents with these ids is about, of those that the caller may read."""
        model: Any = TroubleshootingNote if name == "notes" else IncidentLink
        related = model.objects.visible_to(self.request.user).filter(pk__in=value, codes__isnull=False)
        return queryset.exclude(pk__in=related.order_by().values("codes"))

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Keep the codes that the search index has for the words of a text, if these may be few."""
        has_words = self.by_index and any(letter.isalnum() for letter in text)
        return searching.containing(queryset, text, self.request.user) if has_words else queryset

    def text_contains(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep codes whose text contains the value, code by code. If they are few, `_few` has found them."""
        return searching.having_part(queryset, name, value)

    def text_has_words(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep codes whose text contains these words in this order."""
        return searching.having_words(self.narrow(queryset, value), name, value)

    def text_is_not(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep codes whose text differs from the value."""
        return queryset.exclude(without_index(Q(**{name: value})))

    def text_begins(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep codes whose text begins with the value, in any case."""
        return super().text_begins(self.narrow(queryset, value), name, value)

    def text_is_empty(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Keep codes with an empty text, or the others."""
        return self._where(queryset, Q(**{name: ""}) if value else ~Q(**{name: ""}))

    def by_symbol(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep codes with one of these symbols."""
        return self._where(self.narrow(queryset, value[0]) if len(value) == 1 else queryset, Q(symbol__in=value))

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep codes that contain every word."""
        return searching.containing(queryset, value, self.request.user)
