"""The newest file in a folder of the server, below the folders that KB_SOURCE_FOLDERS allows."""

import os
import stat
import tempfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

from kb.importing.watched_sources.trouble import SourceTrouble

MAX_FILES = 10_000
"""Most files of a folder that are looked at."""

_PIECE = 1 << 16
_IN_MEMORY = 1 << 20


def newest_file(folder: str, pattern: str, allowed: Sequence[str], max_bytes: int) -> tuple[str, IO[bytes]]:
    """Return name and copy of the newest file whose name fits a pattern. Raises SourceTrouble."""
    place = allowed_folder(folder, allowed)
    try:
        files = [entry for entry in _entries(place) if fnmatchcase(entry.name, pattern.strip() or "*")]
        dated = [(entry.stat(follow_symlinks=False).st_mtime_ns, entry.name) for entry in files]
        if not dated:
            raise SourceTrouble("gone", f"{folder} has no file {pattern or '*'}.")
        _, name = max(dated)
        return name, _copy(place / name, max_bytes)
    except OSError as error:
        raise SourceTrouble("gone", f"{folder} cannot be read: {error.strerror}.") from None


def allowed_folder(folder: str, allowed: Sequence[str]) -> Path:
    """Return a folder by its real path, which is one of the allowed ones, or below it. Raises SourceTrouble."""
    if not allowed:
        raise SourceTrouble("refused", "Set KB_SOURCE_FOLDERS to the folders from which tables may be read.")
    try:
        place = Path(folder).resolve(strict=True)
        is_allowed = Path(folder).is_absolute() and any(
            place.is_relative_to(Path(root).resolve(strict=True)) for root in allowed if Path(root).is_dir()
        )
    except (OSError, ValueError, RuntimeError):
        raise SourceTrouble("gone", f"There is no folder {folder[:200]}.") from None
    if not is_allowed:
        raise SourceTrouble("refused", f"{folder[:200]} is not below a folder of KB_SOURCE_FOLDERS.")
    return place


def _entries(place: Path) -> list[os.DirEntry[str]]:
    """Return the plain files of a folder; links are left out, wherever they lead, and so are hidden files."""
    with os.scandir(place) as entries:
        files = []
        for number, entry in enumerate(entries):
            if number >= MAX_FILES:
                raise SourceTrouble("too large", f"{place} has more than {MAX_FILES} files.")
            if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
                files.append(entry)
        return files


def _copy(path: Path, max_bytes: int) -> IO[bytes]:
    # The file may have become a link, or a pipe that blocks, since its folder was read.
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(number, "rb") as original:
        before = os.fstat(number)
        if not stat.S_ISREG(before.st_mode):
            raise SourceTrouble("refused", f"{path} is not a plain file.")
        if before.st_size > max_bytes:
            raise SourceTrouble("too large", f"{path} has more than {max_bytes} bytes, the limit.")
        copy: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - its reader closes it
        size = 0
        while size <= max_bytes and (piece := original.read(_PIECE)):
            size += copy.write(piece)
        after = os.fstat(number)
    if size > max_bytes or (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        copy.close()
        raise SourceTrouble("unreachable", f"{path} was written while it was read.")
    copy.seek(0)
    return copy
