"""Query parameters: unknown names and bad values are refused, never ignored."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict

from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.parameter_values import MAX_VALUES, ValueKind, refusal

Kinds = Mapping[str, ValueKind]


def parse_query(query: QueryDict, kinds: Kinds) -> dict[str, Any]:
    """Return the values of a query's parameters. Raises BadParameters that names every bad one."""
    values: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    for name, texts in query.lists():
        kind = kinds.get(name)
        if kind is None:
            errors.append(describe(name, ", ".join(texts), "No parameter has this name.", sorted(kinds), name))
        elif len(texts) > 1 and not kind.repeats:
            errors.append(describe(name, ", ".join(texts[:3]), "It appears more than once.", ["one value"]))
        elif len(texts) > MAX_VALUES:
            problem = f"It appears {len(texts)} times."
            errors.append(describe(name, ", ".join(texts[:3]), problem, [f"at most {MAX_VALUES} values"]))
        else:
            results = [_parse(name, text, kind, errors) for text in texts]
            values[name] = results if kind.repeats else results[0]
    if errors:
        raise BadParameters(errors)
    return values


def _parse(name: str, text: str, kind: ValueKind, errors: list[dict[str, Any]]) -> Any:
    """Return the value of a text; if it is not allowed, add the reason to `errors`."""
    try:
        if "\x00" in text:
            raise refusal("It contains a NUL character.", "text without it")
        if not text:
            allowed = kind.schema.get("enum", ["true", "false"] if kind.schema["type"] == "boolean" else [])
            raise refusal("It has no value: add one, or leave the parameter out.", *map(str, allowed))
        return kind.parse(text)
    except ValidationError as error:
        errors.append(describe(name, text, str(error.message), **(error.params or {})))
