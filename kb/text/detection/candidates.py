"""Candidates for return codes in a ticket or log: labelled values, and shapes that need no label.

The text is read twice, with patterns that never backtrack (possessive), so the time grows only with the text. This
module does not use the tables; `kb.text.detection.judgement` decides which candidates are codes.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from kb.text.codes.forms import EXCEPTION, NAMED_NUMBER, TWO_PARTS, bare, plain_text, readings, with_other_sign
from kb.text.codes.scans import scanned
from kb.text.codes.symbols import symbol_names
from kb.text.detection.broken import broken_codes
from kb.text.detection.columns import column_values
from kb.text.detection.kinds import Candidate, CandidateKind
from kb.text.detection.labels import labelled_values
from kb.text.detection.shapes import code_shapes
from kb.text.detection.short import listed_codes, listed_statuses, said_statuses, short_codes
from kb.text.detection.sub_statuses import sub_statuses
from kb.text.detection.symbols import phrases, symbols

SYMBOL = "symbol "
"""What a form begins with that is a symbol in capitals. No canonical form has a space."""

MAX_WEAK = 15_000
"""Most short numbers and symbols per text. They are counted apart, so that they never end the reading of others."""


MAX_TENTATIVE = 3_000
"""Most candidates per text that count only where a table has them."""

MAX_CANDIDATES = 15_000
"""Most candidates per text, enough for a megabyte of an ordinary log. Reading stops there, and the report says so."""


_EXCEPTION = re.compile(r"(?<=[a-z])(?:Exception|Error)\Z")
_NAMED_NUMBER = re.compile(r"[A-Za-z]{2,8} ([0-9]{3,5})\Z")
_STATUS_AND_SUB = re.compile(r"([1-5][0-9]{2})[^0-9.-][^0-9]{0,40}([0-9]{1,3})\Z")


def candidates(text: str) -> list[Candidate]:
    """Return the candidates in the order of the text; at most MAX_CANDIDATES."""
    labelled = _first(labelled_values(text))
    # If the first reading stops early, the others must stop at the same place.
    stop = labelled[-1].end if len(labelled) == MAX_CANDIDATES else len(text)
    spans = sorted((c.start, c.end) for c in labelled)
    sure = [c for c in labelled if c.kind is not CandidateKind.OTHER]
    short = _first(short_codes(text, stop))
    near = sorted([*sure, *(c for c in short if not _overlaps(spans, c))])
    lists = (listed_statuses(text, stop), listed_codes(text, near))
    for more in (column_values(text[:stop]), code_shapes(text, stop), *lists):
        fresh = _first(c for c in more if not _overlaps(spans, c))
        sure += fresh
        spans = sorted([*spans, *((c.start, c.end) for c in fresh)])
    sure = sorted(c for c in sure if c.kind is not CandidateKind.OTHER)[:MAX_CANDIDATES]
    if len(sure) == MAX_CANDIDATES:
        return sure
    weak = [c for c in (*short, *said_statuses(text, stop), *symbols(text, stop)) if not _overlaps(spans, c)]
    tentative = islice(_tentative(text, stop, labelled), MAX_TENTATIVE)
    return sorted([*_apart(sorted([*sure, *weak[:MAX_WEAK]])), *tentative])


def _tentative(text: str, stop: int, labelled: Iterable[Candidate]) -> Iterator[Candidate]:
    """Return the candidates that may overlap the others, of which only the known ones count."""
    return chain(sub_statuses(text[:stop]), broken_codes(text, stop, labelled), phrases(text, stop))


def _apart(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates without those that begin inside an earlier one."""
    apart: list[Candidate] = []
    for candidate in candidates:
        if not apart or candidate.start >= apart[-1].end:
            apart.append(candidate)
    return apart


def last_read(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the candidate at which reading stopped, or None if all of the text was read."""
    if len(candidates) < MAX_CANDIDATES:
        return None
    strong = [c for c in candidates if c.kind not in (CandidateKind.SHORT, CandidateKind.SYMBOL)]
    return strong[-1] if len(strong) >= MAX_CANDIDATES else None


def canonical_forms(text: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs (canonical form, how the text was read) to look up for a candidate's text."""
    if text.isdecimal():
        return tuple(readings(text))
    ways = [(form, how) for form, how in readings(plain_text(text) if text[:1] in "&0" else text)]
    if len(text) > 5 and (number := bare(text)):
        ways += [(form, "the number alone") for form, _ in readings(number)]
    if parts := TWO_PARTS.match(text):
        ways.append((with_other_sign(parts), "with another sign inside"))
    ways += [(form, "a scan, whose letters are digits") for one in scanned(text) for form, _ in readings(one)]
    one_word = "".join(text.split())
    if one_word != text:
        ways += [(form, "without the space") for form, _ in readings(one_word)]
        ways += [(form, "a scan, whose letters are digits") for one in scanned(one_word) for form, _ in readings(one)]
    if behind := _NAMED_NUMBER.match(text):
        ways.append((behind[1], NAMED_NUMBER))
    if parts := _STATUS_AND_SUB.match(text):
        ways += [(f"{parts[1]}{sign}{parts[2]}", "the status and its sub status") for sign in ".-"]
    snake = "_".join(text.split()) if text.replace(" ", "").isalpha() and " " in text else text
    names = symbol_names(snake) or ((text.upper(),) if text.isalpha() and text.isascii() else ())
    ways += [(SYMBOL + name, "its symbol") for name in names]
    if (name := _EXCEPTION.sub("", text)) != text:
        ways += [(SYMBOL + form, EXCEPTION) for form in symbol_names(name)]
    return tuple(ways)


def all_canonical_forms(candidates: Iterable[Candidate]) -> set[str]:
    """Return every canonical form that the candidates may mean, to look up in the tables."""
    return {form for text in {c.written for c in candidates} for form, _ in canonical_forms(text)}


def _overlaps(spans: Sequence[tuple[int, int]], candidate: Candidate) -> bool:
    """Whether a candidate shares a character with one of the spans, which are in order."""
    at = bisect_left(spans, (candidate.end,))
    return at > 0 and spans[at - 1][1] > candidate.start


def _first(candidates: Iterator[Candidate]) -> list[Candidate]:
    return list(islice(candidates, MAX_CANDIDATES))
