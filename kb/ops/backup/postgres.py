"""Copies of a PostgreSQL database, in the format of its own tools."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db.backends.base.base import BaseDatabaseWrapper

from kb.ops.backup.digest import connect
from kb.ops.backup.errors import CopyRefused

_NAMES = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}
_OPTIONS = {
    name: f"PG{name.upper()}"
    for name in "host port user password sslmode sslrootcert sslcert sslkey options passfile connect_timeout".split()
} | {"target_session_attrs": "PGTARGETSESSIONATTRS"}


def write(source: BaseDatabaseWrapper, path: Path) -> None:
    """Copy a database, as of the current transaction, into a file. Raises CopyRefused."""
    with source.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
    plain = ("--format=custom", "--no-owner", "--no-privileges")
    _run(source, "pg_dump", *plain, f"--snapshot={snapshot}", f"--file={path}")


def read(path: Path, target: BaseDatabaseWrapper) -> None:
    """Replace a database with a copy, in one transaction. Raises CopyRefused."""
    name = str(target.settings_dict["NAME"])
    clean = ("--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run(target, "pg_restore", *clean, f"--dbname={name}", str(path))


@contextmanager
def aside(path: Path, database: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """Restore a copy into a scratch database, which is dropped afterwards. Needs the right to create databases."""
    name = f"codebook_check_{uuid4().hex[:12]}"
    scratch = connect(database, NAME=name)
    with database._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        read(path, scratch)
        yield scratch
    finally:
        scratch.close()
        with database._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


def _run(database: BaseDatabaseWrapper, *command: str) -> None:
    try:
        environment = _environment(database)
        process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise CopyRefused(f"{command[0]} is not installed: PostgreSQL's client tools are needed.") from error
    if process.returncode:
        raise CopyRefused(f"{command[0]}: {process.stderr.strip()[-1000:]}")


def _environment(database: BaseDatabaseWrapper) -> dict[str, str]:
    """Return the environment of the tools. It has the password, because the list of processes shows arguments."""
    settings: dict[str, Any] = database.settings_dict
    variables = {variable: str(settings[name]) for name, variable in _NAMES.items() if settings.get(name)}
    options = settings.get("OPTIONS") or {}
    variables |= {variable: str(options[name]) for name, variable in _OPTIONS.items() if name in options}
    return {**os.environ, **variables}
