"""The confidence that a place in the text means a known code, and the reason."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

from kb.text.detection.context import confidence_limit, says_a_code
from kb.text.detection.kinds import Candidate, CandidateKind

WHY = {
    CandidateKind.FIELD: "It is in the field “{label}”.",
    CandidateKind.ITEM: "It is in the field “{label}”, which gives the reason for one item.",
    CandidateKind.SAID: "It follows the words “{label}”.",
    CandidateKind.HTTP: "It is an HTTP status and may not be a code from the table.",
    CandidateKind.EXIT: "It is the exit status of a process and may not be a code from the table.",
    CandidateKind.WEAK: "It follows “{label}”, which often means something else.",
    CandidateKind.SHAPE: "It has the format of a return code.",
    CandidateKind.BARE: "It has no label, but it is a known code and nothing nearby suggests otherwise.",
}
"""The reason for a candidate of each kind, for a person."""

_DOUBT = "It matches a known code but has no label, and another code has one: it may be an ID."
_NEAR = 400
"""Characters within which a labelled code casts doubt on a bare number."""


class Place(NamedTuple):
    """One place of a known code, the confidence (0 to 1), and the reason."""

    candidate: Candidate
    confidence: float
    why: str


def weigh(text: str, candidate: Candidate, how: str) -> Place | None:
    """Return the confidence that this place means a known code; None if it means something else.

    `how` is the way in which the candidate's text was read as the code.
    """
    strength, why = candidate.strength, WHY[candidate.kind].format(label=candidate.label)
    if candidate.kind is CandidateKind.BARE:
        limit = confidence_limit(text, candidate.start, candidate.end)
        if limit is None:
            return None
        strength, why = min(strength, limit[0]), limit[1] or why
    if how != "as written":
        strength, why = strength * 0.9, f"{why} Read from {how}."
    if candidate.kind is CandidateKind.SHAPE and len(candidate.written.lstrip("0xX")) <= 2:
        strength = 0.4
    return Place(candidate, strength, why)


def doubt_neighbours(text: str, places: Mapping[str, list[Place]]) -> None:
    """Lower the confidence of bare numbers near a labelled code, in place.

    Such a number is more often an id, unless the words around it speak of a code.
    """
    labelled = sorted(p.candidate.start for group in places.values() for p in group if p.candidate.label)
    for group in places.values():
        for i, place in enumerate(group):
            start, end = place.candidate.start, place.candidate.end
            near = bisect_right(labelled, start + _NEAR) > bisect_right(labelled, start - _NEAR)
            if place.candidate.kind is CandidateKind.BARE and near and not says_a_code(text, start, end):
                group[i] = place._replace(confidence=min(place.confidence, 0.45), why=_DOUBT)
