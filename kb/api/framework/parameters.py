"""Query parameters: unknown names and bad values are refused, never ignored."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent, ValidationError
from rest_framework.request import Request

from kb.api.framework.errors import MAX_ERRORS, BadParameters, describe
from kb.api.framework.parameter_values import MAX_VALUES, ValueKind, form_refusal, refusal

Kinds = Mapping[str, ValueKind]
Texts = dict[str, list[str]]
"""What a query has for each name."""

Check = Callable[[Any, int], object]
"""Looks up the value of a parameter. Raises BadParameters for what it refuses, of lists for at most so many values."""

Errors = list[dict[str, Any]]

_BAD_BYTE = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of a byte that is no UTF-8."""


def query_of(request: Request) -> str:
    """Return the query of a request, as it was sent."""
    return str(request.META.get("QUERY_STRING", ""))


def parse_query(
    query: str, kinds: Kinds, internal: Collection[str] = (), required: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the values of a query's parameters. Raises BadParameters that names every bad one.

    `query` is as it was sent. `internal` are names that `kinds` lacks because only readers of internal notes may use
    them. `required` says what a parameter that must have a value is.
    """
    values: dict[str, Any] = {}
    texts_by_name = _texts_by_name(query, kinds)
    errors = _missing(texts_by_name, required or {})
    missing = {error["parameter"] for error in errors}
    for name, texts in texts_by_name.items():
        if len(errors) >= MAX_ERRORS:
            break
        if name in kinds and name not in missing:
            values[name] = _value(name, texts, kinds[name], errors)
        elif name not in missing:
            errors.append(_unknown(name, texts, sorted(kinds), internal))
    if errors:
        raise BadParameters(errors)
    return values


@contextmanager
def naming_all(query: str, kinds: Kinds, checks: Mapping[str, Check]) -> Iterator[None]:
    """Let BadParameters also name what `checks` refuse. Only a request that has an error costs these look-ups."""
    try:
        yield
    except BadParameters as error:
        raise BadParameters(_with_refused(error.errors, query, kinds, checks)) from None


def _with_refused(errors: Errors, query: str, kinds: Kinds, checks: Mapping[str, Check]) -> Errors:
    errors, bad = list(errors), {error["parameter"] for error in errors}
    for name, texts in _texts_by_name(query, kinds).items():
        room = MAX_ERRORS - len(errors)
        if name not in checks or name not in kinds or name in bad or room <= 0:
            continue
        try:
            own: Errors = []
            value = _value(name, texts, kinds[name], own)
            if not own:
                checks[name](value, room)
        except BadParameters as error:
            errors += error.errors
    return errors


def _texts_by_name(query: str, kinds: Kinds) -> Texts:
    """Return the texts by name; a byte that is no UTF-8 is a surrogate. Raises TooManyFieldsSent.

    Many programs write `name[]` for a list that they repeat: that is `name`.
    """
    texts: Texts = {}
    for sent, text in _pairs(query):
        name = sent.removesuffix("[]")
        is_list = sent != name and name in kinds and kinds[name].repeats
        texts.setdefault(name if is_list else _shown(sent), []).append(text)
    return texts


def _pairs(query: str) -> list[tuple[str, str]]:
    # WSGI has one letter for each byte.
    with suppress(UnicodeError):
        query = query if query.isascii() else query.encode("latin-1").decode()
    most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    try:
        return parse_qsl(query, keep_blank_values=True, errors="surrogateescape", max_num_fields=most)
    except ValueError:
        raise TooManyFieldsSent(f"The query has more than {most} parameters.") from None


def _missing(texts_by_name: Texts, required: Mapping[str, str]) -> Errors:
    values = {name: "".join(texts_by_name.get(name, [])) for name in required}
    return [
        describe(name, value, "It is required.", [required[name]], correction="")
        for name, value in values.items()
        if not value.strip()
    ]


def _shown(text: str) -> str:
    """Return a text as an answer may contain it."""
    return _BAD_BYTE.sub("\ufffd", text)


def _value(name: str, texts: list[str], kind: ValueKind, errors: Errors) -> Any:
    """Return the value of a parameter; if it is not allowed, add the reasons to `errors`."""
    if len(texts) > 1 and not kind.repeats:
        errors.append(_form_error(name, texts, "It appears more than once.", "one value"))
    elif len(texts) > MAX_VALUES:
        errors.append(_form_error(name, texts, f"It appears {len(texts)} times.", f"at most {MAX_VALUES} values"))
    elif not kind.repeats:
        return _parse(name, texts[0], kind, errors)
    else:
        lists = [_parse(name, text, kind, errors) or [] for text in texts if len(errors) < MAX_ERRORS]
        values = list(dict.fromkeys(value for one in lists for value in one))
        # A text with commas may also count as a whole.
        if sum("," not in str(value) for value in values) <= MAX_VALUES:
            return values
        errors.append(_form_error(name, texts, f"It has {len(values)} values.", f"at most {MAX_VALUES} values"))
    return None


_SYNONYMS = {
    ("sort", "sort_by", "sortby", "order", "order_by", "orderby"): ("ordering",),
    ("limit", "per_page", "perpage", "pagesize", "page_size", "size"): ("page_size", "limit"),
    ("search", "q", "query", "text"): ("text", "q"),
    ("offset", "page", "page_token", "after", "cursor"): ("cursor", "since"),
    ("select",): ("fields",),
    ("expand",): ("include",),
}
"""What other APIs, and other addresses of this one, call a parameter, and its name here."""


def _unknown(name: str, texts: list[str], known: list[str], internal: Collection[str]) -> dict[str, Any]:
    value = _shown(", ".join(texts))
    if name in internal:
        return describe(name, value, "Only readers of internal notes may use this parameter.", correction="")
    ours = [one for names, ours in _SYNONYMS.items() if name.lower() in names for one in ours if one in known]
    return describe(name, value, "No parameter has this name.", known, name, next(iter(ours), None))


def _form_error(name: str, texts: list[str], problem: str, allowed: str) -> dict[str, Any]:
    return describe(name, _shown(", ".join(texts[:3])), problem, [allowed], correction="")


def _parse(name: str, text: str, kind: ValueKind, errors: Errors) -> Any:
    """Return the value of a text; if it is not allowed, add the reason to `errors`."""
    try:
        if _BAD_BYTE.search(text):
            raise form_refusal("It has bytes that are no UTF-8.", "text in UTF-8, then percent-encoded")
        if "\x00" in text:
            raise form_refusal("It contains a NUL character.", "text without it")
        if not text:
            schema = kind.schema.get("items", kind.schema)
            allowed = schema.get("enum", ["true", "false"] if schema["type"] == "boolean" else [])
            raise refusal("It has no value: add one, or leave the parameter out.", *map(str, allowed))
        return kind.parse(text)
    except ValidationError as error:
        errors.append(describe(name, _shown(text), str(error.message), **(error.params or {})))
