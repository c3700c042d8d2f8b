"""What the XML of an XLSX sheet says of its cells: which are merged, hidden, or formulas without a stored value."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import coordinate_to_tuple

from kb.importing.reading.sheets import Problem, SourcePlace

MAX_LINE = 1_048_576
"""Last row that a sheet may have. A file may claim a billion rows, and the reader would count each of them."""

MAX_MERGED = 100_000
"""Most merged cells of a workbook. Each takes an entry for each of its columns."""

_MAX_HIDDEN = 1000
_MAX_COLUMN = 16_384
_MERGED_RANGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_EMPTY_FORMULA = re.compile(
    rb'<(?:\w{1,20}:)?c\s[^<>]{0,99}?\br="([A-Z]{1,3}\d{1,7})"[^<>]{0,99}>\s{0,9}<(?:\w{1,20}:)?f(?:\s[^<>]{0,200})?'
    rb"(?:/>|>[^<>]{0,3000}</(?:\w{1,20}:)?f>)\s{0,9}(?:<(?:\w{1,20}:)?v\s?(?:/>|></(?:\w{1,20}:)?v>))?\s{0,9}</"
)
_HIDDEN = re.compile(rb'<(?:\w{1,20}:)?(row|col)\s([^<>]{0,300}?)\bhidden="(?:1|true)"([^<>]{0,300})>')
_PLACE = re.compile(rb'\b(?:r|min|max)="(\d{1,7})"')


@dataclass
class SheetMarks:
    """The marks of one sheet."""

    merged: set[str] = field(default_factory=set)
    formulas: set[str] = field(default_factory=set)
    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)

    def add(self, window: bytes) -> None:
        """Add what a part of the XML says. Parts may overlap."""
        if b"mergeCell" in window and len(self.merged) <= MAX_MERGED:
            self.merged.update(ref.decode() for ref in _MERGED_RANGE.findall(window))
        if (b"f>" in window or b"<f" in window) and len(self.formulas) < MAX_MERGED:
            self.formulas.update(ref.decode() for ref in islice(_matches(_EMPTY_FORMULA, window), MAX_MERGED))
        for match in _HIDDEN.finditer(window) if b'hidden="' in window else ():
            places = [int(place) for place in _PLACE.findall(match[2] + match[3])]
            hidden, most = (self.rows, MAX_MERGED) if match[1] == b"row" else (self.columns, _MAX_HIDDEN)
            if places and len(hidden) < most and max(places) <= MAX_LINE:
                hidden.update(range(min(places), min(max(places), min(places) + _MAX_HIDDEN) + 1))

    def problems(self, title: str) -> Iterator[Problem]:
        """Yield a warning for formulas without a value, and one for hidden rows and columns."""
        if self.formulas:
            cells = _listing(sorted(self.formulas, key=coordinate_to_tuple))
            message = (
                f"Formulas have no stored value in {cells}, which count as not there. Save the file in Excel first."
            )
            line = min(coordinate_to_tuple(reference)[0] for reference in self.formulas)
            yield Problem(SourcePlace(line, title), "formula_without_value", message, "", "warning")
        hidden = [f"row {_listing(sorted(self.rows))}"] if self.rows else []
        letters = [get_column_letter(column) for column in sorted(self.columns) if column <= _MAX_COLUMN]
        hidden += [f"column {_listing(letters)}"] if letters else []
        if hidden:
            message = f"Hidden in the sheet {title}, and read like the rest: {' and '.join(hidden)}."
            yield Problem(None, "hidden_cells", message, title, "warning")


def _listing(items: Sequence[object]) -> str:
    more = f" and {len(items) - 5} more" if len(items) > 5 else ""
    return ", ".join(map(str, items[:5])) + more


def _matches(pattern: re.Pattern[bytes], text: bytes) -> Iterator[bytes]:
    return (match[1] for match in pattern.finditer(text))
