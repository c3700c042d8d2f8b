"""Markdown documents: pipe tables, tables of HTML, and codes as headings or items of lists."""

import re
from itertools import pairwise

from kb.importing.reading.formats.grids import CellBudget, Grid, code_header, tell, unescape, without_jira_marks
from kb.importing.reading.formats.html_tables import HtmlTables
from kb.importing.reading.formats.prose import HEADING, ITEM, TERM, TEXT, Block, entries_of
from kb.importing.reading.formats.web_page import document_sheets
from kb.importing.reading.sheets import Limits, Sheet
from kb.importing.reading.source_file import SourceFile
from kb.text.codes.cells import breaks

_DIVIDER = re.compile(r"\|?:?-+:?(?:[|+]:?-+:?)*\|?")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)|(#{2,6})([^\W\d_].*)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_ITEM = re.compile(r"([ \t]{0,16})(?:[-*+\u2022]|\d{1,4}[.)])[ \t]{1,9}(\S.*)")
_BOLD_LINE = re.compile(r"\*\*[^*\n]{1,200}\*\*:?")
_BOLD_LEVEL = 7
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*")
_PIPE = re.compile(r"(?<!\\)\|")
_CODE_SPAN = re.compile(r"`[^`\n]{0,300}`")
# Codes often have emphasis around the entire cell, which means nothing.
_EMPHASIS = re.compile(r"(`|\*\*)([^`*]+)\1")
_INNER = re.compile(r"`[^`\n]{0,300}`|(?<![\w*\\])(\*{1,2})(?=[^\W_])([^*`\n]{0,300}[^\s*`\\])\1(?![\w*])")
_ESCAPE = re.compile(r"\\([_*<>{}\[\]#~|])")
_LABEL_LINE = re.compile(r"(?:\*{1,2}|_{1,2})?\w[^*_:：]{0,40}(?:[:：]|\*\*|__)")


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the pipe tables and the HTML tables of a document, or else the codes in its headings and lists."""
    document = MarkdownLines(without_jira_marks(source_file.text), source_file)
    document.read()
    return document_sheets(document.grids, entries_of(document.blocks), source_file)


def pipe_cells(line: str) -> list[str | None]:
    """Return the cells of a line of a pipe table."""
    line = line.strip()
    line = line.removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [_pipe_cell(cell.strip().replace("\\|", "|")) for cell in _PIPE.split(line)]


class MarkdownLines:
    """Walks over the lines of one document and collects its tables, and the blocks between them."""

    def __init__(self, text: str, source_file: SourceFile) -> None:
        self.lines = text.split("\n")
        self.source_file = source_file
        self.limits: Limits = source_file.limits
        self.budget = CellBudget(self.limits)
        self.grids: list[Grid] = []
        self.blocks: list[Block] = []
        self.heading = (0, "")
        self.at = 0
        # The lines of a paragraph may be joined; a blank line ends it, and later the item of a list.
        self.is_paragraph = False
        self.item_level = 0
        self.is_after_table = False

    def read(self) -> None:
        """Read all lines."""
        if self.lines[0].strip() == "---":
            ends = (at for at, line in enumerate(self.lines[1:200], 1) if line.strip() in ("---", "..."))
            self.at = next(ends, 0)
        while self.at < len(self.lines):
            line = self.lines[self.at].removeprefix("> ")
            if not line.strip():
                self.is_paragraph = False
            elif not self._block(line):
                self._text(line)
            self.at += 1

    def _block(self, line: str) -> bool:
        """Read a block that begins at a line, and stay at its last line; False for text."""
        following = self.lines[self.at + 1].removeprefix("> ") if self.at + 1 < len(self.lines) else ""
        if fence := _FENCE.match(line):
            self._fence(fence[1])
        elif "<table" in line.lower():
            self._html_table()
        elif line.startswith("<!--") and "-->" not in line:
            self._skip_comment()
        elif "|" in line and _is_divider(following):
            self._pipe_table(line)
        elif heading := _HEADING.match(line):
            # People forget the blank behind the signs.
            signs, title = (heading[1], heading[2]) if heading[1] else (heading[3], heading[4])
            self._heading(len(signs), title.strip().rstrip("#"))
        elif (
            _UNDERLINE.fullmatch(following) and len(following.strip()) > 1 and not self.is_paragraph and "|" not in line
        ):
            self._heading(1 if "=" in following else 2, line.strip())
            self.at += 1
        elif "|" in _CODE_SPAN.sub("", line).replace("\\|", ""):
            self._loose_rows()
        else:
            return False
        self.is_paragraph = False
        return True

    def _heading(self, level: int, title: str) -> None:
        self.heading = (level, plain_text(title))
        self.blocks.append(Block(HEADING, level, title.strip(), self.at + 1))
        self.item_level, self.is_after_table = 0, False

    def _fence(self, mark: str) -> None:
        first, lines = self.at, []
        while self.at + 1 < len(self.lines):
            self.at += 1
            line = self.lines[self.at]
            if (end := _FENCE.match(line)) and end[1].startswith(mark):
                break
            lines.append(line)
        if any("|" in line and _is_divider(below) for line, below in pairwise(lines)):
            tell(self.source_file, first + 2, "A table inside a code block was left out: it is an example there.")
        if lines:
            self.blocks.append(Block(TEXT, self.item_level + 1 if self.item_level else 0, "\n".join(lines), first + 2))

    def _html_table(self) -> None:
        first, depth = self.at, 0
        while self.at < len(self.lines):
            line = self.lines[self.at].lower()
            depth += line.count("<table") - line.count("</table")
            if depth <= 0 or self.at + 1 == len(self.lines):
                break
            self.at += 1
        tables = HtmlTables(self.limits, self.budget, first + 1, self.heading)
        self.grids += tables.grids_of("\n".join(self.lines[first : self.at + 1]))

    def _skip_comment(self) -> None:
        while self.at + 1 < len(self.lines) and "-->" not in self.lines[self.at]:
            self.at += 1

    def _pipe_table(self, header: str) -> None:
        grid = Grid(self.heading, [(self.at + 1, pipe_cells(header))])
        self.at += 1
        self.grids.append(grid)
        self._add_rows(grid)
        self.is_after_table = True

    def _add_rows(self, grid: Grid, is_loose: bool = False) -> None:
        """Add the lines below that have pipes."""
        while self.at + 1 < len(self.lines) and "|" in (line := self.lines[self.at + 1].removeprefix("> ")):
            if is_loose and self.at + 2 < len(self.lines) and _is_divider(self.lines[self.at + 2].removeprefix("> ")):
                # The header of the next table.
                return
            self.at += 1
            cells = pipe_cells(line)
            self.budget.take(len(cells), self.at + 1)
            grid.records.append((self.at + 1, cells))

    def _loose_rows(self) -> None:
        """Read lines with pipes that no divider makes a table: rows of the table above, or a table of their own."""
        first = self.at
        grid = Grid(self.heading)
        self.at -= 1
        self._add_rows(grid, is_loose=True)
        widths = {len(cells) for _, cells in grid.records}
        table = self.grids[-1] if self.is_after_table and self.grids and self.grids[-1].records else None
        if table and widths == {len(table.records[0][1])} and self.lines[first].lstrip().startswith("|"):
            table.records += grid.records
            message = f"{len(grid.records)} rows below the table, behind other lines, were read as rows of this table."
        elif (
            len(widths) == 1 and len(grid.records) > 1 and code_header(grid.records[:1], self.source_file.columns) == 0
        ):
            self.grids.append(grid)
            self.is_after_table = True
            message = "This table has no line of dashes below its header. It was read."
        else:
            count = len(grid.records)
            message = (
                f"{count} lines with | outside a table were left out."
                if count > 1
                else ("A line with | outside a table was left out.")
            )
            self.blocks += [Block(TEXT, 0, self.lines[at].strip(), at + 1) for at in range(first, self.at + 1)]
        tell(self.source_file, first + 1, message, self.lines[first].strip())

    def _text(self, line: str) -> None:
        number, text = self.at + 1, line.strip()
        if not self.is_paragraph and _BOLD_LINE.fullmatch(text):
            # People write headings in bold, too, below all others.
            self.blocks.append(Block(HEADING, _BOLD_LEVEL, text, number))
            self.item_level = 0
            return
        indent = len(line) - len(line.lstrip())
        if item := _ITEM.match(line):
            self.item_level = len(item[1].expandtabs(4)) // 2 + 1
            self.blocks.append(Block(ITEM, self.item_level, item[2].strip(), number))
        elif (
            self.at + 1 < len(self.lines)
            and self.lines[self.at + 1].startswith((": ", ":\t"))
            and not self.is_paragraph
        ):
            self.blocks.append(Block(TERM, 1, text, number))
            self.item_level = 1
        elif self.is_paragraph and not _LABEL_LINE.match(text):
            # A line that goes on.
            last = self.blocks[-1]
            self.blocks[-1] = last._replace(text=f"{last.text} {text}") if len(last.text) < self.limits.cell else last
        else:
            if not self.is_paragraph and not indent and not text.startswith(":"):
                self.item_level = 0
            level = self.item_level + 1 if self.item_level else 0
            self.blocks.append(Block(TEXT, level, text.removeprefix(":").strip(), number))
        self.is_paragraph = True


def plain_text(heading: str) -> str:
    """Return the text of a heading without its marks."""
    text = re.sub(r"\[([^\[\]]*)\]\([^()]*\)|<[^<>]*>|\{#[^{}]*\}", r"\1", heading)
    return unescape(" ".join(text.replace("*", "").replace("`", "").split()))


def _is_divider(line: str) -> bool:
    divider = line.replace(" ", "").replace("\t", "")
    return ("|" in divider or "+" in divider) and bool(_DIVIDER.fullmatch(divider))


def inner_emphasis(cell: str) -> str:
    """Return a cell without the marks around some of its words; what is code keeps its signs."""
    return _INNER.sub(lambda mark: mark[2] if mark[1] else mark[0], cell) if "*" in cell else cell


def _pipe_cell(cell: str) -> str:
    emphasis = _EMPHASIS.fullmatch(cell)
    text = emphasis[2] if emphasis else inner_emphasis(cell)
    if "\\" in text and "`" not in cell:
        text = _ESCAPE.sub(r"\1", text)
    return unescape(breaks(text))
