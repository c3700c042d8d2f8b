"""What an import leaves behind besides the codes: revisions, notes to verify, and rows of the feed."""

from typing import Any

from django.db import connection
from django.utils import timezone

from kb.models import Change, Door, ReturnCode, RowKind, TableImport, TroubleshootingNote, sql
from kb.models.codes import VENDOR_TEXTS
from kb.models.table_imports import TOUCHING, Resolution
from kb.services import journal
from kb.services.journal import By, JournalEntry

_CHANGED = f"""
    FROM kb_importrow AS r JOIN kb_returncode AS c ON c.id = r.return_code_id
    WHERE r.table_import_id = %s AND r.resolution <> '{Resolution.LEAVE_OUT.value}'
    AND r.kind IN ({", ".join(f"'{kind.value}'" for kind in TOUCHING)})
"""
WRITTEN = f"{_CHANGED} AND r.kind <> '{RowKind.REORDERED.value}'"
"""Rows of an import and their codes, but for a mere change of place: it is not worth a revision."""

_COLUMNS = [str(field.column) for field in ReturnCode._meta.concrete_fields]


def lock(done: TableImport) -> None:
    """Lock what an import writes, or its roll-back: notes, then codes, each in one order, and no row's key.

    Whoever saves a note holds it before the database looks at the codes that it names. The other way around, an import
    and an editor would wait for each other.
    """
    if sql.is_postgres():
        notes = TroubleshootingNote.objects.filter(pk__in=_linked(done).values("troubleshootingnote_id"))
        if done.applied_at:
            notes = TroubleshootingNote.objects.filter(verify_since=done.applied_at)
        list(notes.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        sql.run(
            f"SELECT count(*) FROM (SELECT 1 {_CHANGED} ORDER BY c.id FOR NO KEY UPDATE OF c) AS locked",  # noqa: S608
            done.pk,
        )


def write_revisions(done: TableImport, by: By) -> None:
    """Write one revision a code, in one statement, with who, why and through which import."""
    reason = (by.reason or str(done))[:100]
    sql.run(
        f"""
        INSERT INTO kb_historicalreturncode (
            {", ".join(_COLUMNS)}, history_date, history_type, history_change_reason, history_user_id, door,
            table_import_id
        )
        SELECT {", ".join(f"c.{name}" for name in _COLUMNS)}, %s, CASE r.kind WHEN 'new' THEN '+' ELSE '~' END,
            %s, %s, %s, %s {WRITTEN} ORDER BY r.id
        """,
        adapted(done.applied_at),
        reason,
        by.user.pk if by.user else None,
        Door.IMPORT.value,
        done.pk,
        done.pk,
    )


def touched_codes(done: TableImport) -> set[int]:
    """Return the ids of the codes that an import wrote, but for a mere change of place."""
    return {pk for (pk,) in sql.rows(f"SELECT c.id {WRITTEN}", done.pk)}


def mark_notes(done: TableImport, entry: JournalEntry) -> None:
    """Ask for another look at the published notes of codes whose words the vendor changed."""
    for note_id, codes in sorted(_notes_of_reworded(done).items()):
        note = entry.lock(TroubleshootingNote, note_id)
        shown = ", ".join(codes[:5]) + (f" and {len(codes) - 5} more" if len(codes) > 5 else "")
        values = {"verify_since": done.applied_at, "verify_reason": f"{done} reworded {shown}."[:250]}
        entry.update(note, journal.set_fields(note, values))


def unmark_notes(taken_back: TableImport, still: set[int], entry: JournalEntry) -> None:
    """Withdraw what `mark_notes` asked for, except for notes on codes (`still`) that keep the import's words."""
    notes = TroubleshootingNote.objects.filter(verify_since=taken_back.applied_at)
    for pk in notes.exclude(codes__in=still).order_by("pk").values_list("pk", flat=True):
        note = entry.lock(TroubleshootingNote, pk)
        entry.update(note, journal.set_fields(note, {"verify_since": None, "verify_reason": ""}))


def write_feed(done: TableImport, entry: JournalEntry) -> None:
    """Put everything into the feed, in one block of numbers. Call last: see Note [Sequence last]."""
    codes = sql.value(f"SELECT count(*) {WRITTEN}", done.pk)
    if not codes and not entry.changes:
        return
    first = journal.take_sequence(codes + len(entry.changes))
    at = max(timezone.now(), Change.objects.earliest_next())
    for sequence, change in enumerate(entry.changes, first):
        change.sequence, change.table_import, change.at = sequence, done, max(change.at, at)
    Change.objects.bulk_create(entry.changes, batch_size=500)
    assert done.table is not None
    sql.run(
        f"""
        INSERT INTO kb_change (
            sequence, at, kind, noun, object_id, label, fields, audience, door, actor_id, table_import_id
        )
        SELECT %s + row_number() OVER (ORDER BY r.id), %s,
            CASE WHEN r.kind = 'new' THEN 'created' WHEN CAST(r.fields AS text) NOT LIKE %s THEN 'updated'
                WHEN c.retired_at IS NULL THEN 'restored' ELSE 'retired' END,
            'code', c.id, c.code, r.fields, %s, %s, %s, %s {WRITTEN}
        """,
        first + len(entry.changes) - 1,
        adapted(at),
        '%"retired_at"%',
        done.table.audience,
        Door.IMPORT.value,
        entry.by.user.pk if entry.by.user else None,
        done.pk,
        done.pk,
    )
    entry.changes.clear()


def adapted(moment: Any) -> Any:
    """Return a date and time as this database stores it."""
    return connection.ops.adapt_datetimefield_value(moment)


def _reworded(done: TableImport) -> Any:
    return done.rows.to_apply().exclude(kind__in=[RowKind.NEW, RowKind.RETIRED, RowKind.REORDERED])


def _linked(done: TableImport) -> Any:
    links = TroubleshootingNote.codes.through.objects.filter(troubleshootingnote__in=_published())
    return links.filter(returncode__in=_reworded(done).values("return_code"))


def _notes_of_reworded(done: TableImport) -> dict[int, list[str]]:
    of_code: dict[int, list[int]] = {}
    for note_id, code_id in _linked(done).values_list("troubleshootingnote_id", "returncode_id"):
        of_code.setdefault(code_id, []).append(note_id)
    found: dict[int, list[str]] = {}
    for pk, code, fields in (
        _reworded(done).filter(return_code__in=of_code).values_list("return_code", "code", "fields")
    ):
        if set(fields) & set(VENDOR_TEXTS):
            for note_id in of_code[pk]:
                found.setdefault(note_id, []).append(code)
    return found


def _published() -> Any:
    return TroubleshootingNote.objects.published()
