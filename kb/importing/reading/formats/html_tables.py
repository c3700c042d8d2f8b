"""Tables of web pages; the heading above a table is its section."""

import re

from kb.importing.reading.formats.grids import CellBudget, Grid, unescape
from kb.importing.reading.formats.html_tags import tags_of
from kb.importing.reading.sheets import CONTINUATION, Limits, SourcePlace, unreadable

_SPAN = re.compile(r"""\b(col|row)span\s*+=\s*+["'{]*+\s*+(\d{1,6})""", re.IGNORECASE)
_LINE_TAGS = {"p", "div", "br", "tr", "ul", "ol", "pre", "table", "dd", "dt"}
_TABLE_PARTS = {"tr", "td", "th", "thead", "tbody", "tfoot", "col", "colgroup"}
_MARKS = {"del": "~~", "s": "~~", "strike": "~~"}


class HtmlTables:
    """The tables of one page, collected in one pass over its tags."""

    # Whether only tables without a table inside are read: those around them are the layout of a page.
    only_inner = False
    # Whether the text ends inside a table.
    is_open = False

    def __init__(self, limits: Limits, budget: CellBudget, line: int = 1, heading: tuple[int, str] = (0, "")) -> None:
        self.limits = limits
        self.budget = budget
        self.line = line
        self.heading = heading
        self.grids: list[Grid] = []
        self.depth = 0
        self.in_caption = False
        self.row: list[str | None] | None = None
        self.row_line = line
        self.text: list[str] | None = None
        self.spans = (1, 1)
        # Number of rows below that a cell still covers, by column.
        self.rowspans: dict[int, int] = {}

    def grids_of(self, text: str) -> list[Grid]:
        """Return the tables of a text."""
        for tag, attributes, cell_text, lines in tags_of(text):
            self._add_text(cell_text)
            self.line += lines
            self._handle_tag(tag, attributes)
        self.is_open = self.depth > 0
        self._end_row()
        return self.grids

    def _add_text(self, text: str) -> None:
        if self.text is not None and text:
            self.text.append(re.sub(r"\s+", " ", unescape(text)))

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
        if name in _MARKS or (name == "sup" and not closing):
            # Without the sign, a power or the number of a footnote would join the digits before it.
            return _MARKS.get(name, "^")
        # Cells of a table inside the cell are words of their own.
        return "\n" if name in _LINE_TAGS else " " if name in ("td", "th") and not closing else ""

    def _handle_table(self, closing: bool) -> None:
        if not closing and self.only_inner:
            self.depth, self.row = 0, None
        if not closing and self.depth == 0:
            self.grids.append(Grid(self.heading))
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


def _clean_lines(text: str) -> str:
    return "\n".join(line for line in (part.strip() for part in text.split("\n")) if line and line != "-")
