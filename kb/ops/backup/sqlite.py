"""Copies of an SQLite database: each is a database itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from kb.ops.backup.digest import opened
from kb.ops.backup.errors import CopyRefused


def write(source: BaseDatabaseWrapper, path: Path) -> None:
    """Copy a database, as of the transaction that reads it, into a file."""
    with _in_words(path), closing(sqlite3.connect(path)) as target:
        source.connection.backup(target)
        # One file, without a log beside it.
        target.execute("PRAGMA journal_mode = DELETE")


def read(path: Path, target: BaseDatabaseWrapper) -> None:
    """Put a copy in the place of a database. Others wait, and go on with what the copy holds."""
    name = str(target.settings_dict["NAME"])
    with _in_words(name), closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(name, timeout=60)) as live:
        # Readers must not be kept out, nor find half of it.
        live.execute("PRAGMA journal_mode = WAL")
        source.backup(live)


@contextmanager
def aside(path: Path, like: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """Open a copy as a database, apart from the real one."""
    scratch = opened(like, NAME=str(path), OPTIONS={})
    try:
        yield scratch
    finally:
        scratch.close()


@contextmanager
def _in_words(written: Path | str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise CopyRefused(f"{written}: {error}.") from error
