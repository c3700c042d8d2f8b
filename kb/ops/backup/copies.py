"""Copies of the database, and the way back; one interface for both databases.

A copy is one file, with a second one beside it (`.json`) that says what the copy holds. Making one proves it: it is
restored aside and has to hold the same. Restoring proves it again.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from kb.models.sql import is_postgres, rows
from kb.ops.backup import digest, postgres, sqlite
from kb.ops.backup.digest import Holding, differences, holding, opened, standing_still
from kb.ops.backup.errors import CopyRefused, WouldReplace


@dataclass(frozen=True)
class About:
    """What a copy holds."""

    made_at: str
    vendor: str
    sequence: int
    sha256: str
    tables: Holding


def make(path: Path, replace: bool = False, verify: bool = True) -> About:
    """Write a copy of the database as of now into a file, and prove it. Nobody has to stop working."""
    if path.exists() and not replace:
        raise WouldReplace(f"{path} already exists.")
    try:
        return _make(path, verify)
    except OSError as error:
        raise CopyRefused(f"{error.filename or path}: {error.strerror}.") from error


def _make(path: Path, verify: bool) -> About:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    # It holds what is internal, and the hashes of passwords.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    source = opened(connection)
    try:
        with standing_still(source):
            tables, last = holding(source, digest.keys()), _sequence(source)
            _engine().write(source, part)
        if verify:
            _prove(part, tables)
        about = About(timezone.now().isoformat(), connection.vendor, last, _sha256(part), tables)
        _settle(part)
        _describe(path, about)
        part.replace(path)
    finally:
        source.close()
        part.unlink(missing_ok=True)
    return about


def restore(path: Path, replace: bool = False) -> About:
    """Put a copy in the place of the database, all or nothing, and prove it."""
    about = describe(path)
    if about.vendor != connection.vendor:
        raise CopyRefused(f"{path} is a copy of {about.vendor}, and this database is {connection.vendor}.")
    if _sha256(path) != about.sha256:
        raise CopyRefused(f"{path} is damaged: it was cut off or changed after the backup.")
    if not replace and is_in_use():
        raise WouldReplace("The database already contains users or code tables.")
    connection.close()
    _engine().read(path, connection)
    target = opened(connection)
    try:
        with standing_still(target):
            found = holding(target, {table: about.tables[table]["key"] for table in about.tables})
    finally:
        target.close()
    _refuse_differences(about.tables, found)
    return about


def describe(path: Path) -> About:
    """Return what the file beside a copy says of it."""
    try:
        return About(**json.loads(_beside(path).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise CopyRefused(f"{error.filename} is not there.") from error
    except (TypeError, ValueError) as error:
        raise CopyRefused(f"{_beside(path)} does not describe a backup.") from error


def is_in_use() -> bool:
    """Whether the database holds anything that somebody would miss."""
    there = set(connection.introspection.table_names()) & {"auth_user", "kb_codetable"}
    return any(rows(f"SELECT 1 FROM {name} LIMIT 1") for name in there)


def _prove(part: Path, wanted: Holding) -> None:
    try:
        with _engine().aside(part, connection) as scratch:
            found = holding(scratch, digest.keys())
    except DatabaseError as error:
        raise CopyRefused(
            f"The copy could not be verified ({type(error).__name__}). On PostgreSQL, the database user needs the right"
            " to create databases for this; --no-verify skips it."
        ) from error
    _refuse_differences(wanted, found)


def _refuse_differences(wanted: Holding, found: Holding) -> None:
    wrong = differences(wanted, found)
    if wrong:
        raise CopyRefused("The copy does not match the database: " + " ".join(wrong))


def _settle(part: Path) -> None:
    """Wait until the disk has the file: a copy that a power cut empties is none."""
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _describe(path: Path, about: About) -> None:
    beside = _beside(path)
    part = beside.with_name(beside.name + ".part")
    part.write_text(json.dumps(asdict(about), indent=1), encoding="utf-8")
    part.replace(beside)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise CopyRefused(f"{path} is not there.") from error


def _sequence(database: BaseDatabaseWrapper) -> int:
    return next((last for (last,) in rows("SELECT last FROM kb_changecounter", database=database)), 0)


def _engine() -> ModuleType:
    return postgres if is_postgres() else sqlite
