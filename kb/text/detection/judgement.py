"""Codes in a pasted ticket or log: which are known, which came first, which one is the cause of the others.

Two steps, so that the cost grows with the text and not with the tables: `candidates(text)` finds what may be a code,
the caller looks up `all_canonical_forms(...)` of only those, and `judge` says what each of them is and why.
"""

import re
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from kb.text.detection.candidates import (
    MAX_CANDIDATES,
    Candidate,
    CandidateKind,
    all_canonical_forms,
    candidates,
    canonical_forms,
)
from kb.text.detection.context import named, says_a_code
from kb.text.detection.wrappers import Spot, wrappers

__all__ = [
    "LIKELY",
    "MAX_CANDIDATES",
    "MAX_CODES",
    "MAX_UNKNOWN",
    "Candidate",
    "CandidateKind",
    "CodeMatch",
    "Detection",
    "Role",
    "UnknownMatch",
    "all_canonical_forms",
    "candidates",
    "judge",
]

LIKELY = 0.5
"""From this confidence on, a code is shown as found; below, as possible."""

MAX_CODES = 1000
"""Different known codes reported of one text; reading stops there, and the answer says so."""

MAX_UNKNOWN = 100
"""Different unknown numbers reported of one text."""

_SPANS_READ = 500
"""Places of one code whose surroundings are read; more of the same are counted without."""

_NEAR = 400
"""Characters within which a labelled code casts doubt on a bare number."""

K = TypeVar("K", bound=Hashable)
Span = tuple[int, int]
Ranges = Sequence[tuple[int, int, Any]]


class Role(StrEnum):
    """What a code is among the codes that stand with it."""

    CAUSE = "cause"
    """The reason that another code wraps: look at this one first."""
    WRAPPER = "wrapper"
    """Only says that something inside it failed."""
    SUCCESS = "success"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class CodeMatch(Generic[K]):
    """A known code in the text."""

    written: str
    canonical: str
    id: K
    spans: list[Span]
    count: int
    line: int
    order: int
    """1 for the code that came first in the text."""
    confidence: float
    role: Role
    inside: str
    """For a cause: the code that wraps it, as written."""
    why: str

    @property
    def is_likely(self) -> bool:
        """Whether to show it as found rather than as possible."""
        return self.confidence >= LIKELY


@dataclass(frozen=True, slots=True)
class UnknownMatch:
    """Something that looks like a code and is in no table."""

    written: str
    spans: list[Span]
    line: int
    range: Any
    """The narrowest known range that it falls into, or None."""
    why: str

    @property
    def count(self) -> int:
        """How often it stands in the text."""
        return len(self.spans)


@dataclass(frozen=True, slots=True)
class Detection(Generic[K]):
    """Known codes, most useful first; then what is in no table, in the order of the text."""

    codes: list[CodeMatch[K]]
    unknown: list[UnknownMatch]
    read_to_line: int | None
    """None where the entire text was read; otherwise the line where a limit was reached."""


class _Place(NamedTuple):
    candidate: Candidate
    confidence: float
    why: str


def judge(text: str, found: Sequence[Candidate], known: Mapping[str, K], ranges: Ranges = ()) -> Detection[K]:
    """Say which candidates are known codes, and which look like codes without being in a table."""
    places: dict[str, list[_Place]] = {}
    extra: dict[str, list[Candidate]] = {}
    strange: dict[str, list[Candidate]] = {}
    blocks = _Blocks(ranges)
    forms: dict[str, list[tuple[str, str]]] = {}
    last = found[-1] if len(found) >= MAX_CANDIDATES else None
    for candidate in found:
        written = candidate.written
        if written not in forms:
            forms[written] = [pair for pair in canonical_forms(written) if pair[0] in known]
        for form, how in forms[written]:
            _note_place(text, candidate, how, places.setdefault(form, []), extra.setdefault(form, []))
        if forms[written]:
            if len(places) >= MAX_CODES:
                last = candidate
                break
        elif (written in strange or len(strange) < MAX_UNKNOWN) and _looks_like_a_code(text, candidate, blocks):
            strange.setdefault(written, []).append(candidate)
    places = {form: group for form, group in places.items() if group}
    _doubt_neighbours(text, places)
    lines = _LineIndex(text)
    codes = _found(text, places, extra, known, lines)
    unknown = [_unknown(written, group, blocks, lines) for written, group in strange.items()]
    return Detection(codes, unknown, lines.of(last.end) if last else None)


def _note_place(text: str, candidate: Candidate, how: str, places: list[_Place], extra: list[Candidate]) -> None:
    if len(places) >= _SPANS_READ:
        extra.append(candidate)
        return
    place = _weigh(text, candidate, how)
    if place:
        places.append(place)


def _weigh(text: str, candidate: Candidate, how: str) -> _Place | None:
    """Say how sure it is that this place means the known code; None where it means something else."""
    strength, why = candidate.strength, _WHY[candidate.kind].format(label=candidate.label)
    if candidate.kind is CandidateKind.BARE:
        surroundings = named(text, candidate.start, candidate.end)
        if surroundings is None:
            return None
        strength, why = min(strength, surroundings[0]), surroundings[1] or why
    if how != "as written":
        strength, why = strength * 0.9, f"{why} Read from {how}."
    if candidate.kind is CandidateKind.SHAPE and len(candidate.written.lstrip("0xX")) <= 2:
        strength = 0.4
    return _Place(candidate, strength, why)


def _doubt_neighbours(text: str, places: dict[str, list[_Place]]) -> None:
    """Where a labelled code stands near, a bare number that nothing calls an answer is more often an id."""
    labelled = sorted(p.candidate.start for group in places.values() for p in group if p.candidate.label)
    for group in places.values():
        for i, place in enumerate(group):
            start, end = place.candidate.start, place.candidate.end
            near = bisect_right(labelled, start + _NEAR) > bisect_right(labelled, start - _NEAR)
            if place.candidate.kind is CandidateKind.BARE and near and not says_a_code(text, start, end):
                group[i] = place._replace(confidence=min(place.confidence, 0.45), why=_DOUBT)


_DOUBT = "It matches a known code but has no label, and another code has one: it may be an ID."
_WHY = {
    CandidateKind.FIELD: "It is in the field “{label}”.",
    CandidateKind.ITEM: "It is in the field “{label}”, which gives the reason for one item.",
    CandidateKind.SAID: "It follows the words “{label}”.",
    CandidateKind.HTTP: "It is an HTTP status and may not be a code from the table.",
    CandidateKind.EXIT: "It is the exit status of a process and may not be a code from the table.",
    CandidateKind.WEAK: "It follows “{label}”, which often means something else.",
    CandidateKind.SHAPE: "It has the format of a return code.",
    CandidateKind.BARE: "It has no label, but it is a known code and nothing nearby suggests otherwise.",
}


def _looks_like_a_code(text: str, candidate: Candidate, blocks: "_Blocks") -> bool:
    """Whether something that no table has is worth naming."""
    written, kind = candidate.written, candidate.kind
    if kind in (CandidateKind.FIELD, CandidateKind.ITEM, CandidateKind.SAID):
        return any("0" <= letter <= "9" for letter in written) and written.strip("0") != ""
    if kind is CandidateKind.SHAPE:
        return bool(_SHAPE_FAMILIES.match(written))
    if kind is not CandidateKind.BARE or not written.isascii():
        return False
    return (
        blocks.has(int(written), len(written)) and (named(text, candidate.start, candidate.end) or (0, ""))[0] > LIKELY
    )


_SHAPE_FAMILIES = re.compile(
    r"(?:ORA|TNS|PLS|RMAN|SQL|SP2|DRG|ERR|ERROR|NTE|E)-[0-9]+\Z|0[xX][489cCeE][0-9a-fA-F]{7}\Z"
)


class _Blocks:
    """Known ranges. Bare numbers are tried only against ranges that say as many digits as the number has."""

    def __init__(self, ranges: Ranges) -> None:
        self.ranges = sorted(ranges, key=lambda block: block[1] - block[0])
        self.firsts: list[int] = []
        self.lasts: list[int] = []
        for first, last, _ in sorted(ranges, key=lambda block: block[0]):
            if self.firsts and first <= self.lasts[-1]:
                self.lasts[-1] = max(self.lasts[-1], last)
            else:
                self.firsts.append(first)
                self.lasts.append(last)

    def has(self, number: int, digits: int) -> bool:
        """Whether a range of numbers with as many digits holds the number."""
        at = bisect_right(self.firsts, number) - 1
        if at < 0 or number > self.lasts[at]:
            return False
        return any(first <= number <= last and len(str(first)) == digits for first, last, _ in self.ranges)

    def narrowest(self, written: str) -> Any:
        """Return the id of the narrowest range that holds what was written, or None."""
        number = next((int(form) for form, _ in canonical_forms(written) if re.fullmatch(r"-?[0-9]+", form)), None)
        if number is None:
            return None
        return next((name for first, last, name in self.ranges if first <= number <= last), None)


class _LineIndex:
    """Line numbers, counted once for positions in any order."""

    def __init__(self, text: str) -> None:
        self.ends = [match.start() for match in re.finditer("\n", text)]

    def of(self, position: int) -> int:
        """Return the line, from 1, of a position."""
        return bisect_right(self.ends, position - 1) + 1


def _unknown(written: str, group: list[Candidate], blocks: _Blocks, lines: _LineIndex) -> UnknownMatch:
    first = group[0]
    why = _WHY[first.kind].format(label=first.label)
    if first.kind is CandidateKind.BARE:
        why = "It has no label, but its number falls in a known range."
    return UnknownMatch(
        written, [(c.start, c.end) for c in group], lines.of(first.start), blocks.narrowest(written), why
    )


def _found(
    text: str,
    places: dict[str, list[_Place]],
    extra: dict[str, list[Candidate]],
    known: Mapping[str, K],
    lines: "_LineIndex",
) -> list[CodeMatch[K]]:
    first = sorted(places, key=lambda form: places[form][0].candidate.start)
    likely = [Spot(p.candidate, form) for form in first for p in places[form] if p.confidence >= LIKELY and form != "0"]
    inside = wrappers(text, likely)
    outside = set(inside.values())
    codes = []
    for order, form in enumerate(first, 1):
        best, starts = _best(places[form]), [p.candidate for p in places[form]] + extra.get(form, [])
        outer = inside.get(form, "")
        wrapped_by = places[outer][0].candidate.written if outer else ""
        role = _role(form, bool(outer), form in outside)
        codes.append(
            CodeMatch(
                written=best.candidate.written,
                canonical=form,
                id=known[form],
                spans=[(c.start, c.end) for c in starts],
                count=len(starts),
                line=lines.of(starts[0].start),
                order=order,
                confidence=round(best.confidence, 2),
                role=role,
                inside=wrapped_by,
                why=best.why + _more(role, wrapped_by),
            )
        )
    return sorted(codes, key=_usefulness)


def _best(places: Iterable[_Place]) -> _Place:
    return max(places, key=lambda place: place.confidence)


def _role(form: str, is_inside: bool, is_wrapper: bool) -> Role:
    if form == "0":
        return Role.SUCCESS
    if is_wrapper:
        return Role.WRAPPER
    return Role.CAUSE if is_inside else Role.ALONE


def _more(role: Role, wrapped_by: str) -> str:
    if role is Role.CAUSE:
        return f" {wrapped_by} wraps it: this is the cause."
    if role is Role.WRAPPER:
        return " It wraps another code, which is the cause."
    return " It says that the call succeeded." if role is Role.SUCCESS else ""


def _usefulness(code: CodeMatch[Any]) -> tuple[bool, bool, bool, int]:
    return (code.role is Role.SUCCESS, not code.is_likely, code.role is Role.WRAPPER, code.order)
