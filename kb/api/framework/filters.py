"""Filters of lists: the lookups of each kind of field, the same in every list.

`<field>` alone is equal to one of the values, `<field>__in` to one of a comma list; `__prefix` begins with the value,
`__contains` has these words in this order; `__gte` and `__lte` bound numbers; `__after` (that time or later) and
`__before` (earlier) bound times; `__isnull` asks whether there is no value. Values of one parameter are alternatives;
different parameters must all hold.
"""

import re
from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import Filter
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from kb.api.framework.parameter_values import (
    ID,
    MAX_VALUES,
    MOMENT,
    PHRASE,
    TEXT,
    YES_NO,
    ValueKind,
    list_of,
    one_of,
    repeated,
)
from kb.api.framework.parameters import Kinds
from kb.models.visibility import Person, Reader, reader

UPDATED_SINCE = "Short for `updated_at__after`."


class Parameter(Filter):
    """A filter that takes one kind of value; `internal` ones exist for internal readers only."""

    def __init__(self, kind: ValueKind, *, internal: bool = False, about: str = "", **kwargs: Any) -> None:
        if kind.repeats:
            kwargs.setdefault("lookup_expr", "in")
        super().__init__(**kwargs)
        self.kind, self.internal = kind, internal
        schema, sentences = dict(kind.schema), [about]
        if kind.repeats:
            schema = {"type": "array", "items": schema, "minItems": 1, "maxItems": MAX_VALUES}
            sentences.append("Repeat it for several values.")
        if internal:
            sentences.append("For internal readers only.")
        description = " ".join(filter(None, sentences))
        extend_schema_field({**schema, "description": description} if description else schema)(self)


Parameters = dict[str, Parameter]


class Filters(FilterSet):
    """A filter set over parsed values. It copies only the filters that the request uses, not all of some eighty."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None:
            filters: Parameters = self.base_filters  # type: ignore[has-type]
            self.base_filters = {name: parameter for name, parameter in filters.items() if name in data}
        super().__init__(data, *args, **kwargs)

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the rows that may contain a text. A list that is too long to be scanned asks its index here."""
        return queryset

    def text_is(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep rows whose text is equal to the value."""
        return self.narrow(queryset, value).filter(**{name: value})

    def text_contains(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep rows whose text contains these words in this order, in any case."""
        pattern = rf"(^|\W){re.escape(value.strip())}(\W|$)"
        return self.narrow(queryset, value).filter(**{f"{name}__iregex": pattern})

    def text_begins(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep rows whose text begins with the value, in any case."""
        # SQLite ignores the case of ASCII letters only.
        spellings = dict.fromkeys((value, value.lower(), value.upper()))
        return queryset.filter(reduce(or_, (Q(**{f"{name}__istartswith": text}) for text in spellings)))

    def text_is_empty(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Keep rows with an empty text, or the others."""
        return queryset.filter(**{name: ""}) if value else queryset.exclude(**{name: ""})


class FilterBackend(DjangoFilterBackend):
    """Gives a filter set the values that the view has parsed from the query."""

    def get_filterset_kwargs(self, request: Request, queryset: QuerySet[Any], view: Any) -> dict[str, Any]:
        """Return the arguments of the filter set."""
        return {"data": view.values, "queryset": queryset, "request": request}


def filter_kinds(user: Person | None, filterset: Any) -> Kinds:
    """Return the kinds of the filters that a user may use, by name."""
    internal = reader(user) == Reader.INTERNAL
    filters: Parameters = filterset.base_filters
    return {name: parameter.kind for name, parameter in filters.items() if internal or not parameter.internal}


def with_lookups(*lookups: Parameters) -> Callable[[type[Filters]], type[Filters]]:
    """Return a class decorator that adds lookups to a filter set; those that it declares itself win."""

    def add(filterset: type[Filters]) -> type[Filters]:
        added = {name: parameter for group in lookups for name, parameter in group.items()}
        filters: Any = filterset
        filters.base_filters = {**filters.base_filters, **added, **filters.declared_filters}
        return filterset

    return add


_OPTIONS: dict[str, dict[str, str]] = {
    "": {},
    "in": {"lookup_expr": "in"},
    "gte": {"lookup_expr": "gte"},
    "lte": {"lookup_expr": "lte"},
    "after": {"lookup_expr": "gte", "about": "That time or later."},
    "before": {"lookup_expr": "lt", "about": "Earlier than that time."},
    "prefix": {"method": "text_begins", "about": "In any case."},
    "contains": {"method": "text_contains", "about": "These words in this order, in any case."},
    "isnull": {"lookup_expr": "isnull"},
}


def _lookups(name: str, kind: ValueKind, *suffixes: str, internal: bool = False) -> Parameters:
    variants = {"": repeated, "in": list_of}
    parameters = {}
    for suffix in suffixes:
        variant = variants[suffix](kind) if suffix in variants else kind
        parameter = Parameter(variant, field_name=name, internal=internal, **_OPTIONS[suffix])
        parameters[f"{name}__{suffix}".removesuffix("__")] = parameter
    return parameters


def choices(name: str, words: Iterable[str]) -> Parameters:
    """Return the lookups of a field that holds one of a few words."""
    return _lookups(name, one_of(words), "", "in")


def numbers(name: str, kind: ValueKind = ID) -> Parameters:
    """Return the lookups of a number."""
    return _lookups(name, kind, "", "in", "gte", "lte")


def moments(name: str, kind: ValueKind = MOMENT, internal: bool = False) -> Parameters:
    """Return the lookups of a time or a date; `after` and `before` join without overlap."""
    return _lookups(name, kind, "after", "before", internal=internal)


def null(name: str, internal: bool = False) -> Parameters:
    """Return the lookup that asks whether there is no value."""
    return _lookups(name, YES_NO, "isnull", internal=internal)


def empty(name: str) -> Parameters:
    """Return the lookup that asks whether a text is empty."""
    return {f"{name}__isnull": Parameter(YES_NO, field_name=name, method="text_is_empty", about="Whether it is empty.")}


def names(name: str) -> Parameters:
    """Return the lookups of a short text, such as a slug or a title."""
    return _lookups(name, TEXT, "", "in", "prefix")


def prefix(name: str) -> Parameters:
    """Return the lookup that asks how a short text begins."""
    return _lookups(name, TEXT, "prefix")


def contains(name: str) -> Parameters:
    """Return the lookup that asks for words in a text."""
    return _lookups(name, PHRASE, "contains")


def texts(name: str) -> Parameters:
    """Return the lookups of a text that people read."""
    whole_text = Parameter(PHRASE, field_name=name, method="text_is", about="The whole text.")
    return {name: whole_text, **contains(name), **empty(name)}
