"""What a database holds, in a few numbers: how many rows each table has, and a digest of them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from kb.models.sql import is_postgres, run

_PAGE = 1_000


class TableDigest(TypedDict):
    """A table's rows in two numbers; `key` is the column that orders them."""

    key: str
    rows: int
    digest: str


Holding = dict[str, TableDigest]


def keys() -> dict[str, str]:
    """Return every table of this release with its key."""
    models: list[Any] = [*apps.get_models(include_auto_created=True), MigrationRecorder.Migration]
    return {model._meta.db_table: str(model._meta.pk.column) for model in models if model._meta.managed}


def holding(database: BaseDatabaseWrapper, tables: dict[str, str]) -> Holding:
    """Return what a database holds in some tables. Reads each row once and keeps none."""
    return {table: _of_table(database, table, tables[table]) for table in sorted(tables)}


def _of_table(database: BaseDatabaseWrapper, table: str, key: str) -> TableDigest:
    name, order = database.ops.quote_name(table), database.ops.quote_name(key)
    # PostgreSQL writes a row as text itself, which spares making objects of every value.
    what = "*"
    if is_postgres(database):
        # Two databases of one server may sort text differently.
        what, order = "t::text", f'{order}::text COLLATE "C"'
    digest, rows = hashlib.sha256(), 0
    with database.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {what} FROM {name} AS t ORDER BY t.{order}")
        while page := cursor.fetchmany(_PAGE):
            rows += len(page)
            for row in page:
                digest.update(f"{tuple(row)!r}\n".encode())
    return {"key": key, "rows": rows, "digest": digest.hexdigest()}


def differences(wanted: Holding, found: Holding) -> list[str]:
    """Return in sentences where one database does not hold what another does."""
    return [
        f"{table} should have {wanted[table]['rows']} rows and has {found[table]['rows']}."
        if wanted[table]["rows"] != found[table]["rows"]
        else f"{table} has rows that differ from the copy."
        for table in wanted
        if wanted[table] != found[table]
    ]


def opened(like: BaseDatabaseWrapper, **changed: Any) -> BaseDatabaseWrapper:
    """Return a connection of its own to a database, or with changed settings to another."""
    made = like.copy()
    # A pool is shared by name, and would hand out connections to the former database.
    options = {name: value for name, value in made.settings_dict["OPTIONS"].items() if name != "pool"}
    made.settings_dict = {**made.settings_dict, "OPTIONS": options, **changed}
    return made


@contextmanager
def standing_still(database: BaseDatabaseWrapper) -> Iterator[Any]:
    """Read a database as of one moment; others go on writing."""
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
