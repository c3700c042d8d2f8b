"""Tables with their numbers of codes. Only imports make, retire and move codes: they are counted again after these."""

from django.db import connections, router
from django.db.models import Case, QuerySet, Value, When

from kb.models import CodeTable, Section, TableImport
from kb.models.sql import objects, rows
from kb.models.visibility import Person, condition, reader

Counts = dict[int, tuple[int, int]]
"""Numbers of current and retired codes, by id."""

_cache: dict[int, tuple[Counts, Counts]] = {}
"""The counts of sections and of tables, for the latest number of imports only."""


def with_counts(user: Person | None) -> list[CodeTable]:
    """Return the tables that a user may read, in their order, with `code_count` (not retired) and `retired_count`."""
    shown = condition(reader(user), "audience")
    tables = objects(CodeTable, f"SELECT * FROM kb_codetable WHERE {shown} ORDER BY vendor, product, slug")  # noqa: S608
    _, counts = _counts()
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


def with_section_counts(table: CodeTable) -> list[Section]:
    """Return the sections of a table that the user may read, in their order, with `code_count`, retired codes too."""
    sections = list(Section.objects.filter(table=table).order_by("position", "id"))
    counts, _ = _counts()
    for section in sections:
        section.code_count = sum(counts.get(section.pk, (0, 0)))  # type: ignore[attr-defined]
    return sections


def total(table: CodeTable) -> int:
    """Return the number of codes of a table, retired ones too."""
    return sum(_counts()[1].get(table.pk, (0, 0)))


def grand_total() -> int:
    """Return the number of all codes, internal and retired ones too."""
    return sum(map(sum, _counts()[1].values()))


def annotate_counts(tables: QuerySet[CodeTable]) -> QuerySet[CodeTable]:
    """Add `code_count` and `retired_count` to tables, as `with_counts` does."""
    _, counts = _counts()
    return tables.annotate(
        **{
            name: Case(*(When(pk=pk, then=Value(both[at])) for pk, both in counts.items()), default=Value(0))
            for at, name in enumerate(("code_count", "retired_count"))
        }
    )


def clear_counts() -> None:
    """Clear the cache. Call this after a write of codes that is no import."""
    _cache.clear()


def _counts() -> tuple[Counts, Counts]:
    """Return the numbers of current and retired codes by section, and by table."""
    # Read this before counting: if an import ends in between, the next reader counts again.
    imports = TableImport.objects.in_force().count()
    if imports not in _cache:
        counts = _count()
        _cache.clear()
        _cache[imports] = counts
        return counts
    return _cache[imports]


def _count() -> tuple[Counts, Counts]:
    # The indexes of sections and of retired codes answer these alone. All tombstones are retired, too.
    count = "section_id, COUNT(*) FROM kb_returncode"
    database = connections[router.db_for_read(Section)]
    every = dict(rows(f"SELECT {count} GROUP BY section_id", database=database))
    gone_or_hidden = rows(
        f"SELECT 0, {count} WHERE retired_at IS NOT NULL GROUP BY section_id"
        f" UNION ALL SELECT 1, {count} JOIN kb_tombstone ON id = code_id GROUP BY section_id",
        database=database,
    )
    retired: dict[int, int] = {}
    hidden: dict[int, int] = {}
    for is_hidden, section, n in gone_or_hidden:
        (hidden if is_hidden else retired)[section] = n
    by_section = {
        pk: (n - retired.get(pk, 0), retired.get(pk, 0) - hidden.get(pk, 0))
        for pk, n in every.items()
        if n > hidden.get(pk, 0)
    }
    by_table: Counts = {}
    for section, table in Section.objects.order_by().values_list("pk", "table_id"):
        now, gone = by_section.get(section, (0, 0))
        current, dropped = by_table.get(table, (0, 0))
        by_table[table] = current + now, dropped + gone
    return by_section, by_table
