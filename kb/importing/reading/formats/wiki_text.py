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
    grids: list[Grid] = []
    budget, heading, row, is_open = CellBudget(source_file.limits), (0, ""), [""], False
    for number, line in enumerate(source_file.text.split("\n"), 1):
        text = line.strip()
        if title := _HEADING.fullmatch(text):
            heading = (len(title[1]), _plain(title[2]))
        elif text.lstrip(":").startswith("{|"):
            grids.append(Grid(heading))
            row, is_open = [], True
        elif text.startswith(("|-", "|}")) and is_open:
            row, is_open = [], not text.startswith("|}")
        elif text.startswith("|+") and is_open:
            grids[-1].section = (2, _plain(text[2:]))
        elif text[:1] in ("|", "!") and is_open:
            cells = [_plain(_ATTRIBUTES.sub("", cell, count=1)) for cell in _CELLS.split(text[1:])]
            budget.take(len(cells), number)
            if not row:
                grids[-1].records.append((number, row))
            row += cells
        elif is_open and row and text:
            row[-1] = f"{row[-1]}\n{_plain(text)}".strip()
    return sheets_of([grid for grid in grids if grid.records], source_file)


def _plain(text: str) -> str:
    return unescape(breaks(_MARKS.sub("", text.strip()))).strip()
