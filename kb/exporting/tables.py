"""Write a table as CSV, XLSX, JSON or NDJSON, so that importing the file again changes nothing.

What is written is the vendor's own words, as the last import left them: with support's words in their place, importing
the file again would make them the vendor's. `words="support"` writes what agents read, for people and other systems.
"""

import csv
import io
import json
from collections.abc import Iterator
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, Any

from import_export import resources
from import_export.fields import Field
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import IllegalCharacterError

from kb.importing import stage
from kb.importing.planning.plan import remembered_columns
from kb.models import CodeTable, ReturnCode, sql
from kb.models.fields import VENDOR_TEXTS
from kb.services.journal import NotAllowed
from kb.text.safety.formula import defuse

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
}
"""What a table can be written as, with the media types."""

WORDS = ("vendor", "support")

_CHUNK = 64 * 1024
_LINES = 100
_XLSX_CELL = 32_767
_OTHER_NAMES = {"code": "Return code", "section": "Category", "symbol": "Macro", "description": "Message"}
_OTHER_NAMES |= {"possible_reasons": "Causes", "suggested_actions": "Solutions"}


class ExportRefused(NotAllowed):
    """The table cannot be written as asked; the message says why."""


class VendorWords(resources.ModelResource):
    """The columns of an exported table: what the vendor says."""

    section = Field("section__name", "section")

    class Meta:
        model = ReturnCode
        fields = ("section", "code", *VENDOR_TEXTS)
        export_order = fields

    def __init__(self, **kwargs: Any) -> None:
        """Take each text from the column that keeps the vendor's words."""
        super().__init__(**kwargs)
        for name in VENDOR_TEXTS:
            self.fields[name].attribute = f"vendor_{name}"


class SupportWords(resources.ModelResource):
    """The columns of a table as agents read it."""

    section = Field("section__name", "section")
    who_can_fix_it = Field("fixer", "who_can_fix_it")

    class Meta:
        model = ReturnCode
        fields = (
            *("section", "code", *VENDOR_TEXTS, "disposition"),
            "who_can_fix_it",
        )
        export_order = fields


def export_table(table: CodeTable, format: str, words: str = "vendor") -> Iterator[bytes]:  # noqa: A002
    """Yield a table's current codes in the vendor's order. More codes take no more memory.

    Raises ExportRefused for an unknown format, and for XLSX where a text does not fit into a cell.
    """
    if format not in FORMATS or words not in WORDS:
        raise ExportRefused(
            f"{format}, {words}: not available. Allowed: {', '.join(FORMATS)}; words: {', '.join(WORDS)}."
        )
    header, rows = _header_and_rows(table, words)
    writer = {"csv": _csv, "xlsx": _xlsx, "json": _json, "ndjson": _ndjson}[format]
    return writer(header, rows)


def content_type(format: str) -> str:  # noqa: A002
    """Return the media type of a format."""
    return FORMATS[format]


def file_name(table: CodeTable, format: str) -> str:  # noqa: A002
    """Return what to call the file."""
    return f"{table.slug}.{format}"


def _header_and_rows(table: CodeTable, words: str) -> tuple[list[str], Iterator[list[str]]]:
    resource = VendorWords() if words == "vendor" else SupportWords()
    fields = {str(field.column_name): str(field.attribute) for field in resource.get_export_fields()}
    extra = _extra_columns(table)
    codes = table.codes.current().in_vendor_order().values_list(*fields.values(), "extra")

    def rows() -> Iterator[list[str]]:
        for *texts, others in codes.iterator(chunk_size=stage.BATCH):
            yield [*texts, *[others.get(name, "") for name in extra]]

    names = remembered_columns(table) if words == "vendor" else {}
    return _named(list(fields), names, set(extra)) + extra, rows()


def _named(targets: list[str], remembered: dict[str, str], taken: set[str]) -> list[str]:
    """Name the columns so that they are read as the same again, also where an extra column has the usual name."""
    headers = {target: header for header, target in remembered.items()}
    chosen = []
    for target in targets:
        names = [target] if target not in taken else [headers.get(target, ""), _OTHER_NAMES.get(target, "")]
        chosen.append(next((name for name in names if name and name not in taken), f"{target} (2)"))
    return chosen


def _extra_columns(table: CodeTable) -> list[str]:
    keys = "jsonb_object_keys(c.extra) AS e(key)" if sql.is_postgres() else "json_each(c.extra) AS e"
    found = sql.rows(
        f"SELECT DISTINCT e.key FROM kb_returncode AS c, {keys} WHERE c.table_id = %s AND c.retired_at IS NULL",  # noqa: S608
        table.pk,
    )
    return sorted(key for (key,) in found)


def _csv(header: list[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([defuse(name) for name in header])
    for row in rows:
        writer.writerow([defuse(cell) for cell in row])
        if buffer.tell() > _CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _json(header: list[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    separator = "[\n"
    for batch in sql.batches(rows, _LINES):
        lines = (json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in batch)
        yield (separator + ",\n".join(lines)).encode()
        separator = ",\n"
    yield b"\n]\n" if separator == ",\n" else b"[]\n"


def _ndjson(header: list[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    for batch in sql.batches(rows, _LINES):
        lines = (json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in batch)
        yield "".join(f"{line}\n" for line in lines).encode()


def _xlsx(header: list[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    """Write the book before the first byte is sent: what cannot be written is refused, not cut off."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Return codes")
    try:
        for row in chain([header], rows):
            sheet.append([_text_cell(sheet, cell) for cell in row])
    except IllegalCharacterError as error:
        raise ExportRefused("A text has control characters, which XLSX cannot store. Choose CSV or JSON.") from error
    finally:
        sheet.close()
    file = TemporaryFile()  # noqa: SIM115
    book.save(file)
    file.seek(0)
    return _chunks(file)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _text_cell(sheet: Any, text: str) -> WriteOnlyCell:
    """Return a cell that is text and looks like it: a number would lose zeros, a formula would be run."""
    shown = defuse(text)
    if len(shown) > _XLSX_CELL:
        raise ExportRefused(
            f"A text has {len(text):,} characters; an XLSX cell holds up to {_XLSX_CELL:,}. Choose CSV or JSON."
        )
    cell = WriteOnlyCell(sheet, shown)
    cell.data_type = "s"
    cell.number_format = "@"
    return cell
