"""JSON: one document, or one value after another (NDJSON). Comments and trailing commas are read, and reported.

Each record carries the line on which its value begins.
"""

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from kb.importing.reading.formats import openapi
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.formats.trees import ALLOWED, Branch, sheets_of_tree
from kb.importing.reading.sheets import Number, Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

_MOST_NAMED = 50
_SPACE = re.compile(r"[ \t\n\r]*")
_WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")
_NO_JSON = re.compile(r'"(?:[^"\\\n]|\\.)*+"?|//[^\n]*+|/\*.*?(?:\*/|\Z)', re.DOTALL)
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\\n]|\\.)*+"?|,(?=[ \t\n\r]*+[\]}])', re.DOTALL)


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the tables of a JSON document, or of NDJSON. Raises Unreadable without one."""
    repeats: dict[str, None] = {}
    try:
        root = _root(source_file.text, repeats)
    except (ValueError, RecursionError) as error:
        text = _without_comments(source_file)
        if text == source_file.text:
            raise _broken(error) from error
        try:
            root = _root(text, repeats)
        except (ValueError, RecursionError) as second:
            raise _broken(second) from second
    if repeats:
        names = ", ".join(name[:60] for name in list(repeats)[:_MOST_NAMED])
        message = f"Some objects have a key twice: {names}. A code is read each time; of its texts, the last counts."
        tell(source_file, 0, message, next(iter(repeats)))
    if openapi.is_description(root):
        return openapi.sheets(root, source_file)
    return sheets_of_tree(root, source_file)


def _number(text: str) -> Number:
    number = _WHOLE_NUMBER.fullmatch(text)
    return Number(number[1] if number else text)


# Numbers stay text, so that a long one keeps all its digits.
_DECODER = json.JSONDecoder(parse_int=Number, parse_float=_number, parse_constant=str)


def _decoder(repeats: dict[str, None]) -> json.JSONDecoder:
    """Return a decoder that adds the keys that an object has twice to `repeats`."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            repeats.update(dict.fromkeys(key for key, count in counts.items() if count > 1))
        return value

    return json.JSONDecoder(parse_int=Number, parse_float=_number, parse_constant=str, object_pairs_hook=unique)


def _root(text: str, repeats: dict[str, None]) -> Branch:
    """Return the document, or a list of all values where there are several."""
    at = _skip(text, 1 if text.startswith("\ufeff") else 0)
    decoder = _decoder(repeats)
    value, end = decoder.raw_decode(text, at)
    document = _JsonText(text)
    if _skip(text, end) == len(text):
        if not isinstance(value, list | dict):
            raise unreadable("no_list", f"This JSON contains no list of codes. {ALLOWED}", SourcePlace(1))
        return Branch("", document.line(at), value, partial(document.children, at))
    if text[_skip(text, end)] in ",]}":
        raise json.JSONDecodeError("the document ends before this sign", text, _skip(text, end))
    branches = list(document.values(at, decoder))
    return Branch("", 1, [branch.value for branch in branches], lambda: iter(branches))


class _JsonText:
    """The values of a text with their lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.breaks = [match.start() for match in re.finditer("\n", text)]

    def line(self, at: int) -> int:
        """Return the line of a place in the text."""
        return bisect_left(self.breaks, at) + 1

    def children(self, at: int) -> Iterator[Branch]:
        """Yield the values of the list or map that begins at a place; the text was decoded once before."""
        text = self.text
        is_map, at = text[at] == "{", _skip(text, at + 1)
        while text[at] not in "]}":
            start, key = at, ""
            if is_map:
                key, at = _DECODER.raw_decode(text, at)
                at = _skip(text, _skip(text, at) + 1)
            value, end = _DECODER.raw_decode(text, at)
            yield Branch(key, self.line(start), value, partial(self.children, at))
            at = _skip(text, end)
            at = _skip(text, at + 1) if text[at] == "," else at

    def values(self, at: int, decoder: json.JSONDecoder) -> Iterator[Branch]:
        """Yield each of several values."""
        while at < len(self.text):
            value, end = decoder.raw_decode(self.text, at)
            yield Branch("", self.line(at), value, partial(self.children, at))
            at = _skip(self.text, end)


def _broken(error: Exception) -> Exception:
    line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
    reason = getattr(error, "msg", "") or "it is nested too deeply, or contains a number that is too long"
    where = f" at column {column}" if column else ""
    place = SourcePlace(line) if line else None
    return unreadable("broken_json", f"This is not valid JSON{where}: {reason}. {ALLOWED}", place)


def _without_comments(source_file: SourceFile) -> str:
    """Return the text with spaces in place of comments and trailing commas, so that every place stays the same."""
    text = source_file.text
    first: dict[str, int] = {}

    def blank(match: re.Match[str]) -> str:
        if match[0].startswith('"'):
            return match[0]
        kind = "commas before a closing bracket" if match[0] == "," else "comments"
        first.setdefault(kind, match.start())
        return re.sub(r"[^\n]", " ", match[0])

    cleaned = _STRING_OR_COMMA.sub(blank, _NO_JSON.sub(blank, text))
    for kind, at in first.items():
        tell(source_file, text.count("\n", 0, at) + 1, f"JSON has no {kind}. They were left out.")
    return cleaned


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at
