"""Tables of web pages and Markdown documents; the heading above a table is its section.

One pass over the text finds the tags: as lenient as a browser, in time proportional to the length of the text.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from kb.importing.reading.sheets import CONTINUATION, Limits, Record, Report, Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile
from kb.text.codes.cells import breaks

_DIVIDER = re.compile(r"\|?:?-+:?(?:\|:?-+:?)*\|?")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
# Codes often have emphasis around the entire cell, which means nothing.
_EMPHASIS = re.compile(r"(`|\*\*)([^`*]+)\1")
_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*)")
_SPAN = re.compile(r"""\b(col|row)span\s*+=\s*+["'{]*+\s*+(\d{1,6})""", re.IGNORECASE)
# Longer than any number of a character; `html.unescape` raises ValueError for some thousand digits.
_LONG_REFERENCE = re.compile(r"&#[0-9]{20,}+;?")
_NO_TEXT = {"script", "style", "template", "noscript", "svg"}
_LINE_TAGS = {"p", "div", "br", "tr", "ul", "ol", "pre", "table", "dd", "dt"}


_TABLE_PARTS = {"tr", "td", "th", "thead", "tbody", "tfoot", "col", "colgroup"}
_BYTES_OF_CELL = 8


@dataclass
class _CellBudget:
    """How many cells all tables of a file may still have: one tag may fill a hundred cells of each row below it."""

    limits: Limits
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.limits.memory // _BYTES_OF_CELL

    def take(self, cells: int, line: int) -> None:
        """Count the cells of a row. Raises Unreadable when there are too many."""
        self.left -= cells
        if self.left < 0:
            most = self.limits.memory // _BYTES_OF_CELL
            message = f"The tables of this file have more than {most} cells, the limit. Use CSV."
            raise unreadable("too_many_cells", message, SourcePlace(line))


@dataclass
class _TableGrid:
    """One table: its records, and the level and text of the heading above it."""

    section: tuple[int, str] = (0, "")
    records: list[Record] = field(default_factory=list)


def read_html(source_file: SourceFile) -> list[Sheet]:
    """Return the tables of a web page, or of a part of one."""
    return _sheets(_HtmlTables(source_file.limits, _CellBudget(source_file.limits)).grids_of(source_file.text))


def read_markdown(source_file: SourceFile) -> list[Sheet]:
    """Return the pipe tables and the HTML tables of a Markdown source_file."""
    return _sheets(_markdown_grids(source_file.text, source_file.limits))


def _sheets(grids: list[_TableGrid]) -> list[Sheet]:
    headings = Counter(level for level, _ in {grid.section for grid in grids})
    sheets = []
    for grid in grids:
        level, section = grid.section
        # The only heading of the first level is the title of the page, not a section.
        section = "" if level == 1 and headings[1] == 1 else section

        def records(report: Report, rows: list[Record] = grid.records) -> list[Record]:
            return rows

        sheets.append(Sheet(records, section=section))
    return sheets


def _markdown_grids(text: str, limits: Limits) -> list[_TableGrid]:
    grids: list[_TableGrid] = []
    lines, budget = text.split("\n"), _CellBudget(limits)
    heading, fence, at = (0, ""), "", 0
    while at < len(lines):
        line = lines[at]
        fence_match = _FENCE.match(line)
        if fence or fence_match:
            if fence_match and (not fence or fence_match[1].startswith(fence)):
                fence = "" if fence else fence_match[1]
        elif heading_match := _HEADING.match(line):
            heading = (len(heading_match[1]), _plain_text(heading_match[2].strip().rstrip("#")))
        elif "<table" in line.lower():
            last = next((n for n in range(at, len(lines)) if "</table" in lines[n].lower()), len(lines) - 1)
            inner = _HtmlTables(limits, budget, at + 1, heading).grids_of("\n".join(lines[at : last + 1]))
            grids += inner
            at = last
        elif "|" in line and at + 1 < len(lines) and _is_divider(line, lines[at + 1]):
            grid = _TableGrid(heading, [(at + 1, _pipe_cells(line))])
            at += 2
            while at < len(lines) and "|" in lines[at]:
                grid.records.append((at + 1, _pipe_cells(lines[at])))
                budget.take(len(grid.records[-1][1]), at + 1)
                at += 1
            grids.append(grid)
            continue
        at += 1
    return grids


def _is_divider(header: str, line: str) -> bool:
    divider = line.replace(" ", "").replace("\t", "")
    return bool(_DIVIDER.fullmatch(divider)) and len(_pipe_cells(header)) == len(_pipe_cells(divider))


def _pipe_cells(line: str) -> list[str | None]:
    line = line.strip()
    line = line.removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    cells = re.split(r"(?<!\\)\|", line)
    return [_pipe_cell(cell.strip().replace("\\|", "|")) for cell in cells]


def _pipe_cell(cell: str) -> str:
    emphasis = _EMPHASIS.fullmatch(cell)
    return _unescape(breaks(emphasis[2] if emphasis else cell))


def _plain_text(heading: str) -> str:
    text = re.sub(r"\[([^\[\]]*)\]\([^()]*\)|<[^<>]*>|\{#[^{}]*\}", r"\1", heading)
    return _unescape(" ".join(text.replace("*", "").replace("`", "").split()))


def _unescape(text: str) -> str:
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text))


class _HtmlTables:
    """The tables of one page, collected in one pass over its tags."""

    def __init__(self, limits: Limits, budget: _CellBudget, line: int = 1, heading: tuple[int, str] = (0, "")) -> None:
        self.limits = limits
        self.budget = budget
        self.line = line
        self.heading = heading
        self.grids: list[_TableGrid] = []
        self.depth = 0
        self.in_caption = False
        self.row: list[str | None] | None = None
        self.row_line = line
        self.text: list[str] | None = None
        self.spans = (1, 1)
        # Number of rows below that a cell still covers, by column.
        self.rowspans: dict[int, int] = {}

    def grids_of(self, text: str) -> list[_TableGrid]:
        """Return the tables of a text."""
        for tag, attributes, cell_text, lines in _tags(text):
            self._add_text(cell_text)
            self.line += lines
            self._handle_tag(tag, attributes)
        self._end_row()
        return self.grids

    def _add_text(self, text: str) -> None:
        if self.text is not None and text:
            self.text.append(re.sub(r"\s+", " ", _unescape(text)))

    def _handle_tag(self, tag: str, attributes: str) -> None:
        name, closing = tag.lstrip("/"), tag.startswith("/")
        if self.in_caption and (name in ("caption", "table") or (self.depth == 1 and name in _TABLE_PARTS)):
            # As in a browser, a caption that is never closed ends where the table goes on.
            self._end_caption()
        if name == "table":
            self._handle_table(closing)
        elif self.depth == 1 and name == "tr":
            self._end_row()
            self.row, self.row_line = (None if closing else []), self.line
        elif self.depth == 1 and name in ("td", "th"):
            self._end_cell()
            if not closing:
                self._start_cell(attributes)
        elif self.depth == 0 and re.fullmatch(r"h[1-6]", name):
            if closing and self.text is not None:
                self.heading = (int(name[1]), " ".join("".join(self.text).split()))
            self.text = None if closing else []
        elif self.depth == 1 and name == "caption":
            self.text, self.in_caption = (None, False) if closing else ([], True)
        elif self.text is not None and self.depth:
            self.text.append(self._space_of(name, closing))

    def _end_caption(self) -> None:
        self.grids[-1].section = (2, " ".join("".join(self.text or ()).split()))
        self.text, self.in_caption = None, False

    def _space_of(self, name: str, closing: bool) -> str:
        """Return what a tag inside a cell puts between its texts."""
        if name == "li" and not closing:
            return "\n- "
        # Cells of a table inside the cell are words of their own.
        return "\n" if name in _LINE_TAGS else " " if name in ("td", "th") and not closing else ""

    def _handle_table(self, closing: bool) -> None:
        if not closing and self.depth == 0:
            self.grids.append(_TableGrid(self.heading))
            # A heading that is never closed is no cell of the table.
            self.rowspans, self.text = {}, None
        elif closing and self.depth == 1:
            self._end_row()
        self.depth = max(self.depth + (-1 if closing else 1), 0)

    def _start_cell(self, attributes: str) -> None:
        if self.row is None:
            self.row, self.row_line = [], self.line
        spans = {name.lower(): int(value) for name, value in _SPAN.findall(attributes)}
        self.spans = (max(spans.get("col", 1), 1), max(spans.get("row", 1), 1))
        self.text = []

    def _end_cell(self) -> None:
        if self.text is None or self.row is None:
            return
        self._fill_rowspans()
        column, (column_span, row_span) = len(self.row), self.spans
        self.row += [_clean_lines("".join(self.text)), *[""] * (min(column_span, self.limits.columns + 1) - 1)]
        if len(self.row) > self.limits.columns + 1:
            message = f"This row has more than {self.limits.columns} columns, the limit."
            raise unreadable("too_many_columns", message, SourcePlace(self.row_line))
        if row_span > 1:
            for covered_column in range(column, len(self.row)):
                self.rowspans[covered_column] = row_span - 1
        self.text = None

    def _fill_rowspans(self) -> None:
        """Add an empty cell wherever a cell above covers this row."""
        assert self.row is not None
        while self.rowspans.get(column := len(self.row)) and column <= self.limits.columns:
            self.row.append(CONTINUATION)
            self.rowspans[column] -= 1

    def _end_row(self) -> None:
        self._end_cell()
        if self.row is not None and self.grids:
            self._fill_rowspans()
            self.budget.take(len(self.row), self.row_line)
            if self.row:
                self.grids[-1].records.append((self.row_line, self.row))
        self.row = None


def _tags(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Yield each tag: its name, its attributes, the text before it and the number of line breaks up to it."""
    at, text_start, line_offset = 0, 0, 0
    while (tag_start := text.find("<", at)) >= 0:
        name_match = _NAME.match(text, tag_start + 1)
        if not name_match and text[tag_start + 1 : tag_start + 2] not in ("!", "?"):
            at = tag_start + 1
            continue
        tag_end, mark_length = text.find(">", tag_start), 1
        if text.startswith("<!--", tag_start):
            tag_end, mark_length = text.find("-->", tag_start), 3
        if tag_end < 0:
            break
        name = name_match[0].lower() if name_match else ""
        yield (
            name,
            text[tag_start + len(name) + 1 : tag_end],
            text[text_start:tag_start],
            text.count("\n", line_offset, tag_start),
        )
        line_offset, at = tag_start, tag_end + mark_length
        if name in _NO_TEXT:
            end = re.compile(f"</{name}", re.IGNORECASE).search(text, at)
            at = end.start() if end else len(text)
        text_start = at
    yield "", "", text[text_start:], 0


def _clean_lines(text: str) -> str:
    return "\n".join(line for line in (part.strip() for part in text.split("\n")) if line and line != "-")
