"""An SQLite export has what its reader may read, and the examples in its README table work."""

import json
import re
import sqlite3

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from kb.exporting.sqlite import export_database
from kb.exporting.sqlite.readme import PAGE
from kb.models import TroubleshootingNote
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def export(tmp_path):
    """Write an export and open it with plain sqlite3."""
    connections = []

    def write(user=None, table=None):
        path = tmp_path / f"{len(connections)}.sqlite"
        path.write_bytes(b"".join(export_database(user, table)))
        connections.append(sqlite3.connect(f"file:{path}?mode=ro", uri=True))
        return connections[-1]

    yield write
    for db in connections:
        db.close()


@pytest.fixture
def room():
    room = make.code("660300001", possible_reasons="=1+1", extra={"level": "é"})
    make.note("Rooms in general").ranges.add(make.code_range("Room"))
    make.note("Room is gone", room, resolution="Rejoin.")
    make.incident("Rooms fail", room, workaround="Wait.")
    return room


def test_every_example_of_the_readme_has_results(export, room):
    db = export()
    assert dict(db.execute("SELECT topic, text FROM README")).keys() > PAGE.keys()
    examples = [sql for text in PAGE.values() for sql in re.findall(r"SELECT .*", text)]
    assert len(examples) == 5
    for sql in examples:
        assert db.execute(sql).fetchall(), sql


def test_views_join_codes_with_notes_and_incidents(export, room):
    db = export()
    assert db.execute('SELECT "table", section, code, possible_reasons FROM code_list').fetchall() == [
        ("zim-server", "Public", "660300001", "=1+1")
    ]
    assert db.execute("SELECT code, title FROM code_notes ORDER BY title").fetchall() == [
        ("660300001", "Room is gone"),
        ("660300001", "Rooms in general"),
    ]
    assert db.execute("SELECT code, title, workaround FROM code_incidents").fetchall() == [
        ("660300001", "Rooms fail", "Wait.")
    ]
    assert json.loads(db.execute("SELECT extra FROM codes").fetchone()[0]) == {"level": "é"}


def test_times_are_texts_as_in_the_api(export, room, client):
    make.code("5", retired_at=timezone.now().replace(microsecond=0))
    db = export()
    (code,) = client.get("/api/v1/codes/?code=5").json()["results"]
    exported = db.execute("SELECT retired_at, updated_at FROM codes WHERE code = '5'").fetchone()
    assert exported == (code["retired_at"], code["updated_at"])
    (note,) = client.get("/api/v1/notes/?title__contains=gone").json()["results"]
    assert db.execute("SELECT updated_at FROM notes WHERE id = ?", [note["id"]]).fetchone() == (note["updated_at"],)
    whole = "\n".join(db.iterdump())
    assert re.findall(r"'[0-9-]{10}T[^']*'", whole) == re.findall(r"'[0-9-]{10}T[0-9:.]+Z'", whole)


def test_an_export_passes_the_integrity_checks(export, room, agent):
    db = export(agent)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    for table in ("codes_fts", "notes_fts"):
        with sqlite3.connect(":memory:") as copy:
            db.backup(copy)
            # Fails where the index differs from the table.
            copy.execute(f"INSERT INTO {table}({table}, rank) VALUES ('integrity-check', 1)")


def test_an_export_has_what_its_reader_may_read(export, room, agent, tmp_path):
    hidden = make.code("1", make.table("hush", vendor="Hush", audience="internal"), "Hush", description="hush")
    room.successor, room.retired_at = hidden, timezone.now()
    room.save()
    make.code_range("hush", 1, 5, of=hidden.table)
    make.note("Hush", room, audience="internal")
    make.note("Draft hush", room, state="draft")
    make.note("Told", room, hidden)
    make.incident("Hush", room, audience="internal")
    make.incident("Seen", room, hidden)
    for at, (reader, is_internal) in enumerate(((None, False), (agent, True))):
        db = export(reader)
        # Every byte: the full-text index, too, and pages that nothing uses.
        assert (b"hush" in (tmp_path / f"{at}.sqlite").read_bytes().lower()) == is_internal
        assert ("hush" in "\n".join(db.iterdump()).lower()) == is_internal
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("SELECT count(*) FROM note_codes").fetchone()[0] == (5 if is_internal else 2)
        (successor,) = db.execute("SELECT successor_id FROM codes WHERE code = '660300001'").fetchone()
        assert (successor is None) != is_internal


def test_what_is_deleted_from_an_export_is_in_no_byte_of_it(export, room, tmp_path):
    hidden = 0x5A5B5C5D5E
    notes = [TroubleshootingNote(pk=hidden + n, title="Hush", audience="internal") for n in range(2_000)]
    TroubleshootingNote.objects.bulk_create(notes)
    through = TroubleshootingNote.codes.through
    through.objects.bulk_create([through(troubleshootingnote_id=note.pk, returncode_id=room.pk) for note in notes])
    db = export()
    # Many builds of SQLite overwrite what is deleted, but keep its pages.
    assert db.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert hidden.to_bytes(6, "big")[:5] not in (tmp_path / "0.sqlite").read_bytes()
    assert db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat%'").fetchall() == []


def test_a_reader_without_access_gets_an_empty_export(export, room, settings):
    settings.KB_PUBLIC_READ = False
    assert export().execute("SELECT count(*) FROM tables").fetchone() == (0,)


def test_an_export_of_a_table_has_its_notes_and_incidents(export, room):
    other = make.code("1", make.table("rtc"))
    make.note("Elsewhere", other)
    make.incident("Elsewhere", other)
    make.note("Both", room, other)
    db = export(table=room.table)
    assert db.execute("SELECT slug FROM tables").fetchall() == [("zim-server",)]
    assert db.execute("SELECT code FROM codes").fetchall() == [("660300001",)]
    assert {title for (title,) in db.execute("SELECT title FROM notes")} == {"Room is gone", "Both", "Rooms in general"}
    assert db.execute("SELECT title FROM incidents").fetchall() == [("Rooms fail",)]


@pytest.mark.parametrize("name", ["it's", 'a"b', "'); DROP TABLE codes; --", "\u202e語", "x" * 200])
def test_hostile_text_is_exported_unchanged(export, name, room):
    make.code("7", in_section=name, description=name)
    make.note(name, room, resolution=name)
    db = export()
    assert (name, name) in db.execute("SELECT section, description FROM code_list").fetchall()
    assert (name, name) in db.execute("SELECT title, resolution FROM notes").fetchall()


def test_the_command_exports_everything_or_only_public_rows(tmp_path, room):
    make.code("1", make.table("hush", audience="internal"))
    for options, count in (([], 2), (["--public"], 1), (["--table", "hush"], 1)):
        path = tmp_path / f"{len(options)}-{count}.sqlite"
        call_command("export_table", "--format", "sqlite", "--output", str(path), *options)
        with sqlite3.connect(path) as db:
            assert db.execute("SELECT count(*) FROM tables").fetchone() == (count,)
    with pytest.raises(CommandError, match=r"--table is required\. Tables: "):
        call_command("export_table", "--format", "ndjson")
