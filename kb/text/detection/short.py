"""Short codes without a label: numbers of four and five digits, `25P02`, `404-13`, `5.1.1`, `2811-1006`; and lists."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from kb.text.detection.context import confidence_limit
from kb.text.detection.kinds import STRENGTH, Candidate, CandidateKind
from kb.text.detection.signs import ends_a_clause, is_data, says_code
from kb.text.word_lists import WordFile, one_of, whole

MAX_VALUES = 2_000
"""Most different short numbers of a text."""

MAX_PLACES = 20_000
"""Most places of short numbers in a text."""

_FILE = WordFile(Path(__file__).parent / "words" / "context.toml")
# The first character comes before what must not stand before it: so the matcher can skip all other characters.
_SHORT = re.compile(
    r"[0-9A-Z](?<![0-9A-Za-z_.,$€£+０-９][0-9A-Z])(?:(?<=[0-9])(?:[0-9]{3,4}+(?:(?![0-9A-Za-z-])|(?=s\b))"
    r"|(?<=[245])[0-9]{2}(?=[ -]#?[245]\.[0-9]{1,3}\.[0-9])|[0-9]{2,3}+-[0-9]{1,4}+(?![0-9A-Za-z-])"
    r"|[0-9]{0,2}+\.[0-9]{1,3}+(?:\.[0-9]{1,3}+)?(?![0-9A-Za-z-])"
    r"|[0-9]{0,2}+(?:([,.' ])[0-9]{3})(?:\1[0-9]{3}){1,2}(?![0-9A-Za-z-]))"
    r"|[A-Z]{0,2}(?<=[A-Z])[0-9]{1,6}+(?![0-9A-Za-z-])|[0-9A-Z]{3,5}+(?![0-9A-Za-z-])"
    r"|(?<=[0-9])[0-9]?\.(?=[0-9]{0,3}[A-F])[0-9A-F]{2,4}+(?:\.[0-9A-F]{2}+)?(?![0-9A-Za-z-]))"
    r"(?![０-９_%@]|[.:][0-9]|[,/][0-9]{1,3}(?![0-9])|\s?(?:ms|kb|mb|gb|px)\b)"
)
_WINDOWS = re.compile(
    r"[-&0](?<![0-9A-Za-z_.-][-&0])(?:(?<=-)[12][0-9]{9}+|(?<=&)[Hh][0-9A-Fa-f]{8}"
    r"|(?<=0)[xX][0-9A-Fa-f]{8}[UuLl]{1,3})(?![0-9A-Za-z_.])"
)
"""Results of Windows that only they have: signed with ten digits, or with the signs of other languages."""

_NEGATIVE = re.compile(r"-(?<![0-9A-Za-z_.,)\]}$€£+-]-)(?<![0-9] -)[1-9][0-9]{2,5}+(?![0-9A-Za-z_%@-]|[.,:/][0-9])")

_STATUSES = re.compile(
    r"[1-5](?<![\w.,:/$€£-][1-5])[0-9]{2}(?:(?:[ ]?[,/][ ]?|[ ](?:"
    + whole(_FILE.words("conjunctions"))
    + r")[ ]){1,2}[1-5][0-9]{2}(?![\w.:%]))++(?![,/]?[0-9])"
)
"""A list of numbers of three digits, as HTTP statuses are."""

_FEW_DIGITS = re.compile(r"[0-9](?<=[ (\"'`][0-9])[0-9]{1,2}(?![\w%@$€£/:-]|[.,][0-9])")
_STATUS = re.compile("[1-5][0-9]{2}")
_BULLET = r"[^\S\n]{0,3}(?:[^\n]{0,60}+)\n[^\S\n]{0,8}(?:[-*•–+]|[0-9]{1,2}[.)])[^\S\n]{1,3}"
_AND = r"(?:\s{0,2}(?:[,、，;；/|+&]|" + whole(_FILE.words("conjunctions")) + r"|\bthen\b|\balso\b|\bplus\b)){1,3}"
_COUNT = r"(?:[ ]?(?:[(×x][ ]?[0-9]{1,6}[ ]?[x×]?\)?|[0-9]{1,6}[x×]|:[ ]?[0-9]{1,6}))?+"
"""How often a code of a list was seen: `30003 (41x), 30005: 9`."""

_NEXT = re.compile(
    rf"(?:[\"'`)\]*]{{0,3}}{_COUNT}{_AND}\s{{0,2}}(?:{one_of(_FILE.words('list_words'))}\s){{0,2}}|{_BULLET})[\"'`(\[#*]{{0,3}}"
    r"(-?(?:0x[0-9a-fA-F]{1,16}+|[0-9]{1,10}+(?:[.-][0-9]{1,4}+){0,2}|[0-9A-Z]{5}+|[A-Z]{1,3}[0-9]{2,6}+|[A-Z]{2,8}[-_][0-9]{1,6}+))"
    r"(?![0-9A-Za-z_%@]|[.:/-][0-9]|,[0-9]{1,3}(?![0-9])|\s?(?:ms|kb|mb|gb|px|sec|times|users)\b)"
)
_LIST_TO_NEXT = re.compile(rf"{_AND}\s{{0,2}}")
_LIST_TO_LABEL = re.compile(rf"{_AND}\s{{0,2}}[^0-9\n.:;()\[\]{{}}]{{0,40}}[:=]?[ ]?")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}\Z")
_WORD_BETWEEN = re.compile(rf"[ ]?(?:{whole(_FILE.words('conjunctions'))})[ ]?")
_MAX_LIST = 50
_LISTED = (CandidateKind.FIELD, CandidateKind.SAID, CandidateKind.ITEM)


def short_codes(text: str, stop: int) -> Iterator[Candidate]:
    """Yield the short codes without a label in `text[:stop]`. What is near them decides what they are."""
    for match in _WINDOWS.finditer(text, 0, stop):
        strength = STRENGTH[CandidateKind.SHAPE]
        yield Candidate(match.start(), match.end(), match[0], "", CandidateKind.SHAPE, strength)
    values: set[str] = set()
    for count, match in enumerate(chain(_NEGATIVE.finditer(text, 0, stop), _SHORT.finditer(text, 0, stop))):
        if count == MAX_PLACES:
            return
        value = match[0]
        if value.isalpha() or (value not in values and len(values) >= MAX_VALUES):
            continue
        values.add(value)
        yield Candidate(match.start(), match.end(), value, "", CandidateKind.SHORT, STRENGTH[CandidateKind.SHORT])


def said_statuses(text: str, stop: int) -> Iterator[Candidate]:
    """Yield the numbers of two and three digits behind words that speak of codes. Their product must be named."""
    for match in islice(_FEW_DIGITS.finditer(text, 0, stop), MAX_VALUES):
        if ends_a_clause(text, match.end()) and says_code(text, *match.span()):
            yield Candidate(*match.span(), match[0], "", CandidateKind.SHORT, STRENGTH[CandidateKind.SHORT])


def listed_statuses(text: str, stop: int) -> Iterator[Candidate]:
    """Yield the numbers of three digits that a list has behind words that speak of codes: "we get 502, 503 or 504"."""
    for match in _STATUSES.finditer(text, 0, stop):
        if says_code(text, match.start(), match.start() + 3):
            strength = STRENGTH[CandidateKind.HTTP]
            for number in _STATUS.finditer(text, *match.span()):
                yield Candidate(*number.span(), number[0], match[0][:3], CandidateKind.SAID, strength)


def listed_codes(text: str, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield the values that a list continues after a labelled or said one: `codes: 21610, 21614`, "it says 1 or 2"."""
    near = list(candidates)
    yield from _listed_before(text, near)
    for first in near:
        end = first.end
        match = _NEXT.match(text, end)
        if not match or not _may_begin_a_list(text, first):
            continue
        for _ in range(_MAX_LIST):
            if not match or not _are_alike(first.written, match[1]):
                break
            start, end = match.span(1)
            strength = STRENGTH[CandidateKind.SAID] - (0.35 if len(match[1].lstrip("-")) <= 2 else 0.05)
            yield Candidate(start, end, match[1], first.label or first.written, CandidateKind.SAID, strength)
            match = _NEXT.match(text, end)


def _listed_before(text: str, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield the numbers that a list has before its labelled one: "1603, 1618 and once error 1722"."""
    for n, last in enumerate(candidates):
        if last.kind not in _LISTED or not last.label:
            continue
        pattern = _LIST_TO_LABEL
        for m in range(n - 1, max(n - 1 - _MAX_LIST, -1), -1):
            one = candidates[m]
            if not pattern.fullmatch(text, one.end, candidates[m + 1].start) or not _may_be_listed(text, one, last):
                break
            yield one._replace(label=last.label, kind=CandidateKind.SAID, strength=0.9)
            pattern = _LIST_TO_NEXT


def are_a_pair(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether a word such as "and" or "then" joins two numbers of one length that count nothing and are no years."""
    values = text[slice(*one)], text[slice(*other)]
    is_joined = _WORD_BETWEEN.fullmatch(text, one[1], other[0]) is not None
    is_year = any(_YEAR.match(value) for value in values)
    return is_joined and _are_alike(*values) and not is_year and ends_a_clause(text, other[1])


def _may_be_listed(text: str, one: Candidate, last: Candidate) -> bool:
    is_alike = one.kind is CandidateKind.SHORT and _are_alike(one.written, last.written)
    is_other = _YEAR.match(one.written) or confidence_limit(text, one.start, one.end) is None
    return is_alike and not is_other and not is_data(text, one.start)


def _may_begin_a_list(text: str, first: Candidate) -> bool:
    if first.kind is CandidateKind.SHORT:
        return not is_data(text, first.start) and says_code(text, first.start, first.end)
    return first.kind in _LISTED


def _are_alike(one: str, other: str) -> bool:
    five = len(one) == len(other) == 5 and one.isalnum() and other.isalnum()
    return five or _shape(one) == _shape(other)


def _shape(value: str) -> tuple[str, int]:
    """Return what the values of one list have in common: digits of about one length, or the same kind of letters."""
    digits = value.lstrip("-")
    if digits.isdigit():
        return "number", len(digits) if len(digits) < 3 else 3 if len(digits) == 3 else min(len(digits), 6)
    if digits[:2].lower() == "0x":
        return "hexadecimal", 0
    return "mixed", 0
