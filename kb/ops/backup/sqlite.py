"""Copies of an SQLite database, which are SQLite databases, too."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from kb.models import incarnations
from kb.ops.backup.digest import connect
from kb.ops.backup.errors import CopyRefused


def write(source: BaseDatabaseWrapper, path: Path) -> None:
    """Copy a database, as of the current transaction, into a file. Raises CopyRefused."""
    with _sqlite_errors_of(path), closing(sqlite3.connect(path)) as target:
        source.connection.backup(target)
        incarnations.mark_copy(target)
        target.commit()
        # Write a single file, without a write-ahead log.
        target.execute("PRAGMA journal_mode = DELETE")


def read(path: Path, target: BaseDatabaseWrapper) -> None:
    """Replace a database with a copy. Other connections wait, and then see the copy. Raises CopyRefused."""
    name = str(target.settings_dict["NAME"])
    with (
        _sqlite_errors_of(name),
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(name, timeout=60)) as live,
    ):
        # WAL, so that readers need not wait and never see a half-written copy.
        live.execute("PRAGMA journal_mode = WAL")
        source.backup(live)


@contextmanager
def aside(path: Path, database: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """Open a copy as a separate database."""
    scratch = connect(database, NAME=str(path), OPTIONS={})
    try:
        yield scratch
    finally:
        scratch.close()


@contextmanager
def _sqlite_errors_of(name: Path | str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise CopyRefused(f"{name}: {error}.") from error
