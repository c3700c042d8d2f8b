"""Query parameters: a name or a value that means nothing is refused, never ignored."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.http import QueryDict
from django_filters.rest_framework import FilterSet
from drf_spectacular.drainage import set_override

from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.parameter_values import MAX_SEVERAL, ValueKind, ValueRefused
from kb.models.visibility import Person, Reader, reader


class ParameterField(forms.Field):
    """A parameter in a filter set's form. Its text was read before: see `read`."""

    def __init__(self, *, kind: ValueKind, several: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, self.several = kind, several
        self.widget = forms.MultipleHiddenInput() if several else forms.TextInput()

    def clean(self, value: Any) -> Any:
        """Return the value, or None where the parameter is not given."""
        if not value:
            return None
        return [self.kind.read(text) for text in value] if self.several else self.kind.read(value)


class Parameter(django_filters.Filter):
    """A filter of one kind of value, given once or (`several`) by repetition, for every reader or internal ones."""

    field_class = ParameterField

    def __init__(
        self, kind: ValueKind, *, several: bool = False, internal: bool = False, about: str = "", **kwargs: Any
    ) -> None:
        if several:
            kwargs.setdefault("lookup_expr", "in")
        super().__init__(kind=kind, several=several, **kwargs)
        self.internal = internal
        schema = dict(kind.schema)
        if several:
            schema = {"type": "array", "items": schema, "minItems": 1, "maxItems": MAX_SEVERAL}
            about = f"{about} Repeat it for several.".strip()
        if internal:
            about = f"{about} For internal readers only."
        set_override(self, "field", {**schema, "description": about} if about else schema)


class Filters(FilterSet):
    """A filter set of which each request copies only the filters that it asks for, not all of some eighty."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None:
            every: dict[str, Any] = self.base_filters  # type: ignore[has-type]
            self.base_filters = {name: one for name, one in every.items() if name in data}
        super().__init__(data, *args, **kwargs)


def filters_for(user: Person | None, filterset: type[FilterSet]) -> dict[str, ParameterField]:
    """Return the parameters of a filter set that a user may give."""
    internal = reader(user) == Reader.INTERNAL
    return {name: one.field for name, one in filterset.base_filters.items() if internal or not one.internal}


def read(query: QueryDict, known: Mapping[str, ParameterField]) -> dict[str, Any]:
    """Return the values of a query's parameters. Raises BadParameters with every bad one at once."""
    values: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    for name, given in query.lists():
        if name not in known:
            errors.append(describe(name, ", ".join(given), "No parameter has this name.", sorted(known), name))
            continue
        read_here, wrong = _read_one(name, given, known[name])
        values[name] = read_here if known[name].several else next(iter(read_here), None)
        errors += wrong
    if errors:
        raise BadParameters(errors)
    return values


def _read_one(name: str, given: list[str], field: ParameterField) -> tuple[list[Any], list[dict[str, Any]]]:
    limit = MAX_SEVERAL if field.several else 1
    if len(given) > limit:
        said = "It is given more than once." if limit == 1 else f"It is given {len(given)} times."
        takes = "one value" if limit == 1 else f"at most {limit} values"
        return [], [describe(name, ", ".join(given[:3]), said, [takes])]
    values, errors = [], []
    for text in given:
        try:
            values.append(_value(text, field))
        except ValueRefused as refused:
            errors.append(describe(name, text, refused.problem, refused.allowed, refused.sought))
    return values, errors


def _value(text: str, field: ParameterField) -> Any:
    if "\x00" in text:
        raise ValueRefused("It holds a NUL character.", ["text without it"])
    if not text:
        allowed = field.kind.schema.get("enum", ["true", "false"] if field.kind.schema.get("type") == "boolean" else [])
        raise ValueRefused("It has no value: give one, or leave the parameter out.", [str(one) for one in allowed])
    return field.kind.read(text)
