"""The tables that a reader may read, with how many codes each has: counted once for each number of the feed."""

from typing import Any

from kb.models import CodeTable
from kb.models.changes import last_sequence
from kb.models.visibility import Person

_counted: dict[int, dict[int, tuple[int, int]]] = {}
"""Codes that are listed and codes that are retired, by table, by the feed's number: of the newest alone."""


def with_counts(user: Person | None) -> list[CodeTable]:
    """Return the tables with `code_count` (not retired) and `retired_count`, in their own order."""
    tables, counts = list(CodeTable.objects.visible_to(user)), _counts()
    for table in tables:
        table.code_count, table.retired_count = counts.get(table.pk, (0, 0))  # type: ignore[attr-defined]
    return tables


def forget() -> None:
    """Count anew: for whoever writes without the journal."""
    _counted.clear()


def _counts() -> dict[int, tuple[int, int]]:
    # Before the rows are counted: a change in between makes the count too new, and the next reader counts again.
    sequence = last_sequence()
    if sequence not in _counted:
        tables: Any = CodeTable.objects.with_counts().order_by().only("pk")
        found = {table.pk: (table.code_count, table.retired_count) for table in tables}
        _counted.clear()
        _counted[sequence] = found
        return found
    return _counted[sequence]
