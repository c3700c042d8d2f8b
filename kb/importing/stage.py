"""A file's rows in temporary tables of the database: SQL compares them, however many there are.

# Note [No lock while planning]
Agents and editors keep saving while somebody plans an import. A temporary table belongs to its connection: SQLite puts
it into a separate file, PostgreSQL hides it from other connections. So filling and comparing it takes no lock that
blocks writers. On SQLite, a savepoint outside a transaction begins a deferred one: many inserts share one
transaction, and only a statement that writes to a shared table takes the write lock of the database.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from kb.models.fields import VENDOR_TEXTS
from kb.models.sql import batches, insert, is_postgres, rows, run, value

BATCH = 2_000
"""Most rows that are in memory, or in one write, at a time."""

_TYPES = {
    "ord": "integer PRIMARY KEY",
    "line": "integer",
    "sheet": "text",
    "section_name": "text",
    "section_id": "bigint",
    "code": "text",
    "identity": "text",
    "canonical": "text",
    "number": "bigint",
    "sort_key": "text",
    **dict.fromkeys(VENDOR_TEXTS, "text"),
    "extra": "jsonb",
    "kind": "text",
    "message": "text",
}
FILE_COLUMNS = tuple(_TYPES)
"""The columns of `kb_staging` that the file fills, in order; the comparison sets `code_id`, `first` and `place`."""


def create() -> None:
    """Create the temporary tables of one plan."""
    drop()
    columns = ", ".join(f"{name} {kind}" for name, kind in _TYPES.items())
    # With room in its pages, a row that gets its kind stays there, and no index has to learn of it.
    room = "WITH (fillfactor = 50)" if is_postgres() else ""
    run(f"CREATE TEMPORARY TABLE kb_staging ({columns}, code_id bigint, first integer, place integer) {room}")
    run("CREATE TEMPORARY TABLE kb_mentioned (identity text PRIMARY KEY)")
    run("CREATE TEMPORARY TABLE kb_renamed (section_id bigint, name text)")
    run("CREATE TEMPORARY TABLE kb_damage (ord integer, low text, high text, identity text)")
    run("CREATE TEMPORARY TABLE kb_pair (ord integer, code_id bigint, rows integer, codes integer)")
    run("CREATE TEMPORARY TABLE kb_verdict (ord integer PRIMARY KEY, disposition text, fixer text)")
    create_places()


def create_places() -> None:
    """Create the temporary tables of a new order: each code's place, with the staged row that lists it, and before."""
    run("CREATE TEMPORARY TABLE kb_former (code_id bigint PRIMARY KEY, position integer)")
    run("CREATE TEMPORARY TABLE kb_place (code_id bigint, ord integer, place integer)")
    run("CREATE INDEX kb_place_code ON kb_place (code_id)")
    run("CREATE INDEX kb_place_ord ON kb_place (ord)")


def drop() -> None:
    """Drop the temporary tables, because connections outlive a plan."""
    for name in (
        "kb_staging",
        "kb_mentioned",
        "kb_renamed",
        "kb_damage",
        "kb_pair",
        "kb_verdict",
        "kb_former",
        "kb_place",
    ):
        run(f"DROP TABLE IF EXISTS {name}")


def fill(table: str, columns: Sequence[str], lines: Iterable[tuple[Any, ...]]) -> None:
    """Insert many rows into a temporary table, in flat memory."""
    if is_postgres():
        insert(table, columns, lines)
        return
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor, _one_transaction(cursor):
        for batch in batches(lines, BATCH):
            cursor.executemany(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", batch)  # noqa: S608


def kinds() -> set[str | None]:
    """Return the kinds that staged rows have. To ask for rows of another kind would read all of them, for nothing."""
    return {kind for (kind,) in rows("SELECT DISTINCT kind FROM kb_staging")}


def spans(kind: str) -> Iterator[tuple[int, int]]:
    """Yield ranges of `ord` (after, last), each with at most BATCH staged rows of a kind: pages without an open cursor.

    An open cursor would keep SQLite's read snapshot, and then a write on the same connection fails.
    """
    after = -1
    while True:
        page = (
            "SELECT max(ord) FROM (SELECT ord FROM kb_staging WHERE kind = %s AND ord > %s ORDER BY ord LIMIT %s) AS p"
        )
        last = value(page, kind, after, BATCH)
        if last is None:
            return
        yield after, last
        after = last


def extra_as_json(extra: dict[str, str]) -> str:
    """Return extra columns as the JSON text that the database stores."""
    return json.dumps(extra) if extra else "{}"


@contextmanager
def _one_transaction(cursor: Any) -> Iterator[None]:
    """Run many inserts in one transaction. See Note [No lock while planning]."""
    cursor.execute("SAVEPOINT kb_fill")
    try:
        yield
    except BaseException:
        cursor.execute("ROLLBACK TO kb_fill")
        raise
    finally:
        cursor.execute("RELEASE kb_fill")
