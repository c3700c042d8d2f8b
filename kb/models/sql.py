"""Asking the database itself: plain SQL that both databases understand, a few rows at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

SHOWN = 5
"""Rows that a sentence names; of the others it says that there are more."""


def rows(sql: str, *parameters: Any) -> list[Any]:
    """Return the rows of a query that yields few."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall()


def few(sql: str, *parameters: Any) -> list[Any]:
    """Return the first rows of a query without a LIMIT: those that are shown and one more."""
    return rows(f"{sql} LIMIT {SHOWN + 1}", *parameters)


def named(items: Sequence[Any]) -> str:
    """Return items in words, no more than are shown."""
    more = " and more" if len(items) > SHOWN else ""
    return ", ".join(str(item) for item in items[:SHOWN]) + more


def table_of(model: type[models.Model]) -> str:
    """Return the quoted name of a model's table."""
    return connection.ops.quote_name(model._meta.db_table)


def is_postgres() -> bool:
    """Whether the database is PostgreSQL."""
    return connection.vendor == "postgresql"


@contextmanager
def one_view() -> Iterator[None]:
    """Read everything as of one moment, without keeping anybody from writing."""
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


def run(sql: str) -> None:
    """Run a statement that yields no row."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
