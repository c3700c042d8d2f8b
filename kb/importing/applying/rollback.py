"""Roll an import back: restore exactly what it changed, except codes that somebody edited since.

The roll-back is recorded as an import of its own. Codes that the import created are retired, not deleted, because
tickets, notes and revisions may refer to them.
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
from kb.models import Change, CodeTable, Door, ImportRow, ImportState, ReturnCode, RowKind, TableImport, sql
from kb.models.fields import VENDOR_TEXTS
from kb.models.history import current_door
from kb.ops import metrics
from kb.services.journal import By, JournalEntry

_FIELDS = (
    *("section", "code", "position", "extra", "disposition", "fixer", "retired_at", "version", "updated_at"),
    *VENDOR_TEXTS,
    *(f"vendor_{name}" for name in VENDOR_TEXTS),
)
_REVERSE_KINDS = {
    RowKind.NEW: RowKind.RETIRED,
    RowKind.RETIRED: RowKind.RESTORED,
    RowKind.RESTORED: RowKind.RETIRED,
    RowKind.CONFLICT: RowKind.CHANGED,
}


@dataclass(frozen=True)
class SkippedCode:
    """A code that a roll-back leaves as it is, with the reason."""

    row: ImportRow
    code: ReturnCode
    reason: str


@dataclass
class Preview:
    """The result of a roll-back before it is done: the number of restored codes, and the codes that it skips."""

    restored: int = 0
    skipped: list[SkippedCode] = field(default_factory=list)


def preview(table_import: TableImport) -> Preview:
    """Return how many codes a roll-back would restore, and which it would leave as they are."""
    result = Preview()
    for page in _pages(table_import):
        for row, code in page:
            reason = _obstacle(row, code)
            if reason:
                result.skipped.append(SkippedCode(row, code, reason))
            elif row.kind != RowKind.REORDERED:
                result.restored += 1
    return result


@metrics.IMPORT_SECONDS.labels("roll_back").time()
def roll_back(table_import: TableImport, by: By) -> TableImport:
    """Restore what an import changed; return the import that records the roll-back.

    Raises WrongState for an import that is not applied, is already rolled back, or is a roll-back itself.
    """
    by = By(by.user, Door.IMPORT, by.reason)
    door = current_door.set(by.door)
    try:
        with transaction.atomic(durable=True):
            original = TableImport.objects.select_for_update(no_key=True).get(pk=table_import.pk)
            _check_state(original)
            reversal = _open(original, by)
            unrestored_ids = {pk for page in _pages(original) for pk in _restore_page(page, reversal)}
            _close(original, reversal)
            entry = JournalEntry(by)
            journal_rows.write_revisions(reversal, by)
            journal_rows.unmark_notes(original, unrestored_ids, entry)
            searching.refresh(journal_rows.changed_code_ids(original))
            journal_rows.write_feed(reversal, entry)
    finally:
        current_door.reset(door)
    return reversal


def _check_state(original: TableImport) -> None:
    if original.state == ImportState.ROLLED_BACK:
        at = f"{original.closed_at:%Y-%m-%d %H:%M}"
        raise WrongState(f"{original} was already rolled back, by {original.closed_by} at {at}.")
    if original.state != ImportState.APPLIED:
        raise WrongState(f"{original} is {original.get_state_display().lower()}: there is nothing to roll back.")
    if original.rolls_back_id:
        raise WrongState(f"{original} is a roll-back. To bring the codes back, import the file again.")


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


def _close(original: TableImport, reversal: TableImport) -> None:
    reversal.counts = dict(reversal.rows.order_by().values_list("kind").annotate(n=Count("pk")))
    reversal.save(update_fields=["counts"])
    original.state = ImportState.ROLLED_BACK
    original.closed_by, original.closed_at = reversal.applied_by, reversal.applied_at
    original.save()


def _pages(original: TableImport) -> Iterator[list[tuple[ImportRow, ReturnCode]]]:
    """Yield pages of the rows that wrote something, with their codes."""
    after = 0
    rows = original.rows.to_apply().exclude(return_code=None).order_by("pk")
    while page := list(rows.filter(pk__gt=after)[: stage.BATCH]):
        after = page[-1].pk
        codes = ReturnCode.objects.select_related("section").in_bulk([row.return_code_id for row in page])
        yield [(row, codes[row.return_code_id]) for row in page if row.return_code_id is not None]


def _restore_page(page: list[tuple[ImportRow, ReturnCode]], reversal: TableImport) -> list[int]:
    """Restore the codes of a page; return the ids of those that stay as they are."""
    records, codes, unrestored_ids = [], [], []
    for row, code in page:
        reason = _obstacle(row, code)
        if reason:
            unrestored_ids.append(code.pk)
            records.append(_record(row, code, reversal, RowKind.WARNING, f"Not rolled back: {reason}"))
        else:
            records.append(_restore(row, code, reversal))
            codes.append(code)
    ImportRow.objects.bulk_create(records)
    _save(codes)
    return unrestored_ids


def _obstacle(row: ImportRow, code: ReturnCode) -> str:
    """Return the reason why a code stays as it is; "" for one that can be restored."""
    if row.kind == RowKind.REORDERED:
        return ""
    version = 1 if row.kind == RowKind.NEW else (row.code_version or 0) + 1
    if code.version != version:
        return f"{code} was changed again on {code.updated_at:%Y-%m-%d %H:%M}."
    namesakes = ReturnCode.objects.filter(section=row.before.get("section"), identity=code.identity)
    if "section" in row.before and namesakes.exclude(pk=code.pk).exists():
        return f"Its former section now has another {code}."
    return ""


def _restore(row: ImportRow, code: ReturnCode, reversal: TableImport) -> ImportRow:
    """Give a code its former values; return the row that records the present ones."""
    values = {"retired_at": reversal.applied_at} if row.kind == RowKind.NEW else _former_values(row, code)
    kind = _REVERSE_KINDS.get(RowKind(row.kind), RowKind(row.kind))
    current_values = {name: _as_json(code.section_id if name == "section" else getattr(code, name)) for name in values}
    for name, value in values.items():
        setattr(code, "section_id" if name == "section" else name, value)
    record = _record(row, code, reversal, kind, "")
    record.before = current_values
    record.fields = ["retired_at"] if row.kind == RowKind.NEW else row.fields
    if row.kind != RowKind.REORDERED:
        code.version, code.updated_at = code.version + 1, reversal.planned_at
    return record


def _former_values(row: ImportRow, code: ReturnCode) -> dict[str, Any]:
    values = dict(row.before)
    if values.get("retired_at"):
        values["retired_at"] = datetime.fromisoformat(values["retired_at"])
    if code.position != row.position:
        # A later import changed the order of the table; its order stays.
        values.pop("position", None)
    return values


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _record(row: ImportRow, code: ReturnCode, reversal: TableImport, kind: RowKind, message: str) -> ImportRow:
    return ImportRow(
        table_import=reversal,
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
    fields: list[Any] = [ReturnCode._meta.get_field(name) for name in _FIELDS]
    columns = ", ".join(f"{field.column} = %s" for field in fields)
    values = [
        [*[field.get_db_prep_save(getattr(code, field.attname), connection) for field in fields], code.pk]
        for code in codes
    ]
    sql.run_each(f"UPDATE kb_returncode SET {columns} WHERE id = %s", values)  # noqa: S608
