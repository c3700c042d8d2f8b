"""Several tables below each other in one sheet: each has a header of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kb.importing.reading.columns import ColumnMap, is_header
from kb.importing.reading.header_names import claim
from kb.importing.reading.sheets import Problem, Record, Report, Sheet
from kb.text.codes.cells import tidy

_LONGEST_NAME = 40
_LEAST_NAMES = 2


def stacked_tables(sheet: Sheet, records: Sequence[Record], header_end: int, column_map: ColumnMap) -> list[Sheet]:
    """Return the tables of a sheet, by the headers among its first records; `header_end` follows the first header."""
    header = list(records[header_end - 1][1]) if header_end else []
    below = range(header_end, len(records) - 1)
    starts = [at for at in below if _is_other_header(records[at][1], header, column_map)]
    if not header or not starts:
        return [sheet]
    headings = [_heading(records, at) for at in (header_end - 1, *starts)]
    firsts = [0, *(at - bool(heading) for at, heading in zip(starts, headings[1:], strict=True))]
    ends = [*firsts[1:], None]
    has_headings = any(headings[1:])
    return [
        _slice(sheet, first, end, heading if has_headings else "", f"{sheet.key}-{n}" if n > 1 else sheet.key)
        for n, (first, end, heading) in enumerate(zip(firsts, ends, headings, strict=True), 1)
    ]


def _is_other_header(cells: Sequence[str | None], header: list[str | None], column_map: ColumnMap) -> bool:
    """Whether a record is a header that differs from the first one."""
    names = [cell.strip() for cell in cells if cell and cell.strip()]
    if len(names) < _LEAST_NAMES or any(len(name) > _LONGEST_NAME or any(map(str.isdigit, name)) for name in names):
        return False
    if [cell.strip() for cell in header if cell and cell.strip()] == names or not is_header(names, column_map):
        return False
    claims = [claim(name) for name in names]
    return len({answer.target for answer in claims if answer.target and not answer.is_weak}) >= _LEAST_NAMES


def _heading(records: Sequence[Record], at: int) -> str:
    cells = [cell for cell in records[at - 1][1] if cell and cell.strip()] if at else []
    return " ".join(tidy(cells[0]).split()) if len(cells) == 1 else ""


def _slice(sheet: Sheet, first: int, end: int | None, heading: str, key: str) -> Sheet:
    """Return a part of a sheet as a sheet of its own, which reports the problems of its own records only."""

    def records(report: Report) -> Iterator[Record]:
        at = 0

        def tell(problem: Problem) -> None:
            if at >= first:
                report(problem)

        for record in sheet.records(tell):
            if at == end:
                return
            if at >= first:
                yield record
            at += 1

    # The reader of the sheet marks that one as free of bad characters, not its parts.
    return replace(sheet, records=records, key=key, section=heading or sheet.section, suspect=True)
