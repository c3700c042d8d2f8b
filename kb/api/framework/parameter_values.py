"""Values of query parameters: how each kind is read, refused and described."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from kb import searching
from kb.text.codes.forms import MAX_LENGTH as CODE_LENGTH
from kb.text.codes.forms import MAX_NUMBER

MAX_SEVERAL = 100
"""Values that one parameter takes at once: a query of bounded size."""

MAX_TEXT = 200
MAX_PHRASE = 1_000
_LEAST = 3
"""Letters of a text that is looked for in texts: fewer would find everything."""

_NOT_NUL = r"^[^\u0000]+$"


class ValueRefused(Exception):
    """A value that a parameter does not take: `problem` is a sentence in which `{}` stands for what was `sought`."""

    def __init__(self, problem: str, allowed: Iterable[str] = (), sought: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.allowed = list(allowed)
        self.sought = sought


@dataclass(frozen=True)
class ValueKind:
    """A kind of value: what reads its text, or raises Refused, and its JSON schema."""

    read: Callable[[str], Any]
    schema: Mapping[str, Any] = field(default_factory=dict)


def one_of(choices: Iterable[str]) -> ValueKind:
    """Return the kind that is one of a few words."""
    words = list(choices)

    def read(text: str) -> str:
        if text not in words:
            raise ValueRefused("{} is not one of its values.", words, text)
        return text

    return ValueKind(read, {"type": "string", "enum": words})


def some_of(choices: Iterable[str]) -> ValueKind:
    """Return the kind that is a comma list of a few words."""
    words = list(choices)

    def read(text: str) -> list[str]:
        given = list(dict.fromkeys(word.strip() for word in text.split(",")))
        unknown = [word for word in given if word not in words]
        if unknown:
            raise ValueRefused(
                "{} is not one of its values." if unknown[0] else "It names nothing after a comma.", words, unknown[0]
            )
        return given

    items = {"type": "string", "enum": words}
    return ValueKind(read, {"type": "array", "items": items, "minItems": 1})


def list_of(kind: ValueKind) -> ValueKind:
    """Return the kind that is a comma list of values of another."""

    def read(text: str) -> list[Any]:
        given = [part.strip() for part in text.split(",")]
        if len(given) > MAX_SEVERAL or not all(given):
            raise ValueRefused("{} is not a list of values.", [f"1 to {MAX_SEVERAL} values with commas between them"])
        return [kind.read(part) for part in given]

    one = _PART.get(kind.schema["type"], "") if "enum" not in kind.schema else "|".join(kind.schema["enum"])
    return ValueKind(read, {"type": "string", "pattern": rf"^(?:{one})(?:,(?:{one})){{0,{MAX_SEVERAL - 1}}}$"})


_PART = {"integer": "[0-9]{1,18}", "string": rf"[^,\s\u0000][^,\u0000]{{0,{MAX_TEXT - 2}}}"}


def whole(least: int, most: int) -> ValueKind:
    """Return the kind that is a whole number between two."""
    allowed = f"a whole number from {least} to {most}"

    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,20}", text) or not least <= int(text) <= most:
            raise ValueRefused("{} is not a number that it takes.", [allowed])
        return int(text)

    return ValueKind(read, {"type": "integer", "minimum": least, "maximum": most})


def text_of(longest: int, pattern: str = _NOT_NUL) -> ValueKind:
    """Return the kind that is any text up to a length."""

    def read(text: str) -> str:
        if len(text) > longest:
            raise ValueRefused(f"It is too long: {len(text)} characters.", [f"at most {longest} characters"])
        return text

    return ValueKind(read, {"type": "string", "minLength": 1, "maxLength": longest, "pattern": pattern})


def _yes_no(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueRefused("{} is neither true nor false.", ["true", "false"])
    return text == "true"


def _moment(text: str) -> datetime:
    try:
        if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", text):
            raise ValueError(text)
        # A plus sign that nobody escaped arrives as a space.
        found = datetime.fromisoformat(re.sub(r" (?=[0-9]{2}:?[0-9]{2}$)", "+", text).upper())
        if found.tzinfo is None:
            raise ValueError(text)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueRefused(
            "{} is not a moment with its zone.", ["2026-03-05T14:00:00Z", "2026-03-05T15:00:00+01:00"]
        ) from None


def _day(text: str) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise ValueRefused("{} is no day.", ["2026-03-05"]) from None


def _phrase(text: str) -> str:
    if len(text) > MAX_PHRASE:
        raise ValueRefused(f"It is too long: {len(text)} characters.", [f"at most {MAX_PHRASE} characters"])
    # A Chinese word has two characters where an English one has five letters.
    if sum(2 if letter > "\u2e80" else 1 for letter in text if letter.isalnum()) < _LEAST:
        raise ValueRefused(
            "{} is too short to be looked for.", [f"{_LEAST} letters or digits, or 2 Chinese characters"]
        )
    return text


def _words(text: str) -> str:
    words = text.split()
    limit = f"1 to {searching.MAX_WORDS} words of at most {searching.MAX_LENGTH} characters"
    if not 1 <= len(words) <= searching.MAX_WORDS or max(map(len, words)) > searching.MAX_LENGTH:
        raise ValueRefused("It has more words than are searched for, or none.", [limit])
    return text


def _codes(text: str) -> list[str]:
    given = text.split(",")
    if len(given) > MAX_SEVERAL or any(len(code) > CODE_LENGTH or not code.strip() for code in given):
        raise ValueRefused(
            "{} is not a list of codes.", [f"1 to {MAX_SEVERAL} codes of at most {CODE_LENGTH} characters, with commas"]
        )
    return given


YES = ValueKind(lambda text: one_of(["1"]).read(text) == "1", {"type": "integer", "enum": [1]})
ID = whole(0, MAX_NUMBER)
DAY = ValueKind(_day, {"type": "string", "format": "date"})
PHRASE = ValueKind(_phrase, {"type": "string", "minLength": 1, "maxLength": MAX_PHRASE, "pattern": r"[A-Za-z0-9]{3}"})
YES_NO = ValueKind(_yes_no, {"type": "boolean"})
NUMBER = whole(-MAX_NUMBER, MAX_NUMBER)
MOMENT = ValueKind(_moment, {"type": "string", "format": "date-time"})
TEXT = text_of(MAX_TEXT)
CODE = text_of(CODE_LENGTH)
_CODE = rf"[^,\s\u0000][^,\u0000]{{0,{CODE_LENGTH - 1}}}"
CODES = ValueKind(_codes, {"type": "string", "pattern": f"^{_CODE}(,{_CODE}){{0,{MAX_SEVERAL - 1}}}$"})
_WORD = rf"[^\s\u0000]{{1,{searching.MAX_LENGTH}}}"
WORDS = ValueKind(_words, {"type": "string", "pattern": rf"^{_WORD}( {_WORD}){{0,{searching.MAX_WORDS - 1}}}$"})
