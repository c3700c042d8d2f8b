"""Roll an import back: restore exactly what it changed, except codes that somebody edited since.

The roll-back is recorded as an import of its own. Codes that the import created are taken away or retired, not deleted,
because tickets, notes and revisions may refer to them. See Note [Steps back] for several roll-backs.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from kb import answers, searching
from kb.importing import stage
from kb.importing.applying import journal_rows, listed_ranges, order, section_names, tombstones, undo
from kb.importing.applying.effects import Effects, lonely_notes
from kb.importing.applying.undo import Steps
from kb.importing.errors import WrongState
from kb.models import Change, CodeTable, Door, ImportRow, ImportState, ReturnCode, RowKind, TableImport, sql
from kb.models.fields import VENDOR_TEXTS
from kb.models.history import current_door
from kb.ops import metrics
from kb.services.journal import By, JournalEntry
from kb.text.codes import forms

_FIELDS = (
    *("section", "code", "identity", "extra", "disposition", "fixer", "retired_at", "version", "updated_at"),
    *VENDOR_TEXTS,
    *(f"vendor_{name}" for name in VENDOR_TEXTS),
)


def preview(table_import: TableImport) -> Effects:
    """Return what a roll-back would do. Raises WrongState."""
    check_state(table_import)
    result, new_ids = Effects(), set[int]()
    steps = undo.steps_of(table_import)
    for page in _pages(table_import):
        obstacles = _obstacles(page, steps)
        result.stays += [f"{code} stays: {obstacles[code.pk]}." for _, code in page if code.pk in obstacles]
        rows = [row for row, code in page if code.pk not in obstacles]
        new_ids |= {row.return_code_id for row in rows if row.kind == RowKind.NEW and row.return_code_id}
        result.restored += sum(row.kind != RowKind.NEW for row in rows)
    taken = new_ids.intersection(tombstones.listed_by_none(table_import))
    result.taken, result.lonely_notes = len(taken), lonely_notes(taken)
    result.retired = len(new_ids) - result.taken
    result.sections = section_names.former_names(table_import)
    result.ranges, stays = listed_ranges.removable(table_import)
    result.stays += stays
    result.has_moves = order.would_move(table_import)
    return result


@metrics.IMPORT_SECONDS.labels("roll_back").time()
def roll_back(table_import: TableImport, by: By) -> TableImport:
    """Restore what an import changed; return the import that records the roll-back.

    Raises WrongState for an import that is not applied, is already rolled back, or is a roll-back itself.
    """
    with sql.long_statements(), sql.wide_cache(), transaction.atomic(durable=True):
        return roll_back_within(table_import, by)


def roll_back_within(table_import: TableImport, by: By) -> TableImport:
    """Do what `roll_back` does, in the caller's transaction."""
    by = By(by.user, Door.IMPORT, by.reason)
    door = current_door.set(by.door)
    try:
        original = TableImport.objects.select_for_update(no_key=True).get(pk=table_import.pk)
        check_state(original)
        reversal = _open(original, by)
        steps = undo.steps_of(original)
        assert reversal.table is not None
        empty_sections = tombstones.sections_without_codes(reversal.table)
        unrestored_ids = {pk for page in _pages(original) for pk in _restore_page(page, reversal, steps)}
        order.restore(original, reversal)
        answers.note_order(reversal.table)
        entry = JournalEntry(by)
        _close(original, reversal)
        unpublished_ids = tombstones.mark(original, reversal, entry, unrestored_ids)
        # A section whose codes are tombstones now gives its name back.
        section_names.restore(original, reversal, entry)
        listed_ranges.remove(original, reversal, entry)
        tombstones.note_sections(reversal.table, empty_sections, entry)
        reversal.counts = dict(reversal.rows.order_by().values_list("kind").annotate(n=Count("pk")))
        reversal.save(update_fields=["counts"])
        revisions = journal_rows.write_revisions(reversal, by)
        journal_rows.unmark_notes(original, unrestored_ids, entry)
        code_ids = sorted({*journal_rows.changed_code_ids(original), *unpublished_ids})
        searching.refresh(code_ids)
        answers.refresh([*code_ids, *entry.shown_with] if entry.shown_with else code_ids)
        journal_rows.write_feed(reversal, entry, revisions, unpublished_ids)
    finally:
        current_door.reset(door)
    return reversal


def check_state(original: TableImport) -> None:
    """Raise WrongState for an import that cannot be rolled back."""
    if original.state == ImportState.ROLLED_BACK:
        raise WrongState(f"{original} is already {original.state_with_person}, at {original.closed_at:%Y-%m-%d %H:%M}.")
    if original.state != ImportState.APPLIED:
        raise WrongState(f"{original} is {original.state_with_person}: there is nothing to roll back.")
    if original.rolls_back_id:
        raise WrongState(f"{original} is a roll-back. To bring the codes back, import the file again.")


def _open(original: TableImport, by: By) -> TableImport:
    assert original.table_id is not None
    # Its audience, which the changes of the feed get, may have changed while this waited for the lock.
    original.table = CodeTable.objects.select_for_update(no_key=True).get(pk=original.table_id)
    journal_rows.lock(original, whole_table=order.first_to_undo(original) is not None)
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
    original.state = ImportState.ROLLED_BACK
    original.closed_by, original.closed_at = reversal.applied_by, reversal.applied_at
    original.save()


def _pages(original: TableImport) -> Iterator[list[tuple[ImportRow, ReturnCode]]]:
    """Yield pages of the rows that wrote something other than the order, with their codes."""
    after = 0
    rows = original.rows.to_apply().exclude(kind=RowKind.REORDERED).exclude(return_code=None).order_by("pk")
    while page := list(rows.filter(pk__gt=after)[: stage.BATCH]):
        after = page[-1].pk
        codes = ReturnCode.objects.select_related("section").in_bulk([row.return_code_id for row in page])
        yield [(row, codes[row.return_code_id]) for row in page if row.return_code_id is not None]


def _restore_page(page: list[tuple[ImportRow, ReturnCode]], reversal: TableImport, steps: Steps) -> list[int]:
    """Restore the codes of a page; return the ids of those that stay as they are."""
    records, codes, obstacles = [], [], _obstacles(page, steps)
    for row, code in page:
        if code.pk in obstacles:
            records.append(_skip(row, code, reversal, obstacles[code.pk], steps))
        else:
            records.append(_restore(row, code, reversal, steps))
            codes.append(code)
    ImportRow.objects.bulk_create(records)
    _save(codes)
    return list(obstacles)


def _obstacles(page: list[tuple[ImportRow, ReturnCode]], steps: Steps) -> dict[int, str]:
    """Return the reason of each code of a page that stays as it is."""
    versions = {code.pk: undo.version_since(row, code, steps) for row, code in page}
    edited = {pk: version for pk, version in versions.items() if version}
    revisions = undo.revisions_of(edited)
    result = {}
    for row, code in page:
        if code.pk in edited:
            result[code.pk] = undo.reason_of(code, revisions.get(code.pk))
            continue
        values = undo.former(row, "", steps).values
        identity = forms.identity(values["code"]) if "code" in values else code.identity
        namesakes = ReturnCode.objects.filter(section=values.get("section", code.section_id), identity=identity)
        if {"section", "code"} & values.keys() and namesakes.exclude(pk=code.pk).exists():
            result[code.pk] = f"its former section now has another {code}"
    return result


def _skip(row: ImportRow, code: ReturnCode, reversal: TableImport, reason: str, steps: Steps) -> ImportRow:
    """Return the row that records that a code stays, and what it gets back once later changes are rolled back."""
    record = _record(row, code, reversal, RowKind.WARNING)
    record.message = f"{code} stays: {reason}."
    if undo.version_since(row, code, steps):
        step = undo.before_import(row, _as_json(reversal.applied_at))
        record.fields, record.code_version = step.fields, step.version
        record.before = step.values | {undo.HELD: undo.version_after(row)}
    return record


def _restore(row: ImportRow, code: ReturnCode, reversal: TableImport, steps: Steps) -> ImportRow:
    """Give a code its former values; return the row that records the present ones."""
    step = undo.former(row, _as_json(reversal.applied_at), steps)
    present = {name: _as_json(code.section_id if name == "section" else getattr(code, name)) for name in step.values}
    changed = {name for name, value in step.values.items() if value != present[name]}
    for name, value in step.values.items():
        setattr(code, "section_id" if name == "section" else name, _from_json(name, value))
    if "code" in changed:
        code.identity = forms.identity(code.code)
    fields = [name for name in step.fields if {name, f"vendor_{name}"} & changed]
    record = _record(row, code, reversal, _kind_of(fields, code))
    record.fields, record.code_version = fields, step.version
    record.before = present | {undo.HELD: code.version}
    code.version, code.updated_at = code.version + 1, reversal.planned_at
    return record


def _kind_of(fields: list[str], code: ReturnCode) -> RowKind:
    """Return the kind of a row that gave a code its former values."""
    if "retired_at" in fields:
        return RowKind.RETIRED if code.is_retired else RowKind.RESTORED
    return RowKind.MOVED if "section" in fields else RowKind.CHANGED


def _from_json(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name == "retired_at" and value else value


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _record(row: ImportRow, code: ReturnCode, reversal: TableImport, kind: RowKind) -> ImportRow:
    return ImportRow(
        table_import=reversal,
        kind=kind,
        line=row.line,
        sheet=row.sheet,
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
