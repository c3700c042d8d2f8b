"""The ranges of codes that an import creates, and that its roll-back removes."""

from kb.importing.planning.listed_ranges import ENDS
from kb.models import CodeRange, ImportRow, Proposal, RowKind, TableImport
from kb.models.origins import Origin
from kb.services.journal import JournalEntry

_CREATED = "range"
"""The key in `before` of an applied row: the id of the range that it created."""


_Ranges = list[tuple[ImportRow, CodeRange]]


def create(table_import: TableImport, entry: JournalEntry) -> None:
    """Create the ranges of a plan. One that somebody created since stays as it is."""
    for row in _rows(table_import):
        first, last = (row.extra[end] for end in ENDS)
        if CodeRange.objects.filter(table=table_import.table_id, first=first, last=last).exists():
            continue
        block = CodeRange(table=table_import.table, name=row.description, first=first, last=last, origin=Origin.VENDOR)
        row.before[_CREATED] = entry.create(block).pk
        row.save(update_fields=["before"])


def remove(original: TableImport, reversal: TableImport, entry: JournalEntry) -> None:
    """Delete the ranges that an import created. One that somebody changed, or wrote about, stays, with a warning."""
    removable, others = _ranges_of(original, entry)
    for row, block in (*removable, *others):
        record = ImportRow(table_import=reversal, kind=RowKind.RANGE, code=row.code, extra=row.extra)
        record.description, record.message = str(block), f"The range {block} is gone again."
        if (row, block) in others:
            record.kind, record.message = RowKind.WARNING, _stays(block)
        else:
            entry.delete(block)
        record.save()


def removable(original: TableImport) -> tuple[list[str], list[str]]:
    """Return the ranges that a roll-back would remove, and why the others stay."""
    removable, others = _ranges_of(original)
    return [str(block) for _, block in removable], [_stays(block) for _, block in others]


def _stays(block: CodeRange) -> str:
    """Say why a range stays."""
    return f"The range {block} stays: somebody changed it, or wrote a note about it."


def _ranges_of(original: TableImport, entry: JournalEntry | None = None) -> tuple[_Ranges, _Ranges]:
    """Return the ranges that an import created and a roll-back removes, and those that stay; locked for an entry."""
    removable: _Ranges = []
    others: _Ranges = []
    for row in _rows(original):
        block = CodeRange.objects.filter(pk=row.before.get(_CREATED)).first()
        if block is None:
            continue
        block = entry.lock(CodeRange, block.pk) if entry else block
        is_used = block.version > 1 or block.notes.exists() or Proposal.objects.filter(ranges=block).exists()
        (others if is_used else removable).append((row, block))
    return removable, others


def _rows(table_import: TableImport) -> list[ImportRow]:
    if not table_import.counts.get(RowKind.RANGE):
        return []
    return list(table_import.rows.to_apply().filter(kind=RowKind.RANGE).order_by("pk"))
