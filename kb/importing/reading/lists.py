"""Cells with several codes, or with a range of them, and codes in two columns."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kb.importing.reading.choices import FileQuestion, ask
from kb.importing.reading.code_cells import is_grouped
from kb.importing.reading.damage import is_joined, joint
from kb.importing.reading.sheets import Record
from kb.importing.reading.table_rows import SheetPart
from kb.text.codes.cells import EMPTY, MAX_RANGE, fit, several_codes, tidy
from kb.text.codes.code_ranges import code_span
from kb.text.codes.forms import clean


class ListedRange(NamedTuple):
    """A range of codes that a row names: its ends as they are written, and the row's description."""

    first: str
    last: str
    text: str


def questions_about_lists(part: SheetPart, rows: Sequence[Record]) -> list[FileQuestion]:
    """Return what to ask about cells with several codes; set what joins the parts of a single one."""
    at = part.code_at
    listed_codes = [(line, cells[at] or "") for line, cells in rows if at < len(cells)]
    part.joints = frozenset(joint(clean(cell)) for _, cell in listed_codes)
    if "lists" in part.ways:
        return []
    lines = [line for line, cell in listed_codes if _codes(cell, part)]
    if not lines:
        return []
    more = f", as do {len(lines) - 1} more of the first rows" if len(lines) > 1 else ""
    return [ask("lists", f"{part.sheet.place(lines[0])}: this cell has several codes{more}.", "error")]


def listed(part: SheetPart, records: Iterator[Record]) -> Iterator[Record]:
    """Yield one record for each code of a cell; a long range goes to `part.ranges` instead."""
    at, text_at = part.code_at, part.texts_at.get("description", -1)
    for line, cells in records:
        code = clean(cells[at] or "")
        span = code_span(code) if not code.isalnum() and not is_joined(code, part.joints) else None
        if span and span.size > MAX_RANGE:
            text = fit(tidy(cells[text_at] or "")) if text_at >= 0 else ""
            part.ranges.append(ListedRange(span.code(span.first), span.code(span.last), text))
            continue
        codes = _codes(cells[at], part)
        for one in codes:
            yield line, [*cells[:at], one, *cells[at + 1 :]]
        if not codes:
            yield line, cells


def combined(part: SheetPart, records: Iterator[Record]) -> Iterator[Record]:
    """Yield records whose code has its second part joined with a hyphen."""
    at, second_at = part.code_at, part.subcode_at
    for line, cells in records:
        code, second = (cells[at] or "").strip(), (cells[second_at] or "").strip()
        if code and second not in EMPTY:
            yield line, [*cells[:at], f"{code}-{second}", *cells[at + 1 :]]
        else:
            yield line, cells


def _codes(cell: str | None, part: SheetPart) -> tuple[str, ...]:
    if not cell or cell.isalnum() or is_grouped(cell.strip()) or is_joined(clean(cell), part.joints):
        return ()
    return several_codes(fit(clean(tidy(cell))))
