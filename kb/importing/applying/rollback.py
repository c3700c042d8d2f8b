"""Take an import back: put back exactly what it changed, but for what somebody edited since.

A roll-back is an import of its own in the record. A code that the import created is retired, not deleted: tickets,
notes and revisions may point at it by now.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from kb import searching
from kb.importing import stage
from kb.importing.applying import journal_rows
from kb.importing.errors import WrongState
from kb.models import Change, CodeTable, Door, ImportRow, ImportState, ReturnCode, RowKind, TableImport
from kb.models.codes import ReturnCodeQuerySet
from kb.models.fields import VENDOR_TEXTS
from kb.models.history import current_door
from kb.ops import metrics
from kb.services.journal import By, JournalEntry

_WRITTEN = (
    *("section", "code", "position", "extra", "disposition", "fixer", "retired_at", "version", "updated_at"),
    *VENDOR_TEXTS,
    *(f"vendor_{name}" for name in VENDOR_TEXTS),
)
_KIND = {
    RowKind.NEW: RowKind.RETIRED,
    RowKind.RETIRED: RowKind.RESTORED,
    RowKind.RESTORED: RowKind.RETIRED,
    RowKind.CONFLICT: RowKind.CHANGED,
}


@dataclass(frozen=True)
class SkippedCode:
    """A code that a roll-back leaves as it is, and why."""

    row: ImportRow
    code: ReturnCode
    reason: str


@dataclass
class Preview:
    """What a roll-back would do."""

    restored: int = 0
    skipped: list[SkippedCode] = field(default_factory=list)


def preview(table_import: TableImport) -> Preview:
    """Say how many codes a roll-back would put back, and which it would leave as they are."""
    found = Preview()
    for page in _pages(table_import, ReturnCode.objects.all()):
        for row, code in page:
            reason = _why_not(row, code)
            if reason:
                found.skipped.append(SkippedCode(row, code, reason))
            elif row.kind != RowKind.REORDERED:
                found.restored += 1
    return found


@metrics.IMPORT_SECONDS.labels("roll_back").time()
def roll_back(table_import: TableImport, by: By) -> TableImport:
    """Put back what an import changed, and return the import that records it.

    Raises WrongState where it was never applied, was rolled back already, or is a roll-back itself.
    """
    by = By(by.user, Door.IMPORT, by.reason)
    door = current_door.set(by.door)
    try:
        with transaction.atomic(durable=True):
            original = TableImport.objects.select_for_update(no_key=True).get(pk=table_import.pk)
            _check(original)
            done = _open(original, by)
            pages = _pages(original, ReturnCode.objects.all())
            kept = {pk for page in pages for pk in _put_back(page, done)}
            _close(original, done)
            entry = JournalEntry(by)
            journal_rows.write_revisions(done, by)
            journal_rows.unmark_notes(original, kept, entry)
            searching.refresh(journal_rows.changed_code_ids(original))
            journal_rows.write_feed(done, entry)
    finally:
        current_door.reset(door)
    return done


def _check(original: TableImport) -> None:
    if original.state == ImportState.ROLLED_BACK:
        at = f"{original.closed_at:%Y-%m-%d %H:%M}"
        raise WrongState(f"{original} was rolled back already, by {original.closed_by} at {at}.")
    if original.state != ImportState.APPLIED:
        raise WrongState(f"{original} is {original.get_state_display().lower()}: there is nothing to take back.")
    if original.rolls_back_id:
        raise WrongState(f"{original} is a roll-back: to have the codes back, import the file again.")


def _open(original: TableImport, by: By) -> TableImport:
    assert original.table is not None
    CodeTable.objects.select_for_update(no_key=True).get(pk=original.table.pk)
    journal_rows.lock(original)
    now = max(timezone.now(), Change.objects.earliest_next())
    return TableImport.objects.create(
        table=original.table,
        rolls_back=original,
        state=ImportState.APPLIED,
        current_codes=original.table.codes.current().count(),
        planned_by=by.account,
        planned_at=now,
        applied_by=by.account,
        applied_at=now,
    )


def _close(original: TableImport, done: TableImport) -> None:
    done.counts = dict(done.rows.order_by().values_list("kind").annotate(n=Count("pk")))
    done.save(update_fields=["counts"])
    original.state, original.closed_by, original.closed_at = ImportState.ROLLED_BACK, done.applied_by, done.applied_at
    original.save()


def _pages(original: TableImport, among: ReturnCodeQuerySet) -> Iterator[list[tuple[ImportRow, ReturnCode]]]:
    """Yield the rows that wrote something with their codes, in pages."""
    after = 0
    rows = original.rows.to_apply().exclude(return_code=None).order_by("pk")
    while page := list(rows.filter(pk__gt=after)[: stage.BATCH]):
        after = page[-1].pk
        codes = among.select_related("section").in_bulk([row.return_code_id for row in page])
        yield [(row, codes[row.return_code_id]) for row in page if row.return_code_id is not None]


def _put_back(page: list[tuple[ImportRow, ReturnCode]], done: TableImport) -> list[int]:
    """Put the codes of a page back; return the ids of those that stay as they are."""
    records, codes, kept = [], [], []
    for row, code in page:
        reason = _why_not(row, code)
        if reason:
            kept.append(code.pk)
            records.append(_record(row, code, done, RowKind.WARNING, f"Not put back: {reason}"))
        else:
            records.append(_undo(row, code, done))
            codes.append(code)
    ImportRow.objects.bulk_create(records)
    _save(codes)
    return kept


def _why_not(row: ImportRow, code: ReturnCode) -> str:
    """Say why a code has to stay as it is; "" where it can be put back."""
    if row.kind == RowKind.REORDERED:
        return ""
    left = 1 if row.kind == RowKind.NEW else (row.code_version or 0) + 1
    if code.version != left:
        return f"{code} was changed again on {code.updated_at:%Y-%m-%d %H:%M}."
    taken = ReturnCode.objects.filter(section=row.before.get("section"), identity=code.identity)
    if "section" in row.before and taken.exclude(pk=code.pk).exists():
        return f"Its former section has another {code} by now."
    return ""


def _undo(row: ImportRow, code: ReturnCode, done: TableImport) -> ImportRow:
    """Give a code its former values; return the row that records what it had."""
    before = {"retired_at": done.applied_at} if row.kind == RowKind.NEW else _former(row, code)
    kind = _KIND.get(RowKind(row.kind), RowKind(row.kind))
    had = {name: _plain(code.section_id if name == "section" else getattr(code, name)) for name in before}
    for name, value in before.items():
        setattr(code, "section_id" if name == "section" else name, value)
    recorded = _record(row, code, done, kind, "")
    recorded.before = had
    recorded.fields = ["retired_at"] if row.kind == RowKind.NEW else row.fields
    if row.kind != RowKind.REORDERED:
        code.version, code.updated_at = code.version + 1, done.planned_at
    return recorded


def _former(row: ImportRow, code: ReturnCode) -> dict[str, Any]:
    former = dict(row.before)
    if former.get("retired_at"):
        former["retired_at"] = datetime.fromisoformat(former["retired_at"])
    if code.position != row.position:
        # A later import gave the table another order, which stands.
        former.pop("position", None)
    return former


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _record(row: ImportRow, code: ReturnCode, done: TableImport, kind: RowKind, message: str) -> ImportRow:
    return ImportRow(
        table_import=done,
        kind=kind,
        line=row.line,
        sheet=row.sheet,
        message=message,
        return_code=code,
        code_version=code.version,
        section_id=code.section_id,
        section_name=row.section_name,
        code=code.code,
        identity=code.identity,
        canonical=code.canonical,
        number=code.number,
        sort_key=code.sort_key,
        position=code.position,
        extra=code.extra,
        disposition=code.disposition,
        fixer=code.fixer,
        **{name: getattr(code, f"vendor_{name}") for name in VENDOR_TEXTS},
    )


def _save(codes: list[ReturnCode]) -> None:
    fields: list[Any] = [ReturnCode._meta.get_field(name) for name in _WRITTEN]
    columns = ", ".join(f"{field.column} = %s" for field in fields)
    values = [
        [*[field.get_db_prep_save(getattr(code, field.attname), connection) for field in fields], code.pk]
        for code in codes
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE kb_returncode SET {columns} WHERE id = %s", values)  # noqa: S608
