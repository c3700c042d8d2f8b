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
    for name, texts in _joined(query, kinds).items():
        if len(errors) >= MAX_ERRORS:
            break
        kind = kinds.get(name)
        if kind is None:
            errors.append(_unknown(name, texts, sorted(kinds)))
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
            # A text with commas may also count as a whole.
            if sum("," not in str(value) for value in values[name]) > MAX_VALUES:
                problem = f"It has {len(values[name])} values."
                errors.append(_form_error(name, texts, problem, f"at most {MAX_VALUES} values"))
    if errors:
        raise BadParameters(errors)
    return values


def _joined(query: QueryDict, kinds: Kinds) -> dict[str, list[str]]:
    """Return the texts by name. Many programs write `name[]` for a list that they repeat: that is `name`."""
    joined: dict[str, list[str]] = {}
    for sent, texts in query.lists():
        name = sent.removesuffix("[]")
        is_list = sent != name and name in kinds and kinds[name].repeats
        joined.setdefault(name if is_list else sent, []).extend(texts)
    return joined


_SYNONYMS = {
    ("sort", "sort_by", "sortby", "order", "order_by", "orderby"): ("ordering",),
    ("limit", "per_page", "perpage", "pagesize", "page_size", "size"): ("page_size", "limit"),
    ("search", "q", "query", "text"): ("text", "q"),
    ("offset", "page", "page_token", "after", "cursor"): ("cursor", "since"),
    ("select",): ("fields",),
    ("expand",): ("include",),
}
"""What other APIs, and other addresses of this one, call a parameter, and its name here."""


def _unknown(name: str, texts: list[str], known: list[str]) -> dict[str, Any]:
    ours = [one for names, ours in _SYNONYMS.items() if name.lower() in names for one in ours if one in known]
    return describe(name, ", ".join(texts), "No parameter has this name.", known, name, next(iter(ours), None))


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
