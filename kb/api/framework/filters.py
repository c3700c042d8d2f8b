"""Filters of lists: parameters as filters, and the filter sets that apply them."""

import re
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import Filter
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from kb.api.framework.parameter_values import MAX_VALUES, ValueKind
from kb.api.framework.parameters import Kinds
from kb.models.visibility import Reader

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


class Filters(FilterSet):
    """A filter set over parsed values. It copies only the filters that the request uses, not all eighty or so."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None:
            filters: dict[str, Parameter] = self.base_filters  # type: ignore[has-type]
            self.base_filters = {name: parameter for name, parameter in filters.items() if name in data}
        super().__init__(data, *args, **kwargs)

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the rows that may contain a text. Override it to use an index if a list is too long to scan."""
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


def filter_kinds(level: Reader, filterset: Any) -> Kinds:
    """Return the kinds of the filters that a kind of reader may use, by name."""
    internal = level == Reader.INTERNAL
    filters: dict[str, Parameter] = filterset.base_filters
    return {name: parameter.kind for name, parameter in filters.items() if internal or not parameter.internal}
