"""reStructuredText: tables of every form, and codes as headings or terms. Reads no other file."""

import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from docutils.parsers.rst.tableparser import GridTableParser, SimpleTableParser
from docutils.statemachine import StringList
from docutils.utils import DataError

from kb.importing.reading.formats.grids import CellBudget, Grid, tell
from kb.importing.reading.formats.markdown import inner_emphasis
from kb.importing.reading.formats.prose import HEADING, ITEM, TERM, TEXT, Block, entries_of
from kb.importing.reading.formats.web_page import document_sheets
from kb.importing.reading.sheets import Record, Sheet
from kb.importing.reading.source_file import SourceFile

MAX_GRID_LINES = 20_000
"""Most lines of one table. A longer one is no table that somebody drew."""

MAX_GRID_WIDTH = 2_000

_MAX_FAILURES = 20

_SIMPLE_BORDER = re.compile(r"[ \t]*=+(?:[ \t]+=+)+[ \t]*")
_GRID_BORDER = re.compile(r"[ \t]*\+(?:[-=]+\+)+[ \t]*")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+:._])\1{2,}[ \t]*")
_DIRECTIVE = re.compile(r"([ \t]*+)\.\.[ \t]++([A-Za-z-]{1,40})::[ \t]*+(.*)")
_OPTION = re.compile(r":([A-Za-z-]{1,40}):[ \t]*+(.*)")
_FIELD = re.compile(r"[ \t]{0,16}:([^:`]{1,64}):[ \t]{1,9}(\S.*)")
_ROLE = re.compile(r":[A-Za-z:-]{1,40}:`([^`<>]{1,200})(?:<[^`<>]{0,200}>)?`|`([^`<>]{1,200})<[^`<>]{1,300}>`__?")
_ITEM = re.compile(r"([ \t]{0,16})(?:[-*+\u2022]|\d{1,4}[.)])[ \t]{1,9}(\S.*)")


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the tables of a document, or else the codes in its headings and terms."""
    document = RestructuredLines(source_file)
    document.read()
    return document_sheets(document.grids, entries_of(document.blocks), source_file)


class RestructuredLines:
    """Walks over the lines of one document."""

    def __init__(self, source_file: SourceFile) -> None:
        self.lines = [line.expandtabs(8).rstrip() for line in source_file.text.split("\n")]
        self.source_file = source_file
        self.budget = CellBudget(source_file.limits)
        self.grids: list[Grid] = []
        self.blocks: list[Block] = []
        self.levels: list[str] = []
        self.heading = (0, "")
        self.at = 0
        self.failures = 0
        self.endless = 0

    def read(self) -> None:
        """Read all lines."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            below = self.lines[self.at + 1] if self.at + 1 < len(self.lines) else ""
            if directive := _DIRECTIVE.fullmatch(line):
                self._directive(len(directive[1]), directive[2], directive[3].strip())
            elif _GRID_BORDER.fullmatch(line):
                self._drawing(GridTableParser(), self._grid_end())
            elif _SIMPLE_BORDER.fullmatch(line) and self.at >= self.endless:
                self._drawing(SimpleTableParser(), self._simple_end())
            elif line and not line[0].isspace() and _UNDERLINE.fullmatch(below) and len(below) >= len(line) // 2:
                if not _UNDERLINE.fullmatch(line):
                    self._heading(line, below[0])
            elif line:
                self._text(line, below)
            self.at += 1

    def _heading(self, title: str, sign: str) -> None:
        if sign not in self.levels:
            self.levels.append(sign)
        level = self.levels.index(sign) + 1
        self.heading = (level, _plain(title))
        self.blocks.append(Block(HEADING, level, _plain(title), self.at + 1))
        self.at += 1

    def _text(self, line: str, below: str) -> None:
        if line.startswith(".. "):
            return
        indent = len(line) - len(line.lstrip())
        if item := _ITEM.match(line):
            self.blocks.append(Block(ITEM, indent // 2 + 1, _plain(item[2]), self.at + 1))
        elif field := _FIELD.fullmatch(line):
            self.blocks.append(Block(ITEM, indent // 2 + 1, f"{_plain(field[1])}: {_plain(field[2])}", self.at + 1))
        elif not indent and below[:1].isspace():
            self.blocks.append(Block(TERM, 1, _plain(line.strip()), self.at + 1))
        else:
            self.blocks.append(Block(TEXT, 9 if indent else 0, _plain(line.strip()), self.at + 1))

    def _grid_end(self) -> int:
        end = self.at
        while end + 1 < len(self.lines) and self.lines[end + 1].lstrip()[:1] in ("+", "|"):
            end += 1
        return end

    def _simple_end(self) -> int:
        """Return the last line of a simple table: a border with nothing below it; the present line without one."""
        last = min(len(self.lines), self.at + MAX_GRID_LINES)
        for end in range(max(self.at, self.endless) + 1, last):
            is_last = end + 1 == len(self.lines) or not self.lines[end + 1]
            if is_last and _SIMPLE_BORDER.fullmatch(self.lines[end]):
                return end
        # A border between here and there has no end either.
        self.endless = max(last - 1, self.endless)
        return self.at

    def _drawing(self, parser: GridTableParser | SimpleTableParser, end: int) -> None:
        """Read a table that is drawn with signs, up to its last line."""
        start, lines = self.at, self.lines[self.at : end + 1]
        indent = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
        lines = [line[indent:] for line in lines]
        self.at = max(end, start)
        if len(lines) > MAX_GRID_LINES or max(map(len, lines)) > MAX_GRID_WIDTH:
            tell(self.source_file, start + 1, "This table is too large for its form and was left out. Use CSV.")
            return
        if isinstance(parser, GridTableParser) and _is_box(lines):
            self._add([(start + n, _box_cells(line)) for n, line in enumerate(lines, 1) if line.startswith("|")])
            return
        try:
            _, head, body = parser.parse(StringList(lines))
        except (DataError, ValueError, IndexError, AssertionError) as error:
            reason = str(error).split("\n")[0].rstrip(".")[:200]
            tell(self.source_file, start + 1, f"This table is drawn wrongly and was left out: {reason}.")
            # The end of a simple table may be that of another one below; not too often, because each try reads it all.
            self.failures += 1
            self.at = start if self.failures < _MAX_FAILURES else self.at
            return
        self._add(list(_rows([*head, *body], start)))

    def _directive(self, indent: int, name: str, title: str) -> None:
        start, options = self.at + 1, {}
        content: list[tuple[int, str]] = []
        while self.at + 1 < len(self.lines):
            line = self.lines[self.at + 1]
            if line and len(line) - len(line.lstrip()) <= indent:
                break
            self.at += 1
            if not content and (option := _OPTION.fullmatch(line.strip())):
                options[option[1]] = option[2]
            elif line or content:
                content.append((self.at + 1, line))
        if name in ("list-table", "csv-table", "table"):
            before = self.heading
            self.heading = (2, _plain(title)) if title else before
            if name == "table":
                # Its table is drawn, one level deeper.
                self.at = start - 1
            elif "file" in options or "url" in options:
                message = "This table is in another file, which was not read. Import that file."
                tell(self.source_file, start, message, options.get("file", options.get("url", "")))
            else:
                self._add(_list_rows(content) if name == "list-table" else _csv_rows(content, options))
            self.heading = before if name != "table" else self.heading
        elif name == "include":
            tell(self.source_file, start, "This file includes another one, which was not read.", title)

    def _add(self, records: list[Record]) -> None:
        for line, cells in records:
            self.budget.take(len(cells), line)
        if records:
            self.grids.append(Grid(self.heading, records))


def _is_box(lines: list[str]) -> bool:
    """Whether a table has a border only around its header and at its end, as databases print it: each line is a row."""
    rows = [line for line in lines[3:] if line.startswith("|")]
    return len(rows) > 1 and len(lines) - len(rows) < 5 and all(line[1:].partition("|")[0].strip() for line in rows)


def _box_cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _rows(rows: list[Any], start: int) -> Iterator[Record]:
    for row in rows:
        offsets = [cell[2] for cell in row if cell]
        yield start + min(offsets, default=0) + 1, [_cell(list(cell[3])) if cell else "" for cell in row]


def _list_rows(content: list[tuple[int, str]]) -> list[Record]:
    rows: list[tuple[int, list[list[str]]]] = []
    for line, text in content:
        words = text.strip()
        if words.startswith("* -") and words[3:4] in ("", " "):
            rows.append((line, [[words[3:].strip()]]))
        elif rows and words.startswith("-") and words[1:2] in ("", " ") and _indent(text) <= _indent(content[0][1]) + 2:
            rows[-1][1].append([words[1:].strip()])
        elif rows:
            rows[-1][1][-1].append(words)
    return [(line, [_cell(cell) for cell in cells]) for line, cells in rows]


def _csv_rows(content: list[tuple[int, str]], options: dict[str, str]) -> list[Record]:
    delimiter = {"tab": "\t", "space": " "}.get(options.get("delim", ","), options.get("delim", ","))
    delimiter = delimiter if len(delimiter) == 1 else ","
    rows: list[Record] = []
    with suppress(csv.Error):
        if "header" in options:
            head = next(csv.reader([options["header"]], delimiter=delimiter, skipinitialspace=True), [])
            rows.append((content[0][0] if content else 0, [_cell([cell]) for cell in head]))
        lines = [(line, text.strip()) for line, text in content if text.strip()]
        reader = csv.reader((text + "\n" for _, text in lines), delimiter=delimiter, skipinitialspace=True)
        at = 0
        for cells in reader:
            rows.append((lines[min(at, len(lines) - 1)][0], [_cell([cell]) for cell in cells]))
            at = reader.line_num
    return rows


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _cell(lines: list[str]) -> str:
    """Return the text of a cell: a blank line or an item begins a new line."""
    text = ""
    for line in (line.strip() for line in lines):
        is_new = not line or line.startswith(("- ", "* ", "| "))
        text += ("\n" if is_new or text.endswith("\n") else " ") + line.removeprefix("| ") if text else line
    return inner_emphasis(_plain(text.strip()))


def _plain(text: str) -> str:
    if "`" in text:
        text = _ROLE.sub(lambda role: (role[1] or role[2]).strip(), text).replace("``", "`")
    if len(text) > 2 and text.startswith("`") and text.endswith("`") and text.count("`") == 2:
        text = text[1:-1]
    return text.replace("\\", "") if "\\" in text and "\\\\" not in text else text
