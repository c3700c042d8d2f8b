"""The look-ups that filters of a kind of field have, so that each field of each list has the same ones.

`<field>` alone is equal to one of the values given, `<field>__in` to one of a comma list, `__prefix` begins so,
`__contains` holds these words as they stand, `__gte` and `__lte` bound numbers, `__after` (that time or later) and
`__before` (earlier) bound times, `__isnull` asks whether there is nothing. Values of one parameter are alternatives;
different parameters have to hold together.
"""

import re
from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django_filters.rest_framework import FilterSet

from kb.api.framework.parameter_values import DAY, ID, MOMENT, PHRASE, TEXT, YES_NO, ValueKind, list_of, one_of
from kb.api.framework.parameters import Parameter

SINCE = "Short for `updated_at__after`."
Parameters = dict[str, Parameter]


class SubstringParameter(Parameter):
    """A text that a field holds. A filter set of a table that is too large to be read narrows it first."""

    def __init__(self, how: Callable[[str, str], Q], **kwargs: Any) -> None:
        super().__init__(PHRASE, **kwargs)
        self.how = how

    def filter(self, queryset: QuerySet, value: str | None) -> QuerySet:
        """Keep what holds the text."""
        if value is None:
            return queryset
        narrow = getattr(self.parent, "narrow", None)
        return (narrow(queryset, value) if narrow else queryset).filter(self.how(self.field_name, value))


def with_lookups(parameters: Parameters) -> Callable[[type[FilterSet]], type[FilterSet]]:
    """Add parameters to a filter set; one that it names itself stays as it is."""

    def add(filterset: type[FilterSet]) -> type[FilterSet]:
        filterset.base_filters = {**filterset.base_filters, **parameters, **filterset.declared_filters}
        return filterset

    return add


def words_of(name: str, choices: Iterable[str], **more: Any) -> Parameters:
    """Return the look-ups of a field that holds one of a few words."""
    kind = one_of(choices)
    return {
        name: Parameter(kind, several=True, field_name=name, **more),
        f"{name}__in": Parameter(list_of(kind), field_name=name, lookup_expr="in", **more),
    }


def numbers(name: str, kind: ValueKind = ID, may_lack: bool = False, **more: Any) -> Parameters:
    """Return the look-ups of a number."""
    return {
        name: Parameter(kind, several=True, field_name=name, **more),
        f"{name}__in": Parameter(list_of(kind), field_name=name, lookup_expr="in", **more),
        f"{name}__gte": Parameter(kind, field_name=name, lookup_expr="gte", **more),
        f"{name}__lte": Parameter(kind, field_name=name, lookup_expr="lte", **more),
        **(lacks(name, **more) if may_lack else {}),
    }


def moments(name: str, may_lack: bool = False, kind: ValueKind = MOMENT, **more: Any) -> Parameters:
    """Return the look-ups of a moment or a day: together they take spans that join without overlapping."""
    after = Parameter(kind, field_name=name, lookup_expr="gte", about="That time or later.", **more)
    before = Parameter(kind, field_name=name, lookup_expr="lt", about="Earlier than that time.", **more)
    return {f"{name}__after": after, f"{name}__before": before, **(lacks(name, **more) if may_lack else {})}


def days(name: str, **more: Any) -> Parameters:
    """Return the look-ups of a day that may not be given."""
    return moments(name, may_lack=True, kind=DAY, **more)


def lacks(name: str, **more: Any) -> Parameters:
    """Return the look-up that asks whether there is no value."""
    return {f"{name}__isnull": Parameter(YES_NO, field_name=name, lookup_expr="isnull", **more)}


def names(name: str, may_lack: bool = False, **more: Any) -> Parameters:
    """Return the look-ups of a short text, such as a slug or a title."""
    return {
        name: Parameter(TEXT, several=True, field_name=name, **more),
        f"{name}__in": Parameter(list_of(TEXT), field_name=name, lookup_expr="in", **more),
        f"{name}__prefix": Parameter(TEXT, field_name=name, method=_beginning, about="In any case.", **more),
        **(_empty_or_not(name, **more) if may_lack else {}),
    }


def texts(name: str, **more: Any) -> Parameters:
    """Return the look-ups of a text that people read."""
    return {
        name: SubstringParameter(_equal, field_name=name, about="The whole text.", **more),
        **holds(name),
        **_empty_or_not(name),
    }


def holds(name: str, **more: Any) -> Parameters:
    """Return the look-up that asks for words in a text."""
    about = "These words as they stand, in any case."
    return {f"{name}__contains": SubstringParameter(_holding, field_name=name, about=about, **more)}


def _empty_or_not(name: str, **more: Any) -> Parameters:
    return {f"{name}__isnull": Parameter(YES_NO, field_name=name, method=_empty, about="Whether it is empty.", **more)}


def _empty(queryset: QuerySet, name: str, value: bool) -> QuerySet:
    return queryset.filter(**{name: ""}) if value else queryset.exclude(**{name: ""})


def _equal(name: str, value: str) -> Q:
    return Q(**{name: value})


def _holding(name: str, value: str) -> Q:
    return Q(**{f"{name}__iregex": rf"(^|\W){re.escape(value.strip())}(\W|$)"})


def _beginning(queryset: QuerySet, name: str, value: str) -> QuerySet:
    # SQLite compares letters beyond ASCII to the letter.
    written = dict.fromkeys((value, value.lower(), value.upper()))
    return queryset.filter(reduce(or_, (Q(**{f"{name}__istartswith": one}) for one in written)))
