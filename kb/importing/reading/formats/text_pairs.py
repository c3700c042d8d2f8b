"""Texts that source code gives to codes: in maps, in arrays, and in the cases of a switch.

{ E_OPEN, "cannot open" }    [E_OPEN] = "cannot open"    case E_OPEN: return "cannot open";    1001 => 'cannot open'
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kb.importing.reading.formats.entries import is_like_code
from kb.importing.reading.formats.source_tokens import Token

_MOST_BETWEEN = 8
"""Most words and signs between a code and its text."""

_MAX_CASES = 100
_ENDS = {";", "}", "+", "-", "*", "/", "<", "!", "?", "%"}


class TextPair(NamedTuple):
    """A name or number of a code, its text, and its line."""

    key: str
    text: str
    line: int


def pairs_of_names(tokens: Sequence[Token], names: set[str]) -> Iterator[TextPair]:
    """Yield the texts that follow the names of constants."""
    return _pairs(tokens, lambda token: token.text in names and token.kind in ("word", "string"))


def pairs_of_codes(tokens: Sequence[Token]) -> Iterator[TextPair]:
    """Yield the texts that follow a number, or a text that looks like a code."""
    return _pairs(tokens, lambda token: token.kind == "number" or (token.kind == "string" and is_like_code(token.text)))


def _pairs(tokens: Sequence[Token], is_key: Callable[[Token], bool]) -> Iterator[TextPair]:
    code = [token for token in tokens if token.kind != "comment" and token.text != "\n"]
    keys: list[Token] = []
    between, continues, sign, end = 0, False, False, 0
    for at, token in enumerate(code):
        if at < end:
            continue
        if keys and sign and token.text in {key.text for key in keys}:
            # `put(5, new Fault(5, "..."))` has the number twice.
            continue
        if keys and token.kind == "string" and sign and not _is_key_of_map(code, at):
            texts, end = _texts_from(code, at, is_key)
            # Before its text a code may have a name or a level: `{"E101", "open-door", "The door is open"}`.
            text = max(texts, key=lambda text: text.count(" "))
            yield from (TextPair(key.text, text, key.line) for key in keys if text and text != key.text)
            keys = []
        elif is_key(token) and not (token.kind == "number" and at and code[at - 1].text == "="):
            # What follows `OPEN = 5` belongs to the next constant.
            keys = [*keys, token] if continues and len(keys) < _MAX_CASES else [token]
            between, continues, sign = 0, False, False
        elif token.kind == "number" or token.kind == "string" or token.text in _ENDS or between == _MOST_BETWEEN:
            keys = []
        else:
            between += 1
            sign = sign or token.text in ("=", ":", ",", ">", "(", "return")
            # Several cases may have one text.
            continues = continues or token.text in ("case", "|")


def _texts_from(code: Sequence[Token], at: int, is_key: Callable[[Token], bool]) -> tuple[list[str], int]:
    """Return the texts from a string on that commas separate, and the index behind them."""
    texts: list[str] = []
    while True:
        end = _end_of_text(code, at)
        texts.append("".join(part.text for part in code[at:end] if part.kind == "string"))
        following = code[end : end + 2]
        if len(following) < 2 or following[0].text != "," or following[1].kind != "string" or is_key(following[1]):
            return texts, end
        if _is_key_of_map(code, end + 1):
            return texts, end
        at = end + 1


def _is_key_of_map(code: Sequence[Token], at: int) -> bool:
    following = [token.text for token in code[at + 1 : at + 3]]
    return following[:1] == [":"] or following == ["=", ">"]


def _end_of_text(code: Sequence[Token], at: int) -> int:
    """Return the index behind the strings that make one text: neighbours, or joined by `+` or `.`."""
    at += 1
    while at < len(code):
        if code[at].kind == "string":
            at += 1
        elif code[at].text in ("+", ".") and at + 1 < len(code) and code[at + 1].kind == "string":
            at += 2
        else:
            break
    return at
