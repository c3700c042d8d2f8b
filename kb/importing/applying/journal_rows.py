"""What an import writes besides codes: revisions, notes to verify again, and changes in the feed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from kb.models import (
    Change,
    Door,
    ImportRow,
    ImportState,
    IncidentLink,
    ReturnCode,
    RowKind,
    TableImport,
    TroubleshootingNote,
    sql,
)
from kb.models.changes import RELISTED, ChangeKind
from kb.models.codes import PUBLISHED
from kb.models.fields import VENDOR_TEXTS
from kb.models.table_imports import TOUCHING, Extent, Resolution
from kb.services import journal
from kb.services.journal import By, JournalEntry

_REVISED_KINDS = [kind for kind in TOUCHING if kind not in (RowKind.REORDERED, RowKind.SECTION, RowKind.RANGE)]
_CONDITIONS = f"""
    WHERE r.table_import_id = %s AND r.resolution <> '{Resolution.LEAVE_OUT.value}' AND r.return_code_id IS NOT NULL
    AND r.kind IN ({", ".join(f"'{kind.value}'" for kind in _REVISED_KINDS)})
"""
REVISION_ROWS = f"FROM kb_importrow AS r JOIN kb_returncode AS c ON c.id = r.return_code_id {_CONDITIONS}"
"""SQL of an import's rows and their codes, without codes that change only their position: they get no revision."""

_COLUMNS = [str(field.column) for field in ReturnCode._meta.concrete_fields]


def lock(table_import: TableImport, whole_table: bool = False) -> None:
    """Lock the notes, then the codes that an import or its roll-back writes, in the order of their ids.

    Setting the order of a table writes all of its codes (`whole_table`).

    Saving a note locks the note before the database checks its codes. In another order, an import and an editor would
    wait for each other. Keys stay unlocked, so that other rows can still refer to these.
    """
    if sql.is_postgres():
        notes = TroubleshootingNote.objects.filter(pk__in=_note_links(table_import).values("troubleshootingnote_id"))
        if table_import.applied_at:
            notes = TroubleshootingNote.objects.filter(verify_since=table_import.applied_at)
        list(notes.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        condition, number = "c.table_id = %s", table_import.table_id
        if not whole_table:
            condition = "c.id IN (SELECT return_code_id FROM kb_importrow WHERE table_import_id = %s)"
            number = table_import.pk
        sql.run(
            f"""
            SELECT count(*) FROM (
                SELECT 1 FROM kb_returncode AS c WHERE {condition} ORDER BY c.id FOR NO KEY UPDATE OF c
            ) AS locked
            """,  # noqa: S608
            number,
        )


def write_revisions(table_import: TableImport, by: By) -> int:
    """Write one revision for each code in one statement, with the person, the reason and the import.

    Returns how many there are.
    """
    reason = (by.reason or str(table_import))[:100]
    return sql.run(
        f"""
        INSERT INTO kb_historicalreturncode (
            {", ".join(_COLUMNS)}, history_date, history_type, history_change_reason, history_user_id, door,
            table_import_id
        )
        SELECT {", ".join(f"c.{name}" for name in _COLUMNS)}, %s, CASE r.kind WHEN 'new' THEN '+' ELSE '~' END,
            %s, %s, %s, %s {REVISION_ROWS} ORDER BY r.id
        """,
        database_time(table_import.applied_at),
        reason,
        by.user.pk if by.user else None,
        Door.IMPORT.value,
        table_import.pk,
        table_import.pk,
    )


def changed_code_ids(table_import: TableImport) -> list[int]:
    """Return the ids of the codes that an import wrote, without those that change only their position, in order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT return_code_id FROM kb_importrow AS r {_CONDITIONS} ORDER BY 1", [table_import.pk])  # noqa: S608
        # Row by row: a list of a million rows would take 100 MiB.
        return [pk for (pk,) in cursor]


def mark_notes(table_import: TableImport, entry: JournalEntry) -> None:
    """Mark the published notes of codes that the vendor reworded, so that people verify them again.

    Spelling, punctuation, white space and links are no other words.
    """
    for note_id, codes in sorted(_reworded_codes_by_note(table_import).items()):
        note = entry.lock(TroubleshootingNote, note_id)
        labels = ", ".join(codes[:5]) + (f" and {len(codes) - 5} more" if len(codes) > 5 else "")
        values = {
            "verify_since": table_import.applied_at,
            "verify_reason": f"{table_import} changed the vendor text of {labels}."[:250],
        }
        entry.update(note, journal.set_fields(note, values))


def unmark_notes(original: TableImport, unrestored_ids: set[int], entry: JournalEntry) -> None:
    """Undo `mark_notes`, except for notes on codes that keep the import's words (`unrestored_ids`)."""
    notes = TroubleshootingNote.objects.filter(verify_since=original.applied_at)
    for pk in notes.exclude(codes__in=unrestored_ids).order_by("pk").values_list("pk", flat=True):
        note = entry.lock(TroubleshootingNote, pk)
        entry.update(note, journal.set_fields(note, _former_mark(note, original)))


def _former_mark(note: TroubleshootingNote, original: TableImport) -> dict[str, Any]:
    """Return the mark that a note had before an import; none if somebody verified it, or that import is rolled back."""
    marks = note.history.exclude(verify_since=original.applied_at).order_by("-history_id")
    for since, reason in marks.values_list("verify_since", "verify_reason"):
        if since is None:
            break
        if not TableImport.objects.filter(applied_at=since, state=ImportState.ROLLED_BACK).exists():
            return {"verify_since": since, "verify_reason": reason}
    return {"verify_since": None, "verify_reason": ""}


def write_feed(table_import: TableImport, entry: JournalEntry, codes: int, relisted: Iterable[int] = ()) -> None:
    """Write all changes to the feed, in one block of sequence numbers. Call this last: see Note [Sequence last].

    `codes` is the number of its revisions, `relisted` the ids of the codes that it takes away or brings back.
    """
    if not codes and not entry.changes:
        return
    first = journal.take_sequence(codes + len(entry.changes))
    at = max(timezone.now(), Change.objects.earliest_next())
    behind = first + len(entry.changes)
    _store_changes(entry, table_import, first, at)
    assert table_import.table is not None
    sql.run(
        f"""
        INSERT INTO kb_change (
            sequence, at, kind, noun, object_id, label, fields, audience, door, actor_id, table_import_id
        )
        SELECT %s + row_number() OVER (ORDER BY r.id), %s,
            CASE WHEN r.kind = 'new' OR CAST(r.before AS text) LIKE %s THEN 'created'
                WHEN NOT {PUBLISHED} THEN 'deleted' WHEN CAST(r.fields AS text) NOT LIKE %s THEN 'updated'
                WHEN c.retired_at IS NULL THEN 'restored' ELSE 'retired' END,
            'code', c.id, c.code, r.fields, %s, %s, %s, %s {REVISION_ROWS}
        """,
        behind - 1,
        database_time(at),
        '%"tombstone": true%',
        '%"retired_at"%',
        table_import.table.audience,
        Door.IMPORT.value,
        entry.by.user.pk if entry.by.user else None,
        table_import.pk,
        table_import.pk,
    )
    _note_lists(entry, relisted)
    if entry.changes:
        _store_changes(entry, table_import, journal.take_sequence(len(entry.changes)), at)


def _store_changes(entry: JournalEntry, table_import: TableImport, first: int, at: datetime) -> None:
    """Store the changes of an entry under the numbers from `first` on, and empty it."""
    journal.settle_audiences(entry.changes)
    for sequence, change in enumerate(entry.changes, first):
        change.sequence, change.table_import, change.at = sequence, table_import, max(change.at, at)
    Change.objects.bulk_create(entry.changes, batch_size=500)
    entry.changes.clear()


def _note_lists(entry: JournalEntry, code_ids: Iterable[int]) -> None:
    """Add a change for each note and incident that lists one of these codes. See Note [Relisted]."""
    codes = list(code_ids)
    for model in (TroubleshootingNote, IncidentLink):
        pks: set[int] = set()
        for batch in sql.batches(codes, sql.MAX_VALUES):
            pks.update(model.objects.filter(codes__in=batch).values_list("pk", flat=True))
        for batch in sql.batches(sorted(pks), sql.MAX_VALUES):
            for row in model.objects.filter(pk__in=batch).order_by("pk"):
                entry.note(row, ChangeKind.UPDATED, RELISTED)


def database_time(moment: datetime | None) -> Any:
    """Return a date and time in the form that this database stores."""
    return connection.ops.adapt_datetimefield_value(moment)


def _reworded_rows(table_import: TableImport) -> QuerySet[ImportRow]:
    # Named one by one, so that an index finds them among a million new codes.
    kinds = [kind for kind in _REVISED_KINDS if kind not in (RowKind.NEW, RowKind.RETIRED)]
    return table_import.rows.to_apply().filter(kind__in=kinds).exclude(extent=Extent.COSMETIC)


def _note_links(table_import: TableImport) -> QuerySet[Any]:
    links = TroubleshootingNote.codes.through.objects.filter(
        troubleshootingnote__in=TroubleshootingNote.objects.published()
    )
    return links.filter(returncode__in=_reworded_rows(table_import).values("return_code"))


def _reworded_codes_by_note(table_import: TableImport) -> dict[int, list[str]]:
    notes_by_code: dict[int, list[int]] = {}
    for note_id, code_id in _note_links(table_import).values_list("troubleshootingnote_id", "returncode_id"):
        notes_by_code.setdefault(code_id, []).append(note_id)
    codes_by_note: dict[int, list[str]] = {}
    for pk, code, fields in (
        _reworded_rows(table_import).filter(return_code__in=notes_by_code).values_list("return_code", "code", "fields")
    ):
        if set(fields) & set(VENDOR_TEXTS):
            for note_id in notes_by_code[pk]:
                codes_by_note.setdefault(note_id, []).append(code)
    return codes_by_note
