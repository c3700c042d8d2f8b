"""The confidence that a place in the text means a known code, and the reason."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

from kb.text.codes.forms import EXCEPTION, NAMED_NUMBER, WITHOUT_0X
from kb.text.codes.symbols import PREFIXES
from kb.text.detection.context import confidence_limit, is_numbered_id, says_a_code
from kb.text.detection.kinds import STRENGTH, Candidate, CandidateKind
from kb.text.detection.places import is_part_of_a_place
from kb.text.detection.signs import begins_message, begins_reply, has_trouble, is_data, line_around, says_code

WHY = {
    CandidateKind.FIELD: "It is in the field “{label}”.",
    CandidateKind.ITEM: "It is in the field “{label}”, which gives the reason for one item.",
    CandidateKind.SAID: "It follows the words “{label}”.",
    CandidateKind.HTTP: "It is an HTTP status and may not be a code from the table.",
    CandidateKind.EXIT: "It is the exit status of a process and may not be a code from the table.",
    CandidateKind.WEAK: "It follows “{label}”, which often means something else.",
    CandidateKind.SHAPE: "It has the format of a return code.",
    CandidateKind.SHORT: "It is a known code, but nothing nearby tells that it is meant as one.",
    CandidateKind.SYMBOL: "It is the symbol of a code.",
    CandidateKind.BROKEN: "Its pieces are a known code together.",
    CandidateKind.SUB_STATUS: "It is in the fields “{label}”.",
    CandidateKind.PHRASE: "Its words are the symbol of a code.",
    CandidateKind.BARE: "It has no label, but it is a known code and nothing nearby suggests otherwise.",
}
"""The reason for a candidate of each kind, for a person."""

UNSAID = WHY[CandidateKind.SHORT]
"""The reason for a short number that is only a possible code."""

_DOUBT = "It matches a known code but has no label, and another code has one: it may be an ID."
DOUBTFUL = 0.4
_SAID = "The words or signs beside it speak of a code."
_DESCRIBED = "The words beside it are those of the code's description."
FEW_DIGITS = 3
"""A number of so few digits is a code only where words say so, and name its product."""

_VALUE = "It is a value in a statement of a database."
_SIZE = "It is a power of two, as sizes and limits are, and nothing nearby tells that it is a code."
_ALONE = "It is a hexadecimal number, and nothing nearby tells that it is a code."
_NEGATIVE = "It is a large negative number, and nothing nearby tells that it is a code."
CLASS = "It is the name of a class of exceptions."
_CLASSES = ("Error", "Exception", "Warning")
_FAILURE = re.compile(r"[8cCdDeE][0-9a-fA-F]{7}\Z")
_ADDRESS = re.compile(
    r"(?:\bat|address|addr|memory|\b[re]?[a-ds][xpi]|offset|base|pointer|ptr|mask|flags?|handle|thread|process|id|pid|tid"
    r"|port|size|version)\W{0,4}\Z",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_ELSEWHERE = 0.4
"""The limit of `confidence_limit` for a number in a field that has another name."""

_MINUS = range(2**32 - 100_000, 2**32)
"""Small negative numbers, read as unsigned: most often a mask or an empty value."""

_NEAR = 400
"""Characters within which a labelled code casts doubt on a bare number."""


class Place(NamedTuple):
    """One place of a known code, the confidence (0 to 1), and the reason."""

    candidate: Candidate
    confidence: float
    why: str


def weigh(text: str, candidate: Candidate, how: str, description: str = "") -> Place | None:
    """Return the confidence that this place means a known code; None if it means something else.

    `how` is the way in which the candidate's text was read as the code; `description` is what its table says.
    """
    weighed = _weigh(text, candidate, description)
    if how == NAMED_NUMBER:
        weighed = (STRENGTH[CandidateKind.SAID], _SAID) if says_code(text, candidate.start, candidate.end) else None
    if how == EXCEPTION:
        weighed = (STRENGTH[CandidateKind.PHRASE], WHY[CandidateKind.PHRASE])
    if weighed is None:
        return None
    strength, why = weighed
    if how != "as written":
        is_number = candidate.written.isdigit() and not candidate.label
        is_doubtful = is_number and (how.startswith(WITHOUT_0X) or int(candidate.written) in _MINUS)
        strength, why = min(strength, 0.4 if is_doubtful else 1) * 0.9, f"{why} Read from {how}."
    return Place(candidate, strength, why)


def _weigh(text: str, candidate: Candidate, description: str) -> tuple[float, str] | None:
    kind, written = candidate.kind, candidate.written
    strength, why = candidate.strength, WHY[kind].format(label=candidate.label)
    if kind is CandidateKind.BARE:
        return _weigh_number(text, candidate, description)
    if kind is CandidateKind.SHORT:
        return _weigh_short(text, candidate, description)
    if kind is CandidateKind.SHAPE and written[:2].lower() == "0x":
        return _weigh_hexadecimal(text, candidate, description)
    if kind is CandidateKind.SHAPE and written[0] == "-" and not _speaks_of_failure(text, candidate):
        return DOUBTFUL, _NEGATIVE
    if kind is CandidateKind.PHRASE and (says_code(text, candidate.start, candidate.end) or _has_prefix(written)):
        return 0.7, why
    if kind is CandidateKind.SYMBOL and written.endswith(_CLASSES):
        return DOUBTFUL, CLASS
    if kind is CandidateKind.WEAK and written.isdigit() and len(written) >= 4:
        is_message = text[candidate.start - 1] == "-" or begins_message(text, candidate.end)
        if is_message or _is_described(text, candidate, description):
            return 0.75, why
    return strength, why


def _has_prefix(words: str) -> bool:
    """Whether words begin as symbols do: "Status bad network name"."""
    return words.count(" ") >= 2 and words.upper().replace(" ", "_").startswith(PREFIXES)


def _weigh_number(text: str, candidate: Candidate, description: str) -> tuple[float, str] | None:
    start, end, why = candidate.start, candidate.end, WHY[CandidateKind.BARE]
    if is_part_of_a_place(text, start, end):
        return None
    limit = confidence_limit(text, start, end)
    if limit is None:
        return (0.75, _DESCRIBED) if _is_described(text, candidate, description) else None
    if is_data(text, start):
        return DOUBTFUL, _VALUE
    if _is_round(int(candidate.written)) and not says_a_code(text, start, end):
        return DOUBTFUL, _SIZE
    return min(candidate.strength, limit[0]), limit[1] or why


def _is_round(number: int) -> bool:
    """Whether a number is a power of two, as sizes and limits are: 262144."""
    return number & (number - 1) == 0


def _weigh_short(text: str, candidate: Candidate, description: str) -> tuple[float, str] | None:
    """A short number is likely where the words or signs beside it say so, or those of the code's description."""
    start, end = candidate.start, candidate.end
    if is_part_of_a_place(text, start, end):
        return None
    if len(candidate.written) <= FEW_DIGITS and candidate.written.isdigit() and not begins_reply(text, end):
        return (candidate.strength, UNSAID) if confidence_limit(text, start, end) else None
    is_described = _is_described(text, candidate, description)
    is_said = says_code(text, start, end)
    limit = confidence_limit(text, start, end)
    if limit is None and not is_described and not (is_said and _overrules(text, candidate)):
        return None
    if limit and limit[0] <= _ELSEWHERE and not is_said and not is_described:
        return None
    if is_said:
        return 0.8, _SAID
    return (0.75, _DESCRIBED) if is_described else (candidate.strength, WHY[CandidateKind.SHORT])


def _overrules(text: str, candidate: Candidate) -> bool:
    """Whether a sign right beside a short code outweighs the word before it: "no. 3", "end of block [25P02]"."""
    is_numbered = text[max(0, candidate.start - 4) : candidate.start].strip()[-1:] in "°º#№"
    if text[candidate.end : candidate.end + 1] == "s":
        return True  # "we see 30007s"
    return not candidate.written.isdigit() or (is_numbered and not is_numbered_id(text, candidate.start))


def _weigh_hexadecimal(text: str, candidate: Candidate, description: str) -> tuple[float, str]:
    """A hexadecimal number alone is an address or a mask more often than a code, also if it equals a small code."""
    start, end = candidate.start, candidate.end
    digits = candidate.written[2:].lower().removeprefix("ffffffff").lstrip("0").rstrip("ul")
    if _ADDRESS.search(text[max(0, start - 24) : start]):
        return DOUBTFUL, _ALONE
    is_said = len(digits) > 2 and says_code(text, start, end)
    if not is_said and _FAILURE.match(digits):
        is_said = _speaks_of_failure(text, candidate) or _is_described(text, candidate, description)
    return (candidate.strength, WHY[CandidateKind.SHAPE]) if is_said else (DOUBTFUL, _ALONE)


def _speaks_of_failure(text: str, candidate: Candidate) -> bool:
    """Whether the words beside a result of Windows, or on its line, are about a failure, and its field is no other."""
    start, end = candidate.start, candidate.end
    if says_code(text, start, end):
        return True
    limit = confidence_limit(text, start, end)
    return limit is not None and limit[0] > _ELSEWHERE and has_trouble(text, start, end)


def _is_described(text: str, candidate: Candidate, description: str) -> bool:
    """Whether the words beside a number are those of the code's description."""
    if not description:
        return False
    words = words_of(description)
    return len(words_around(text, candidate.start, candidate.end) & words) >= max(1, min(2, len(words)))


def words_of(description: str) -> set[str]:
    """Return the words of the beginning of a description, in lower case."""
    return set(_WORD.findall(description[:400].lower()))


def words_around(text: str, start: int, end: int) -> set[str]:
    """Return the words on the line around a text, in lower case."""
    return set(_WORD.findall(line_around(text, start, end).lower().replace("_", " ")))


def doubt_neighbours(text: str, places: Mapping[str, list[Place]]) -> None:
    """Lower the confidence of bare numbers near a labelled code, in place.

    Such a number is more often an id, unless the words around it speak of a code.
    """
    # A symbol behind a label, as in `code = Unknown desc = …`, says nothing of the numbers near it.
    labelled = sorted(
        place.candidate.start
        for group in places.values()
        for place in group
        if place.candidate.label and not place.candidate.written.isalpha()
    )
    for group in places.values():
        for i, place in enumerate(group):
            start, end = place.candidate.start, place.candidate.end
            near = bisect_right(labelled, start + _NEAR) > bisect_right(labelled, start - _NEAR)
            if place.candidate.kind is CandidateKind.BARE and near and not says_a_code(text, start, end):
                group[i] = place._replace(confidence=min(place.confidence, 0.45), why=_DOUBT)
