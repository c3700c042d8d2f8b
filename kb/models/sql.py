"""Plain SQL that both databases understand."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from django.db import Error, connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

Item = TypeVar("Item")

MAX_VALUES = 10_000
"""Most values of one query. SQLite accepts 32,766, PostgreSQL 65,535."""


def run(sql: str, *parameters: Any, database: BaseDatabaseWrapper = connection) -> int:
    """Run one statement; return how many rows it wrote."""
    with database.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return int(cursor.rowcount)


def run_each(sql: str, parameters: Sequence[Sequence[Any]]) -> None:
    """Run one statement once for each set of parameters."""
    with connection.cursor() as cursor:
        cursor.executemany(sql, parameters)


def insert(table: str, columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Insert many lines of values. COPY takes a fifth of the time of statements, in flat memory."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if is_postgres():
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(lines))  # noqa: S608


def rows(sql: str, *parameters: Any, database: BaseDatabaseWrapper = connection) -> list[Any]:
    """Return all rows of a query with few rows."""
    with database.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall())


def value(sql: str, *parameters: Any) -> Any:
    """Return the first column of a query's only row."""
    return rows(sql, *parameters)[0][0]


def marks(values: Collection[Any]) -> str:
    """Return the placeholders of a list of values."""
    return ", ".join(["%s"] * len(values))


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield items in lists of at most `size`."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def among(column: str, pks: Sequence[int]) -> tuple[str, list[int]]:
    """Return the condition, with its parameters, that a column has one of the ids; with a range also those between.

    It is a range if few other ids lie between the first and the last: reading these takes less than naming all others.
    """
    if not pks:
        return "1 = 0", []
    first, last = min(pks), max(pks)
    if last - first < 2 * len(pks):
        return f"{column} BETWEEN %s AND %s", [first, last]
    return f"{column} IN ({', '.join(['%s'] * len(pks))})", list(pks)


def table_of(model: type[models.Model]) -> str:
    """Return the quoted name of a model's table."""
    return connection.ops.quote_name(model._meta.db_table)


def is_postgres(database: BaseDatabaseWrapper = connection) -> bool:
    """Whether a database is PostgreSQL, and not SQLite."""
    return database.vendor == "postgresql"


LONG_STATEMENT, LONG_LOCK = 1800, 30
"""Seconds that a statement of an import or export may take, and that it waits for a lock, on PostgreSQL."""


@contextmanager
def long_statements() -> Iterator[None]:
    """Let statements take as long as imports and exports need: a page's are ended after seconds."""
    if not is_postgres():
        yield
        return
    run(f"SET statement_timeout = {LONG_STATEMENT * 1000}; SET lock_timeout = {LONG_LOCK * 1000}")
    # See Note [Bounds].
    raw: Any = connection.connection
    usual, raw.seconds = raw.seconds, LONG_STATEMENT + 3
    try:
        yield
    finally:
        raw.seconds = usual
        try:
            run("RESET statement_timeout; RESET lock_timeout")
        except Error:
            # The connection is broken, or its transaction is: the next one starts with a page's limits.
            connection.close()


_WIDE, _MANY = 64_000, 5_000
"""KiB of SQLite's pages that a write of so many rows keeps in memory. With fewer, it writes pages of indexes again and
again. A server's connections keep few, because each of its threads has one: see `kb.ops.environment.database`."""


@contextmanager
def wide_cache(rows: int = _MANY) -> Iterator[None]:
    """Keep more pages in memory for a large write of so many rows on SQLite. PostgreSQL has its own."""
    if is_postgres() or rows < _MANY:
        yield
        return
    usual = value("PRAGMA cache_size")
    run(f"PRAGMA cache_size = -{_WIDE}")
    try:
        yield
    finally:
        run(f"PRAGMA cache_size = {usual}")


@contextmanager
def one_view() -> Iterator[None]:
    """Read everything as of one moment. Writers do not wait."""
    if connection.in_atomic_block:
        yield
    elif is_postgres():
        with transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Not `atomic`, which would take SQLite's only lock for writing.
        run("BEGIN")
        try:
            yield
        finally:
            run("ROLLBACK")
