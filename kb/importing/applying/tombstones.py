"""Codes that only rolled-back imports brought. A roll-back makes them tombstones; a later import brings them back."""

from collections.abc import Container
from typing import Any

from kb.models import CodeTable, ReturnCode, RowKind, Section, TableImport, Tombstone, sql
from kb.models.changes import ChangeKind
from kb.models.fields import VENDOR_TEXTS
from kb.services.journal import JournalEntry

_SET_ASIDE = "substr(identity, 1, 230) || %s || CAST(id AS text)"
_ENDING = "\x01"
"""No text of a file may have it, so that no other code has such an identity."""

_OWN_WORDS = " OR ".join(f"c.{name} <> c.vendor_{name}" for name in VENDOR_TEXTS)
_BROUGHT_BY_NONE = f"""
    SELECT c.id FROM kb_returncode AS c WHERE c.table_id = %s
    AND c.id NOT IN (SELECT code_id FROM kb_tombstone) AND NOT ({_OWN_WORDS})
    AND c.id IN (
        SELECT r.return_code_id FROM kb_importrow AS r JOIN kb_tableimport AS i ON i.id = r.table_import_id
        WHERE i.table_id = %s AND (i.state = 'rolled_back' OR i.id = %s) AND r.kind = 'new'
        AND r.resolution <> 'leave_out'
        AND NOT EXISTS (
            SELECT 1 FROM kb_tableimport AS l WHERE l.table_id = i.table_id AND l.state = 'applied'
            AND l.rolls_back_id IS NULL AND l.complete AND l.applied_at > i.applied_at AND l.id <> %s
            AND (i.closed_at IS NULL OR l.applied_at < i.closed_at)
        )
    )
    AND c.id NOT IN (
        SELECT r.return_code_id FROM kb_importrow AS r JOIN kb_tableimport AS i ON i.id = r.table_import_id
        WHERE i.table_id = %s AND i.state = 'applied' AND i.id <> %s AND i.rolls_back_id IS NULL
        AND r.return_code_id IS NOT NULL
        AND r.kind IN ('new', 'changed', 'conflict', 'restored', 'moved') AND r.resolution <> 'leave_out'
    )
"""  # noqa: S608
"""The codes that a rolled-back import created, and that no import in force lists, once an import is rolled back.

What staff have written about a code keeps it.

A later complete import lists a code that it leaves as it is, without a row; once the code is retired, it has one.
"""


def listed_by_none(original: TableImport) -> list[int]:
    """Return the ids of the codes that only rolled-back imports bring, once an import is rolled back."""
    return [pk for (pk,) in sql.rows(_BROUGHT_BY_NONE, *_values(original))]


def _values(original: TableImport) -> tuple[Any, ...]:
    table, number = original.table_id, original.pk
    return table, table, number, number, table, number


def mark(
    original: TableImport, reversal: TableImport, entry: JournalEntry, kept_ids: Container[int] = frozenset()
) -> list[int]:
    """Make tombstones of the codes that no import in force has brought, but not of those that stay; return their ids.

    Codes that an earlier roll-back left retired may be among them. The feed gets these here, others from their rows.
    """
    retired = f"{_BROUGHT_BY_NONE} AND c.retired_at IS NOT NULL ORDER BY c.id"
    ids = [pk for (pk,) in sql.rows(retired, *_values(original)) if pk not in kept_ids]
    for batch in sql.batches(ids, sql.MAX_VALUES // 2):
        among = f"IN ({sql.marks(batch)})"
        sql.run(
            f"INSERT INTO kb_tombstone (code_id, identity) SELECT id, identity FROM kb_returncode WHERE id {among}",  # noqa: S608
            *batch,
        )
        sql.run(f"UPDATE kb_returncode SET identity = {_SET_ASIDE} WHERE id {among}", _ENDING, *batch)  # noqa: S608
        # It is no edit: the current version has it, too. Codes of this roll-back get the revision of theirs later.
        sql.run(
            "UPDATE kb_historicalreturncode SET identity = c.identity FROM kb_returncode AS c WHERE"  # noqa: S608
            " c.id = kb_historicalreturncode.id AND c.version = kb_historicalreturncode.version"
            f" AND c.id {among}",
            *batch,
        )
    sql.run(
        "UPDATE kb_importrow SET kind = 'taken', message = 'No page says that the vendor listed it: only imports that"
        " were rolled back did.' WHERE table_import_id = %s AND kind = 'retired'"
        " AND return_code_id IN (SELECT code_id FROM kb_tombstone)",
        reversal.pk,
    )
    in_rows = set(reversal.rows.filter(kind=RowKind.TAKEN).values_list("return_code", flat=True))
    for batch in sql.batches((pk for pk in ids if pk not in in_rows), sql.MAX_VALUES):
        for code in ReturnCode.objects.filter(pk__in=batch).select_related("table").order_by("pk"):
            entry.note(code, ChangeKind.DELETED, [])
    return ids


def sections_without_codes(table: CodeTable) -> set[int]:
    """Return the ids of the sections of a table in which all codes are tombstones: nobody sees these either."""
    return {
        pk
        for (pk,) in sql.rows(
            "SELECT DISTINCT c.section_id FROM kb_tombstone AS x JOIN kb_returncode AS c ON c.id = x.code_id"
            " WHERE c.table_id = %s AND NOT EXISTS (SELECT 1 FROM kb_returncode AS o"
            " WHERE o.section_id = c.section_id AND o.id NOT IN (SELECT code_id FROM kb_tombstone))",
            table.pk,
        )
    }


def note_sections(table: CodeTable, before: set[int], entry: JournalEntry) -> None:
    """Add to the feed which sections are gone, or there again, since `sections_without_codes` returned `before`."""
    after = sections_without_codes(table)
    for section in Section.objects.filter(pk__in=before ^ after).select_related("table").order_by("pk"):
        entry.note(section, ChangeKind.DELETED if section.pk in after else ChangeKind.CREATED, [])


def are_in(table: CodeTable) -> bool:
    """Whether a table has tombstones."""
    return Tombstone.objects.filter(code__table=table).exists()


def lift(table_import: TableImport) -> list[int]:
    """Remove the tombstones of the codes that an import has brought back; return the ids of these codes."""
    back = Tombstone.objects.filter(code__table=table_import.table_id, code__retired_at=None)
    ids = list(back.values_list("pk", flat=True))
    for batch in sql.batches(ids, sql.MAX_VALUES):
        sql.run(f"DELETE FROM kb_tombstone WHERE code_id IN ({sql.marks(batch)})", *batch)  # noqa: S608
    return ids
