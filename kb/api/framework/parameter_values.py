"""Kinds of parameter values: for each a parser of its text and a JSON schema."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.core.exceptions import ValidationError

from kb import searching
from kb.text.codes.forms import MAX_LENGTH as CODE_LENGTH
from kb.text.codes.forms import MAX_NUMBER

MAX_VALUES = 100
"""Values that one parameter takes at once, so that queries stay small."""

MAX_TEXT = 200
MAX_PHRASE = 1_000
MIN_LETTERS = 3
"""Minimum letters of a text to search for: fewer would match everything."""


@dataclass(frozen=True)
class ValueKind:
    """A kind of value. `parse` raises a `refusal`; with `repeats`, a query may contain the parameter several times."""

    parse: Callable[[str], Any]
    schema: Mapping[str, Any]
    repeats: bool = False


def refusal(problem: str, *allowed: str, sought: str = "") -> ValidationError:
    """Return the error for a bad value. `{}` in `problem` stands for `sought`, or without `sought` for the value."""
    return ValidationError(problem, params={"allowed": allowed, "sought": sought})


def repeated(kind: ValueKind) -> ValueKind:
    """Return the kind for a parameter that may be repeated."""
    return ValueKind(kind.parse, kind.schema, repeats=True)


def one_of(choices: Iterable[str]) -> ValueKind:
    """Return the kind for one of a few words."""
    words = list(choices)

    def parse(text: str) -> str:
        if text not in words:
            raise refusal("{} is not one of its values.", *words)
        return text

    return ValueKind(parse, {"type": "string", "enum": words})


def some_of(choices: Iterable[str]) -> ValueKind:
    """Return the kind for a comma-separated list of a few words."""
    words = list(choices)

    def parse(text: str) -> list[str]:
        values = list(dict.fromkeys(part.strip() for part in text.split(",")))
        for value in values:
            if value not in words:
                problem = "{} is not one of its values." if value else "There is nothing after a comma."
                raise refusal(problem, *words, sought=value)
        return values

    return ValueKind(parse, {"type": "array", "items": {"type": "string", "enum": words}, "minItems": 1})


def list_of(kind: ValueKind) -> ValueKind:
    """Return the kind for a comma-separated list of values of another kind."""

    def parse(text: str) -> list[Any]:
        values = [value.strip() for value in text.split(",")]
        if len(values) > MAX_VALUES or not all(values):
            raise refusal("{} is not a list of values.", f"1 to {MAX_VALUES} values separated by commas")
        return [kind.parse(value) for value in values]

    part = "|".join(kind.schema.get("enum", [_PART[kind.schema["type"]]]))
    return ValueKind(parse, {"type": "string", "pattern": rf"^(?:{part})(?:,(?:{part})){{0,{MAX_VALUES - 1}}}$"})


_PART = {"integer": "[0-9]{1,18}", "string": rf"[^,\s\u0000][^,\u0000]{{0,{MAX_TEXT - 2}}}"}


def whole(least: int, most: int) -> ValueKind:
    """Return the kind for a whole number within limits."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,20}", text) or not least <= int(text) <= most:
            raise refusal("{} is not an allowed number.", f"a whole number from {least} to {most}")
        return int(text)

    return ValueKind(parse, {"type": "integer", "minimum": least, "maximum": most})


def text_of(longest: int) -> ValueKind:
    """Return the kind for any text up to a length."""

    def parse(text: str) -> str:
        if len(text) > longest:
            raise refusal(f"It is too long: {len(text)} characters.", f"at most {longest} characters")
        return text

    return ValueKind(parse, {"type": "string", "minLength": 1, "maxLength": longest, "pattern": r"^[^\u0000]+$"})


def _moment(text: str) -> datetime:
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = datetime.fromisoformat(re.sub(r" (?=[0-9]{2}:?[0-9]{2}$)", "+", text).upper())
        if moment.tzinfo is None or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", text):
            raise ValueError(text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        examples = ("2026-03-05T14:00:00Z", "2026-03-05T15:00:00+01:00")
        raise refusal("{} is not a date and time with a time zone.", *examples) from None


def _day(text: str) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise refusal("{} is not a date.", "2026-03-05") from None


def _phrase(text: str) -> Any:
    # A Chinese word has two characters where an English one has five letters.
    if sum(2 if letter > "\u2e80" else 1 for letter in text if letter.isalnum()) < MIN_LETTERS:
        allowed = f"{MIN_LETTERS} letters or digits, or 2 Chinese characters"
        raise refusal("{} is too short to search for.", allowed)
    return text_of(MAX_PHRASE).parse(text)


def _words(text: str) -> str:
    words = text.split()
    if not 1 <= len(words) <= searching.MAX_WORDS or max(map(len, words)) > searching.MAX_LENGTH:
        allowed = f"1 to {searching.MAX_WORDS} words of at most {searching.MAX_LENGTH} characters"
        raise refusal("It has no words, too many, or one that is too long.", allowed)
    return text


YES = ValueKind(lambda text: one_of(["1"]).parse(text) == "1", {"type": "integer", "enum": [1]})
YES_NO = ValueKind(lambda text: one_of(["true", "false"]).parse(text) == "true", {"type": "boolean"})
ID = whole(0, MAX_NUMBER)
NUMBER = whole(-MAX_NUMBER, MAX_NUMBER)
DAY = ValueKind(_day, {"type": "string", "format": "date"})
MOMENT = ValueKind(_moment, {"type": "string", "format": "date-time"})
TEXT = text_of(MAX_TEXT)
PHRASE = ValueKind(_phrase, {"type": "string", "minLength": 1, "maxLength": MAX_PHRASE, "pattern": r"[A-Za-z0-9]{3}"})
CODE = text_of(CODE_LENGTH)
_CODE = rf"[^,\s\u0000][^,\u0000]{{0,{CODE_LENGTH - 1}}}"
CODES = ValueKind(list_of(CODE).parse, {"type": "string", "pattern": f"^{_CODE}(,{_CODE}){{0,{MAX_VALUES - 1}}}$"})
_WORD = rf"[^\s\u0000]{{1,{searching.MAX_LENGTH}}}"
WORDS = ValueKind(_words, {"type": "string", "pattern": rf"^{_WORD}( {_WORD}){{0,{searching.MAX_WORDS - 1}}}$"})
