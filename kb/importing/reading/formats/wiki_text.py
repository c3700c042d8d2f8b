"""Tables of MediaWiki: `{|` opens one, `|-` begins a row, `!` and `|` begin cells; the heading above is its section."""

import re

from kb.importing.reading.formats.grids import CellBudget, Grid, sheets_of, unescape
from kb.importing.reading.sheets import Sheet
from kb.importing.reading.source_file import SourceFile
from kb.text.codes.cells import breaks

_HEADING = re.compile(r"(={1,6}) ?([^=\n]{1,300}?) ?\1[ \t]*")
_CELLS = re.compile(r"\|\||!!")
_ATTRIBUTES = re.compile(r"\A[^|\[{=]{0,300}+=[^|\[{]{0,300}\|(?!\|)")
_MARKS = re.compile(r"'{2,5}|\[\[(?:[^\[\]|]{0,200}\|)?|\]\]|</?(?:nowiki|code|tt|small|b|i)>")


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the tables of a page."""
    tables = _WikiTables(CellBudget(source_file.limits))
    for number, line in enumerate(source_file.text.split("\n"), 1):
        tables.add(number, line.strip())
    return sheets_of(tables.grids(), source_file)


class _WikiTables:
    """Takes the lines of one page. The lines of a cell are joined at the end: a cell may have many."""

    def __init__(self, budget: CellBudget) -> None:
        self.budget = budget
        self.heading = (0, "")
        self.sections: list[tuple[int, str]] = []
        self.rows: list[list[tuple[int, list[list[str]]]]] = []
        self.is_open = False
        self.row: list[list[str]] = []

    def add(self, number: int, text: str) -> None:
        """Add a line without the blanks around it."""
        if title := _HEADING.fullmatch(text):
            self.heading = (len(title[1]), _plain(title[2]))
        elif text.lstrip(":").startswith("{|"):
            self.sections.append(self.heading)
            self.rows.append([])
            self.row, self.is_open = [], True
        elif self.is_open:
            self._add_inside(number, text)

    def grids(self) -> list[Grid]:
        """Return the tables."""
        return [
            Grid(section, [(line, ["\n".join(lines).strip() for lines in row]) for line, row in rows])
            for section, rows in zip(self.sections, self.rows, strict=True)
            if rows
        ]

    def _add_inside(self, number: int, text: str) -> None:
        if text.startswith(("|-", "|}")):
            self.row, self.is_open = [], not text.startswith("|}")
        elif text.startswith("|+"):
            self.sections[-1] = (2, _plain(text[2:]))
        elif text[:1] in ("|", "!"):
            cells = [[_plain(_ATTRIBUTES.sub("", cell, count=1))] for cell in _CELLS.split(text[1:])]
            self.budget.take(len(cells), number)
            if not self.row:
                self.rows[-1].append((number, self.row))
            self.row += cells
        elif self.row and text:
            self.row[-1].append(_plain(text))


def _plain(text: str) -> str:
    return unescape(breaks(_MARKS.sub("", text.strip()))).strip()
