"""Tables that stand side by side in one sheet, and tables whose codes stand side by side in their first row."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from kb.importing.reading.choices import ReadingChoices
from kb.importing.reading.evidence import evidence_of
from kb.importing.reading.header import header_end
from kb.importing.reading.header_names import claim
from kb.importing.reading.precedent import Precedent
from kb.importing.reading.sheet_look import SheetLook
from kb.importing.reading.sheets import Limits, Problem, Record, Report, Sheet
from kb.importing.reading.stacked_tables import stacked_tables

_LEAST_NAMES = 2
_MOST_LINES = 20


def looks_at(sheets: list[Sheet], choices: ReadingChoices, limits: Limits, precedent: Precedent) -> list[SheetLook]:
    """Return a look at each table; `sheets` gets those that stand below or beside each other in one of its sheets."""
    looks: list[SheetLook] = []
    for sheet in sheets:
        look = SheetLook(sheet, choices, limits, precedent)
        if (whole := upright(sheet, look.records)) is not sheet:
            look = SheetLook(whole, choices, limits, precedent)
        end = header_end(look)
        tables = stacked_tables(look.sheet, look.records, end, look.column_map)
        tables = side_by_side(look.sheet, look.records, end) if len(tables) == 1 else tables
        looks += [SheetLook(table, choices, limits, precedent) for table in tables] if len(tables) > 1 else [look]
    sheets[:] = [look.sheet for look in looks]
    return looks


def side_by_side(sheet: Sheet, records: Sequence[Record], header_end: int) -> list[Sheet]:
    """Return the tables of a sheet whose header has the same names several times; the sheet itself for another one."""
    header = [(cell or "").strip() for cell in records[header_end - 1][1]] if header_end else []
    names = list(filter(None, header))
    starts = [at for at, name in enumerate(header) if names and name == names[0]]
    size = len(names) // len(starts) if starts else 0
    if len(starts) < 2 or size < _LEAST_NAMES or names != names[:size] * len(starts):
        return [sheet]
    ends = [*starts[1:], len(header)]
    message = f"{len(starts)} tables with the same header stand side by side; each is read."
    problem = Problem(sheet.place(records[header_end - 1][0]), "side_by_side", message, severity="warning")
    return [
        _columns(sheet, start, end, f"{sheet.key}-{n}" if n > 1 else sheet.key, None if n > 1 else problem)
        for n, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
    ]


def _columns(sheet: Sheet, start: int, end: int, key: str, problem: Problem | None) -> Sheet:
    """Return some columns of a sheet as one of its own. The one with a problem to tell also tells the sheet's."""

    def records(report: Report) -> Iterator[Record]:
        if problem:
            report(problem)
        for line, cells in sheet.records(report if problem else lambda other: None):
            if any(cells[start:end]):
                yield line, cells[start:end]

    # The reader of the sheet marks that one as free of bad characters, not its parts.
    return replace(sheet, records=records, key=key, suspect=True)


def upright(sheet: Sheet, records: Sequence[Record]) -> Sheet:
    """Return the sheet with its columns as rows, where the first column has the names and the first row the codes."""
    rows = [(line, list(cells)) for line, cells in records if any(cells)]
    if len(rows) < _LEAST_NAMES or len(records) > _MOST_LINES:
        return sheet
    names = [claim((cells[0] or "").strip()) for _, cells in rows]
    targets = {name.target for name in names if name.target and not name.is_weak}
    codes = rows[0][1][1:]
    is_turned = names[0].target == "code" and len(targets) >= _LEAST_NAMES and len(targets) >= 0.6 * len(rows)
    if not is_turned or any(claim(code or "").target for code in codes) or not evidence_of(codes).is_code:
        return sheet
    line, width = rows[0][0], len(rows[0][1])

    def turned(report: Report) -> Iterator[Record]:
        message = "The codes of this table stand side by side; each column is read as a row."
        report(Problem(sheet.place(line), "turned_table", message, severity="warning"))
        # The records of the look have cut cells.
        whole = [cells for _, cells in islice(sheet.records(report), _MOST_LINES + 1) if any(cells)]
        for at in range(width):
            yield line, [cells[at] if at < len(cells) else "" for cells in whole]

    return replace(sheet, records=turned, suspect=True)
