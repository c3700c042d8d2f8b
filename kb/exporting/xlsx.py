"""XLSX: a workbook with one sheet, whose cells are all texts. Its header stays in view and filters the rows."""

import re
from collections.abc import Generator, Iterator
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from kb.services.journal import NotAllowed
from kb.text.safety.formula import mark_apostrophe

_CELL = 32_767
_ROWS = 1_048_576
_PIECE = 64 * 1024
# XLSX writes a sign that XML cannot hold as `_x0007_`, so a text that has such letters itself is escaped, too.
_UNFIT = "\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff"
_TO_ESCAPE = re.compile(f"[{_UNFIT}]|_(?=x[0-9A-Fa-f]{{4}}[_{_UNFIT}])")


class ExportRefused(NotAllowed):
    """The table cannot be exported like this; the message says why."""


def write_xlsx(header: list[str], rows: Iterator[list[str]]) -> Generator[bytes, None, None]:
    """Return the bytes of a workbook. Raises ExportRefused where a text or the table does not fit.

    The whole workbook is written before the first byte is sent, so that an error never truncates a download.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Return codes")
    # Before the first row: the file has its view above the rows.
    sheet.freeze_panes = "A2"
    try:
        for number, row in enumerate(chain([header], rows), 1):
            if number > _ROWS:
                raise ExportRefused(f"The table has more codes than the {_ROWS:,} rows of an XLSX sheet. Choose CSV.")
            sheet.append([_text_cell(sheet, cell) for cell in row])
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}{number}"
    finally:
        sheet.close()
    file = TemporaryFile()  # noqa: SIM115
    book.save(file)
    file.seek(0)
    return _pieces(file)


def _pieces(file: IO[bytes]) -> Generator[bytes, None, None]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _text_cell(sheet: Any, text: str) -> WriteOnlyCell:
    """Return a cell of type text, which no spreadsheet runs or turns into a number: `-5` needs no apostrophe."""
    value = _TO_ESCAPE.sub(_escape, mark_apostrophe(text))
    if len(value) > _CELL:
        raise ExportRefused(
            f"A text has {len(value):,} characters; an XLSX cell holds up to {_CELL:,}. Choose CSV or JSON."
        )
    cell = WriteOnlyCell(sheet, value)
    # The library takes `=1+1` for a formula and `#N/A` for an error.
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def _escape(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):04X}_"
