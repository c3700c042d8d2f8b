"""Sheets of OpenDocument (.ods) and of old Excel files (.xls). See Note [A process for workbooks]."""

import marshal
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from kb.importing.reading.formats import archives, workbook_process
from kb.importing.reading.formats.covers import mark_covers
from kb.importing.reading.sheets import (
    CONTINUATION,
    Date,
    Limits,
    Logical,
    Number,
    Problem,
    Record,
    Report,
    Sheet,
    unreadable,
)
from kb.importing.reading.source_file import SourceFile

_MAX_MERGED_ROWS = 100_000
_PIECE, _OVERLAP = 1 << 20, 2000
_EMPTY_FORMULA = re.compile(
    rb"<table:table-cell\b(?=[^<>]{0,900}\btable:formula=)(?![^<>]{0,900}\boffice:value-type=)[^<>]{0,900}>"
)
_TYPES: dict[str, type[str]] = {
    workbook_process.NUMBER: Number,
    workbook_process.DATE: Date,
    workbook_process.LOGICAL: Logical,
}


def read_ods(source_file: SourceFile) -> list[Sheet]:
    """Return the visible sheets of an OpenDocument file; warn about the hidden ones. Raises Unreadable."""
    data = _data(source_file)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            archives.check(archive, len(data), source_file.limits)
            if _has_empty_formula(archive):
                message = (
                    "Formulas have no stored value; their cells count as empty. Save the file in LibreOffice first."
                )
                source_file.problems.append(Problem(None, "formula_without_value", message, "", "warning"))
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        ValueError,
        OSError,
        EOFError,
        RuntimeError,
        KeyError,
        zlib.error,
    ) as error:
        raise _broken("ODS") from error
    return _sheets(data, "ODS", source_file)


def read_xls(source_file: SourceFile) -> list[Sheet]:
    """Return the visible sheets of an old Excel file; warn about the hidden ones. Raises Unreadable."""
    return _sheets(_data(source_file), "XLS", source_file)


def _has_empty_formula(archive: zipfile.ZipFile) -> bool:
    """Whether a cell has a formula and no value, as programs write it."""
    tail = b""
    with archive.open("content.xml") as content:
        while piece := content.read(_PIECE):
            if _EMPTY_FORMULA.search(tail + piece):
                return True
            tail = piece[-_OVERLAP:]
    return False


def _data(source_file: SourceFile) -> bytes:
    size, most = source_file.file.size, source_file.limits.memory
    if size > most:
        raise unreadable("too_many_bytes", f"The file has {size} bytes; at most {most} are allowed. Use CSV.")
    with source_file.file.open() as file:
        return file.read()


def _sheets(data: bytes, form: str, source_file: SourceFile) -> list[Sheet]:
    sheets = []
    pages = _pages(data, form, source_file.limits)
    for name, is_visible, merged, rows in pages:
        if is_visible:
            sheets.append(Sheet(_reader(rows, merged, source_file.limits), name=name, spreadsheet=True))
        else:
            message = f"The sheet {name} is hidden and was left out."
            source_file.problems.append(Problem(None, "sheet_left_out", message, name, "warning"))
    mark_covers(sheets)
    return sheets


def _pages(data: bytes, form: str, limits: Limits) -> list[tuple[str, bool, list[Any], list[list[Any]]]]:
    most = [str(number) for number in (limits.rows, limits.columns, limits.memory)]
    command = [sys.executable, "-I", workbook_process.__file__, *most]
    try:
        # The command is this interpreter and a file of ours.
        answer = subprocess.run(  # noqa: S603
            command, input=data, capture_output=True, timeout=2 * workbook_process.SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _broken(form) from error
    if answer.returncode == workbook_process.PASSWORD:
        raise unreadable("password", f"This {form} file is protected by a password. Save it without one.")
    if answer.returncode == workbook_process.TOO_LARGE:
        message = f"The sheets of this {form} file take more memory than is allowed. Save it as CSV."
        raise unreadable("too_many_cells", message)
    if answer.returncode:
        raise _broken(form)
    pages: list[tuple[str, bool, list[Any], list[list[Any]]]] = marshal.loads(answer.stdout)  # noqa: S302
    return pages


def _reader(rows: list[list[Any]], merged: list[Any], limits: Limits) -> Callable[[Report], Iterator[Record]]:
    covered: dict[int, set[int]] = {}
    for (top, left), (bottom, right) in merged:
        for row in range(top + 1, min(bottom, top + limits.rows) + 1):
            if len(covered) < _MAX_MERGED_ROWS:
                covered.setdefault(row, set()).update(range(left, min(right, limits.columns) + 1))

    def records(report: Report) -> Iterator[Record]:
        for number, row in enumerate(rows):
            cells = [cell if isinstance(cell, str) else _TYPES[cell[0]](cell[1]) for cell in row]
            for column in covered.get(number, ()):
                if column < len(cells) and not cells[column]:
                    cells[column] = CONTINUATION
            while cells and not cells[-1] and cells[-1] is not CONTINUATION:
                cells.pop()
            if any(cells):
                yield number + 1, cells

    return records


def _broken(form: str) -> Exception:
    message = f"This {form} file is broken, or reaches over too many cells. Save it again, or save it as CSV."
    return unreadable("broken_workbook", message)
