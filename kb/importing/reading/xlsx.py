"""XLSX: a sheet at a time, numbers back to the digits that they were, and nothing that unpacks without an end."""

import re
import zipfile
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.read_only import EMPTY_CELL
from openpyxl.utils import range_boundaries

from kb.importing.reading.files import InputFile
from kb.importing.reading.sheets import (
    CONTINUATION,
    Date,
    Limits,
    Number,
    Problem,
    Record,
    Sheet,
    Unreadable,
    unreadable,
)

MAX_PARTS = 5_000
"""Files in one archive. A workbook has a handful and one more a sheet."""

MAX_LINE = 1_048_576
"""Last row of a sheet. A file may name one a billion rows down, and each of them would be counted."""

_LEAST = 64 * 2**20
_PIECE = 1 << 20
_OVERLAP = 200
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_DECLARES = (b"<!DOCTYPE", b"<!ENTITY")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_ZEROS = re.compile("0+")


def sheets(opened: InputFile, limits: Limits) -> tuple[list[Sheet], list[Problem]]:
    """Return the sheets of a workbook that are shown, and what is left out. Raises Unreadable."""
    with _reading(opened) as (archive, file):
        if "[Content_Types].xml" not in archive.namelist() or not any("workbook" in n for n in archive.namelist()):
            message = "This is a zip archive without a workbook in it. Allowed: CSV, XLSX, JSON, HTML, Markdown."
            raise unreadable("binary", message)
        merged = _check_parts(archive, opened.size, limits)
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        made, problems = [], []
        for page in book.worksheets:
            if page.sheet_state == "visible":
                made.append(_sheet(opened, page, limits, merged.get(page._worksheet_path, [])))
            else:
                message = f"The sheet {page.title} is hidden and was left out."
                problems.append(Problem(None, "sheet_left_out", message, page.title, "warning"))
    return made, problems


@contextmanager
def _reading(opened: InputFile) -> Iterator[tuple[zipfile.ZipFile, Any]]:
    """Open the archive; whatever a broken one raises becomes an Unreadable."""
    try:
        with opened.reading() as file, zipfile.ZipFile(file) as archive:
            yield archive, file
    except (Unreadable, GeneratorExit):
        raise
    except Exception as error:
        # zipfile, the XML parser and openpyxl raise some twenty kinds of errors for a broken file.
        message = f"This XLSX file is broken ({type(error).__name__}): save it again, or save it as CSV."
        raise unreadable("broken_xlsx", message) from error


def _check_parts(archive: zipfile.ZipFile, size: int, limits: Limits) -> dict[str, list[str]]:
    """Unpack everything once without keeping it; return which cells each sheet merges.

    What the archive says about its sizes is checked first, and what it really holds while it is unpacked. No part of
    a workbook declares a document type: entities, with which a small file grows without end, begin there.
    """
    parts = archive.infolist()
    most = min(max(_LEAST, limits.unpack_ratio * size), max(limits.bytes, _LEAST))
    if len(parts) > MAX_PARTS:
        raise unreadable("too_large_unpacked", f"This archive has {len(parts)} files; at most {MAX_PARTS} are allowed.")
    if any(part.flag_bits & 1 for part in parts):
        raise unreadable("password", "This XLSX file is protected by a password: save it without one.")
    total, merged = sum(part.file_size for part in parts), {}
    if total > most:
        message = f"The file has {size} bytes but unpacks to {total}; at most {most} are allowed."
        raise unreadable("too_large_unpacked", message)
    for part in parts:
        merged[part.filename], most = _check_part(archive, part, most)
    return merged


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> tuple[list[str], int]:
    merged: set[str] = set()
    before = b""
    with archive.open(part) as unpacked:
        while piece := unpacked.read(_PIECE):
            most -= len(piece)
            seen = before + piece
            if most < 0:
                raise unreadable("too_large_unpacked", "The file unpacks to more than it says; reading stopped.")
            # UTF-16 would hide the words that are looked for. Pictures and printer settings have zeros of their own.
            if (b"\x00" in piece and part.filename.endswith((".xml", ".rels"))) or any(
                word in seen for word in _DECLARES
            ):
                message = f"{part.filename} in this XLSX file declares a document type or is no UTF-8: that is refused."
                raise unreadable("broken_xlsx", message)
            if b"mergeCell" in seen:
                merged.update(ref.decode() for ref in _MERGED.findall(seen))
            before = piece[-_OVERLAP:]
    return sorted(merged), most


def _sheet(opened: InputFile, page: Any, limits: Limits, merged: list[str]) -> Sheet:
    downwards: dict[int, list[tuple[int, int]]] = {}
    for first, top, last, bottom in map(range_boundaries, merged):
        for column in range(first - 1, min(last, limits.columns)) if bottom > top else ():
            downwards.setdefault(column, []).append((top, bottom))
    for ranges in downwards.values():
        ranges.sort()
    # What the file says about its size may be wrong.
    page.reset_dimensions()
    return Sheet(lambda report: _records(opened, page, limits, downwards), name=page.title, spreadsheet=True)


def _records(
    opened: InputFile, page: Any, limits: Limits, merged: dict[int, list[tuple[int, int]]]
) -> Iterator[Record]:
    with _reading(opened) as (archive, _):
        # The workbook keeps the texts that its sheets share, and takes the sheet itself from the file as it is now.
        page.parent._archive = archive
        before = None
        # One column more than allowed is enough to know.
        for line, row in enumerate(page.iter_rows(max_col=limits.columns + 1), 1):
            if line > MAX_LINE:
                raise unreadable("too_many_rows", f"The sheet {page.title} goes on below row {MAX_LINE}: no sheet may.")
            # Rows that a file leaves out are one and the same object, perhaps a million times.
            if row is before:
                continue
            before = row
            cells = ["" if cell is EMPTY_CELL else _text(cell) for cell in row]
            for column, ranges in merged.items():
                if not cells[column] and _is_covered(ranges, line):
                    cells[column] = CONTINUATION
            while cells and not cells[-1] and cells[-1] is not CONTINUATION:
                cells.pop()
            if any(cells):
                yield line, cells


def _is_covered(ranges: list[tuple[int, int]], line: int) -> bool:
    """Whether a row is in one of the sorted ranges, below its first row."""
    at = bisect_left(ranges, (line, 0)) - 1
    return at >= 0 and line <= ranges[at][1]


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return _ESCAPED.sub(_unescaped, value) if "_x" in value else value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _digits(value, cell.number_format)
    if isinstance(value, datetime | date | time):
        return Date(value.isoformat(" ") if isinstance(value, datetime) else value.isoformat())
    return str(value)


def _digits(value: float, number_format: str) -> str:
    text = str(int(value)) if isinstance(value, int) or value.is_integer() else repr(value)
    # A format of zeros shows them, so they belong to what the vendor wrote.
    if _ZEROS.fullmatch(number_format or "") and len(number_format) > 1 and text.isdigit():
        return text.zfill(len(number_format))
    return Number(text)


def _unescaped(match: re.Match[str]) -> str:
    # Excel writes control characters so; a carriage return is followed by the line feed that it belongs to.
    value = chr(int(match[1], 16))
    return "" if value == "\r" else value
