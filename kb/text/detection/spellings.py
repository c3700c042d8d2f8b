"""Every way to read what somebody types or pastes into a box for a code: `#30007`, `SQLSTATE[42P01]`, `660,300,002`.

All faces read a typed code with these functions: the search box, suggestions, the API, MCP and the shell. A look-up
tries the text as it stands first, because a vendor may use such a text as a code; then the spellings here.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kb.text.codes.forms import MAX_LENGTH, TWO_PARTS, bare, plain_text, readings, with_other_sign
from kb.text.codes.scans import scanned
from kb.text.codes.symbols import MAX_SYMBOL, looks_like_a_symbol, symbol_names
from kb.text.detection.kinds import CandidateKind
from kb.text.detection.labels import labelled_values
from kb.text.word_lists import WordFile, one_of

MAX_TYPED = 2_000
"""Longest text, in characters, that is searched for codes."""

_LAST_RANK = 4
_MAX_SPELLINGS = 20
_MAX_OTHER_WORDS = 2
"""Most words beside a short number, apart from those that say nothing."""

_FILE = WordFile(Path(__file__).parent / "words" / "spellings.toml")
_FILLERS = frozenset(_FILE.words("fillers"))
_AMOUNTS = re.compile(rf"\s?{one_of(_FILE.words('amounts'))}\b", re.IGNORECASE)
_AROUND = " \t\n\r\v\f#'\"`\u2018\u2019\u201c\u201d\u00ab\u00bb()[]{}<>*.,;:!?=+$|\u3002\u3001\uff0c/~"
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_JOINED_PREFIX = re.compile(r"([A-Za-z]{2,8})([0-9]{3,6})\Z")
_TWO_DASHES = re.compile(r"([A-Za-z]{2})-?([0-9]{5})-?([0-9])\Z")
_SYMBOL_IN_WORDS = re.compile(r"(?:status|err|errcode|ntstatus)(?: [a-z]{2,20}){2,5}\Z", re.IGNORECASE)
_WITH_COMMA = re.compile(r"([45][0-9]{2}),([0-9]{1,2})\Z")
_WITH_ZERO = re.compile(r"([0-9]{3,19})\.0{1,2}\Z")
_LEADING = re.compile(r"\W{0,3}(-?[0-9]{3,10})(?=:\s|,\s?[bu]?[\"'])")
"""A number that a message follows, as at the beginning of a line of a log or a tuple."""

_REPLY = re.compile(r"[245][0-9]{2}[ -]#?([245]\.[0-9]{1,3}\.[0-9]{1,3})\Z")
_DASHED_GROUPS = re.compile(r"[0-9]{3}(?:-[0-9]{3}){2}\Z")
_ADDRESS = re.compile(r"(?<![0-9])[0-9]++(?:\.[0-9]++){3}")
_HAS_DIGIT = re.compile(r"[^\s0-9]*[0-9]\S*")
_TOKEN = re.compile(r"(?<![0-9A-Za-z_.])-?[0-9A-Za-z_]++(?:[.-][0-9A-Za-z_]++)*+")
_VERSION = re.compile(r"/[0-9]++\.[0-9.]++|\bv[0-9][0-9.]*+", re.IGNORECASE)
_WORD_AND_NUMBER = re.compile(r"\b[A-Z]{2,8} [0-9]{3,6}\b")


class Spelling(NamedTuple):
    """A text to read as a code, and how it was found in what somebody typed. Only the best rank with a hit counts."""

    text: str
    how: str
    rank: int


def spellings(query: str) -> list[Spelling]:
    """Return the texts in a typed text that may be codes, best first, apart from the text itself."""
    if len(query) > MAX_TYPED:
        return []
    if query.isascii() and query.isalpha():
        return [Spelling(query.upper(), "in capitals", 0)] if query.startswith("wsae") else []
    text = plain_text(query)
    found: dict[str, Spelling] = {}
    for spelling in _spellings(text):
        if spelling.text != query and len(spelling.text) <= max(MAX_LENGTH, MAX_SYMBOL):
            found.setdefault(spelling.text, spelling)
        if len(found) == _MAX_SPELLINGS:
            break
    return sorted(found.values(), key=lambda spelling: spelling.rank)


def forms_of(query: str) -> tuple[list[str], list[str]]:
    """Return the canonical forms and the symbols to look up for a typed text that is no code as it stands."""
    others = spellings(query)
    forms = dict.fromkeys(reading.canonical for one in others for reading in readings(one.text))
    names = dict.fromkeys(name for text in (query, *(one.text for one in others)) for name in symbol_names(text))
    return list(forms), list(names)


def subject(query: str) -> str:
    """Return the one text in a query that looks most like a code, or the query: for codes near it."""
    return next((one.text for one in spellings(query) if _HAS_DIGIT.fullmatch(one.text)), query)


def words(query: str) -> frozenset[str]:
    """Return the words beside a code, in lower case: they may name a table."""
    return frozenset(word.lower() for word in _LETTERS.findall(query[:MAX_TYPED])) - _FILLERS


def _spellings(text: str) -> Iterator[Spelling]:
    core = _core(text)
    if core:
        yield Spelling(core, "without the signs around it", 0)
    number = bare(core) or (core.replace("-", "") if _DASHED_GROUPS.match(core) else "")
    if number:
        yield Spelling(number, "the number alone", 1)
    joined = _JOINED_PREFIX.match(core)
    if joined:
        yield Spelling(f"{joined[1]}-{joined[2]}", "with a hyphen", 1)
    if "_" in core and core.replace("_", "").isalpha():
        yield Spelling(core.replace("_", "").upper(), "in one word", 0)
    yield from _rewritten(core)
    if core != text or not (core.isascii() and core.isalnum()):
        yield from _named(text)


def _rewritten(core: str) -> Iterator[Spelling]:
    """Yield a text as vendors write such codes: with other signs inside, or the part that counts."""
    if console := _TWO_DASHES.match(core):
        yield Spelling("-".join(console.groups()), "with hyphens", 1)
    if reply := _REPLY.match(core):
        yield Spelling(reply[1], "the enhanced code", 1)
    if "." in core and looks_like_a_symbol(last := core.rpartition(".")[2]):
        yield Spelling(last, "the last part of a name", 1)
    if parts := TWO_PARTS.match(core):
        yield Spelling(with_other_sign(parts), "with another sign inside", 1)
    if parts := _WITH_COMMA.match(core):
        yield Spelling(f"{parts[1]}.{parts[2]}", "with a dot", 0)
    if decimal := _WITH_ZERO.match(core):
        yield Spelling(decimal[1], "without the decimal zero", 1)
    if _SYMBOL_IN_WORDS.match(core):
        yield Spelling("_".join(core.split()), "with underscores", 1)
    for one in scanned(core):
        yield Spelling(one, "with digits for letters", 3)


def _core(text: str) -> str:
    core = text.strip(_AROUND)
    bare_core = core.lstrip(f"-{_AROUND}")
    # A hyphen before a space is a bullet, and one right before a digit a sign.
    is_negative = bare_core[:1].isdigit() and core.endswith(f"-{bare_core}")
    return f"-{bare_core}" if is_negative else bare_core


def _named(text: str) -> Iterator[Spelling]:
    """Yield the texts that other words or signs stand beside."""
    how = "named in the text"
    if leading := _LEADING.match(text):
        yield Spelling(leading[1], how, 2)
    skipped = [match.span() for pattern in (_VERSION, _ADDRESS) for match in pattern.finditer(text)]
    for candidate in labelled_values(text):
        if candidate.kind is not CandidateKind.OTHER and not _overlaps(candidate.start, candidate.end, skipped):
            yield Spelling(candidate.written, how, 2)
    for match in _WORD_AND_NUMBER.finditer(text):
        yield Spelling(match[0], how, 2)
    tells_little = len(words(text)) <= _MAX_OTHER_WORDS
    for match in _TOKEN.finditer(text):
        token = match[0]
        if _overlaps(*match.span(), skipped) or _AMOUNTS.match(text, match.end()):
            continue
        rank = _rank(token, tells_little)
        if rank:
            yield Spelling(token, how, rank)
            if token.isdigit() and len(token) < 6:
                yield Spelling(f"-{token}", "with a minus", _LAST_RANK)
            number = bare(token)
            if number:
                yield Spelling(number, how, rank)


def _rank(token: str, tells_little: bool) -> int:
    """Return the rank of a token among others; 0 if it is not read as a code."""
    digits = sum(character.isdigit() for character in token)
    if looks_like_a_symbol(token):
        return 2 if "_" in token or digits else 3
    if not digits:
        return 0
    if token.lstrip("-").isdigit():
        return 2 if digits >= 6 else 3 if digits >= 3 and tells_little else 0
    return 2 if digits >= 2 else 0


def _overlaps(start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    return any(first < end and start < last for first, last in spans)
