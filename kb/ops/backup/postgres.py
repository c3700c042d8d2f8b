"""Copies of a PostgreSQL database, by its own tools in its own format."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db.backends.base.base import BaseDatabaseWrapper

from kb.ops.backup.digest import opened
from kb.ops.backup.errors import CopyRefused

_NAMES = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}
_OPTIONS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "options", "passfile", "connect_timeout")


def write(source: BaseDatabaseWrapper, path: Path) -> None:
    """Copy a database, as of the transaction that reads it, into a file."""
    with source.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
    plain = ("--format=custom", "--no-owner", "--no-privileges")
    _run(source, "pg_dump", *plain, f"--snapshot={snapshot}", f"--file={path}")


def read(path: Path, target: BaseDatabaseWrapper) -> None:
    """Put a copy in the place of a database, in one transaction."""
    name = str(target.settings_dict["NAME"])
    clean = ("--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run(target, "pg_restore", *clean, f"--dbname={name}", str(path))


@contextmanager
def aside(path: Path, like: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """Restore a copy into a database of its own, which is gone afterwards. Needs the right to create databases."""
    name = f"codebook_check_{uuid4().hex[:12]}"
    scratch = opened(like, NAME=name)
    with like._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        read(path, scratch)
        yield scratch
    finally:
        scratch.close()
        with like._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


def _run(database: BaseDatabaseWrapper, *command: str) -> None:
    try:
        environment = _environment(database)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise CopyRefused(f"{command[0]} is not installed: PostgreSQL's client tools are needed.") from error
    if done.returncode:
        raise CopyRefused(f"{command[0]}: {done.stderr.strip()[-1000:]}")


def _environment(database: BaseDatabaseWrapper) -> dict[str, str]:
    """Return what the tools need to know; a password among the arguments would show in the list of processes."""
    given: dict[str, Any] = database.settings_dict
    found = {variable: str(given[name]) for name, variable in _NAMES.items() if given.get(name)}
    options = given.get("OPTIONS") or {}
    found |= {f"PG{name.upper()}": str(options[name]) for name in _OPTIONS if name in options}
    return {**os.environ, **found}
