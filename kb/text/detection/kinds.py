"""A candidate for a return code, and the kind of sign that makes it one."""

from enum import StrEnum
from typing import NamedTuple


class CandidateKind(StrEnum):
    """The sign that makes a text a candidate."""

    FIELD = "field"
    ITEM = "item"
    SAID = "said"
    HTTP = "http"
    EXIT = "exit"
    WEAK = "weak"
    SHAPE = "shape"
    BARE = "bare"
    SHORT = "short"
    """A short number: only with other signs near it."""
    SYMBOL = "symbol"
    BROKEN = "broken"
    """Pieces of a code: only where they are a known code together."""
    SUB_STATUS = "sub status"
    """A status and its sub status: only where they are a known code together."""
    PHRASE = "phrase"
    """Words that may be a symbol: only where a known symbol has them."""
    OTHER = "other"
    """Labelled as another kind of code, such as a zip code. These are never reported."""


STRENGTH = {
    CandidateKind.FIELD: 0.98,
    CandidateKind.ITEM: 0.98,
    CandidateKind.SAID: 0.95,
    CandidateKind.SHAPE: 0.9,
    CandidateKind.BARE: 0.85,
    CandidateKind.WEAK: 0.4,
    CandidateKind.HTTP: 0.6,
    CandidateKind.EXIT: 0.6,
    CandidateKind.SHORT: 0.4,
    CandidateKind.SYMBOL: 0.8,
    CandidateKind.BROKEN: 0.8,
    CandidateKind.SUB_STATUS: 0.98,
    CandidateKind.PHRASE: 0.4,
    CandidateKind.OTHER: 0.0,
}
"""How likely a candidate of each kind is a code, from 0 to 1."""


class Candidate(NamedTuple):
    """A piece of text that may be a code: `text[start:end] == written`."""

    start: int
    end: int
    written: str
    label: str
    kind: CandidateKind
    strength: float
