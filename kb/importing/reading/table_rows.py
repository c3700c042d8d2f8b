"""The rows of a table, from the records of a sheet: find the header, then check and label the cells of each record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from kb.importing.reading.choices import NO_HEADER, ReadingChoices
from kb.importing.reading.columns import EXTRA, ColumnMap, find_columns, is_header, label_headers, positions
from kb.importing.reading.files import bad_byte
from kb.importing.reading.sheets import (
    CONTINUATION,
    Date,
    Limits,
    Number,
    Problem,
    Record,
    Report,
    Sheet,
    SourcePlace,
    Widths,
    unreadable,
)
from kb.text.codes.cells import EMPTY, fit, several_codes, tidy, unfit
from kb.text.codes.forms import MAX_LENGTH, clean
from kb.text.safety.formula import infuse

MAX_HEADER_RECORD = 20
"""Number of records that are searched for the header: titles and notes may come before it."""

_MAX_VALUE = 60
_EXACT_DIGITS = 15


class TableRow(NamedTuple):
    """One code as the file has it.

    `texts` has the file's columns by their name in VENDOR_TEXTS: "" clears the stored text, an absent column keeps it.
    `extra` has the other columns by their header, without empty cells. `damage` says what a spreadsheet seems to have
    done to the code; "" for an intact one.
    """

    place: SourcePlace
    section: str
    code: str
    texts: dict[str, str]
    extra: dict[str, str]
    damage: str = ""


@dataclass
class SheetPart:
    """A sheet whose header is known."""

    sheet: Sheet
    header: list[str]
    # Number of records up to and including the header, and its line; both 0 without one. A line may have several
    # records.
    header_end: int
    header_line: int
    columns: ColumnMap
    section: str
    problems: list[Problem]
    cells: list[str | None] = field(default_factory=list)

    def rows(self, limits: Limits, encoding: str, report: Report) -> Iterator[TableRow]:
        """Yield the rows without errors and report the problems of the others."""
        return _RowReader(self, limits, encoding, report).rows()


def find_header(sheet: Sheet, choices: ReadingChoices, limits: Limits) -> SheetPart | list[str]:
    """Return the sheet with its header; without a header, the labels of the record that is most like one.

    A header that somebody chose is used as it is; with NO_HEADER, columns are called by their numbers.
    """
    column_map, line_chosen = ColumnMap(choices.columns), choices.header.get(sheet.key)
    heading_text = ""
    first: list[str] = []
    for count, (line, cells) in enumerate(sheet.records(lambda problem: None)):
        if line_chosen == NO_HEADER:
            return _part(sheet, (0, 0), [""] * len(cells), column_map, "", limits)
        if count >= MAX_HEADER_RECORD and line_chosen is None:
            break
        # Limits first: beyond them, a record costs nothing.
        if line == line_chosen or (line_chosen is None and is_header(cells[: limits.columns + 1], column_map)):
            return _part(sheet, (count + 1, line), list(cells), column_map, heading_text, limits)
        texts = list(islice((cell for cell in cells if cell and cell.strip()), limits.columns + 1))
        heading_text = tidy(texts[0]) if len(texts) == 1 else heading_text
        first = first if len(first) > 1 else texts
    return label_headers(first)


def _part(
    sheet: Sheet, at: tuple[int, int], cells: list[str | None], column_map: ColumnMap, heading_text: str, limits: Limits
) -> SheetPart:
    count, line = at
    while line and cells and not (cells[-1] or "").strip():
        cells.pop()
    if len(cells) > limits.columns:
        message = f"The file has {len(cells)} columns; at most {limits.columns} are allowed."
        raise unreadable("too_many_columns", message, sheet.place(line))
    headers = [cell and infuse(cell) for cell in cells] if sheet.spreadsheet else cells
    columns, problems = find_columns(headers, column_map, sheet.place(line))
    section = _section_name(heading_text or sheet.section, sheet.place(line), problems.append)
    return SheetPart(sheet, list(columns.targets), count, line, columns, section, problems, cells)


class _RowReader:
    """Reads one sheet once."""

    def __init__(self, part: SheetPart, limits: Limits, encoding: str, report: Report) -> None:
        self.part = part
        self.sheet = part.sheet
        self.limits = limits
        self.encoding = encoding
        self.report = report
        self.width = len(part.header)
        order = list(part.columns.targets.values())
        self.code_at = order.index("code")
        self.section_at = order.index("section") if "section" in order else -1
        self.texts_at = list(positions(part.columns).items())
        self.extra_at = [(part.header[i], i) for i, target in enumerate(order) if target == EXTRA]
        self.section = part.section
        self.section_cell: object = object()
        self.widths = Widths()

    def rows(self) -> Iterator[TableRow]:
        """Yield the rows without errors."""
        limit, name, spreadsheet = self.limits.cell, self.sheet.name, self.sheet.spreadsheet
        code_at, texts_at, extra_at = self.code_at, self.texts_at, self.extra_at
        for line, cells in self._records():
            # A million rows pass through this loop: rare cases are checked once for all cells and handled elsewhere.
            self._update_section(cells)
            code = self._code(line, cells[code_at])
            if self.sheet.suspect and not self._is_fit(line, cells):
                continue
            if code is None:
                continue
            row_texts = [cell and tidy(cell, spreadsheet) for cell in cells]
            if max(map(len, filter(None, row_texts)), default=0) > limit:
                self._report_long(line, row_texts)
                continue
            texts = {key: text for key, at in texts_at if (text := row_texts[at]) is not None}
            extra = {header: text for header, at in extra_at if (text := row_texts[at])}
            yield TableRow(SourcePlace(line, name), self.section, code, texts, extra)
        self._report_lost_zeros()

    def _records(self) -> Iterator[Record]:
        """Yield the records below the header, as wide as it, without empty ones, banners and repeated headers."""
        pending: Record | None = None
        for line, cells in islice(self.sheet.records(self.report), self.part.header_end, None):
            if pending:
                candidate, pending = pending, None
                if self._repeats_header(cells) or self._is_banner(candidate[1]):
                    self.section = _section_name(
                        tidy(candidate[1][0] or ""), self.sheet.place(candidate[0]), self.report
                    )
                elif (row_cells := self._fit_record(*candidate)) is not None:
                    yield candidate[0], row_cells
            if self._repeats_header(cells):
                continue
            if cells[0] and self.section_at < 0 and self.width > 1 and not any(cells[1:]):
                pending = line, cells
            elif (row_cells := self._fit_record(line, cells)) is not None:
                yield line, row_cells
        if pending and not self._is_banner(pending[1]) and (row_cells := self._fit_record(*pending)) is not None:
            yield pending[0], row_cells

    def _repeats_header(self, cells: Sequence[str | None]) -> bool:
        return cells[0] == self.part.cells[0] and list(cells[: self.width]) == self.part.cells

    def _is_banner(self, cells: Sequence[str | None]) -> bool:
        """Whether a record with a single cell is a heading within the table, rather than a code without a text."""
        text = tidy(cells[0] or "")
        is_full_row = self.sheet.name or len(cells) == self.width
        return bool(is_full_row) and (" " in text or not (text.isascii() or any(map(str.isdigit, text))))

    def _fit_record(self, line: int, cells: Sequence[str | None]) -> Sequence[str | None] | None:
        """Return a record as wide as the header; None without cells, or with a problem."""
        if len(cells) == self.width:
            return cells if any(cells) else None
        if not any(cell and cell.strip() for cell in cells):
            return None
        if len(cells) < self.width and self.sheet.name:
            # Sheets leave empty cells out at the end of a row.
            return [*cells, *[""] * (self.width - len(cells))]
        if len(cells) > self.width and not any(cell and cell.strip() for cell in cells[self.width :]):
            return cells[: self.width]
        self._update_section(cells)
        code = cells[self.code_at] if self.code_at < len(cells) else ""
        message = f"This row has {len(cells)} cells, the header has {self.width}."
        self.report(Problem(self.sheet.place(line), "ragged_row", message, _shorten(code)))
        return None

    def _code(self, line: int, cell: str | None) -> str | None:
        """Return the code of a record; None, with a problem, unless it has exactly one."""
        if type(cell) is str and cell.isalnum() and cell not in EMPTY and len(cell) <= MAX_LENGTH:
            # Most codes are like this; they need no cleaning and no check.
            self.widths.add(line, cell, number=False)
            return cell
        code = clean(tidy(cell or "", self.sheet.spreadsheet))
        kind = type(cell)
        self.widths.add(line, code, number=kind is Number)
        flaw = _flaw_of(code, kind)
        if flaw:
            # The planner finds the codes of broken rows in `value`, so a list of codes is kept in full.
            value = fit(code) if flaw.suggestion else _shorten(code)
            self.report(Problem(self.sheet.place(line), flaw.kind, flaw.message, value, suggestion=flaw.suggestion))
            return None
        if kind is Number and len(code) > _EXACT_DIGITS:
            message = f"The spreadsheet keeps {_EXACT_DIGITS} digits of a number. Check the last digits of {code}."
            self.report(Problem(self.sheet.place(line), "digits_lost", message, code, "warning"))
        return code

    def _update_section(self, cells: Sequence[str | None]) -> None:
        """Set the section from a record, also from one with an error: a merged cell may carry it on below."""
        if 0 <= self.section_at < len(cells) and (cell := cells[self.section_at]) is not CONTINUATION:
            if cell == self.section_cell:
                return
            self.section_cell = cell
            section = " ".join(tidy(cell or "", self.sheet.spreadsheet).split())
            self.section = fit(section) if self.sheet.suspect else section

    def _is_fit(self, line: int, cells: Sequence[str | None]) -> bool:
        """Whether all cells have only characters that a text may have; reports the others."""
        bad = [(self.part.header[i], unfit(cell)) for i, cell in enumerate(cells) if cell and unfit(cell)]
        value = _shorten(cells[self.code_at])
        for header, character in bad:
            byte = bad_byte(character)
            if byte is None:
                fault, kind = f"has the control character U+{ord(character):04X}", "control_character"
            else:
                fault, kind = f"has the byte 0x{byte:02X}, which is not {self.encoding.upper()}", "undecodable"
            self.report(Problem(self.sheet.place(line), kind, f"The column {header} {fault}.", value))
        return not bad

    def _report_long(self, line: int, cells: Sequence[str | None]) -> None:
        for header, cell in zip(self.part.header, cells, strict=True):
            if cell and len(cell) > self.limits.cell:
                message = f"The column {header} has {len(cell)} characters; at most {self.limits.cell} are allowed."
                self.report(Problem(self.sheet.place(line), "too_long", message, _shorten(cells[self.code_at])))

    def _report_lost_zeros(self) -> None:
        width, narrow = self.widths.narrow_codes()
        for line, code in narrow:
            message = f"The spreadsheet stores {code} as a number, but codes here have {width} characters."
            message += f" Did it lose zeros, as in {code.zfill(width)}?"
            self.report(Problem(self.sheet.place(line), "zeros_lost", message, code, "warning", (code.zfill(width),)))


class _Flaw(NamedTuple):
    kind: str
    message: str
    suggestion: tuple[str, ...] = ()


def _flaw_of(code: str, kind: type) -> _Flaw | None:
    """Return what is wrong with a code; None for a good one."""
    if not code:
        return _Flaw("missing_code", "This row has no code.")
    if kind is Date:
        return _Flaw("date_code", f"The spreadsheet turned this code into a date ({code}). Format the column as text.")
    suggestion = several_codes(fit(code))
    if suggestion:
        message = f"This cell has several codes: {_shorten(code)}. Put each one in its own row."
        return _Flaw("several_codes", message, suggestion)
    if len(code) > MAX_LENGTH:
        message = f"The code {_shorten(code)} has {len(code)} characters; at most {MAX_LENGTH} are allowed."
        return _Flaw("too_long", message)
    return None


def _section_name(text: str, place: SourcePlace, report: Report) -> str:
    """Return the name of a section; characters that no text may have are replaced, with a warning."""
    name = fit(" ".join(text.split()))
    if unfit(text):
        message = f"The heading {_shorten(name)} has an unreadable character, which was replaced."
        report(Problem(place, "undecodable", message, _shorten(name), "warning"))
    return name


def _shorten(value: str | None) -> str:
    text = fit((value or "")[: _MAX_VALUE + 1])
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}\u2026"
