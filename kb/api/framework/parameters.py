"""Query parameters: unknown names and bad values are refused, never ignored."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict

from kb.api.framework.errors import MAX_ERRORS, BadParameters, describe
from kb.api.framework.parameter_values import MAX_VALUES, ValueKind, form_refusal, refusal

Kinds = Mapping[str, ValueKind]


def parse_query(query: QueryDict, kinds: Kinds) -> dict[str, Any]:
    """Return the values of a query's parameters. Raises BadParameters that names every bad one."""
    values: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    for name, texts in query.lists():
        if len(errors) >= MAX_ERRORS:
            break
        kind = kinds.get(name)
        if kind is None:
            errors.append(describe(name, ", ".join(texts), "No parameter has this name.", sorted(kinds), name))
        elif len(texts) > 1 and not kind.repeats:
            errors.append(_form_error(name, texts, "It appears more than once.", "one value"))
        elif len(texts) > MAX_VALUES:
            problem = f"It appears {len(texts)} times."
            errors.append(_form_error(name, texts, problem, f"at most {MAX_VALUES} values"))
        elif not kind.repeats:
            values[name] = _parse(name, texts[0], kind, errors)
        else:
            lists = [_parse(name, text, kind, errors) or [] for text in texts if len(errors) < MAX_ERRORS]
            values[name] = list(dict.fromkeys(value for one in lists for value in one))
            # A text with commas is among the values as a whole, too, unless it is too long for one.
            if sum("," not in str(value) for value in values[name]) > MAX_VALUES:
                problem = f"It has {len(values[name])} values."
                errors.append(_form_error(name, texts, problem, f"at most {MAX_VALUES} values"))
    if errors:
        raise BadParameters(errors)
    return values


def _form_error(name: str, texts: list[str], problem: str, allowed: str) -> dict[str, Any]:
    return describe(name, ", ".join(texts[:3]), problem, [allowed], correction="")


def _parse(name: str, text: str, kind: ValueKind, errors: list[dict[str, Any]]) -> Any:
    """Return the value of a text; if it is not allowed, add the reason to `errors`."""
    try:
        if "\x00" in text:
            raise form_refusal("It contains a NUL character.", "text without it")
        if not text:
            schema = kind.schema.get("items", kind.schema)
            allowed = schema.get("enum", ["true", "false"] if schema["type"] == "boolean" else [])
            raise refusal("It has no value: add one, or leave the parameter out.", *map(str, allowed))
        return kind.parse(text)
    except ValidationError as error:
        errors.append(describe(name, text, str(error.message), **(error.params or {})))
