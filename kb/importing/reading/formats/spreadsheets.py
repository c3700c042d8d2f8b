"""Sheets of OpenDocument (.ods) and of old Excel files (.xls), with numbers as the digits that the vendor wrote."""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from kb.importing.reading.formats import archives
from kb.importing.reading.formats.old_excel import cells_of
from kb.importing.reading.sheets import CONTINUATION, Date, Limits, Number, Problem, Record, Report, Sheet, unreadable
from kb.importing.reading.source_file import SourceFile

_BYTES_OF_CELL = 8
_CELL = re.compile(r"(?:covered-)?table-cell")


def read_ods(source_file: SourceFile) -> list[Sheet]:
    """Return the visible sheets of an OpenDocument file; warn about the hidden ones. Raises Unreadable."""
    data = _data(source_file)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            archives.check(archive, len(data), source_file.limits)
            _check_cells(_cells_of_ods(archive.read("content.xml")), source_file.limits)
    except (
        zipfile.BadZipFile,
        KeyError,
        expat.ExpatError,
        NotImplementedError,
        ValueError,
        OSError,
        EOFError,
    ) as error:
        raise _broken("ODS", error) from error
    return _sheets(data, "ODS", source_file)


def read_xls(source_file: SourceFile) -> list[Sheet]:
    """Return the visible sheets of an old Excel file; warn about the hidden ones. Raises Unreadable."""
    data = _data(source_file)
    _check_cells(cells_of(data), source_file.limits)
    return _sheets(data, "XLS", source_file)


def _data(source_file: SourceFile) -> bytes:
    if source_file.file.size > source_file.limits.memory:
        message = (
            f"The file has {source_file.file.size} bytes; at most {source_file.limits.memory} are allowed. Use CSV."
        )
        raise unreadable("too_many_bytes", message)
    with source_file.file.open() as file:
        return file.read()


def _check_cells(count: int, limits: Limits) -> None:
    """Refuse sheets whose cells, with the empty ones between, take too much memory: a small file can reach far."""
    most = limits.memory // _BYTES_OF_CELL
    if count > most:
        message = f"The sheets of this file reach over {count} cells; at most {most} are allowed. Save it as CSV."
        raise unreadable("too_many_cells", message)


def _sheets(data: bytes, form: str, source_file: SourceFile) -> list[Sheet]:
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(data))
        names = [(sheet.name, sheet.visible) for sheet in book.sheets_metadata]
        pages = [(name, visible, book.get_sheet_by_name(name)) for name, visible in names]
    except PasswordError as error:
        message = f"This {form} file is protected by a password. Save it without one."
        raise unreadable("password", message) from error
    except (CalamineError, OSError, ValueError) as error:
        raise _broken(form, error) from error
    sheets = []
    for name, visible, page in pages:
        if visible == SheetVisibleEnum.Visible:
            sheets.append(Sheet(_reader(page, source_file.limits), name=name, spreadsheet=True))
        else:
            message = f"The sheet {name} is hidden and was left out."
            source_file.problems.append(Problem(None, "sheet_left_out", message, name, "warning"))
    return sheets


def _reader(page: CalamineSheet, limits: Limits) -> Any:
    covered: dict[int, set[int]] = {}
    for (top, left), (bottom, right) in (page.merged_cell_ranges or [])[:100_000]:
        for row in range(top + 1, min(bottom, top + limits.rows) + 1):
            covered.setdefault(row, set()).update(range(left, min(right, limits.columns) + 1))

    def records(report: Report) -> Iterator[Record]:
        for number, row in enumerate(page.to_python(skip_empty_area=False)):
            # One column more than allowed shows that there are too many.
            cells = [_text(value) for value in row[: limits.columns + 1]]
            for column in covered.get(number, ()):
                if column < len(cells) and not cells[column]:
                    cells[column] = CONTINUATION
            while cells and not cells[-1] and cells[-1] is not CONTINUATION:
                cells.pop()
            if any(cells):
                yield number + 1, cells

    return records


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return Number(str(int(value)) if float(value).is_integer() else repr(value))
    if isinstance(value, datetime):
        return Date(value.isoformat(" "))
    return Date(value.isoformat()) if isinstance(value, date | time) else str(value)


def _cells_of_ods(content: bytes) -> int:
    """Return how many cells the sheets reach over, each from its first cell to its last that has a value."""
    total, rows, columns, row_end, repeat, width = 0, 0, 0, 0, 1, 0

    def refuse(*declaration: object) -> None:
        raise unreadable("document_type", "This ODS file declares a document type, which is not allowed.")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal total, rows, columns, row_end, repeat, width
        name = name.rpartition(":")[2]
        if name == "table":
            total, rows, columns, row_end = total + row_end * columns, 0, 0, 0
        elif name == "table-row":
            repeat, width = int(attributes.get("table:number-rows-repeated", "1")), 0
            rows += repeat
        elif _CELL.fullmatch(name):
            width += int(attributes.get("table:number-columns-repeated", "1"))
            if any(key.startswith("office:") for key in attributes):
                columns, row_end = max(columns, width), rows

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.Parse(content, True)
    return total + row_end * columns


def _broken(form: str, error: Exception) -> Exception:
    message = f"This {form} file is broken ({type(error).__name__}). Save it again, or save it as CSV."
    return unreadable("broken_workbook", message)
