"""Ranges of codes that rows of a file name. The plan has one row for each that the table does not have yet."""

from collections.abc import Iterable

from kb.models import CodeRange, CodeTable, ImportRow, RowKind, TableImport

ENDS = ("first", "last")
"""The keys in `extra` of such a row."""

Listed = tuple[str, str, str]
"""The ends of a range as the file writes them, and its description."""


def store_ranges(table_import: TableImport, table: CodeTable, listed: Iterable[Listed]) -> None:
    """Store one row for each range whose ends no range of the table has."""
    known = set(CodeRange.objects.filter(table=table.pk).values_list(*ENDS))
    rows = []
    for first, last, text in listed:
        ends = int(first), int(last)
        if ends in known:
            continue
        known.add(ends)
        made = CodeRange(first=ends[0], last=ends[1])
        name = " ".join(text.split())[:120].strip() or made.pattern
        row = ImportRow(table_import=table_import, kind=RowKind.RANGE, code=made.pattern[:64], description=name)
        row.extra = dict(zip(ENDS, ends, strict=True))
        row.message = f"A range of codes: {name}."
        rows.append(row)
    ImportRow.objects.bulk_create(rows, batch_size=500)
