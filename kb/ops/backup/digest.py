"""Digests of a database: the number and a hash of each table's rows."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from kb.models import ChangeCounter
from kb.models.sql import is_postgres, run

_PAGE = 1_000


class TableDigest(TypedDict):
    """The number of a table's rows and their hash, in the order of the column `key`."""

    key: str
    rows: int
    digest: str


Digests = dict[str, TableDigest]


def keys() -> dict[str, str]:
    """Return the key column of every table of this release, without the feed's counter.

    A copy on SQLite has an incarnation of its own: see Note [Incarnation]. The counter's number is compared by itself.
    """
    models: list[Any] = [*apps.get_models(include_auto_created=True), MigrationRecorder.Migration]
    models.remove(ChangeCounter)
    return {model._meta.db_table: str(model._meta.pk.column) for model in models if model._meta.managed}


def digests_of(database: BaseDatabaseWrapper, tables: dict[str, str]) -> Digests:
    """Return the digests of some tables. Rows are streamed, so memory holds only a few."""
    return {table: _digest(database, table, tables[table]) for table in sorted(tables)}


def _digest(database: BaseDatabaseWrapper, table: str, key: str) -> TableDigest:
    name, order = database.ops.quote_name(table), database.ops.quote_name(key)
    # PostgreSQL returns a row as text, which is quicker than an object for each value.
    columns = "*"
    if is_postgres(database):
        # A fixed collation, because two databases of one server may sort text differently.
        columns, order = "t::text", f'{order}::text COLLATE "C"'
    digest, rows = hashlib.sha256(), 0
    with database.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {name} AS t ORDER BY t.{order}")
        while page := cursor.fetchmany(_PAGE):
            rows += len(page)
            for row in page:
                digest.update(f"{tuple(row)!r}\n".encode())
    return {"key": key, "rows": rows, "digest": digest.hexdigest()}


def differences(expected: Digests, actual: Digests) -> list[str]:
    """Return the differences between two databases as sentences."""
    return [
        f"{table} should have {expected[table]['rows']} rows and has {actual[table]['rows']}."
        if expected[table]["rows"] != actual[table]["rows"]
        else f"{table} has rows that differ from the copy."
        for table in expected
        if expected[table] != actual[table]
    ]


def connect(database: BaseDatabaseWrapper, **overrides: Any) -> BaseDatabaseWrapper:
    """Return a new connection to a database. With `overrides` of its settings, connect to another one."""
    connection = database.copy()
    # Without the pool, because pools are shared by name and would return connections to the wrong database.
    options = {name: value for name, value in connection.settings_dict["OPTIONS"].items() if name != "pool"}
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": options, **overrides}
    return connection


@contextmanager
def one_moment(database: BaseDatabaseWrapper) -> Iterator[Any]:
    """Read a database as of one moment. Writers do not wait."""
    database.ensure_connection()
    if is_postgres(database):
        database.set_autocommit(False)
        run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", database=database)
    else:
        run("BEGIN", database=database)
    try:
        yield
    finally:
        if is_postgres(database):
            database.rollback()
            database.set_autocommit(True)
        else:
            run("ROLLBACK", database=database)
