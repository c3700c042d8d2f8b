"""Candidates for return codes in a ticket or log: labelled values, and shapes that need no label.

The text is read twice, with patterns that never backtrack (possessive), so the time grows only with the text. This
module does not use the tables; `kb.text.detection.judgement` decides which candidates are codes.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from kb.text.codes.forms import readings
from kb.text.detection.kinds import Candidate, CandidateKind
from kb.text.detection.labels import labelled_values
from kb.text.detection.shapes import code_shapes

MAX_CANDIDATES = 15_000
"""Most candidates per text, enough for a megabyte of an ordinary log. Reading stops there, and the report says so."""


def candidates(text: str) -> list[Candidate]:
    """Return the candidates in the order of the text; at most MAX_CANDIDATES."""
    labelled = _first(labelled_values(text))
    # If the first reading stops early, the second must stop at the same place.
    stop = labelled[-1].end if len(labelled) == MAX_CANDIDATES else len(text)
    spans = sorted((c.start, c.end) for c in labelled)
    labelled = [c for c in labelled if c.kind is not CandidateKind.OTHER]
    shapes = _first(c for c in code_shapes(text, stop) if not _overlaps(spans, c))
    return sorted(labelled + shapes)[:MAX_CANDIDATES]


def canonical_forms(text: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs (canonical form, how the text was read) to look up for a candidate's text."""
    return tuple(readings(text))


def all_canonical_forms(candidates: Iterable[Candidate]) -> set[str]:
    """Return every canonical form that the candidates may mean, to look up in the tables."""
    return {form for text in {c.written for c in candidates} for form, _ in canonical_forms(text)}


def _overlaps(spans: Sequence[tuple[int, int]], candidate: Candidate) -> bool:
    """Whether a candidate shares a character with one of the spans, which are in order."""
    at = bisect_left(spans, (candidate.end,))
    return at > 0 and spans[at - 1][1] > candidate.start


def _first(candidates: Iterator[Candidate]) -> list[Candidate]:
    return list(islice(candidates, MAX_CANDIDATES))
