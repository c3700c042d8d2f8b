"""Lines of a text and ranges of numbers, prepared once for many look-ups."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from kb.text.detection.candidates import canonical_forms

Ranges = Sequence[tuple[int, int, Any]]
"""Known ranges as (first, last, id)."""


LONG_LINE = 200
"""Characters of a line, beyond which a reader needs the column too."""


class LineIndex:
    """Lines and columns of positions, in any order."""

    def __init__(self, text: str, firsts: Iterable[int] = ()) -> None:
        """Read the text. `firsts` are the first positions of its codes."""
        self.ends = [match.start() for match in re.finditer("\n", text)]
        self.length = len(text)
        lines = Counter(map(self.line, firsts))
        self.crowded = {line for line, count in lines.items() if count > 1 or self._width(line) > LONG_LINE}

    def line(self, position: int) -> int:
        """Return the line, from 1, of a position."""
        return bisect_right(self.ends, position - 1) + 1

    def column(self, position: int) -> int:
        """Return the column, from 1, of a position."""
        return position - self._start(self.line(position)) + 1

    def is_crowded(self, position: int) -> bool:
        """Whether the line of a code is long, or has several codes."""
        return self.line(position) in self.crowded

    def _start(self, line: int) -> int:
        return self.ends[line - 2] + 1 if line > 1 else 0

    def _width(self, line: int) -> int:
        end = self.ends[line - 1] if line <= len(self.ends) else self.length
        return end - self._start(line)


class RangeIndex:
    """Known ranges. A bare number is only compared with ranges of numbers of the same length."""

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
        """Whether a range of numbers of this length contains the number."""
        at = bisect_right(self.firsts, number) - 1
        if at < 0 or number > self.lasts[at]:
            return False
        return any(first <= number <= last and len(str(first)) == digits for first, last, _ in self.ranges)

    def narrowest(self, text: str) -> Any:
        """Return the id of the narrowest range that contains a number as written, or None."""
        number = next((int(form) for form, _ in canonical_forms(text) if re.fullmatch(r"-?[0-9]+", form)), None)
        if number is None:
            return None
        return next((id_ for first, last, id_ in self.ranges if first <= number <= last), None)
