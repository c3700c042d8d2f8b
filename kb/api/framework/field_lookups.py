"""The lookups of each kind of field, the same in every list.

`<field>` is equal to one of its values, which commas or repetition separate; `<field>__not` is equal to none of them,
and `<field>__in` is `<field>` for clients that send one text. `__prefix` begins with the value. `__contains` contains
it: any part of three characters or more. `__words` contains these words in this order, and no other word between them.
`__gte` and `__lte` bound numbers; `__after` (that time or later) and `__before` (earlier) bound times. `__isnull` tests
whether there is no value. A text that people read has one value, which may have commas. Several values of one parameter
are combined with OR, different parameters with AND.
"""

from collections.abc import Callable, Iterable
from typing import Any

from kb.api.framework.filters import Filters, Parameter
from kb.api.framework.parameter_values import (
    ID,
    MOMENT,
    PART,
    PHRASE,
    TEXT,
    YES_NO,
    ValueKind,
    list_of,
    one_of,
    repeated,
)

Parameters = dict[str, Parameter]


def include(*lookups: Parameters) -> Callable[[type[Filters]], type[Filters]]:
    """Return a class decorator that adds lookups to a filter set, without replacing those that it declares."""

    def add(filterset: type[Filters]) -> type[Filters]:
        added = {name: parameter for group in lookups for name, parameter in group.items()}
        filters: Any = filterset
        filters.base_filters = {**filters.base_filters, **added, **filters.declared_filters}
        return filterset

    return add


_OPTIONS: dict[str, dict[str, Any]] = {
    "": {"about": "Equal to one of these values."},
    "not": {"method": "is_none_of", "about": "Equal to none of these values."},
    "in": {"lookup_expr": "in", "about": "Equal to one of these values."},
    "gte": {"lookup_expr": "gte", "about": "This number or a higher one."},
    "lte": {"lookup_expr": "lte", "about": "This number or a lower one."},
    "after": {"lookup_expr": "gte", "about": "That time or later."},
    "before": {"lookup_expr": "lt", "about": "Earlier than that time."},
    "prefix": {"method": "text_begins", "about": "Begins with this text, in any case."},
    "contains": {"method": "text_contains", "about": "Contains this text anywhere, in any case."},
    "words": {
        "method": "text_has_words",
        "about": "Contains these words in this order, without case and accents, and no other word between them.",
    },
    "isnull": {"lookup_expr": "isnull", "about": "Whether there is no value."},
}

_EXAMPLES = {
    "slug": "zim-server",
    "vendor": "ZEGO",
    "product": "ZIM",
    "source_url": "https://docs.example/codes",
    "symbol": "ROOM_NOT_EXIST",
    "url": "https://tracker.example/OPS-42",
    "reference": "OPS-42",
}
"""Examples of short texts, by field."""

_BEGUN = 4


def _lookups(name: str, kind: ValueKind, *suffixes: str, internal: bool = False) -> Parameters:
    variants = {"": repeated, "not": repeated, "in": list_of}
    example = _EXAMPLES.get(name) if kind in (TEXT, PART, PHRASE) else None
    parameters = {}
    for suffix in suffixes:
        variant = variants[suffix](kind) if suffix in variants else kind
        sample = example[:_BEGUN] if example and suffix == "prefix" else example
        parameter = Parameter(variant, field_name=name, internal=internal, example=sample, **_OPTIONS[suffix])
        parameters[f"{name}__{suffix}".removesuffix("__")] = parameter
    return parameters


def choices(name: str, words: Iterable[str]) -> Parameters:
    """Return the lookups of a field that holds one of a few words."""
    return _lookups(name, one_of(words), "", "not", "in")


def numbers(name: str, kind: ValueKind = ID) -> Parameters:
    """Return the lookups of a number."""
    return _lookups(name, kind, "", "not", "in", "gte", "lte")


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
    return _lookups(name, TEXT, "", "not", "in", "prefix")


def prefix(name: str) -> Parameters:
    """Return the lookup that tests how a short text begins."""
    return _lookups(name, TEXT, "prefix")


def contains(name: str) -> Parameters:
    """Return the lookups that find a part of a text, or words in it."""
    return _lookups(name, PART, "contains") | _lookups(name, PHRASE, "words")


def texts(name: str) -> Parameters:
    """Return the lookups of a text that people read. Its value is one whole text, with its commas."""
    whole = {"": ("text_is", "Is this whole text."), "__not": ("text_is_not", "Is not this whole text.")}
    equal = {
        f"{name}{suffix}": Parameter(PHRASE, field_name=name, method=method, about=about)
        for suffix, (method, about) in whole.items()
    }
    return {**equal, **contains(name), **empty(name)}
