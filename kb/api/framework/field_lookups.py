"""The lookups of each kind of field, the same in every list.

`<field>` is equal to one of the values, and `<field>__in` to one of a comma-separated list. `__prefix` begins with the
value; `__contains` contains these words in this order. `__gte` and `__lte` bound numbers; `__after` (that time or
later) and `__before` (earlier) bound times. `__isnull` tests whether there is no value. Several values of one parameter
are combined with OR, different parameters with AND.
"""

from collections.abc import Callable, Iterable
from typing import Any

from kb.api.framework.filters import Filters, Parameter
from kb.api.framework.parameter_values import ID, MOMENT, PHRASE, TEXT, YES_NO, ValueKind, list_of, one_of, repeated

Parameters = dict[str, Parameter]


def include(*lookups: Parameters) -> Callable[[type[Filters]], type[Filters]]:
    """Return a class decorator that adds lookups to a filter set, without replacing those that it declares."""

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
    """Return the lookup that tests whether there is no value."""
    return _lookups(name, YES_NO, "isnull", internal=internal)


def empty(name: str) -> Parameters:
    """Return the lookup that tests whether a text is empty."""
    return {f"{name}__isnull": Parameter(YES_NO, field_name=name, method="text_is_empty", about="Whether it is empty.")}


def names(name: str) -> Parameters:
    """Return the lookups of a short text, such as a slug or a title."""
    return _lookups(name, TEXT, "", "in", "prefix")


def prefix(name: str) -> Parameters:
    """Return the lookup that tests how a short text begins."""
    return _lookups(name, TEXT, "prefix")


def contains(name: str) -> Parameters:
    """Return the lookup that finds words in a text."""
    return _lookups(name, PHRASE, "contains")


def texts(name: str) -> Parameters:
    """Return the lookups of a text that people read."""
    whole_text = Parameter(PHRASE, field_name=name, method="text_is", about="The whole text.")
    return {name: whole_text, **contains(name), **empty(name)}
