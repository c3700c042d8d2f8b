"""Tables with their numbers of codes. Codes are counted again only after the feed has moved on."""

from typing import Any

from kb.models import CodeTable, Section
from kb.models.changes import last_sequence
from kb.models.sql import objects
from kb.models.visibility import Person, condition, reader

_cache: dict[int, dict[int, tuple[int, int]]] = {}
"""Numbers of current and retired codes by table, for the latest sequence number of the feed only."""


def with_counts(user: Person | None) -> list[CodeTable]:
    """Return the tables that a user may read, in their order, with `code_count` (not retired) and `retired_count`."""
    shown = condition(reader(user), "audience")
    tables = objects(CodeTable, f"SELECT * FROM kb_codetable WHERE {shown} ORDER BY vendor, product, slug")  # noqa: S608
    counts = _counts()
    for table in tables:
        table.code_count, table.retired_count = counts.get(table.pk, (0, 0))  # type: ignore[attr-defined]
    return tables


def table_by_slug(slug: str, user: Person | None) -> CodeTable | None:
    """Return a table that a user may read."""
    sql = f"SELECT * FROM kb_codetable WHERE slug = %s AND {condition(reader(user), 'audience')}"  # noqa: S608
    return next(iter(objects(CodeTable, sql, slug)), None)


def section_by_slug(table: CodeTable, slug: str) -> Section | None:
    """Return a section of a table that the user may read."""
    sql = "SELECT * FROM kb_section WHERE table_id = %s AND slug = %s"
    return next(iter(objects(Section, sql, table.pk, slug)), None)


def clear_counts() -> None:
    """Clear the cache. Call this after a write that bypasses the journal."""
    _cache.clear()


def _counts() -> dict[int, tuple[int, int]]:
    # Read this before counting: if a change commits in between, the next reader counts again.
    sequence = last_sequence()
    if sequence not in _cache:
        tables: Any = CodeTable.objects.with_counts().order_by().only("pk")
        counts = {table.pk: (table.code_count, table.retired_count) for table in tables}
        _cache.clear()
        _cache[sequence] = counts
        return counts
    return _cache[sequence]
