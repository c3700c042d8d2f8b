"""Writes an SQLite database in small chunks of rows, so that memory use does not depend on its size."""

import json
import sqlite3
from collections.abc import Generator, Iterable
from contextlib import closing
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any

from django.utils import timezone

from kb.exporting.sqlite.readme import page
from kb.exporting.sqlite.rows import COLUMNS, links, nouns
from kb.models import CodeTable
from kb.models.fields import VENDOR_TEXTS
from kb.models.sql import long_statements
from kb.models.visibility import Person, Reader, reader
from kb.queries.replication import FeedPlace, end_for

CONTENT_TYPE = "application/vnd.sqlite3"

_HERE = Path(__file__).parent
_CHUNK = 64 * 1024
# The file is read only when it is complete, and deleted if it is not.
_SETUP = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;"


def export_database(user: Person | None, table: CodeTable | None = None) -> Generator[bytes, None, None]:
    """Return the bytes of an SQLite database with what a user may read of a table, or of all tables."""
    # On POSIX an open file stays readable after its name is deleted.
    with TemporaryDirectory(prefix="codebook-") as folder:
        path = Path(folder) / "copy.sqlite"
        write_database(path, user, table)
        file = path.open("rb")

    def chunks() -> Generator[bytes, None, None]:
        with file:
            while chunk := file.read(_CHUNK):
                yield chunk

    return chunks()


def write_database(path: Path, user: Person | None, table: CodeTable | None = None) -> None:
    """Write what a user may read of a table, or of all tables, to an SQLite database at a new path."""
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(_SETUP + _schema())
        allowed = "public" if reader(user) == Reader.PUBLIC else "internal and public"
        # Read before the rows: a change in the meantime is in the feed after this place.
        place = FeedPlace(*end_for(user))
        _insert(db, "README", page(_cell(timezone.now()), allowed, str(table or "every table"), str(place)))
        with long_statements():
            for name, rows in chain(nouns(user, table), links()):
                _insert(db, name, rows)
        db.executescript((_HERE / "finish.sql").read_text(encoding="utf-8"))
        db.commit()
        # Deleted links, to rows that the reader may not read, would stay in free pages and between rows.
        db.execute("VACUUM")


def _schema() -> str:
    """Return the schema with the texts of a code, as `kb.models.fields` declares them."""
    return Template((_HERE / "schema.sql").read_text(encoding="utf-8")).substitute(
        texts=", ".join(VENDOR_TEXTS),
        texts_of_code=", ".join(f"c.{name}" for name in VENDOR_TEXTS),
        text_columns=", ".join(f"{name} TEXT NOT NULL" for name in VENDOR_TEXTS),
        vendor_columns=", ".join(f"vendor_{name} TEXT NOT NULL" for name in VENDOR_TEXTS),
    )


def _insert(db: sqlite3.Connection, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
    places = ", ".join("?" * len(COLUMNS.get(name, "ab")))
    # The name is a constant of this package, never user input.
    db.executemany(f"INSERT INTO {name} VALUES ({places})", map(_cells, rows))  # noqa: S608


def _cells(row: tuple[Any, ...]) -> list[Any]:
    return [_cell(value) for value in row]


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        # As the API writes times, so that texts of both compare.
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
