"""Tables of web pages and of Markdown documents; the heading above a table is its section.

The tags are found by hand, in one walk over the text: a browser's leniency, and time that grows with the text only.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from kb.importing.reading.sheets import CONTINUATION, Limits, Record, Report, Sheet, SourcePlace, unreadable
from kb.text.codes.cells import breaks

_DIVIDER = re.compile(r"\|?:?-+:?(?:\|:?-+:?)*\|?")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
# Around an entire cell, as codes often have it, it says nothing.
_EMPHASIS = re.compile(r"(`|\*\*)([^`*]+)\1")
_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*)")
_SPAN = re.compile(r"""\b(col|row)span\s*+=\s*+["'{]*+\s*+(\d{1,6})""", re.IGNORECASE)
_SILENT = {"script", "style", "template", "noscript", "svg"}
_LINES = {"p", "div", "br", "tr", "ul", "ol", "pre", "table", "dd", "dt"}


@dataclass
class _Grid:
    """One table as it is found: its records, and the section that the heading above it names."""

    section: tuple[int, str] = (0, "")
    records: list[Record] = field(default_factory=list)


def html_sheets(text: str, limits: Limits) -> list[Sheet]:
    """Return the tables of a web page, or of a piece of one."""
    return _sheets(_HtmlTables(limits).read(text))


def markdown_sheets(text: str, limits: Limits) -> list[Sheet]:
    """Return the pipe tables of a Markdown document, and its HTML ones."""
    return _sheets(_markdown_grids(text, limits))


def _sheets(grids: list[_Grid]) -> list[Sheet]:
    headings = Counter(level for level, _ in {grid.section for grid in grids})
    made = []
    for grid in grids:
        level, section = grid.section
        # The only heading of the first level is the title of the page, and no section.
        section = "" if level == 1 and headings[1] == 1 else section

        def records(report: Report, found: list[Record] = grid.records) -> list[Record]:
            return found

        made.append(Sheet(records, section=section))
    return made


def _markdown_grids(text: str, limits: Limits) -> list[_Grid]:
    grids: list[_Grid] = []
    lines = text.split("\n")
    heading, fence, at = (0, ""), "", 0
    while at < len(lines):
        line = lines[at]
        opened = _FENCE.match(line)
        if fence or opened:
            if opened and (not fence or opened[1].startswith(fence)):
                fence = "" if fence else opened[1]
        elif found := _HEADING.match(line):
            heading = (len(found[1]), _plain(found[2].strip().rstrip("#")))
        elif "<table" in line.lower():
            last = next((n for n in range(at, len(lines)) if "</table" in lines[n].lower()), len(lines) - 1)
            inner = _HtmlTables(limits, at + 1, heading).read("\n".join(lines[at : last + 1]))
            grids += inner
            at = last
        elif "|" in line and at + 1 < len(lines) and _divides(line, lines[at + 1]):
            grid = _Grid(heading, [(at + 1, _pipe_cells(line))])
            at += 2
            while at < len(lines) and "|" in lines[at]:
                grid.records.append((at + 1, _pipe_cells(lines[at])))
                at += 1
            grids.append(grid)
            continue
        at += 1
    return grids


def _divides(header: str, line: str) -> bool:
    bare = line.replace(" ", "").replace("\t", "")
    return bool(_DIVIDER.fullmatch(bare)) and len(_pipe_cells(header)) == len(_pipe_cells(bare))


def _pipe_cells(line: str) -> list[str | None]:
    line = line.strip()
    line = line.removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    cells = re.split(r"(?<!\\)\|", line)
    return [_pipe_cell(cell.strip().replace("\\|", "|")) for cell in cells]


def _pipe_cell(cell: str) -> str:
    whole = _EMPHASIS.fullmatch(cell)
    return html.unescape(breaks(whole[2] if whole else cell))


def _plain(heading: str) -> str:
    text = re.sub(r"\[([^\[\]]*)\]\([^()]*\)|<[^<>]*>|\{#[^{}]*\}", r"\1", heading)
    return html.unescape(" ".join(text.replace("*", "").replace("`", "").split()))


class _HtmlTables:
    """One walk over the tags of a page."""

    def __init__(self, limits: Limits, line: int = 1, heading: tuple[int, str] = (0, "")) -> None:
        self.limits = limits
        self.line = line
        self.heading = heading
        self.grids: list[_Grid] = []
        self.depth = 0
        self.row: list[str | None] | None = None
        self.row_line = line
        self.text: list[str] | None = None
        self.spans = (1, 1)
        # Rows that the cells above still reach into, by column.
        self.reaching: dict[int, int] = {}

    def read(self, text: str) -> list[_Grid]:
        """Return the tables of a text."""
        for tag, attributes, said, lines in _tags(text):
            self._say(said)
            self.line += lines
            self._tag(tag, attributes)
        self._end_row()
        return self.grids

    def _say(self, said: str) -> None:
        if self.text is not None and said:
            self.text.append(re.sub(r"\s+", " ", html.unescape(said)))

    def _tag(self, tag: str, attributes: str) -> None:
        name, closing = tag.lstrip("/"), tag.startswith("/")
        if name == "table":
            self._table(closing)
        elif self.depth == 1 and name == "tr":
            self._end_row()
            self.row, self.row_line = (None if closing else []), self.line
        elif self.depth == 1 and name in ("td", "th"):
            self._end_cell()
            if not closing:
                self._begin_cell(attributes)
        elif self.depth == 0 and re.fullmatch(r"h[1-6]", name):
            if closing and self.text is not None:
                self.heading = (int(name[1]), " ".join("".join(self.text).split()))
            self.text = None if closing else []
        elif self.depth == 1 and name == "caption":
            if closing and self.text is not None and self.grids:
                self.grids[-1].section = (2, " ".join("".join(self.text).split()))
            self.text = None if closing else []
        elif self.text is not None and self.depth:
            self.text.append("\n- " if name == "li" and not closing else "\n" if name in _LINES else "")

    def _table(self, closing: bool) -> None:
        if not closing and self.depth == 0:
            self.grids.append(_Grid(self.heading))
            self.reaching = {}
        elif closing and self.depth == 1:
            self._end_row()
        self.depth = max(self.depth + (-1 if closing else 1), 0)

    def _begin_cell(self, attributes: str) -> None:
        if self.row is None:
            self.row, self.row_line = [], self.line
        spans = {name.lower(): int(value) for name, value in _SPAN.findall(attributes)}
        self.spans = (max(spans.get("col", 1), 1), max(spans.get("row", 1), 1))
        self.text = []

    def _end_cell(self) -> None:
        if self.text is None or self.row is None:
            return
        self._fill()
        column, (wide, high) = len(self.row), self.spans
        self.row += [_lines("".join(self.text)), *[""] * (min(wide, self.limits.columns + 1) - 1)]
        if len(self.row) > self.limits.columns + 1:
            message = f"This row has more than {self.limits.columns} columns; that is the most allowed."
            raise unreadable("too_many_columns", message, SourcePlace(self.row_line))
        if high > 1:
            for covered in range(column, len(self.row)):
                self.reaching[covered] = high - 1
        self.text = None

    def _fill(self) -> None:
        """Put an empty cell wherever one from above reaches into this row."""
        assert self.row is not None
        while self.reaching.get(column := len(self.row)) and column <= self.limits.columns:
            self.row.append(CONTINUATION)
            self.reaching[column] -= 1

    def _end_row(self) -> None:
        self._end_cell()
        if self.row is not None and self.grids:
            self._fill()
            if self.row:
                self.grids[-1].records.append((self.row_line, self.row))
        self.row = None


def _tags(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Yield each tag's name, its attributes, the text before it and the line breaks up to it."""
    at, said, counted = 0, 0, 0
    while (opens := text.find("<", at)) >= 0:
        found = _NAME.match(text, opens + 1)
        if not found and text[opens + 1 : opens + 2] not in ("!", "?"):
            at = opens + 1
            continue
        closes, after = text.find(">", opens), 1
        if text.startswith("<!--", opens):
            closes, after = text.find("-->", opens), 3
        if closes < 0:
            break
        name = found[0].lower() if found else ""
        yield name, text[opens + len(name) + 1 : closes], text[said:opens], text.count("\n", counted, opens)
        counted, at = opens, closes + after
        if name in _SILENT:
            end = re.compile(f"</{name}", re.IGNORECASE).search(text, at)
            at = end.start() if end else len(text)
        said = at
    yield "", "", text[said:], 0


def _lines(text: str) -> str:
    return "\n".join(line for line in (one.strip() for one in text.split("\n")) if line and line != "-")
