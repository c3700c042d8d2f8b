"""Whether a table has its codes in the order of their numbers, so that a list finds a number's place in both orders.

Only an import and its roll-back add codes, or change places and numbers. Both call `note_order` for their table.
"""

from collections.abc import Iterator

from kb.models import CodeTable
from kb.models.sql import rows, run

_IN_ORDER = """
    NOT EXISTS (
        SELECT 1 FROM (
            SELECT number, id, lag(number) OVER places AS number_before, lag(id) OVER places AS id_before
            FROM kb_returncode AS c WHERE c.table_id = kb_codetable.id AND c.number IS NOT NULL
            WINDOW places AS (ORDER BY c.position, c.id)
        ) AS pairs WHERE number < number_before OR (number = number_before AND id < id_before)
    )
"""
"""Codes with the same number must be in the order of their ids, because the index of numbers has this order."""


def note_order(table: CodeTable) -> None:
    """Store whether the codes of a table are in the order of their numbers. Its row is locked until the commit."""
    # An import locks this row first: this statement sees what the import before it has written.
    CodeTable.objects.select_for_update(no_key=True).get(pk=table.pk)
    run(f"UPDATE kb_codetable SET is_in_number_order = {_IN_ORDER} WHERE id = %s", table.pk)  # noqa: S608


def note_orders() -> None:
    """Store it for each table."""
    for table in CodeTable.objects.order_by("pk"):
        note_order(table)


def order_differences() -> Iterator[str]:
    """Yield the tables whose stored order is wrong, as sentences."""
    for (slug,) in rows(f"SELECT slug FROM kb_codetable WHERE is_in_number_order AND NOT {_IN_ORDER} ORDER BY id"):  # noqa: S608
        yield f"table {slug}: its codes are not in the order of their numbers"
