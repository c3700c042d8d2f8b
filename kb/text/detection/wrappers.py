"""Find which code wraps which, from JSON nesting and exception chains, even if these are broken or truncated."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from kb.text.detection.kinds import Candidate, CandidateKind
from kb.text.word_lists import WordFile, one_of

MAX_READ = 500
"""Most labelled places whose nesting is read. A log with more repeats itself."""

_REACH = 20_000
"""Most characters between two codes that belong together."""

_MAX_BRACKETS = 200
"""Most brackets between two codes that belong together."""

_BRACKETS = re.compile(r"[{}]|\n(?=[^\s{}\[\]\"',|])")
_FILE = WordFile(Path(__file__).parent / "words" / "chains.toml")
_LATER_IS_CAUSE = re.compile(one_of(_FILE.exact("later_is_cause")))
_EARLIER_IS_CAUSE = re.compile(one_of(_FILE.exact("earlier_is_cause")))
_WRAPPER_CODES = frozenset(_FILE.exact("wrapper_codes"))
_VAGUE_CODES = frozenset(_FILE.exact("vague_codes"))
_OUTER_KINDS = (CandidateKind.HTTP, CandidateKind.EXIT, CandidateKind.SUB_STATUS)
_BESIDE = 600
"""Most characters between the status of an answer and the code in its body."""

_WIN32_RESULT = 0x8007
"""The first half of a result of Windows that has an error of Win32 as its second half."""

_SUB_CODE = re.compile(r"[45][0-9]{2}[.-][0-9]{1,3}\Z")
"""A status with its sub status, such as 500.19: like a status, it wraps the code in its body."""

_MESSAGE = 240
"""Most characters between a code and another in the message behind it."""

_LABEL = r"(?:SQLSTATE|[Ee]rror(?:[ ][Cc]ode)?|[Cc]ode|errno)[ =:]{0,2}+"
_MESSAGE_OF_MESSAGE = re.compile(rf"[)\]]?:[ ][^\n,;{{}}]{{0,240}}(?:(?<=: )(?:{_LABEL})?|(?<=\(){_LABEL})\Z")
"""Between two codes, of which the later one is in the message of the earlier: `P-12: charge failed: P-30`."""

_HAS_SUB_STATUS = re.compile(r"[Ss]ub[ _-]?[Ss]tatus")
_SUB_STATUS = re.compile(r"(?i)sub[ _-]?status\W{0,12}\Z")
_STATUS = re.compile(r"(?i)status\W{0,12}\Z")


class Spot(NamedTuple):
    """One place of one code."""

    candidate: Candidate
    code: str


class _Object:
    """A JSON object of the text, or the text outside all objects."""

    def __init__(self, parent: "_Object | None" = None) -> None:
        self.parent = parent
        self.fields: list[Spot] = []


def wrappers(text: str, spots: Sequence[Spot]) -> dict[str, str]:
    """Return, for each wrapped code, the code that wraps it. `spots` may be in any order."""
    ordered = sorted(spots, key=lambda spot: spot.candidate.start)[:MAX_READ]
    outer_codes: dict[str, str] = {}
    labelled = [
        spot for spot in ordered if spot.candidate.kind in (CandidateKind.FIELD, CandidateKind.ITEM, CandidateKind.SAID)
    ]
    if len({spot.code for spot in ordered}) > 1:
        _read_objects(text, labelled, outer_codes)
        _read_chains(text, ordered, outer_codes)
        _read_wrapper_codes(ordered, outer_codes)
        _read_statuses(text, ordered, outer_codes)
        _read_results(ordered, outer_codes)
    return outer_codes


def chains(text: str, spots: Sequence[Spot]) -> dict[str, str]:
    """Return, for each code that words tell to be the cause of another, that other code."""
    outer_codes: dict[str, str] = {}
    _read_chains(text, sorted(spots, key=lambda spot: spot.candidate.start)[:MAX_READ], outer_codes)
    return outer_codes


def _read_objects(text: str, spots: list[Spot], outer_codes: dict[str, str]) -> None:
    homes: list[tuple[Spot, _Object]] = []
    home, at = _Object(), 0
    for spot in spots:
        start = spot.candidate.start
        home = _walk(text, at, start, home) if start - at <= _REACH else _Object()
        home.fields.append(spot)
        homes.append((spot, home))
        at = spot.candidate.end
    if spots:
        # The outer code may follow the list of items.
        _walk(text, at, min(at + _REACH, len(text)), home)
    for spot, home in homes:
        outer = _outer(spot, home)
        if outer:
            _add(outer_codes, spot.code, outer.code)


def _walk(text: str, start: int, end: int, home: _Object) -> _Object:
    for count, match in enumerate(_BRACKETS.finditer(text, start, end)):
        if match[0] == "\n" or count == _MAX_BRACKETS:
            home = _Object()
        if count == _MAX_BRACKETS:
            break
        if match[0] == "{":
            home = _Object(home)
        elif match[0] == "}":
            # A text without its beginning may close objects that it did not open.
            home.parent = home.parent or _Object()
            home = home.parent
    return home


def _outer(spot: Spot, home: _Object) -> Spot | None:
    is_item = spot.candidate.kind is CandidateKind.ITEM
    if not is_item and spot.candidate.kind is not CandidateKind.FIELD:
        return None
    place: _Object | None = home if is_item else home.parent
    for _ in range(12):
        if place is None:
            return None
        fields = [
            field
            for field in place.fields
            if field.candidate.kind is not CandidateKind.ITEM and field.code != spot.code
        ]
        if fields:
            return min(fields, key=lambda field: abs(field.candidate.start - spot.candidate.start))
        place = place.parent
    return None


def _read_chains(text: str, spots: list[Spot], outer_codes: dict[str, str]) -> None:
    for one, other in pairwise(spots):
        start, end = one.candidate.end, other.candidate.start
        if one.code == other.code or end - start > _REACH:
            continue
        if _LATER_IS_CAUSE.search(text, start, end):
            _add(outer_codes, other.code, one.code)
        elif _EARLIER_IS_CAUSE.search(text, start, end):
            _add(outer_codes, one.code, other.code)
        elif end - start <= _MESSAGE and _MESSAGE_OF_MESSAGE.match(text, start, end):
            _add(outer_codes, other.code, one.code)


def _read_wrapper_codes(spots: list[Spot], outer_codes: dict[str, str]) -> None:
    """Codes that only wrap others wrap the nearest one; the number of a vendor outranks the SQLSTATE beside it."""
    outer = _WRAPPER_CODES | _VAGUE_CODES
    others = [spot for spot in spots if _name(spot) not in _WRAPPER_CODES and spot.candidate.kind not in _OUTER_KINDS]
    inner = [spot for spot in others if _name(spot) not in _VAGUE_CODES] or others
    for spot in spots:
        if _name(spot) in outer and inner and spot not in inner:
            nearest = min(inner, key=lambda other: abs(other.candidate.start - spot.candidate.start))
            if abs(nearest.candidate.start - spot.candidate.start) <= _REACH:
                _add(outer_codes, nearest.code, spot.code)


def _name(spot: Spot) -> str:
    """Return the canonical form of a code, or its symbol."""
    return spot.code.rpartition(" ")[2]


def _read_statuses(text: str, spots: list[Spot], outer_codes: dict[str, str]) -> None:
    """The status of an answer or a process wraps the code in its body; "Status" wraps "Sub Status"."""
    inner = [spot for spot in spots if not _is_status(spot.candidate)]
    for spot in spots:
        start = spot.candidate.start
        if _is_status(spot.candidate) and inner:
            nearest = min(inner, key=lambda other: (other.candidate.start < start, abs(other.candidate.start - start)))
            if abs(nearest.candidate.start - start) <= _BESIDE:
                _add(outer_codes, nearest.code, spot.code)
    has_sub_status = "tatus" in text and _HAS_SUB_STATUS.search(text)
    for one, other in pairwise(spots):
        if one.code == other.code or other.candidate.start - one.candidate.end > _BESIDE:
            continue
        if (has_sub_status and _is_sub_status(text, one.candidate, other.candidate)) or _is_enhanced(
            text, one.candidate, other.candidate
        ):
            _add(outer_codes, other.code, one.code)
        elif _is_sqlstate_behind(text, one.candidate, other.candidate):
            _add(outer_codes, one.code, other.code)


def _read_results(spots: list[Spot], outer_codes: dict[str, str]) -> None:
    """A result of Windows such as 0x80070643 wraps the error in it, here 1603."""
    codes = {spot.code for spot in spots}
    for code in codes:
        if code.isdigit() and int(code) >> 16 == _WIN32_RESULT and (inner := str(int(code) & 0xFFFF)) in codes:
            _add(outer_codes, inner, code)


def _is_status(candidate: Candidate) -> bool:
    return candidate.kind in _OUTER_KINDS or bool(_SUB_CODE.match(candidate.written))


def _is_sub_status(text: str, one: Candidate, other: Candidate) -> bool:
    before_one, before = (text[max(0, spot.start - 28) : spot.start] for spot in (one, other))
    return bool(_SUB_STATUS.search(before) and _STATUS.search(before_one) and not _SUB_STATUS.search(before_one))


def _is_enhanced(text: str, one: Candidate, other: Candidate) -> bool:
    """Whether a reply of a mail server, such as 550, stands before its enhanced code, such as 5.1.1."""
    return other.written.count(".") == 2 and len(one.written) == 3 and text[one.end : other.start].strip(" -#\t") == ""


def _is_sqlstate_behind(text: str, one: Candidate, other: Candidate) -> bool:
    """Whether a SQLSTATE in parentheses follows the number of a vendor: `ERROR 1045 (28000)`."""
    between = text[one.end : other.start]
    return len(other.written) == 5 and one.written.isdigit() and between.strip() == "(" and len(one.written) == 4


def _add(outer_codes: dict[str, str], inner: str, outer: str) -> None:
    """Record that one code wraps another, unless it would then wrap itself."""
    above: str | None = outer
    for _ in range(MAX_READ):
        if above is None:
            outer_codes.setdefault(inner, outer)
            return
        if above == inner:
            return
        above = outer_codes.get(above)
