"""From the records of a sheet to the rows of a table: find the header, then check and name the cells of each record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from kb.importing.reading import columns as named
from kb.importing.reading.columns import ColumnMap
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

MAX_HEADER_RECORD = 20
"""Records among which the header is looked for: titles and notes may stand above it."""

_SHOWN = 60
_EXACT_DIGITS = 15


class TableRow(NamedTuple):
    """One code as the file has it.

    `texts` has the columns that the file has, by their name in VENDOR_TEXTS: "" clears, an absent one leaves alone.
    `extra` has the other columns by their header, without the empty ones.
    """

    place: SourcePlace
    section: str
    code: str
    texts: dict[str, str]
    extra: dict[str, str]


@dataclass
class SheetPart:
    """A sheet whose header is known."""

    sheet: Sheet
    header: list[str]
    # Records up to the header, and with it. A line may hold several of them.
    above: int
    columns: ColumnMap
    section: str
    problems: list[Problem]
    cells: list[str | None] = field(default_factory=list)

    def rows(self, limits: Limits, encoding: str, report: Report) -> Iterator[TableRow]:
        """Yield the rows that can be used and report what is wrong with the others."""
        return _RowReader(self, limits, encoding, report).rows()


def find_header(sheet: Sheet, given: ColumnMap, limits: Limits) -> SheetPart | list[str]:
    """Return the sheet with its header; without one, the cells that would be the header if they named a code."""
    above = ""
    first: list[str] = []
    for count, (line, cells) in enumerate(sheet.records(lambda problem: None)):
        if count >= MAX_HEADER_RECORD:
            break
        if named.is_header(cells, given):
            return _part(sheet, (count + 1, line), list(cells), given, above, limits)
        said = [cell for cell in cells if cell and cell.strip()]
        above = tidy(said[0]) if len(said) == 1 else above
        first = first if len(first) > 1 else said
    return named.label_headers(first)


def _part(
    sheet: Sheet, at: tuple[int, int], cells: list[str | None], given: ColumnMap, above: str, limits: Limits
) -> SheetPart:
    count, line = at
    while cells and not (cells[-1] or "").strip():
        cells.pop()
    if len(cells) > limits.columns:
        message = f"The file has {len(cells)} columns; at most {limits.columns} are allowed."
        raise unreadable("too_many_columns", message, sheet.place(line))
    columns, problems = named.find_columns(cells, given, sheet.place(line))
    section = _heading(above or sheet.section, sheet.place(line), problems.append)
    return SheetPart(sheet, list(columns.targets), count, columns, section, problems, cells)


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
        self.texts_at = list(named.positions(part.columns).items())
        self.extra_at = [(part.header[i], i) for i, target in enumerate(order) if target == named.EXTRA]
        self.section = part.section
        self.widths = Widths()

    def rows(self) -> Iterator[TableRow]:
        """Yield the rows that can be used."""
        limit, name, spreadsheet = self.limits.cell, self.sheet.name, self.sheet.spreadsheet
        code_at, texts_at, extra_at = self.code_at, self.texts_at, self.extra_at
        for line, cells in self._records():
            # A million rows come along here: whatever is rare is asked for all cells at once, and handled elsewhere.
            self._see_section(cells)
            code = self._code(line, cells[code_at])
            if self.sheet.suspect and not self._is_fit(line, cells):
                continue
            if code is None:
                continue
            tidied = [cell and tidy(cell, spreadsheet) for cell in cells]
            if any(len(cell) > limit for cell in tidied if cell):
                self._report_long(line, tidied)
                continue
            texts = {key: text for key, at in texts_at if (text := tidied[at]) is not None}
            extra = {header: text for header, at in extra_at if (text := tidied[at])}
            yield TableRow(SourcePlace(line, name), self.section, code, texts, extra)
        self._report_lost_zeros()

    def _records(self) -> Iterator[Record]:
        """Yield what stands below the header, as wide as it: without empty records, banners and repeated headers."""
        waiting: Record | None = None
        for line, cells in islice(self.sheet.records(self.report), self.part.above, None):
            if waiting:
                lone, waiting = waiting, None
                if self._repeats_header(cells) or self._is_banner(lone[1]):
                    self.section = _heading(tidy(lone[1][0] or ""), self.sheet.place(lone[0]), self.report)
                elif (fitted := self._fitted(*lone)) is not None:
                    yield lone[0], fitted
            if self._repeats_header(cells):
                continue
            if cells[0] and self.section_at < 0 and self.width > 1 and not any(cells[1:]):
                waiting = line, cells
            elif (fitted := self._fitted(line, cells)) is not None:
                yield line, fitted
        if waiting and not self._is_banner(waiting[1]) and (fitted := self._fitted(*waiting)) is not None:
            yield waiting[0], fitted

    def _repeats_header(self, cells: Sequence[str | None]) -> bool:
        return cells[0] == self.part.cells[0] and list(cells[: self.width]) == self.part.cells

    def _is_banner(self, cells: Sequence[str | None]) -> bool:
        """Whether a record with one cell alone is a heading within the table, and not a code without a text."""
        text = tidy(cells[0] or "")
        whole = self.sheet.name or len(cells) == self.width
        return bool(whole) and (" " in text or not (text.isascii() or any(map(str.isdigit, text))))

    def _fitted(self, line: int, cells: Sequence[str | None]) -> Sequence[str | None] | None:
        """Return a record as wide as the header; None, and a problem, where cells are too many or too few."""
        if len(cells) == self.width:
            return cells if any(cells) else None
        if not any(cell and cell.strip() for cell in cells):
            return None
        if len(cells) < self.width and self.sheet.name:
            # A sheet does not say where its empty cells end.
            return [*cells, *[""] * (self.width - len(cells))]
        if len(cells) > self.width and not any(cell and cell.strip() for cell in cells[self.width :]):
            return cells[: self.width]
        self._see_section(cells)
        code = cells[self.code_at] if self.code_at < len(cells) else ""
        message = f"This row has {len(cells)} cells, the header has {self.width}."
        self.report(Problem(self.sheet.place(line), "ragged_row", message, _shown(code)))
        return None

    def _code(self, line: int, cell: str | None) -> str | None:
        """Return the code of a record; None, and a problem, where it has not exactly one."""
        if type(cell) is str and cell.isalnum() and cell not in EMPTY and len(cell) <= MAX_LENGTH:
            # As most codes are: nothing to clean, and nothing can be wrong.
            self.widths.see(line, cell, number=False)
            return cell
        code = clean(tidy(cell or "", self.sheet.spreadsheet))
        kind = type(cell)
        self.widths.see(line, code, number=kind is Number)
        flaw = _flaw_of(code, kind)
        if flaw:
            # The planner finds the codes that broken rows name in `value`: a list of them is kept in full.
            value = fit(code) if flaw.suggestion else _shown(code)
            self.report(Problem(self.sheet.place(line), flaw.kind, flaw.message, value, suggestion=flaw.suggestion))
            return None
        if kind is Number and len(code) > _EXACT_DIGITS:
            message = f"The spreadsheet keeps {_EXACT_DIGITS} digits of a number: are the last ones of {code} right?"
            self.report(Problem(self.sheet.place(line), "digits_lost", message, code, "warning"))
        return code

    def _see_section(self, cells: Sequence[str | None]) -> None:
        """Take notice of a record's section, also of one with an error: a merged cell below it carries it on."""
        if 0 <= self.section_at < len(cells) and (cell := cells[self.section_at]) is not CONTINUATION:
            said = " ".join(tidy(cell or "", self.sheet.spreadsheet).split())
            self.section = fit(said) if self.sheet.suspect else said

    def _is_fit(self, line: int, cells: Sequence[str | None]) -> bool:
        """Whether no cell has a character that no text may have; reports each that has."""
        bad = [(self.part.header[i], unfit(cell)) for i, cell in enumerate(cells) if cell and unfit(cell)]
        value = _shown(cells[self.code_at])
        for header, character in bad:
            byte = bad_byte(character)
            if byte is None:
                what, kind = f"has the control character U+{ord(character):04X}", "control_character"
            else:
                what, kind = f"has the byte 0x{byte:02X}, which is not {self.encoding.upper()}", "undecodable"
            self.report(Problem(self.sheet.place(line), kind, f"The column {header} {what}.", value))
        return not bad

    def _report_long(self, line: int, cells: Sequence[str | None]) -> None:
        for header, cell in zip(self.part.header, cells, strict=True):
            if cell and len(cell) > self.limits.cell:
                message = f"The column {header} has {len(cell)} characters; at most {self.limits.cell} are allowed."
                self.report(Problem(self.sheet.place(line), "too_long", message, _shown(cells[self.code_at])))

    def _report_lost_zeros(self) -> None:
        width, narrow = self.widths.narrow()
        for line, code in narrow:
            message = f"The spreadsheet holds {code} as a number, while codes here have {width} characters:"
            message += f" were zeros lost, as in {code.zfill(width)}?"
            self.report(Problem(self.sheet.place(line), "zeros_lost", message, code, "warning", (code.zfill(width),)))


class _Flaw(NamedTuple):
    kind: str
    message: str
    suggestion: tuple[str, ...] = ()


def _flaw_of(code: str, kind: type) -> _Flaw | None:
    """Return what is wrong with a code, if anything is."""
    if not code:
        return _Flaw("missing_code", "This row has no code.")
    if kind is Date:
        return _Flaw("date_code", f"The spreadsheet made a date of this code ({code}): store the column as text.")
    suggestion = several_codes(fit(code))
    if suggestion:
        message = f"This cell has several codes: {_shown(code)}. Give each of them a row of its own."
        return _Flaw("several_codes", message, suggestion)
    if len(code) > MAX_LENGTH:
        message = f"The code {_shown(code)} has {len(code)} characters; at most {MAX_LENGTH} are allowed."
        return _Flaw("too_long", message)
    return None


def _heading(text: str, place: SourcePlace, report: Report) -> str:
    """Return the name of a section; a character that it must not have becomes one that shows, with a warning."""
    name = fit(" ".join(text.split()))
    if unfit(text):
        message = f"The heading {_shown(name)} has a character that cannot be read; it is replaced."
        report(Problem(place, "undecodable", message, _shown(name), "warning"))
    return name


def _shown(value: str | None) -> str:
    text = fit((value or "")[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\u2026"
