"""XLSX: one sheet at a time, numbers as the digits that the vendor wrote, and limits on what an archive unpacks to."""

import re
import zipfile
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.read_only import EMPTY_CELL
from openpyxl.cell.text import Text
from openpyxl.utils import range_boundaries
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from kb.importing.reading.files import ALLOWED, InputFile
from kb.importing.reading.formats.covers import mark_covers
from kb.importing.reading.formats.sheet_marks import MAX_LINE, MAX_MERGED, SheetMarks
from kb.importing.reading.sheets import (
    CONTINUATION,
    Date,
    Limits,
    Logical,
    Number,
    Problem,
    Record,
    Sheet,
    SourcePlace,
    Unreadable,
    unreadable,
)
from kb.importing.reading.source_file import SourceFile

MAX_PARTS = 5_000
"""Most files in one archive. A workbook has a handful, and one more for each sheet."""

MAX_GAPS = 64 * MAX_LINE
"""Most rows that the sheets of a workbook may skip, together. A sheet of a hundred bytes can skip a million."""

MAX_STYLE_TAGS = 400_000
"""Most tags in the styles of a workbook. Excel allows some 65,000 formats; each takes half a kilobyte of memory."""

_STYLES = "xl/styles.xml"
_MIN_UNPACKED = 64 * 2**20
_PIECE = 1 << 20
_OVERLAP = 4000
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_ZEROS = re.compile(r'(?:"([^"]{1,20})"|\\(.))?(0{1,30})')
_DECIMALS = re.compile(r"0\.(0{1,10})")


@dataclass
class _Gaps:
    """The rows that the sheets of a workbook may still skip."""

    left: int = MAX_GAPS


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the visible sheets of a workbook; warn about the hidden ones. Raises Unreadable."""
    input_file, limits = source_file.file, source_file.limits
    with _open_archive(input_file) as (archive, file):
        if "[Content_Types].xml" not in archive.namelist() or not any("workbook" in n for n in archive.namelist()):
            message = f"This zip archive does not contain a workbook. {ALLOWED}"
            raise unreadable("binary", message)
        marks = _check_parts(archive, input_file.size, limits)
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        texts = _shared_texts(archive)
        visible_sheets, gaps = [], _Gaps()
        for page in book.worksheets:
            page._shared_strings = texts or page._shared_strings
            if page.sheet_state == "visible":
                sheet_marks = marks.get(page._worksheet_path, SheetMarks())
                visible_sheets.append(_sheet(input_file, page, limits, sheet_marks, gaps))
                source_file.problems.extend(sheet_marks.problems(page.title))
            else:
                message = f"The sheet {page.title} is hidden and was left out."
                source_file.problems.append(Problem(None, "sheet_left_out", message, page.title, "warning"))
    mark_covers(visible_sheets)
    return visible_sheets


@contextmanager
def _open_archive(input_file: InputFile) -> Iterator[tuple[zipfile.ZipFile, Any]]:
    """Yield the archive and its file; any error of a broken one becomes Unreadable."""
    try:
        with input_file.open() as file, zipfile.ZipFile(file) as archive:
            yield archive, file
    except (Unreadable, GeneratorExit):
        raise
    except Exception as error:
        # zipfile, the XML parser and openpyxl raise some twenty kinds of errors for a broken file.
        message = f"This XLSX file is broken ({type(error).__name__}). Save it again, or save it as CSV."
        raise unreadable("broken_xlsx", message) from error


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    """Return the texts that the sheets share where the library would change them; else [].

    It deletes `x005F_`, with which Excel protects a text that looks like a character's number, in every text.
    """
    name = next((name for name in archive.namelist() if name.lower().endswith("sharedstrings.xml")), "")
    if not name or b"x005F_" not in archive.read(name):
        return []
    texts = []
    with archive.open(name) as part:
        for _, node in iterparse(part):
            if node.tag == f"{{{SHEET_MAIN_NS}}}si":
                texts.append(Text.from_tree(node).content)
                node.clear()
    return texts


def _check_parts(archive: zipfile.ZipFile, size: int, limits: Limits) -> dict[str, SheetMarks]:
    """Unpack everything once without keeping it; return the marks of each sheet. Raises Unreadable.

    The sizes that the archive declares are checked first, the real ones while it is unpacked. A document type is
    refused: workbooks have none, and it can declare entities that make a small file grow without end.
    """
    parts = archive.infolist()
    bytes_left = min(max(_MIN_UNPACKED, limits.unpack_ratio * size), max(limits.bytes, _MIN_UNPACKED))
    if len(parts) > MAX_PARTS:
        raise unreadable("too_large_unpacked", f"This archive has {len(parts)} files; at most {MAX_PARTS} are allowed.")
    if any(part.flag_bits & 1 for part in parts):
        raise unreadable("password", "This XLSX file is protected by a password. Save it without one.")
    total, marks = sum(part.file_size for part in parts), {}
    if total > bytes_left:
        message = f"The file has {size} bytes but unpacks to {total}; at most {bytes_left} are allowed."
        raise unreadable("too_large_unpacked", message)
    merged = 0
    for part in parts:
        marks[part.filename], bytes_left = _check_part(archive, part, bytes_left)
        merged += len(marks[part.filename].merged)
        if merged > MAX_MERGED:
            raise unreadable(
                "too_many_merged", f"This file has more than {MAX_MERGED} merged cells, the limit. Use CSV."
            )
    return marks


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, bytes_left: int) -> tuple[SheetMarks, int]:
    marks = SheetMarks()
    tail, tags_left = b"", MAX_STYLE_TAGS
    with archive.open(part) as unpacked:
        while piece := unpacked.read(_PIECE):
            bytes_left -= len(piece)
            window = tail + piece
            tags_left -= piece.count(b"<") if part.filename == _STYLES else 0
            if bytes_left < 0:
                raise unreadable("too_large_unpacked", "The file unpacks to more than it declares. Reading stopped.")
            if tags_left < 0:
                message = f"The styles of this file have more than {MAX_STYLE_TAGS} tags, the limit. Save it as CSV."
                raise unreadable("too_many_styles", message)
            # UTF-16 would hide the declarations. Pictures and printer settings may have zeros.
            if (b"\x00" in piece and part.filename.endswith((".xml", ".rels"))) or any(
                word in window for word in _DECLARATIONS
            ):
                message = (
                    f"{part.filename} in this XLSX file is not allowed: it declares a document type or is not UTF-8."
                )
                raise unreadable("broken_xlsx", message)
            if part.filename.endswith(".xml"):
                marks.add(window)
            tail = piece[-_OVERLAP:]
    return marks, bytes_left


def _sheet(input_file: InputFile, page: Any, limits: Limits, marks: SheetMarks, gaps: _Gaps) -> Sheet:
    ranges_by_column: dict[int, list[tuple[int, int]]] = {}
    for first, top, last, bottom in map(range_boundaries, sorted(marks.merged)):
        merged_range = top, bottom
        for column in range(first - 1, min(last, limits.columns)) if bottom > top else ():
            ranges_by_column.setdefault(column, []).append(merged_range)
    for ranges in ranges_by_column.values():
        ranges.sort()
    formulas: dict[int, list[int]] = {}
    for line, column in map(coordinate_to_tuple, marks.formulas):
        formulas.setdefault(line, []).append(column - 1)
    # The dimensions that the file declares may be wrong.
    page.reset_dimensions()
    return Sheet(
        lambda report: _records(input_file, page, limits, ranges_by_column, formulas, gaps),
        name=page.title,
        spreadsheet=True,
    )


def _records(
    input_file: InputFile,
    page: Any,
    limits: Limits,
    ranges_by_column: dict[int, list[tuple[int, int]]],
    formulas: dict[int, list[int]],
    gaps: _Gaps,
) -> Iterator[Record]:
    with _open_archive(input_file) as (archive, _):
        # The workbook already has the texts that its sheets share; it reads the sheet itself from this archive.
        page.parent._archive = archive
        previous_row = None
        # One column more than allowed shows that there are too many.
        for line, row in enumerate(page.iter_rows(max_col=limits.columns + 1), 1):
            if line > MAX_LINE:
                raise unreadable("too_many_rows", f"The sheet {page.title} has rows below row {MAX_LINE}, the limit.")
            # The reader yields the same object for each row that the file leaves out, perhaps a million times.
            if row is previous_row:
                gaps.left -= 1
                if gaps.left < 0:
                    message = f"The sheets skip more than {MAX_GAPS} rows, the limit. Remove them, or use CSV."
                    raise unreadable("too_many_rows", message, SourcePlace(line, page.title))
                continue
            previous_row = row
            cells: list[str | None] = ["" if cell is EMPTY_CELL else _text(cell) for cell in row]
            for column in formulas.get(line, ()):
                # Not an empty text, which would clear the stored one.
                cells[column : column + 1] = [cells[column] or None] if column < len(cells) else []
            for column, ranges in ranges_by_column.items():
                if not cells[column] and _is_covered(ranges, line):
                    cells[column] = CONTINUATION
            while cells and cells[-1] == "" and cells[-1] is not CONTINUATION:
                cells.pop()
            if any(cells):
                yield line, cells


def _is_covered(ranges: list[tuple[int, int]], line: int) -> bool:
    """Whether a row is below the first row of one of the sorted ranges."""
    at = bisect_left(ranges, (line, 0)) - 1
    return at >= 0 and line <= ranges[at][1]


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return _ESCAPE.sub(_unescape, value) if "_x" in value else value
    if isinstance(value, bool):
        return Logical(str(value).upper())
    if isinstance(value, int | float):
        return _digits(value, cell.number_format)
    if isinstance(value, datetime | date | time):
        return Date(value.isoformat(" ") if isinstance(value, datetime) else value.isoformat())
    return str(value)


def _digits(value: float, number_format: str) -> str:
    text = str(int(value)) if isinstance(value, int) or value.is_integer() else repr(value)
    # A number format of zeros shows leading zeros, and one with a text shows that, so the vendor means them.
    zeros, decimals = _ZEROS.fullmatch(number_format or ""), _DECIMALS.fullmatch(number_format or "")
    if zeros and len(number_format) > 1 and text.isdigit():
        return (zeros[1] or zeros[2] or "") + text.zfill(len(zeros[3]))
    if decimals and "e" not in text and len(text.partition(".")[2]) in range(1, len(decimals[1])):
        # `1.10` is stored as 1.1; a whole number may be a plain one in a column of such a format.
        return f"{value:.{len(decimals[1])}f}"
    return Number(text)


def _unescape(match: re.Match[str]) -> str:
    # Excel writes control characters like this; a carriage return belongs to the line feed after it.
    value = chr(int(match[1], 16))
    return "" if value == "\r" else value
