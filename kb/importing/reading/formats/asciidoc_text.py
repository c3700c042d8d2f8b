"""AsciiDoc: tables between lines of `|===`, and codes as headings or terms. Reads no other file."""

import csv
import re
from contextlib import suppress

from kb.importing.reading.formats.grids import CellBudget, Grid, tell
from kb.importing.reading.formats.prose import HEADING, ITEM, TERM, TEXT, Block, entries_of
from kb.importing.reading.formats.web_page import document_sheets
from kb.importing.reading.sheets import Record, Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

_FENCE = re.compile(r"[|,:!]={3,}[ \t]*")
_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)")
_ATTRIBUTES = re.compile(r"\[([^\[\]]{0,500})\][ \t]*")
_TITLE = re.compile(r"\.([^\s.].*)")
_CELL = re.compile(r"(?<!\\)(?:(?<!\S)((?:\d{1,3})?(?:\.\d{1,3})?[+*])?(?:[<^>]|\.[<^>]){0,2}([adehlmsv])?)?\|")
_COLUMNS = re.compile(r"cols\s{0,3}=\s{0,3}(?:\"([^\"]{1,300})\"|'([^']{1,300})'|(\d{1,3}))")
_ITEM = re.compile(r"[ \t]{0,16}(\*{1,5}|-|\.{1,5})[ \t]{1,9}(\S.*)")
_TERM = re.compile(r"(\S[^:]{0,200})(?:::|;;)(?:[ \t]+(\S.*))?")
_LINK = re.compile(
    r"<<[^<>,]{1,100},([^<>]{1,100})>>|(?:link:|https?:|xref:)[^\s\[\]]{1,300}\[([^\[\]]{1,200})\]|\[\[[^\[\]]{1,100}\]\]"
)


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the tables of a document, or else the codes in its headings and terms."""
    document = AsciidocLines(source_file)
    document.read()
    return document_sheets(document.grids, entries_of(document.blocks), source_file)


_MOST_CELLS = 20_000
"""Most columns of a table that does not say how many it has."""


class AsciidocLines:
    """Walks over the lines of one document."""

    def __init__(self, source_file: SourceFile) -> None:
        self.lines = source_file.text.split("\n")
        self.source_file = source_file
        self.budget = CellBudget(source_file.limits)
        self.grids: list[Grid] = []
        self.blocks: list[Block] = []
        self.heading = (0, "")
        self.title = ""
        self.attributes = ""
        self.at = 0

    def read(self) -> None:
        """Read all lines."""
        while self.at < len(self.lines):
            line = self.lines[self.at].rstrip()
            if _FENCE.fullmatch(line):
                self._table(line.strip())
                self.title, self.attributes = "", ""
            elif line in ("----", "....", "////", "++++"):
                self._skip_to(line)
            elif heading := _HEADING.fullmatch(line):
                self.heading = (len(heading[1]), _plain(heading[2]))
                self.blocks.append(Block(HEADING, len(heading[1]), _plain(heading[2]), self.at + 1))
            elif attributes := _ATTRIBUTES.fullmatch(line):
                self.attributes = attributes[1]
            elif title := _TITLE.fullmatch(line):
                self.title = _plain(title[1])
            elif line.startswith("include::"):
                tell(self.source_file, self.at + 1, "This file includes another one, which was not read.", line)
            elif line.strip() and not line.startswith("//"):
                self._text(line)
            self.at += 1

    def _text(self, line: str) -> None:
        number = self.at + 1
        if item := _ITEM.fullmatch(line):
            self.blocks.append(Block(ITEM, len(item[1]), _plain(item[2]), number))
        elif term := _TERM.fullmatch(line):
            self.blocks.append(Block(TERM, 1, _plain(term[1]), number))
            if term[2]:
                self.blocks.append(Block(TEXT, 2, _plain(term[2]), number))
        else:
            is_below = (self.blocks and self.blocks[-1].kind in (ITEM, TERM)) or (
                self.blocks and self.blocks[-1].level > 1
            )
            level = 9 if is_below and self.blocks[-1].kind != HEADING else 0
            self.blocks.append(Block(TEXT, level, _plain(line.strip("+ ")), number))

    def _skip_to(self, end: str) -> None:
        while self.at + 1 < len(self.lines) and self.lines[self.at + 1].rstrip() != end:
            self.at += 1
        self.at += 1

    def _table(self, fence: str) -> None:
        first, lines = self.at, []
        while self.at + 1 < len(self.lines) and self.lines[self.at + 1].strip() != fence:
            self.at += 1
            words = self.lines[self.at]
            if words.startswith("include::"):
                tell(self.source_file, self.at + 1, "This file includes another one, which was not read.", words)
            else:
                lines.append((self.at + 1, words))
        if self.at + 1 == len(self.lines):
            tell(self.source_file, first + 1, "This table is never closed. It was read to the end of the file.")
        self.at += 1
        if "format=csv" in self.attributes.replace('"', "") or fence[0] in ",:":
            records = _csv_records(lines, ":" if fence[0] == ":" else ",")
        else:
            records = self._records(lines)
        for line, cells in records:
            self.budget.take(len(cells), line)
        if records:
            self.grids.append(Grid((2, self.title) if self.title else self.heading, records))

    def _records(self, lines: list[tuple[int, str]]) -> list[Record]:
        """Return the rows of cells that each begin with `|`. Without `cols`, the first line is as wide as the table."""
        cells: list[tuple[int, list[str]]] = []
        first_count, columns = 0, _column_count(self.attributes)
        for number, line in lines:
            starts = list(_CELL.finditer(line))
            if cells and (not starts or starts[0].start()):
                cells[-1][1].append(line[: starts[0].start()] if starts else line)
            for at, start in enumerate(starts):
                end = starts[at + 1].start() if at + 1 < len(starts) else len(line)
                cells.append((number, [line[start.end() : end]]))
                if start[1]:
                    cells += [(number, [""]) for _ in range(_times(start[1]) - 1)]
            if starts and not first_count:
                first_count = len(cells)
                if first_count > _MOST_CELLS and not columns:
                    message = f"The first line of this table has {first_count} cells. Say how many columns it has."
                    raise unreadable("too_many_columns", message, SourcePlace(number))
        columns = columns or first_count
        rows = range(0, len(cells), max(columns, 1))
        return [(cells[at][0], [_cell_text(text) for _, text in cells[at : at + columns]]) for at in rows]


def _times(spec: str) -> int:
    """Return how many columns a cell takes."""
    count = re.match(r"\d{1,2}(?=[+.])", spec)
    return max(int(count[0]), 1) if count else 1


def _column_count(attributes: str) -> int:
    match = _COLUMNS.search(attributes)
    if not match:
        return 0
    if match[3]:
        return int(match[3])
    specs = re.split("[,;]", match[1] or match[2])
    counts = [re.match(r"\s{0,3}(\d{1,3})\*", spec) for spec in specs]
    return min(sum(int(count[1]) if count else 1 for count in counts), 200)


def _csv_records(lines: list[tuple[int, str]], delimiter: str) -> list[Record]:
    records: list[Record] = []
    filled = [(number, line) for number, line in lines if line.strip()]
    reader, at = csv.reader((line + "\n" for _, line in filled), delimiter=delimiter, skipinitialspace=True), 0
    with suppress(csv.Error):
        for cells in reader:
            records.append((filled[min(at, len(filled) - 1)][0], [_plain(cell.strip()) for cell in cells]))
            at = reader.line_num
    return records


def _cell_text(lines: list[str]) -> str:
    if lines == [""]:
        return ""
    text = ""
    for line in (line.strip() for line in lines):
        is_new = not line or line.startswith(("* ", "- ", ". ")) or text.endswith(" +")
        text = text.removesuffix(" +")
        text += ("\n" if is_new or text.endswith("\n") else " ") + (f"- {line[2:]}" if line.startswith("* ") else line)
    return _plain(text.strip())


def _plain(text: str) -> str:
    if "[" in text or "<<" in text:
        text = _LINK.sub(lambda link: link[1] or link[2] or "", text)
    if len(text) > 2 and text[0] == text[-1] and text[0] in "`*_+" and text.count(text[0]) == 2:
        text = text[1:-1]
    return text.replace("\\|", "|")
