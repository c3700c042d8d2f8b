"""Filters of lists: parameters as filters, and the filter sets that apply them."""

import re
from collections.abc import Callable
from functools import cache, reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import Filter
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from kb.api.framework.parameter_values import ValueKind
from kb.api.framework.parameters import Check, Kinds
from kb.models.subqueries import ids_as_rows
from kb.models.visibility import Person, Reader
from kb.text import phrases
from kb.text.accents import fold_case

UPDATED_SINCE = "Short for `updated_at__after`."
SEVERAL = "For several values, separate them with commas, repeat it, or both."

Names = Callable[[list[str], Any, str, int], object]
"""Looks up the names that a parameter has, for a reader. Raises BadParameters for at most so many that are unknown."""


class Parameter(Filter):
    """A filter that takes one kind of value; `internal` ones exist for internal readers only.

    If its values are names of rows, `names` looks them up.
    """

    def __init__(
        self,
        kind: ValueKind,
        *,
        internal: bool = False,
        about: str = "",
        example: Any = None,
        names: Names | None = None,
        **kwargs: Any,
    ) -> None:
        if kind.repeats:
            kwargs.setdefault("lookup_expr", "in")
        super().__init__(**kwargs)
        self.kind, self.internal, self.names = kind, internal, names
        sentences = [about, *([SEVERAL] if kind.repeats else []), *(["For internal readers only."] if internal else [])]
        self.description = " ".join(filter(None, sentences))
        is_array = kind.schema["type"] == "array"
        self.example = kind.example if example is None else [example] if is_array else example
        extend_schema_field(dict(kind.schema))(self)


class Filters(FilterSet):
    """A filter set over parsed values. It copies only the filters that the request uses, not all eighty or so."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None:
            filters: dict[str, Parameter] = self.base_filters  # type: ignore[has-type]
            self.base_filters = {name: parameter for name, parameter in filters.items() if name in data}
        super().__init__(data, *args, **kwargs)

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the rows that may contain words. Override it to use an index if a list is too long to scan."""
        return queryset

    def is_none_of(self, queryset: QuerySet[Any], name: str, value: list[Any]) -> QuerySet[Any]:
        """Keep rows with none of the values, also those without any."""
        return queryset.exclude(**{f"{name}__in": value})

    def text_is(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep rows whose text is equal to the value."""
        return self.narrow(queryset, value).filter(**{name: value})

    def text_is_not(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep rows whose text differs from the value."""
        return queryset.exclude(**{name: value})

    def text_contains(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep rows whose text contains the value, without accents, width and case. Lists of codes have an index."""
        part = fold_case(value)
        return self._having(queryset, name, lambda text: part in text)

    def text_has_words(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep rows whose text contains these words in this order. Lists of codes have an index."""
        words = re.compile(phrases.pattern(value))
        return self._having(queryset, name, lambda text: words.search(text) is not None)

    def text_begins(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep rows whose text begins with the value, in any case."""
        # SQLite ignores the case of ASCII letters only.
        spellings = dict.fromkeys((value, value.lower(), value.upper()))
        return queryset.filter(reduce(or_, (Q(**{f"{name}__istartswith": text}) for text in spellings)))

    def text_is_empty(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Keep rows with an empty text, or the others."""
        return queryset.filter(**{name: ""}) if value else queryset.exclude(**{name: ""})

    @staticmethod
    def _having(queryset: QuerySet[Any], name: str, accepts: Callable[[str], bool]) -> QuerySet[Any]:
        """Keep rows whose text passes without accents, width and case."""
        rows = queryset.order_by().prefetch_related(None).values_list("pk", name)
        ids = [pk for pk, text in rows.iterator() if accepts(fold_case(text))]
        return queryset.filter(pk__in=ids_as_rows(ids, queryset.db))


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


@cache
def internal_filters(filterset: Any) -> frozenset[str]:
    """Return the names of the filters that only internal readers may use."""
    return frozenset(name for name, parameter in filterset.base_filters.items() if parameter.internal)


def name_checks(filterset: Any, user: Person | None) -> dict[str, Check]:
    """Return what looks up the names of rows that a reader sends, by parameter."""

    def check_of(parameter: str, names: Names) -> Check:
        return lambda values, most: names(values, user, parameter, most)

    filters: dict[str, Parameter] = filterset.base_filters
    return {name: check_of(name, one.names) for name, one in filters.items() if one.names is not None}
