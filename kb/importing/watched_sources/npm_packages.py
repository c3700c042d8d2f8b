"""One file of the newest version of an npm package, from the registry that KB_NPM_REGISTRY names."""

import base64
import binascii
import hashlib
import json
import re
import tarfile
import tempfile
import zlib
from dataclasses import replace
from typing import IO, Any
from urllib.parse import quote

from kb.importing.watched_sources.fetcher import Fetched, fetch
from kb.importing.watched_sources.git_files import inner_path
from kb.importing.watched_sources.network_guard import FetchRules
from kb.importing.watched_sources.trouble import SourceTrouble

_BLOCK = 512
_MAX_HEADER, _MAX_HEADERS = 4096, 4
MAX_MEMBERS = 20_000
"""Most files of a package that are looked at."""

MAX_UNPACKED = 8
"""A package may unpack to so many times the size of the largest file."""

_NAME = re.compile(r"(?:@[a-z0-9~][a-z0-9._~-]{0,100}/)?[a-z0-9~][a-z0-9._~-]{0,200}")
_MANIFEST_BYTES = 2 * 2**20
_IN_MEMORY = 1 << 20


def fetch_from_package(registry: str, name: str, ref: str, path: str, before: str, rules: FetchRules) -> Fetched:
    """Return a file of a package at a version or tag; "" is latest. `before` is the ETag of the last answer.

    Raises SourceTrouble.
    """
    inside = check_package(registry, name, path)
    manifest = _manifest(f"{registry.rstrip('/')}/{quote(name, safe='@')}/{quote(ref or 'latest', safe='')}", rules)
    # A version is never published twice, so that its integrity stands for the whole package.
    etag = f"{manifest['version']} {manifest['integrity']}"[:500]
    if before and before == etag:
        return Fetched(manifest["tarball"], None)
    package = fetch(manifest["tarball"], rules)
    assert package.file is not None
    with package.file:
        _check_integrity(package.file, manifest["integrity"])
        file = _member(package.file, inside, rules)
    return replace(package, file=file, content_type="", charset="", etag=etag, last_modified="")


def check_package(registry: str, name: str, path: str) -> str:
    """Return the path inside a package. Raises SourceTrouble where no registry is set, or for what is no name."""
    if not registry:
        raise SourceTrouble("refused", "Set KB_NPM_REGISTRY to the address of the registry to ask for npm packages.")
    if not _NAME.fullmatch(name):
        raise SourceTrouble("refused", f"“{name[:200]}” is not the name of an npm package.")
    return inner_path(path)


def _manifest(url: str, rules: FetchRules) -> dict[str, str]:
    answer = fetch(url, replace(rules, max_bytes=min(rules.max_bytes, _MANIFEST_BYTES)))
    assert answer.file is not None
    with answer.file:
        try:
            stored: Any = json.load(answer.file)
            values = {"version": stored["version"], "tarball": stored["dist"]["tarball"]}
            values["integrity"] = stored["dist"].get("integrity", "")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            values = {}
    if not values or not all(isinstance(value, str) for value in values.values()):
        raise SourceTrouble("shape", f"{url} does not describe a version of a package.")
    return values


def _check_integrity(file: IO[bytes], integrity: str) -> None:
    """Raise SourceTrouble where a package is not what its registry says; only SHA-512 is checked."""
    wanted = next((part[7:] for part in integrity.split() if part.startswith("sha512-")), "")
    if not wanted:
        return
    try:
        digest = base64.b64decode(wanted, validate=True)
    except binascii.Error:
        digest = b""
    actual = hashlib.sha512()
    while piece := file.read(1 << 16):
        actual.update(piece)
    if actual.digest() != digest:
        raise SourceTrouble("shape", "The package is not the one that its registry describes: its SHA-512 differs.")
    file.seek(0)


class _Unpacked:
    """The bytes of a gzip file, up to a limit: a package can unpack to very much."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file, self._left = file, limit
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._tail = b""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes. Raises SourceTrouble above the limit."""
        data = b""
        while len(data) < size and not self._unpacker.eof:
            packed = self._tail or self._file.read(1 << 16)
            if not packed:
                raise SourceTrouble("shape", "The package ends before it is complete.")
            data += self._unpacker.decompress(packed, size - len(data))
            self._tail = self._unpacker.unconsumed_tail
        self._left -= len(data)
        if self._left < 0:
            raise SourceTrouble("too large", "The package unpacks to more than is allowed (KB_FETCH_MAX_BYTES).")
        return data


def _check_headers(package: IO[bytes], rules: FetchRules) -> None:
    """Raise SourceTrouble for a header that the library would read for hours: names are never that long."""
    unpacked, headers = _Unpacked(package, MAX_UNPACKED * rules.max_bytes), 0
    while (block := unpacked.read(_BLOCK)) and block.strip(b"\0"):
        digits = block[124:136]
        # Sizes of eight gigabytes and more are binary numbers.
        size = int.from_bytes(digits[1:], "big") if digits[0] & 0x80 else int(digits.strip(b" \0") or b"0", 8)
        is_header = block[156:157] in (b"x", b"g", b"L", b"K", b"X")
        headers = headers + 1 if is_header else 0
        if headers > _MAX_HEADERS or (is_header and size > _MAX_HEADER):
            raise SourceTrouble("refused", f"The package has a header of {size} bytes; at most {_MAX_HEADER} are read.")
        left = -(-size // _BLOCK) * _BLOCK
        while left:
            left -= len(unpacked.read(min(left, 1 << 16)))
    package.seek(0)


def _member(package: IO[bytes], path: str, rules: FetchRules) -> IO[bytes]:
    """Return one file of a package, without unpacking the others. Links are never followed."""
    try:
        _check_headers(package, rules)
        unpacked: Any = _Unpacked(package, MAX_UNPACKED * rules.max_bytes)
        with tarfile.open(fileobj=unpacked, mode="r|") as archive:
            for number, member in enumerate(archive):
                if number >= MAX_MEMBERS:
                    raise SourceTrouble("too large", f"The package has more than {MAX_MEMBERS} files.")
                # The first folder is the package's own, whatever it is called.
                if member.name.partition("/")[2] == path:
                    return _copy(archive, member, path, rules)
    except (tarfile.TarError, zlib.error, EOFError, ValueError, OverflowError, RecursionError):
        raise SourceTrouble("shape", "The package is not a tar archive that can be read.") from None
    raise SourceTrouble("gone", f"The package has no file {path}.")


def _copy(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str, rules: FetchRules) -> IO[bytes]:
    content = archive.extractfile(member) if member.isreg() and not member.issparse() else None
    if content is None:
        raise SourceTrouble("refused", f"{path} is not a file of the package: links and folders are not read.")
    if member.size > rules.max_bytes:
        raise SourceTrouble("too large", f"{path} has more than {rules.max_bytes} bytes, the limit.")
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - its reader closes it
    while piece := content.read(1 << 16):
        file.write(piece)
    file.seek(0)
    return file
