"""The column of the code where no header names it: the one that is short, unique and without spaces."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kb.importing.reading.choices import NO_HEADER, FileQuestion, Offer
from kb.importing.reading.columns import EXTRA, IGNORE, label_headers
from kb.importing.reading.evidence import ColumnEvidence, evidence_of, is_code_like, shape
from kb.importing.reading.header_names import claim, is_of_failures, is_of_other_table, may_be_code
from kb.importing.reading.lines import is_block
from kb.importing.reading.sheet_look import SheetLook
from kb.importing.reading.sheets import Record
from kb.text.codes.forms import identity

BY_CONTENT = "short, unique, no spaces"
_LOOK_AT = 500
_LEAST_ROWS = 2
_TEXTS = ("description", "possible_reasons", "suggested_actions")
_CODES = 1400
"""Ranks from here on are those of headers such as "HTTP code" and "Issue", which say more than "name" or "key"."""
_QUANTITIES = 1002
"""Ranks of weak names up to this one are "value" and "number", which limits and sizes have, too."""


@dataclass
class CodeGuess:
    """Which column is the code's: where the header is (-1 for none), the targets, and what to ask."""

    header_at: int
    targets: dict[str, str]
    questions: list[FileQuestion] = field(default_factory=list)


@dataclass
class TableColumns:
    """The labels of a table and what the cells below look like."""

    labels: list[str]
    headers: list[str]
    evidence: list[ColumnEvidence]

    def codes(self) -> list[int]:
        """Return the columns that may be the code's, the best name first."""
        at = [n for n, column in enumerate(self.evidence) if column.is_code or self._is_named_code(n)]
        return sorted(at, key=self._order)

    def _order(self, n: int) -> tuple[bool, bool, bool, int]:
        answer = claim(self.headers[n])
        is_name = may_be_code(self.headers[n])
        # Numbers under "Cause" are its code, and a running number counts the rows of tables that have other codes.
        is_number = answer.target in _TEXTS and not answer.is_weak and self.evidence[n].is_code
        return self.evidence[n].is_running, not (is_name or is_number), answer.target == "symbol", answer.rank

    def _is_named_code(self, n: int) -> bool:
        column = self.evidence[n]
        if not self.headers[n] or not may_be_code(self.headers[n]):
            return False
        if column.is_code_of_several_rows and (n == 0 or is_of_failures(self.headers[n])):
            return True
        is_unique = column.count >= _LEAST_ROWS and column.filled >= 0.9 and column.unique >= 0.95
        return is_unique and column.words >= 0.95

    def has_text(self, besides: int) -> bool:
        """Whether another column is a text, by its name or its cells."""
        has_name = any(claim(header).target in _TEXTS and not claim(header).is_weak for header in self.headers)
        return has_name or any(column.texts >= 0.5 for n, column in enumerate(self.evidence) if n != besides)

    def is_sure(self, codes: list[int]) -> bool:
        """Whether name and cells of the first column agree that it has the codes, and so does the rest of the table."""
        n, *others = codes
        if any(self._order(m) == self._order(n) for m in others):
            return False
        if claim(self.headers[n]).target == "symbol" and any(claim(self.headers[m]).target == "code" for m in others):
            return False
        if not may_be_code(self.headers[n]) or not self.has_text(n) or any(map(is_of_other_table, self.headers)):
            return False
        if self.evidence[n].firm < 0.9 and not is_of_failures(self.headers[n]) and claim(self.headers[n]).rank < _CODES:
            return False
        return not self.is_quantity(n)

    def is_quantity(self, n: int) -> bool:
        """Whether a column may be the values of limits or sizes, whose names are words."""
        names = [m for m, header in enumerate(self.headers) if claim(header).target == "symbol" and m != n]
        may_be = 1000 <= claim(self.headers[n]).rank <= _QUANTITIES and self.evidence[n].codes > 0
        return may_be and any(self.evidence[m].codes < 0.5 for m in names)

    def texts(self) -> list[int]:
        """Return the columns of words."""
        return [n for n, column in enumerate(self.evidence) if column.texts >= 0.3 or column.length >= 20]


def guess_code(look: SheetLook, at: int, *, sure: bool) -> CodeGuess | None:
    """Return the column that looks like the code's, with `at` as the header or as the first row (-1: no header).

    With `sure`, return it only where its name agrees, or somebody chose the header.
    """
    is_chosen = look.sheet.key in look.choices.header
    first = look.records[max(at, 0)][1] if look.records else []
    below = look.records[max(at, 0) + 1 :]
    columns = _columns(first if at >= 0 else [], below if at >= 0 else look.records)
    if not is_chosen and at >= 0 and _is_data(first, columns):
        return None if sure else _without_header(look, at)
    codes = [n for n in columns.codes() if columns.labels[n] not in look.column_map.targets]
    if is_chosen:
        chosen = "code" in look.column_map.of(columns.labels).values()
        code = [] if chosen else codes[:1]
        if not chosen and not code:
            return None
        return CodeGuess(at, _targets(columns, code[0] if code else -1, at < 0))
    if not codes:
        return None
    stored = next((n for n in codes if _has_stored_codes(look, at, n)), -1)
    if stored >= 0:
        return _renamed(look, at, columns.labels[stored])
    if columns.is_sure(codes):
        return CodeGuess(at, {columns.labels[codes[0]]: "code"})
    if sure or not columns.has_text(codes[0]):
        return None
    return _asked(look, at, columns, codes)


def _asked(look: SheetLook, at: int, columns: TableColumns, codes: list[int]) -> CodeGuess:
    labels = [columns.labels[n] for n in codes]
    first, *others = codes
    is_code_table = not any(map(is_of_other_table, columns.headers)) and not columns.is_quantity(first)
    is_only = all(columns.evidence[n].is_running or claim(columns.headers[n]).target == "symbol" for n in others)
    is_likely = is_code_table and is_only and columns.evidence[first].firm >= 0.9
    offers = tuple(Offer(f"{label} is the code", {"columns": {label: "code"}}) for label in labels[:10])
    message = f"{look.sheet.place(look.records[at][0])}: no header here is known as the code's. "
    message += f"By its cells ({BY_CONTENT}) it is {labels[0]}." if is_likely else f"Is it {' or '.join(labels[:10])}?"
    question = FileQuestion("columns", message, offers, offers[0].label if is_likely else "")
    return CodeGuess(at, {labels[0]: "code"}, [question])


def _has_stored_codes(look: SheetLook, at: int, n: int) -> bool:
    """Whether a column has the codes that the table has already."""
    stored = look.precedent.samples
    cells = {identity(cells[n] or "") for _, cells in look.records[at + 1 :] if n < len(cells)} if stored else set()
    return len(cells & stored.keys()) >= max(_LEAST_ROWS, 0.5 * min(len(cells), len(stored)))


def _renamed(look: SheetLook, at: int, label: str) -> CodeGuess:
    offer = Offer(f"{label} is the code", {"columns": {label: "code"}})
    message = f"{look.sheet.place(look.records[at][0])}: {label} has the codes of this table; its header is new."
    return CodeGuess(at, {label: "code"}, [FileQuestion("columns", message, (offer,), offer.label)])


def _without_header(look: SheetLook, at: int) -> CodeGuess | None:
    """Return the guess for a table whose first row is a code already."""
    columns = _columns([], look.records[at:])
    codes = columns.codes()
    if not codes or not columns.has_text(codes[0]):
        return None
    if look.precedent.has_no_header:
        return CodeGuess(-1, {**_targets(columns, codes[0], True), **look.precedent.choices.columns})
    line, cells = look.records[at]
    offers = []
    for code in codes[:5]:
        targets = _targets(columns, code, True)
        words = ", ".join(f"{label}: {target.replace('_', ' ')}" for label, target in targets.items())
        offers.append(
            Offer(f"There is no header ({words})", {"header": {look.sheet.key: NO_HEADER}, "columns": targets})
        )
    label = label_headers([cells[codes[0]]])[0]
    offers.append(Offer(f"Line {line} is the header", {"header": {look.sheet.key: line}, "columns": {label: "code"}}))
    message = f"{look.sheet.place(line)}: this looks like a code already, so the table has no header."
    is_likely = codes[0] == 0 or all(columns.evidence[n].is_running for n in codes[1:])
    question = FileQuestion("header", message, tuple(offers), offers[0].label if is_likely else "")
    return CodeGuess(-1, _targets(columns, codes[0], True), [question])


def _columns(header: Sequence[str | None], rows: Sequence[Record]) -> TableColumns:
    rows = _without_lines(header, [record for record in rows[:_LOOK_AT] if any(record[1])])
    width = max([len(header), *(len(cells) for _, cells in rows[:50])])
    headers = [(header[n] if n < len(header) else "") or "" for n in range(width)]
    evidence = [evidence_of(cells[n] if n < len(cells) else "" for _, cells in rows) for n in range(width)]
    return TableColumns(label_headers(headers), headers, evidence)


def _without_lines(header: Sequence[str | None], rows: list[Record]) -> list[Record]:
    """Return the rows without repeated headers, blocks of codes, and lines of a single cell, if others are left."""
    several = [
        (line, cells)
        for line, cells in rows
        if sum(bool(cell and cell.strip()) for cell in cells) > 1
        and list(cells) != list(header)
        and not is_block((cells[0] or "").strip(), known=True)
    ]
    return several if len(several) >= _LEAST_ROWS else rows


def _is_data(cells: Sequence[str | None], columns: TableColumns) -> bool:
    """Whether a record is a row like those below it, rather than their header."""
    if any(claim(cell).target or is_of_other_table(cell) for cell in cells if cell):
        return False
    return any(
        n < len(cells) and is_code_like((cells[n] or "").strip()) and _has_shape_of(cells[n] or "", column)
        for n, column in enumerate(columns.evidence)
        if column.codes >= 0.9
    )


def _has_shape_of(cell: str, column: ColumnEvidence) -> bool:
    return shape(cell) in column.shapes


def _targets(columns: TableColumns, code: int, is_headless: bool) -> dict[str, str]:
    """Return the target of each column without a header: the code, then the first column of words."""
    targets = {columns.labels[code]: "code"} if code >= 0 else {}
    if is_headless:
        texts = [n for n in columns.texts() if n != code]
        for n, label in enumerate(columns.labels):
            column = columns.evidence[n]
            target = "description" if texts and n == texts[0] else IGNORE if column.is_running else EXTRA
            if n != code and column.count:
                targets[label] = target
    return targets
