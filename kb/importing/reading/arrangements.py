"""The rows of a part in the way that somebody chose: lists split, codes continued, repeated codes joined."""

from collections.abc import Iterator

from kb.importing.reading.header_names import SPLIT
from kb.importing.reading.labelled_texts import split_rows
from kb.importing.reading.lists import combined, listed
from kb.importing.reading.repeats import carried, continued, firsts, joined
from kb.importing.reading.sheets import Limits, Report
from kb.importing.reading.table_rows import Arrange, SheetPart, TableRow, rows_of


def arranged_rows(part: SheetPart, limits: Limits, encoding: str, report: Report) -> Iterator[TableRow]:
    """Yield the rows of a part without errors and report the problems of the others."""
    part.ranges.clear()
    part.continues = False
    # A text with delimiters has no merged cells.
    arrangements: list[Arrange] = [] if part.sheet.delimiter else [carried]
    if part.ways.get("blanks") == "continue":
        arrangements.append(continued)
    if part.subcode_at >= 0:
        arrangements.append(combined)
    if part.ways.get("lists") == "split":
        arrangements.append(listed)
    rows = rows_of(part, limits, encoding, report, arrangements)
    if part.columns.has(SPLIT):
        rows = split_rows(part, rows)
    if part.ways.get("repeats") == "first":
        rows = firsts(rows)
    elif {part.ways.get("repeats"), part.ways.get("blanks")} & {"join", "shared", "continue"}:
        rows = joined(part, rows, report)
    return rows
