"""Backup and restore, with one interface for both databases.

A copy is one file with a second file (`.json`) that describes its contents. Every new copy is verified: it is restored
into a scratch database and compared. A restore compares again.
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

from kb.models import incarnations
from kb.models.sql import is_postgres, rows
from kb.ops.backup import digest, postgres, sqlite
from kb.ops.backup.digest import Digests, connect, differences, digests_of, one_moment
from kb.ops.backup.errors import CopyRefused, WouldReplace


@dataclass(frozen=True)
class About:
    """The description of a copy."""

    made_at: str
    vendor: str
    sequence: int
    sha256: str
    tables: Digests


def make(path: Path, replace: bool = False, verify: bool = True) -> About:
    """Write a copy of the database as of now into a file, and verify it. The site stays in use.

    Raises CopyRefused and WouldReplace.
    """
    if path.exists() and not replace:
        raise WouldReplace(f"{path} already exists.")
    try:
        return _make(path, verify)
    except OSError as error:
        raise CopyRefused(f"{error.filename or path}: {error.strerror}.") from error


def _make(path: Path, verify: bool) -> About:
    part = path.with_name(path.name + ".part")
    _create(part)
    source = connect(connection)
    try:
        with one_moment(source):
            tables, last = digests_of(source, digest.keys()), _sequence(source)
            _engine().write(source, part)
        if verify:
            _verify(part, tables, last)
        about = About(timezone.now().isoformat(), connection.vendor, last, _sha256(part), tables)
        _sync(part)
        _describe(path, about)
        part.replace(path)
    finally:
        source.close()
        part.unlink(missing_ok=True)
    return about


def restore(path: Path, replace: bool = False) -> About:
    """Replace the database with a copy, all or nothing, and verify it. It begins a new incarnation.

    Raises CopyRefused and WouldReplace.
    """
    about = describe(path)
    if about.vendor != connection.vendor:
        raise CopyRefused(f"{path} is a copy of {about.vendor}, and this database is {connection.vendor}.")
    if _sha256(path) != about.sha256:
        raise CopyRefused(f"{path} is damaged: it was cut off or changed after the backup.")
    if not replace and is_in_use():
        raise WouldReplace("The database already contains users or code tables.")
    connection.close()
    _engine().read(path, connection)
    target = connect(connection)
    try:
        with one_moment(target):
            actual = digests_of(target, {table: about.tables[table]["key"] for table in about.tables})
            last = _sequence(target)
    finally:
        target.close()
    _refuse_differences(about.tables, actual)
    _refuse_another_end(about.sequence, last)
    if incarnations.is_stored():
        # Not a new one again: a server that ran meanwhile may have served, or written, that of the new origin.
        incarnations.advance(0)
    return about


def describe(path: Path) -> About:
    """Return the description of a copy. Raises CopyRefused."""
    try:
        return About(**json.loads(_description_path(path).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise CopyRefused(f"{error.filename} is not there.") from error
    except (TypeError, ValueError) as error:
        raise CopyRefused(f"{_description_path(path)} does not describe a backup.") from error


def is_in_use() -> bool:
    """Whether the database has users or code tables."""
    tables = set(connection.introspection.table_names()) & {"auth_user", "kb_codetable"}
    return any(rows(f"SELECT 1 FROM {name} LIMIT 1") for name in tables)


def _verify(part: Path, expected: Digests, sequence: int) -> None:
    try:
        with _engine().aside(part, connection) as scratch:
            actual, last = digests_of(scratch, digest.keys()), _sequence(scratch)
    except DatabaseError as error:
        raise CopyRefused(
            f"The copy could not be verified ({type(error).__name__}). On PostgreSQL, the database user needs the right"
            " to create databases for this; --no-verify skips it."
        ) from error
    _refuse_differences(expected, actual)
    _refuse_another_end(sequence, last)


def _refuse_another_end(sequence: int, last: int) -> None:
    """Refuse a copy whose counter differs: it is in no digest."""
    if sequence != last:
        raise CopyRefused(
            f"The copy does not match the database: the feed should end at {sequence} and ends at {last}."
        )


def _refuse_differences(expected: Digests, actual: Digests) -> None:
    sentences = differences(expected, actual)
    if sentences:
        raise CopyRefused("The copy does not match the database: " + " ".join(sentences))


def _sync(part: Path) -> None:
    """Wait until the file is on the disk, so that a power cut cannot empty it."""
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _describe(path: Path, about: About) -> None:
    description = _description_path(path)
    part = description.with_name(description.name + ".part")
    _create(part)
    part.write_text(json.dumps(asdict(about), indent=1), encoding="utf-8")
    _sync(part)
    part.replace(description)


def _create(part: Path) -> None:
    """Create an empty file that only its owner can read: a copy has internal texts and password hashes."""
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _description_path(path: Path) -> Path:
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
