"""One code on several rows: causes, models, merged cells, and rows whose code is left out because it is the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kb.importing.reading.choices import FileQuestion, ask
from kb.importing.reading.sheets import CONTINUATION, Problem, Record, Report
from kb.importing.reading.table_rows import SheetPart, TableRow
from kb.text.codes.cells import EMPTY

_MAY_DIFFER = ("possible_reasons", "suggested_actions")
_LEAST_BLANKS = 2


@dataclass
class _Counts:
    """What the first rows of a table have of repeats: pairs of neighbours with one code, and rows without a code."""

    pairs: int = 0
    first_pair: int = 0
    blanks: int = 0
    first_blank: int = 0
    blanks_with_description: int = 0
    merged: int = 0
    codes: list[str] = field(default_factory=list)


def questions_about_repeats(part: SheetPart, rows: Sequence[Record]) -> list[FileQuestion]:
    """Return what to ask about codes on several rows, and set the ways in which `part` reads them by default."""
    counts = _counts(part, rows)
    questions = []
    if counts.pairs and "repeats" not in part.ways:
        message = (
            f"{part.sheet.place(counts.first_pair)}: this row has the code and the description of the row above it"
        )
        message += f", as do {counts.pairs - 1} more of the first rows." if counts.pairs > 1 else "."
        questions.append(ask("repeats", message, "shared"))
        part.ways["repeats"] = "shared"
    if (counts.merged or counts.blanks >= _LEAST_BLANKS) and "blanks" not in part.ways:
        continues = counts.merged or 2 * counts.blanks_with_description <= counts.blanks
        what = "shares the merged cell of the code above it" if counts.merged else "has words but no code"
        message = f"{part.sheet.place(counts.first_blank)}: this row {what}; "
        message += f"{counts.blanks} of the first {len(rows)} rows are like this."
        questions.append(ask("blanks", message, "continue" if continues else "error"))
        part.ways["blanks"] = "continue" if continues else "error"
    return questions


def _counts(part: SheetPart, rows: Sequence[Record]) -> _Counts:
    counts = _Counts()
    order = list(part.columns.targets.values())
    code_at, texts_at = order.index("code"), part.texts_at
    same_at = [at for at, target in enumerate(order) if target in ("description", "symbol", "section", "subcode")]
    previous: Sequence[str | None] = ()
    for line, cells in rows:
        code = cells[code_at] if code_at < len(cells) else ""
        if code and previous and code == previous[code_at] and len(cells) == len(previous) and cells != previous:
            shared = all(
                cells[at] == previous[at] or not (cells[at] or "").strip() for at in same_at if at < len(cells)
            )
            if shared and any(cells[at] != previous[at] for at in range(len(cells)) if at not in same_at):
                counts.pairs += 1
                counts.first_pair = counts.first_pair or line
        elif previous and (code is CONTINUATION or (code or "").strip() in EMPTY):
            if any((cells[at] or "").strip() for at in texts_at.values() if at < len(cells)):
                counts.blanks += 1
                counts.first_blank = counts.first_blank or line
                counts.merged += code is CONTINUATION
                at = texts_at.get("description", -1)
                counts.blanks_with_description += 0 <= at < len(cells) and bool((cells[at] or "").strip())
            continue
        if code and code_at < len(cells):
            previous = cells
    return counts


def continued(part: SheetPart, records: Iterator[Record]) -> Iterator[Record]:
    """Yield records with the code of the row above where they have none; `part.continues` says so of the latest."""
    at, code = part.code_at, ""
    for line, cells in records:
        cell = cells[at]
        part.continues = False
        if cell is not CONTINUATION and cell and cell.strip() not in EMPTY:
            code = cell
        elif code and any(cells[n] for n in part.texts_at.values()):
            part.continues = True
            row_cells = list(cells)
            row_cells[at] = code
            yield line, row_cells
            continue
        yield line, cells


def carried(part: SheetPart, records: Iterator[Record]) -> Iterator[Record]:
    """Yield records with the texts of merged cells, where these stand beside several codes."""
    above: dict[int, str | None] = {}
    texts_at = list(part.texts_at.values())
    for line, cells in records:
        covered = [n for n in texts_at if cells[n] is CONTINUATION]
        if not covered:
            above = {n: cells[n] for n in texts_at}
        elif cells[part.code_at]:
            row_cells = list(cells)
            for n in covered:
                row_cells[n] = above.get(n, "")
            above = {n: row_cells[n] for n in texts_at}
            cells = row_cells
        yield line, cells


def joined(part: SheetPart, rows: Iterator[TableRow], report: Report) -> Iterator[TableRow]:
    """Yield one row for neighbours with the same code; by default only where they share their description."""
    every, pending = part.ways.get("repeats") == "join", _Pending()
    for row in rows:
        continues = part.continues
        if pending.takes(row, continues, every):
            pending.rows.append(row)
            continue
        if pending.rows:
            yield pending.row()
        pending = _Pending([] if continues else [row])
        if continues:
            message = "This row continues a row that was left out."
            report(Problem(row.place, "missing_code", message, row.code))
    if pending.rows:
        yield pending.row()


def firsts(rows: Iterator[TableRow]) -> Iterator[TableRow]:
    """Yield the first row of each code in its section."""
    keys: set[int] = set()
    for row in rows:
        key = hash((row.section, row.code))
        if key not in keys:
            keys.add(key)
            yield row


@dataclass
class _Pending:
    """Neighbours that will be one row."""

    rows: list[TableRow] = field(default_factory=list)

    def takes(self, row: TableRow, continues: bool, every: bool) -> bool:
        """Whether a row belongs to these."""
        if not self.rows or (row.section, row.code) != (self.rows[0].section, self.rows[0].code):
            return False
        if continues or every:
            return True
        first = self.rows[0]
        differs = row.texts != first.texts or row.extra != first.extra
        shared = all(row.texts[name] in ("", first.texts[name]) for name in row.texts if name not in _MAY_DIFFER)
        return differs and shared

    def row(self) -> TableRow:
        """Return one row for all: texts that are the same once, the others below each other, in the same order."""
        first = self.rows[0]
        if len(self.rows) == 1:
            return first
        texts = {name: _one_text([row.texts[name] for row in self.rows]) for name in first.texts}
        headers = dict.fromkeys(header for row in self.rows for header in row.extra)
        extra = {header: _one_text([row.extra.get(header, "") for row in self.rows]) for header in headers}
        return first._replace(texts=texts, extra=extra)


def _one_text(texts: list[str]) -> str:
    different = [text for text in texts if text]
    return different[0] if len(set(different)) == 1 else "\n".join(different)
