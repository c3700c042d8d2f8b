"""The ranges of codes that an import creates, and that its roll-back removes."""

from kb.importing.planning.listed_ranges import ENDS
from kb.models import CodeRange, ImportRow, Proposal, RowKind, TableImport
from kb.models.origins import Origin
from kb.services.journal import JournalEntry

_CREATED = "range"
"""The key in `before` of an applied row: the id of the range that it created."""


def create(table_import: TableImport, entry: JournalEntry) -> None:
    """Create the ranges of a plan. One that somebody created since stays as it is."""
    for row in _rows(table_import):
        first, last = (row.extra[end] for end in ENDS)
        if CodeRange.objects.filter(table=table_import.table_id, first=first, last=last).exists():
            continue
        made = CodeRange(table=table_import.table, name=row.description, first=first, last=last, origin=Origin.VENDOR)
        row.before[_CREATED] = entry.create(made).pk
        row.save(update_fields=["before"])


def remove(original: TableImport, reversal: TableImport, entry: JournalEntry) -> None:
    """Delete the ranges that an import created. One that somebody changed, or wrote about, stays, with a warning."""
    for row in _rows(original):
        made = CodeRange.objects.filter(pk=row.before.get(_CREATED)).first()
        if made is None:
            continue
        record = ImportRow(table_import=reversal, kind=RowKind.RANGE, code=row.code, extra=row.extra)
        record.description, record.message = row.description, f"The range {made} is gone again."
        made = entry.lock(CodeRange, made.pk)
        if made.version > 1 or made.notes.exists() or Proposal.objects.filter(ranges=made).exists():
            record.kind = RowKind.WARNING
            record.message = f"Not rolled back: somebody changed the range {made}, or wrote a note about it."
        else:
            entry.delete(made)
        record.save()


def _rows(table_import: TableImport) -> list[ImportRow]:
    if not table_import.counts.get(RowKind.RANGE):
        return []
    return list(table_import.rows.to_apply().filter(kind=RowKind.RANGE).order_by("pk"))
