"""Kinds of parameter values: for each a parser of its text, a JSON schema and an example.

A comma separates the values of a list, and a list may be repeated. A text with a comma inside, such as the name of a
section, also counts as a whole: no value is out of reach.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
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
    """A kind of value. `parse` raises a `refusal`.

    With `repeats`, `parse` returns a list of values, and a query may contain the parameter several times.
    """

    parse: Callable[[str], Any]
    schema: Mapping[str, Any]
    repeats: bool = False
    example: Any = None

    @property
    def may_have_commas(self) -> bool:
        """Whether a value is any text, which may have a comma inside."""
        return self.schema["type"] == "string" and "enum" not in self.schema


def refusal(problem: str, *allowed: str, sought: str = "") -> ValidationError:
    """Return the error for a bad value. `{}` in `problem` stands for `sought`, or without `sought` for the value.

    `allowed` are values: the error names the nearest one.
    """
    return ValidationError(problem, params={"allowed": allowed, "sought": sought})


def form_refusal(problem: str, *forms: str, correction: str = "") -> ValidationError:
    """Return the error for a value of a wrong form. `forms` describe the right one, or are examples of it.

    The nearest value is the `correction` of the bad one, if there is one, and never an example.
    """
    return ValidationError(problem, params={"allowed": forms, "correction": correction})


def repeated(kind: ValueKind) -> ValueKind:
    """Return the kind for a parameter that takes several values, whose schema is that of a list."""

    def parse(text: str) -> list[Any]:
        pieces = list(filter(None, map(str.strip, text.split(","))))
        if not pieces or (not kind.may_have_commas and len(pieces) <= text.count(",")):
            raise form_refusal("There is no value before or after a comma.", "values separated by commas")
        return _values(kind, text, pieces)

    # Commas alone are no value.
    pattern = {"pattern": r"^[^\u0000]*[^\s,\u0000][^\u0000]*$"} if kind.may_have_commas else {}
    schema = {"type": "array", "items": {**kind.schema, **pattern}, "minItems": 1, "maxItems": MAX_VALUES}
    return ValueKind(parse, schema, repeats=True, example=[kind.example])


def _values(kind: ValueKind, text: str, pieces: list[str]) -> list[Any]:
    """Return the values of a text: its pieces, and the text as a whole if it may be a value with a comma inside."""
    if text.count(",") == 0:
        return [kind.parse(text)]
    values = [kind.parse(piece) for piece in pieces]
    if kind.may_have_commas and len(text) <= kind.schema.get("maxLength", MAX_TEXT):
        values.insert(0, kind.parse(text))
    return values


def lacking(values: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the values of a list that are not known.

    If a text with commas is known as a whole, its pieces need not be; if not, only its pieces count.
    """
    wholes = [value for value in values if "," in value]
    pieces = {piece.strip() for whole in wholes if whole in known for piece in whole.split(",")}
    return [value for value in values if value not in known and value not in wholes and value not in pieces]


def one_of(choices: Iterable[str]) -> ValueKind:
    """Return the kind for one of a few words."""
    words = list(choices)

    def parse(text: str) -> str:
        if text not in words:
            raise refusal("{} is not one of its values.", *words)
        return text

    return ValueKind(parse, {"type": "string", "enum": words}, example=words[0])


def some_of(choices: Iterable[str]) -> ValueKind:
    """Return the kind for a list of a few words."""
    words = list(choices)

    def parse(text: str) -> list[str]:
        values = list(dict.fromkeys(part.strip() for part in text.split(",")))
        for value in values:
            if value not in words:
                problem = "{} is not one of its values." if value else "There is nothing after a comma."
                raise refusal(problem, *words, sought=value)
        return values

    schema = {"type": "array", "items": {"type": "string", "enum": words}, "minItems": 1}
    return ValueKind(parse, schema, repeats=True, example=words[:2])


def list_of(kind: ValueKind) -> ValueKind:
    """Return the kind for a list of values of another kind, whose schema is that of one text with commas."""

    def parse(text: str) -> list[Any]:
        pieces = [value.strip() for value in text.split(",")]
        if len(pieces) > MAX_VALUES or not all(pieces):
            raise form_refusal("{} is not a list of values.", f"1 to {MAX_VALUES} values separated by commas")
        return _values(kind, text.strip(), pieces)

    sign = "-?" if kind.schema.get("minimum", 0) < 0 else ""
    part = "|".join(kind.schema.get("enum", [sign + _PART[kind.schema["type"]]]))
    schema = {"type": "string", "pattern": rf"^(?:{part})(?:,(?:{part})){{0,{MAX_VALUES - 1}}}$"}
    return ValueKind(parse, schema, repeats=True, example=str(kind.example))


_PART = {"integer": "[0-9]{1,18}", "string": rf"[^,\s\u0000][^,\u0000]{{0,{MAX_TEXT - 2}}}"}


def whole(least: int, most: int) -> ValueKind:
    """Return the kind for a whole number within limits."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,20}", text) or not least <= int(text) <= most:
            allowed = f"a whole number from {least} to {most}"
            raise form_refusal(f"{{}} is not {allowed}.", allowed)
        return int(text)

    return ValueKind(parse, {"type": "integer", "minimum": least, "maximum": most}, example=max(least, 1))


def text_of(longest: int, example: str = "room") -> ValueKind:
    """Return the kind for any text up to a length."""

    def parse(text: str) -> str:
        if len(text) > longest:
            raise form_refusal(f"It is too long: {len(text)} characters.", f"at most {longest} characters")
        return text

    schema = {"type": "string", "minLength": 1, "maxLength": longest, "pattern": r"^[^\u0000]+$"}
    return ValueKind(parse, schema, example=example)


_NEARLY = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[Tt ]+([0-9][0-9:.,]*)([Zz]|[+-][0-9:]{2,6})?)?")


def _corrected(text: str, with_time: bool) -> str:
    """Return a date, or a date and time, that somebody wrote in nearly the right form; "" if it is no such text."""
    match = _NEARLY.fullmatch(text.strip())
    if match is None:
        return ""
    day = f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"
    whole = f"{day}T{match[4] or '00:00:00'}{(match[5] or 'Z').upper()}"
    try:
        datetime.fromisoformat(whole).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return whole if with_time else day


def _moment(text: str) -> datetime:
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = datetime.fromisoformat(re.sub(r" (?=[0-9]{2}:?[0-9]{2}$)", "+", text).upper())
        if moment.tzinfo is None or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", text):
            raise ValueError(text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        problem, examples = "{} is not a date and time with a time zone.", (_TIME, "2026-03-05T15:00:00+01:00")
        raise form_refusal(problem, *examples, correction=_corrected(text, with_time=True)) from None


def _day(text: str) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise form_refusal("{} is not a date.", _DATE, correction=_corrected(text, with_time=False)) from None


def _yes_or_no(text: str) -> bool:
    word = text.lower()
    if word in _ANSWERS:
        return _ANSWERS[word]
    problem = "{} is neither true nor false."
    meant = next((answer for answer, words in _OTHER_ANSWERS.items() if word in words), None)
    raise form_refusal(problem, *_ANSWERS, correction=meant) if meant else refusal(problem, *_ANSWERS)


_OTHER_ANSWERS = {"true": {"yes", "y", "on", "t"}, "false": {"no", "n", "off", "f"}}
"""What else programs write for true and false."""


def _part(text: str) -> Any:
    if not searching.has_length(text):
        least = f"at least {searching.MIN_PART} characters"
        by_words = ["whole words with `__words` instead of `__contains`"] if _is_phrase(text) else []
        raise form_refusal("{} is too short for a part of a text.", least, *by_words, *_by_text(text))
    return text_of(MAX_PHRASE).parse(text)


def _phrase(text: str) -> Any:
    if not _is_phrase(text):
        allowed = f"{MIN_LETTERS} letters or digits, or 2 Chinese characters"
        raise form_refusal("{} is too short to search for.", allowed, *_by_text(text))
    return text_of(MAX_PHRASE).parse(text)


def _is_phrase(text: str) -> bool:
    """Whether a text is long enough to search for its words."""
    # A Chinese word has two characters where an English one has five letters.
    return sum(2 if letter > "\u2e80" else 1 for letter in text if letter.isalnum()) >= MIN_LETTERS


def _by_text(text: str) -> list[str]:
    """Return how to find a word that is too short for other parameters. Nothing finds one letter alone."""
    has_word = sum(map(str.isalnum, text)) > 1
    return ["this word with the parameter `text`, in lists that have it"] if has_word else []


def _words(text: str) -> str:
    words = text.split()
    if not 1 <= len(words) <= searching.MAX_WORDS or max(map(len, words)) > searching.MAX_LENGTH:
        allowed = f"1 to {searching.MAX_WORDS} words of at most {searching.MAX_LENGTH} characters"
        raise form_refusal("It has no words, too many, or one that is too long.", allowed)
    return text


_ANSWERS = {"true": True, "false": False, "1": True, "0": False}
_DATE, _TIME = "2026-03-05", "2026-03-05T14:00:00Z"

YES_NO = ValueKind(_yes_or_no, {"type": "boolean"}, example=True)
ID = whole(0, MAX_NUMBER)
NUMBER = ValueKind(whole(-MAX_NUMBER, MAX_NUMBER).parse, whole(-MAX_NUMBER, MAX_NUMBER).schema, example=660300001)
DAY = ValueKind(_day, {"type": "string", "format": "date"}, example=_DATE)
MOMENT = ValueKind(_moment, {"type": "string", "format": "date-time"}, example=_TIME)
TEXT = text_of(MAX_TEXT)
SLUG = text_of(MAX_TEXT, example="zim-server")
PART = ValueKind(
    _part,
    {"type": "string", "minLength": searching.MIN_PART, "maxLength": MAX_PHRASE, "pattern": r"^[^\u0000]+$"},
    example="oom does not",
)
PHRASE = ValueKind(
    _phrase,
    {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_PHRASE,
        # Letters of any script, or two Chinese characters.
        "pattern": r"[A-Za-z0-9\u00c0-\uffdc]{3}|[\u2e81-\uffdc]{2}",
    },
    example="does not exist",
)
CODE = text_of(CODE_LENGTH, example="660300001")
_CODE = rf"[^,\s\u0000][^,\u0000]{{0,{CODE_LENGTH - 1}}}"
CODES = ValueKind(
    list_of(CODE).parse,
    {"type": "string", "pattern": f"^{_CODE}(,{_CODE}){{0,{MAX_VALUES - 1}}}$"},
    repeats=True,
    example="660300001,660300002",
)
_WORD = rf"[^\s\u0000]{{1,{searching.MAX_LENGTH}}}"
WORDS = ValueKind(
    _words,
    {"type": "string", "pattern": rf"^{_WORD}( {_WORD}){{0,{searching.MAX_WORDS - 1}}}$"},
    example="room exist",
)
