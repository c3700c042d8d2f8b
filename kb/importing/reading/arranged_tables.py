"""Tables that stand side by side in one sheet, and tables whose codes stand side by side in their first row."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from kb.importing.reading.evidence import evidence_of
from kb.importing.reading.header_names import claim
from kb.importing.reading.sheets import Problem, Record, Report, Sheet

_LEAST_NAMES = 2
_MOST_LINES = 20


def side_by_side(sheet: Sheet, records: Sequence[Record], header_end: int) -> list[Sheet]:
    """Return the tables of a sheet whose header has the same names several times; the sheet itself for another one."""
    header = [(cell or "").strip() for cell in records[header_end - 1][1]] if header_end else []
    names = list(filter(None, header))
    starts = [at for at, name in enumerate(header) if names and name == names[0]]
    size = len(names) // len(starts) if starts else 0
    if len(starts) < 2 or size < _LEAST_NAMES or names != names[:size] * len(starts):
        return [sheet]
    ends = [*starts[1:], len(header)]
    return [
        _columns(sheet, start, end, f"{sheet.key}-{n}" if n > 1 else sheet.key)
        for n, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
    ]


def _columns(sheet: Sheet, start: int, end: int, key: str) -> Sheet:
    def records(report: Report) -> Iterator[Record]:
        for line, cells in sheet.records(report):
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
