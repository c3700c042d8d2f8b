"""Exports of a table as CSV, XLSX, JSON or NDJSON. Importing such a file again changes nothing.

An export has the vendor's words as the last import left them, because importing support's words would turn them into
the vendor's. `words="support"` exports what agents read, for people and other systems.
"""

import json
from collections.abc import Generator, Iterator
from typing import Any

from import_export import resources
from import_export.fields import Field

from kb.exporting.csv_text import CsvForm, write_csv
from kb.exporting.xlsx import ExportRefused, write_xlsx
from kb.importing import stage
from kb.importing.planning.plan import remembered_columns
from kb.models import CodeTable, ReturnCode, sql
from kb.models.fields import VENDOR_TEXTS

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
}
"""The formats of an export, with their media types."""

WORDS = ("vendor", "support")

_LINES = 100
_OTHER_HEADERS = {"code": "Return code", "section": "Category", "symbol": "Macro", "description": "Message"}
_OTHER_HEADERS |= {"possible_reasons": "Causes", "suggested_actions": "Solutions"}


class VendorWords(resources.ModelResource):
    """The columns of an export with the vendor's words."""

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
    """The columns of an export with what agents read."""

    section = Field("section__name", "section")
    who_can_fix_it = Field("fixer", "who_can_fix_it")

    class Meta:
        model = ReturnCode
        fields = (
            *("section", "code", *VENDOR_TEXTS, "disposition"),
            "who_can_fix_it",
        )
        export_order = fields


def export_table(
    table: CodeTable,
    format: str,  # noqa: A002
    words: str = "vendor",
    csv_form: CsvForm = CsvForm(),  # noqa: B008
) -> Generator[bytes, None, None]:
    """Yield the bytes of a table's current codes in the vendor's order, in flat memory.

    Raises ExportRefused for an unknown format or unknown words, and where a text does not fit into an XLSX cell.
    """
    if format not in FORMATS or words not in WORDS:
        raise ExportRefused(
            f"{format}, {words}: not available. Allowed: {', '.join(FORMATS)}; words: {', '.join(WORDS)}."
        )
    return write_rows(*_header_and_rows(table, words), format, csv_form)


def write_rows(
    header: list[str],
    rows: Iterator[list[str]],
    format: str,  # noqa: A002
    csv_form: CsvForm,
) -> Generator[bytes, None, None]:
    """Yield the bytes of a file with these rows."""
    if format == "csv":
        return write_csv(header, rows, csv_form)
    return {"xlsx": write_xlsx, "json": _json, "ndjson": _ndjson}[format](header, rows)


def content_type(format: str) -> str:  # noqa: A002
    """Return the media type of a format."""
    return FORMATS[format]


def file_name(table: CodeTable, format: str) -> str:  # noqa: A002
    """Return the name of the exported file."""
    return f"{table.slug}.{format}"


def _header_and_rows(table: CodeTable, words: str) -> tuple[list[str], Iterator[list[str]]]:
    resource = VendorWords() if words == "vendor" else SupportWords()
    fields = {str(field.column_name): str(field.attribute) for field in resource.get_export_fields()}
    extra = _extra_columns(table)
    codes = table.codes.current().in_vendor_order().values_list(*fields.values(), "extra")

    def rows() -> Iterator[list[str]]:
        with sql.long_statements():
            for *texts, others in codes.iterator(chunk_size=stage.BATCH):
                yield [*texts, *[others.get(name, "") for name in extra]]

    column_map = remembered_columns(table) if words == "vendor" else {}
    return _headers(list(fields), column_map, set(extra)) + extra, rows()


def _headers(targets: list[str], column_map: dict[str, str], extra_columns: set[str]) -> list[str]:
    """Return headers that an import reads as the same targets, also where an extra column has a usual name."""
    headers_by_target = {target: header for header, target in column_map.items()}
    headers = []
    for target in targets:
        names = [target]
        if target in extra_columns:
            names = [headers_by_target.get(target, ""), _OTHER_HEADERS.get(target, "")]
        headers.append(next((name for name in names if name and name not in extra_columns), f"{target} (2)"))
    return headers


def _extra_columns(table: CodeTable) -> list[str]:
    keys = "jsonb_object_keys(c.extra) AS e(key)" if sql.is_postgres() else "json_each(c.extra) AS e"
    rows = sql.rows(
        f"SELECT DISTINCT e.key FROM kb_returncode AS c, {keys} WHERE c.table_id = %s AND c.retired_at IS NULL",  # noqa: S608
        table.pk,
    )
    return sorted(key for (key,) in rows)


def _json(header: list[str], rows: Iterator[list[str]]) -> Generator[bytes, None, None]:
    separator = "[\n"
    for batch in sql.batches(rows, _LINES):
        lines = (json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in batch)
        yield (separator + ",\n".join(lines)).encode()
        separator = ",\n"
    yield b"\n]\n" if separator == ",\n" else b"[]\n"


def _ndjson(header: list[str], rows: Iterator[list[str]]) -> Generator[bytes, None, None]:
    for batch in sql.batches(rows, _LINES):
        lines = (json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in batch)
        yield "".join(f"{line}\n" for line in lines).encode()
