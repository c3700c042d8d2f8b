"""The report of detection: the known codes of a text, and texts that look like codes but are in no table."""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

LIKELY = 0.5
"""From this confidence on, a code is likely; below it, only possible."""

K = TypeVar("K", bound=Hashable)
Span = tuple[int, int]


class Role(StrEnum):
    """The role of a code among the codes near it."""

    CAUSE = "cause"
    """Another code wraps this one: look at this one first."""
    WRAPPER = "wrapper"
    """It only reports that something inside it failed."""
    SUCCESS = "success"
    ALONE = "alone"


def place_of(line: int, column: int, is_crowded: bool) -> str:
    """Return a place in a text for a person: `line 3`, `line 1, column 512`."""
    return f"line {line}, column {column}" if is_crowded else f"line {line}"


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
    column: int = 1
    """The column of the first place, from 1, in characters."""
    is_crowded: bool = False
    """Whether the line alone does not show the place: it is long, or has several codes."""
    message: str = ""
    """The message of the code, as the text has it; "" if the text has none."""
    filled: tuple[tuple[str, str], ...] = ()
    """What the text has in the holes of the message, by their names."""

    @property
    def place(self) -> str:
        """Where it is first: the line, and the column if that helps."""
        return place_of(self.line, self.column, self.is_crowded)

    @property
    def is_likely(self) -> bool:
        """Whether the code is likely rather than possible."""
        return self.confidence >= LIKELY


@dataclass(frozen=True, slots=True)
class UnknownMatch:
    """A text that looks like a code but is in no table."""

    written: str
    spans: list[Span]
    line: int
    range: Any
    """The narrowest known range that contains it, or None."""
    why: str
    column: int = 1
    is_crowded: bool = False

    @property
    def place(self) -> str:
        """Where it is first: the line, and the column if that helps."""
        return place_of(self.line, self.column, self.is_crowded)

    @property
    def count(self) -> int:
        """How often it occurs in the text."""
        return len(self.spans)


@dataclass(frozen=True, slots=True)
class Detection(Generic[K]):
    """Known codes, most useful first; then texts that are in no table, in the order of the text."""

    codes: list[CodeMatch[K]]
    unknown: list[UnknownMatch]
    read_to_line: int | None
    """None for an entire text; otherwise the line where a limit was reached."""
    not_listed: int = 0
    """How many more different texts look like codes and are in no table."""
