"""The rows of a table, from the records of a sheet whose header is known: check and label the cells of each record."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from kb.importing.reading.choices import FileQuestion
from kb.importing.reading.code_cells import CodeCells
from kb.importing.reading.columns import EXTRA, SUBCODE, ColumnMap, positions
from kb.importing.reading.evidence import is_code_like, shape
from kb.importing.reading.files import bad_byte
from kb.importing.reading.header_names import NO_CODES, SPLIT, is_total
from kb.importing.reading.lines import is_block, is_heading, is_legend, is_note
from kb.importing.reading.sheets import (
    CONTINUATION,
    Limits,
    Problem,
    Record,
    Report,
    Sheet,
    SourcePlace,
)
from kb.text.codes.cells import ERROR_CELLS, error_of, fit, shorten, tidy, unfit


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
    questions: list[FileQuestion] = field(default_factory=list)
    # Whether the codes lose the `.0` with which all of them end.
    without_zero: bool = False
    # Extra columns without a cell in the records that were looked at, so that nothing says what they are.
    unseen: frozenset[str] = frozenset()
    # Codes of the table that may look damaged, and are not.
    stored: Container[str] = frozenset()
    # What joins the parts of a code that is no list, as `damage.joint` returns it.
    joints: frozenset[str] = frozenset()
    # The answer to each kind of question, by choice or by default, as in `choices.ANSWERS`.
    ways: dict[str, str] = field(default_factory=dict)
    # What a column of several texts has, and which of them words without a label are.
    split_texts: list[str] = field(default_factory=list)
    split_rest: str = "description"
    # Ranges of codes that rows name, and whether the latest row has the code of the row above. Set while rows are read.
    ranges: list[tuple[str, str, str]] = field(default_factory=list)
    continues: bool = False

    @property
    def code_at(self) -> int:
        """The index of the column with the code."""
        return list(self.columns.targets.values()).index("code")

    @property
    def subcode_at(self) -> int:
        """The index of the column with the second part of the code; -1 without one."""
        order = list(self.columns.targets.values())
        return order.index(SUBCODE) if SUBCODE in order else -1

    @property
    def texts_at(self) -> dict[str, int]:
        """The index of each column with a vendor's text."""
        return positions(self.columns)


Arrange = Callable[[SheetPart, Iterator[Record]], Iterator[Record]]
"""Changes records before their cells are checked, such as one record for each code of a cell."""


def rows_of(
    part: SheetPart, limits: Limits, encoding: str, report: Report, arrangements: Sequence[Arrange] = ()
) -> Iterator[TableRow]:
    """Yield the rows without errors and report the problems of the others."""
    return _RowReader(part, limits, encoding, report, arrangements).rows()


class _RowReader:
    """Reads one sheet once."""

    def __init__(
        self, part: SheetPart, limits: Limits, encoding: str, report: Report, arrangements: Sequence[Arrange]
    ) -> None:
        self.part = part
        self.sheet = part.sheet
        self.limits = limits
        self.encoding = encoding
        self.report = report
        self.arrangements = arrangements
        self.width = len(part.header)
        order = list(part.columns.targets.values())
        self.code_at = order.index("code")
        self.section_at = order.index("section") if "section" in order else -1
        self.texts_at = list(positions(part.columns).items())
        self.extra_at = [(part.header[i], i) for i, target in enumerate(order) if target in (EXTRA, SPLIT)]
        # Where surplus cells go, if somebody joins them; -1 if they are an error.
        self.joins_at = max(dict(self.texts_at).values(), default=-1) if part.ways.get("commas") == "join" else -1
        self.section = part.section
        self.section_cell: object = object()
        # Whether rows name blocks of codes.
        self.has_blocks = False
        # Whether rows leave out their last cells, as some programs write them.
        self.has_short_rows = False
        # The place of the first text of each column that the first records leave empty.
        self.late_texts: dict[str, tuple[SourcePlace, str]] = {}
        intact = part.ways.get("damage") == "keep"
        without_zero = part.without_zero and not intact
        self.codes = CodeCells(self.sheet, report, without_zero=without_zero, intact=intact, stored=part.stored)
        self.codes.joints |= part.joints
        self.codes.single = part.ways.get("lists") == "keep"

    def rows(self) -> Iterator[TableRow]:
        """Yield the rows without errors."""
        limit, name, spreadsheet = self.limits.cell, self.sheet.name, self.sheet.spreadsheet
        code_at, texts_at, extra_at = self.code_at, self.texts_at, self.extra_at
        records, read_code, unseen = self._records(), self.codes.read, self.part.unseen
        for arrange in self.arrangements:
            records = arrange(self.part, records)
        for line, cells in records:
            # A million rows pass through this loop: rare cases are checked once for all cells and handled elsewhere.
            self._update_section(cells)
            if not ERROR_CELLS.isdisjoint(cells):
                cells = self._without_errors(line, cells)
            code = read_code(line, cells[code_at], cells)
            if self.sheet.suspect and not self._is_fit(line, cells):
                continue
            if code is None or (code in NO_CODES and self._is_total(line, code, cells)):
                continue
            row_texts = [cell and tidy(cell, spreadsheet) for cell in cells]
            if max(map(len, filter(None, row_texts)), default=0) > limit:
                self._report_long(line, row_texts)
                continue
            texts = {key: text for key, at in texts_at if (text := row_texts[at]) is not None}
            extra = {header: text for header, at in extra_at if (text := row_texts[at])}
            if unseen and not unseen.isdisjoint(extra):
                late = {header: (SourcePlace(line, name), extra[header]) for header in unseen.intersection(extra)}
                self.late_texts = late | self.late_texts
            yield TableRow(SourcePlace(line, name), self.section, code, texts, extra, self.codes.damage)
        self.codes.report_doubts()
        self._report_late_texts()

    def _report_late_texts(self) -> None:
        for header, (place, text) in self.late_texts.items():
            message = f"The column {header} has no text above this row, so it was read as an extra column."
            message += f" Here it has {shorten(text)}. Choose what it is."
            self.report(Problem(place, "late_column", message, header, "warning"))

    def _records(self) -> Iterator[Record]:
        """Yield the records below the header, as wide as it, without empty ones, banners and repeated headers."""
        pending: Record | None = None
        for line, cells in self._without_lines():
            if pending:
                candidate, pending = pending, None
                if self._repeats_header(cells) or is_heading(self.sheet, candidate[1], self.width):
                    self._start_section(*candidate)
                elif (row_cells := self._fit_record(*candidate)) is not None:
                    yield candidate[0], row_cells
            if self._repeats_header(cells):
                continue
            if cells[0] and self.section_at < 0 and self.width > 1 and not any(cells[1:]):
                pending = line, cells
            elif (row_cells := self._fit_record(line, cells)) is not None:
                yield line, row_cells
        if pending and is_heading(self.sheet, pending[1], self.width):
            self._leave_out(*pending)
        elif pending and (row_cells := self._fit_record(*pending)) is not None:
            yield pending[0], row_cells

    def _without_lines(self) -> Iterator[Record]:
        """Yield the records below the header without legends, and those that name blocks of codes, which are sections.

        A legend ends at a repeated header, and at a code of the form of the one above it.
        """
        code_at, code, legend = self.code_at, "", False
        for line, cells in islice(self.sheet.records(self.report), self.part.header_end, None):
            first = cells[0]
            if legend and self._ends_legend(cells, code):
                legend = False
            elif legend:
                self._leave_out(line, cells)
                continue
            if first and first[-1] in ":\uff1a" and is_legend(first.strip()) and not any(cells[1:]):
                legend = True
                self._leave_out(line, cells)
            elif first and first[-1] == "#" and is_block(first.strip(), known=self.has_blocks):
                self._start_block(line, cells)
            else:
                code = (cells[code_at] if code_at < len(cells) else "") or code
                yield line, cells

    def _ends_legend(self, cells: Sequence[str | None], code: str) -> bool:
        cell = (cells[self.code_at] if self.code_at < len(cells) else "") or ""
        return not any(cells) or self._repeats_header(cells) or (bool(cell) and shape(cell) == shape(code))

    def _start_block(self, line: int, cells: Sequence[str | None]) -> None:
        self.has_blocks = True
        name = next((cells[at] for _, at in self.texts_at if at < len(cells) and cells[at]), "") or cells[0] or ""
        self.section = section_name(tidy(name).strip("*_ "), self.sheet.place(line), self.report)

    def _start_section(self, line: int, cells: Sequence[str | None]) -> None:
        text = tidy(cells[0] or "")
        if is_note(text):
            self._leave_out(line, cells)
        else:
            self.section = section_name(text.strip("*= []") or text, self.sheet.place(line), self.report)

    def _leave_out(self, line: int, cells: Sequence[str | None]) -> None:
        """Name a line of words that is neither a code nor the heading of codes."""
        words = shorten(" | ".join(cell.strip() for cell in cells if cell and cell.strip()))
        message = f"This line has no code and was left out: {words}"
        self.report(Problem(self.sheet.place(line), "note_left_out", message, shorten(cells[0]), "warning"))

    def _repeats_header(self, cells: Sequence[str | None]) -> bool:
        return cells[0] == self.part.cells[0] and list(cells[: self.width]) == self.part.cells

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
        if len(cells) > self.width and self.joins_at >= 0:
            return self._join_surplus(line, cells)
        if len(cells) < self.width and line == self.sheet.unended_line and not self.has_short_rows:
            message = (
                f"The file seems cut off: its last row has {len(cells)} cells, the header has {self.width}, and no"
            )
            message += " line break ends it. Get the whole file."
            code = cells[self.code_at] if self.code_at < len(cells) else ""
            self.report(Problem(self.sheet.place(line), "cut_off", message, shorten(code)))
            return None
        if self.code_at < len(cells) < self.width and is_code_like(cells[self.code_at] or ""):
            self.has_short_rows = True
            message = f"This row has {len(cells)} cells, the header has {self.width}; the last ones count as not there."
            self.report(Problem(self.sheet.place(line), "short_row", message, shorten(cells[self.code_at]), "warning"))
            return [*cells, *[None] * (self.width - len(cells))]
        self._update_section(cells)
        code = cells[self.code_at] if self.code_at < len(cells) else ""
        message = f"This row has {len(cells)} cells, the header has {self.width}."
        self.report(Problem(self.sheet.place(line), "ragged_row", message, shorten(code)))
        return None

    def _join_surplus(self, line: int, cells: Sequence[str | None]) -> list[str | None]:
        """Return a record as wide as the header, with the surplus cells in its last text; tells of it."""
        end = self.joins_at + len(cells) - self.width + 1
        text = self.sheet.delimiter.join(cell or "" for cell in cells[self.joins_at : end])
        message = f"This row has {len(cells)} cells, the header has {self.width}; the surplus is joined to one text."
        self.report(Problem(self.sheet.place(line), "joined_cells", message, shorten(cells[self.code_at]), "warning"))
        return [*cells[: self.joins_at], text, *cells[end:]]

    def _is_total(self, line: int, code: str, cells: Sequence[str | None]) -> bool:
        """Whether a row is the sum of a table; warns of it, and of a row that stands for all other codes."""
        left_out = is_total(code) and not any(cells[at] for _, at in self.texts_at)
        fate = "It is left out" if left_out else "It is read as a code"
        message = f"{code} seems to be a sum or a word for other codes, not a code. {fate}."
        self.report(Problem(self.sheet.place(line), "no_code", message, code, "warning"))
        return left_out

    def _without_errors(self, line: int, cells: Sequence[str | None]) -> Sequence[str | None]:
        """Return a record whose texts with an error of a spreadsheet count as not there; warn of them."""
        errors = {n: cell for n, cell in enumerate(cells) if cell in ERROR_CELLS and n != self.code_at}
        for n, cell in errors.items():
            message = f"The column {self.part.header[n]} has {cell}, {error_of(cell or '')}; it counts as not there."
            self.report(Problem(self.sheet.place(line), "error_cell", message, shorten(cells[self.code_at]), "warning"))
        return [None if n in errors else cell for n, cell in enumerate(cells)]

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
        value = shorten(cells[self.code_at])
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
                self.report(Problem(self.sheet.place(line), "too_long", message, shorten(cells[self.code_at])))


def section_name(text: str, place: SourcePlace, report: Report) -> str:
    """Return the name of a section; characters that no text may have are replaced, with a warning."""
    name = fit(" ".join(text.split()))
    if unfit(text):
        message = f"The heading {shorten(name)} has an unreadable character, which was replaced."
        report(Problem(place, "undecodable", message, shorten(name), "warning"))
    return name
