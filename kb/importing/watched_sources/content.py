"""What a file of a source has: whether its rows are new, and whether they still look like the table."""

import codecs
import hashlib
import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from kb.importing.reading.sources import ENCODINGS, Source
from kb.models import CodeTable, WatchedSource
from kb.text.codes.forms import identity

_PIECE = 1 << 20
_ENDINGS = {
    "text/html": (".html", ".htm"),
    "application/xhtml+xml": (".html", ".xhtml"),
    "text/csv": (".csv", ".tsv", ".txt"),
    "text/markdown": (".md", ".markdown"),
    "application/json": (".json", ".ndjson", ".jsonl"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
}
"""The endings of a file's name by its media type; the first one is added to a name with another ending."""

_SAME_ON_THE_WEB = {"iso-8859-1": "windows-1252", "ascii": "windows-1252", "iso8859-1": "windows-1252"}
"""A page that announces one of these is read as the other: every browser does."""


@dataclass(frozen=True)
class SourceRows:
    """The rows of a file, as one digest that the page around the table does not change."""

    digest: str
    count: int
    identities: frozenset[str]


def rows_of(source: Source) -> SourceRows:
    """Return what the rows of a source come to. Raises Unreadable."""
    digest, count, identities = hashlib.sha256(), 0, set()
    for count, row in enumerate(source.rows(), 1):  # noqa: B007 - the last number is the count
        words = [row.section, row.code, sorted(row.texts.items()), sorted(row.extra.items())]
        digest.update(json.dumps(words).encode())
        identities.add(identity(row.code))
    return SourceRows(digest.hexdigest(), count, frozenset(identities))


def flaw_of(watched: WatchedSource, source: Source, rows: SourceRows) -> str:
    """Return why a file does not look like the table any more; "" where it does."""
    if not rows.count:
        return "The source has no codes."
    if watched.format and source.format not in (watched.format, _format_of_last_import(watched.table)):
        return f"The source was {watched.format} and is {source.format} now."
    current = _identities(watched.table) if watched.complete else frozenset()
    listed, known = (len(current & rows.identities), len(current)) if current else (rows.count, watched.row_count)
    return f"The source lists {listed} of {known} codes: fewer than half." if 2 * listed < known else ""


def _format_of_last_import(table: CodeTable) -> str | None:
    return table.imports.in_force().exclude(format="").order_by("-applied_at").values_list("format", flat=True).first()


def _identities(table: CodeTable) -> frozenset[str]:
    return frozenset(table.codes.current().values_list("identity", flat=True))


def file_name(url: str, content_type: str) -> str:
    """Return the name of a file, with an ending that says what its media type says."""
    name = unquote(PurePosixPath(urlsplit(url).path).name)[:200] or "page"
    endings = _ENDINGS.get(content_type, ())
    return name if not endings or name.lower().endswith(endings) else name + endings[0]


def announced_encoding(file: IO[bytes], charset: str) -> str:
    """Return the encoding that a server announces, as a choice; "" where the bytes show theirs, or for no known one."""
    try:
        name = codecs.lookup(charset).name if charset else ""
    except (LookupError, ValueError):
        return ""
    choice = _SAME_ON_THE_WEB.get(name) or next((choice for choice, known in ENCODINGS.items() if known == name), "")
    return "" if _is_utf8(file) else choice


def sha256_of(file: IO[bytes]) -> str:
    """Return the digest of a file's bytes; it is at its start again afterwards."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


def _is_utf8(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True
