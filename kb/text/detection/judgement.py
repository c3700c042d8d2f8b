"""Codes in a pasted ticket or log: which are known, which is the first, and which is the cause of the others.

The cost grows with the text and not with the tables: `candidates(text)` finds possible codes, the caller looks up
`all_canonical_forms(...)` of only those, and `judge` returns what each of them is and why.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from kb.text.codes.forms import EXCEPTION, NAMED_NUMBER
from kb.text.detection.broken import without_pieces
from kb.text.detection.candidates import (
    MAX_CANDIDATES,
    SYMBOL,
    all_canonical_forms,
    candidates,
    canonical_forms,
    last_read,
)
from kb.text.detection.confidence import WHY, Place, doubt_neighbours, weigh
from kb.text.detection.context import confidence_limit
from kb.text.detection.kinds import Candidate, CandidateKind
from kb.text.detection.matches import LIKELY, CodeMatch, Detection, K, Role, UnknownMatch
from kb.text.detection.positions import LineIndex, RangeIndex, Ranges
from kb.text.detection.wrappers import Spot, chains, wrappers
from kb.text.word_lists import WordFile, one_of

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
    "usefulness",
    "with_causes",
]

MAX_CODES = 1000
"""Most different known codes per text. Reading stops there, and the report says so."""

MAX_UNKNOWN = 100
"""Most different unknown numbers in a report. It says how many more there are."""

_MAX_PLACES = 500
"""Most places of one code whose context is read. Further places are only counted."""

_PREFIXES = WordFile(Path(__file__).parent / "words" / "shapes.toml").exact("prefixes")
_SHAPE_FAMILIES = re.compile(rf"{one_of(_PREFIXES)}-[0-9]+\Z|0[xX][489cCeE][0-9a-fA-F]{{7}}\Z")


def judge(
    text: str,
    candidates: Sequence[Candidate],
    codes: Mapping[str, K],
    ranges: Ranges = (),
    describe: Callable[[K], str] = lambda _: "",
) -> Detection[K]:
    """Return the candidates that are known codes, and those that look like codes but are in no table.

    `codes` has the id of each code by its canonical form, or by its symbol behind `SYMBOL`; `describe` its words.
    """
    places: dict[str, list[Place]] = {}
    extra: dict[str, list[Candidate]] = {}
    unknown: dict[str, list[Candidate]] = {}
    range_index = RangeIndex(ranges)
    forms, keys = dict[str, list[tuple[str, str]]](), dict[K, str]()
    last = last_read(candidates)
    for candidate in without_pieces(candidates, lambda value: bool(_known_forms(value, codes))):
        value = candidate.written
        if value not in forms:
            forms[value] = _known_forms(value, codes)
        for form, how in forms[value]:
            # A symbol and its number are one code.
            key, said = keys.setdefault(codes[form], form), describe(codes[form])
            _add_place(text, candidate, how, said, places.setdefault(key, []), extra.setdefault(key, []))
        if forms[value]:
            if len(places) >= MAX_CODES:
                last = candidate
                break
        elif _looks_like_a_code(text, candidate, range_index):
            unknown.setdefault(value, []).append(candidate)
    places = {form: group for form, group in places.items() if group}
    doubt_neighbours(text, places)
    return _detection(text, codes, (places, extra, unknown), range_index, last)


def _detection(
    text: str,
    codes: Mapping[str, K],
    groups: tuple[dict[str, list[Place]], dict[str, list[Candidate]], dict[str, list[Candidate]]],
    range_index: RangeIndex,
    last: Candidate | None,
) -> Detection[K]:
    """Return the report on the places of codes, their further places, and the places of codes in no table."""
    places, extra, every_unknown = groups
    unknown = dict(islice(every_unknown.items(), MAX_UNKNOWN))
    firsts = [group[0].candidate.start for group in places.values()] + [group[0].start for group in unknown.values()]
    lines = LineIndex(text, firsts)
    return Detection(
        _code_matches(text, places, extra, codes, lines),
        [_unknown_match(value, group, range_index, lines) for value, group in unknown.items()],
        lines.line(last.end) if last else None,
        len(every_unknown) - len(unknown),
    )


def _known_forms(value: str, codes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the forms of a text that are known codes. If it has no other, the first one of its symbols or its scan."""
    known = [pair for pair in canonical_forms(value) if pair[0] in codes]
    plain = [
        pair
        for pair in known
        if not pair[0].startswith(SYMBOL) and not pair[1].startswith(("a scan", NAMED_NUMBER, EXCEPTION))
    ]
    return plain or known[:1]


def _add_place(
    text: str, candidate: Candidate, how: str, description: str, places: list[Place], extra: list[Candidate]
) -> None:
    if len(places) >= _MAX_PLACES:
        extra.append(candidate)
        return
    place = weigh(text, candidate, how, description)
    if place:
        places.append(place)


def _looks_like_a_code(text: str, candidate: Candidate, ranges: RangeIndex) -> bool:
    """Whether to report a candidate that is in no table."""
    value, kind = candidate.written, candidate.kind
    if kind in (CandidateKind.FIELD, CandidateKind.ITEM, CandidateKind.SAID):
        return any("0" <= letter <= "9" for letter in value) and value.strip("0") != ""
    if kind is CandidateKind.SHAPE:
        return bool(_SHAPE_FAMILIES.match(value))
    if kind is not CandidateKind.BARE or not value.isascii() or not ranges.has(int(value), len(value)):
        return False
    limit = confidence_limit(text, candidate.start, candidate.end)
    return limit is not None and limit[0] > LIKELY


def _unknown_match(value: str, group: list[Candidate], ranges: RangeIndex, lines: LineIndex) -> UnknownMatch:
    first = group[0]
    why = WHY[first.kind].format(label=first.label)
    if first.kind is CandidateKind.BARE:
        why = "It has no label, but its number falls in a known range."
    return UnknownMatch(
        value,
        [(c.start, c.end) for c in group],
        lines.line(first.start),
        ranges.narrowest(value),
        why,
        lines.column(first.start),
        lines.is_crowded(first.start),
    )


def _code_matches(
    text: str,
    places: dict[str, list[Place]],
    extra: dict[str, list[Candidate]],
    codes: Mapping[str, K],
    lines: LineIndex,
) -> list[CodeMatch[K]]:
    in_order = sorted(places, key=lambda form: places[form][0].candidate.start)
    likely = [
        Spot(p.candidate, form) for form in in_order for p in places[form] if p.confidence >= LIKELY and form != "0"
    ]
    outer_codes = wrappers(text, likely)
    wrapper_forms = set(outer_codes.values())
    matches = []
    for order, form in enumerate(in_order, 1):
        outer = outer_codes.get(form, "")
        wrapper = places[outer][0].candidate.written if outer else ""
        role = _role(form, bool(outer), form in wrapper_forms)
        # A candidate may be read as one code in two ways.
        spots = list(dict.fromkeys([*(p.candidate for p in places[form]), *extra.get(form, [])]))
        matches.append(_code_match(form, codes[form], places[form], spots, lines, order, role, wrapper))
    return sorted(matches, key=usefulness)


def _code_match(
    form: str,
    id_: K,
    places: list[Place],
    spots: list[Candidate],
    lines: LineIndex,
    order: int,
    role: Role,
    wrapper: str,
) -> CodeMatch[K]:
    best = max(places, key=lambda place: place.confidence)
    return CodeMatch(
        written=best.candidate.written,
        canonical=form,
        id=id_,
        spans=[(c.start, c.end) for c in spots],
        count=len(spots),
        line=lines.line(spots[0].start),
        order=order,
        confidence=round(best.confidence, 2),
        role=role,
        inside=wrapper,
        why=best.why + _why_role(role, wrapper),
        column=lines.column(spots[0].start),
        is_crowded=lines.is_crowded(spots[0].start),
    )


def with_causes(text: str, matches: Sequence[CodeMatch[K]]) -> list[CodeMatch[K]]:
    """Return the matches with the roles that the words between likely ones tell, where they had none."""
    alone = {match.canonical: match for match in matches if match.is_likely and match.role is not Role.SUCCESS}
    spots = [
        Spot(Candidate(start, end, match.written, "", CandidateKind.SHORT, 0), match.canonical)
        for match in alone.values()
        for start, end in match.spans
    ]
    outer_codes = chains(text, spots)
    return [_with_role(match, alone, outer_codes) for match in matches]


def _with_role(match: CodeMatch[K], others: Mapping[str, CodeMatch[K]], outer_codes: Mapping[str, str]) -> CodeMatch[K]:
    form = match.canonical
    is_outer = form in outer_codes.values()
    if match.role is not Role.ALONE or not match.is_likely or not (is_outer or form in outer_codes):
        return match
    wrapper = "" if is_outer else others[outer_codes[form]].written
    role = _role(form, not is_outer, is_outer)
    return replace(match, role=role, inside=wrapper, why=match.why + _why_role(role, wrapper))


def _role(form: str, is_inside: bool, is_wrapper: bool) -> Role:
    if form == "0":
        return Role.SUCCESS
    if is_wrapper:
        return Role.WRAPPER
    return Role.CAUSE if is_inside else Role.ALONE


def _why_role(role: Role, wrapper: str) -> str:
    if role is Role.CAUSE:
        return f" {wrapper} wraps it: this is the cause."
    if role is Role.WRAPPER:
        return " It wraps another code, which is the cause."
    return " It says that the call succeeded." if role is Role.SUCCESS else ""


def usefulness(code: CodeMatch[Any]) -> tuple[bool, bool, bool, int]:
    """Return the key of the order in which codes are shown: the most useful first."""
    return (code.role is Role.SUCCESS, not code.is_likely, code.role is Role.WRAPPER, code.order)
