"""What detection reports: the known codes of a text, and what looks like a code and is in no table."""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

LIKELY = 0.5
"""From this confidence on, a code is likely; below, it is only possible."""

K = TypeVar("K", bound=Hashable)
Span = tuple[int, int]


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
    """1 for the code that comes first in the text."""
    confidence: float
    role: Role
    inside: str
    """For a cause: the code that wraps it, as written."""
    why: str

    @property
    def is_likely(self) -> bool:
        """Whether the code is likely rather than possible."""
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
    """None for an entire text; otherwise the line where a limit was reached."""
