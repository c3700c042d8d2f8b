"""Hostile files, sent through every upload: a clear message, and nothing stored."""

import csv
import io
import tracemalloc
from contextlib import contextmanager

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from kb.exporting.tables import export_table
from kb.importing.applying.transaction import apply_import
from kb.models import Change, ImportRow, ReturnCode, Section, TableImport, Upload
from kb.services.journal import By, Door
from tests import make
from tests.attacks.files import CSV, KEPT, NAMES, REFUSED
from tests.attacks.page import wrong_in
from tests.web.page import words
from tests.work import counted

pytestmark = [pytest.mark.django_db, pytest.mark.wide]
UPLOAD = "/admin/kb/tableimport/import/"
MEGABYTE = 2**20
MUCH = 5_000_000
"""Calls. The first page in a process makes more than a million, because it loads modules; others some thousands."""


@pytest.fixture
def table():
    return make.table()


@pytest.fixture
def client(client, importer):
    client.force_login(importer)
    return client


@contextmanager
def little(megabytes=0):
    """Hold that something is little work; and takes little memory, where that is asked."""
    if megabytes:
        tracemalloc.start()
    try:
        with counted() as work:
            yield
        most = tracemalloc.get_traced_memory()[1] if megabytes else 0
    finally:
        tracemalloc.stop()
    assert work.calls < MUCH
    assert most <= megabytes * MEGABYTE


def send(client, table, name, content):
    """Upload a file; return its look, or what its form says, and the plan where one can be made."""
    answer = client.post(UPLOAD, {"table": table.pk, "file": SimpleUploadedFile(name, content)})
    if answer.status_code != 302:
        return answer
    look = client.get(answer["Location"])
    assert look.status_code == 200
    assert wrong_in(look.text) == []
    planned = client.post(answer["Location"], {"plan": "1"})
    return look if planned["Location"] == answer["Location"] else planned


def is_stored():
    """Whether anything of a file is stored; a record of the failed attempt may be."""
    tables = TableImport.objects.exclude(state="failed"), ImportRow.objects.all(), ReturnCode.objects, Section.objects
    return any(rows.exists() for rows in tables)


@pytest.mark.parametrize("what", REFUSED)
def test_a_hostile_file_is_refused_with_a_message_and_not_stored(what, client, table):
    name, content, message = REFUSED[what]
    with little():
        answer = send(client, table, name, content)
    assert answer.status_code == 200
    assert message in words(answer)
    assert "Traceback" not in answer.text
    assert wrong_in(answer.text) == []
    assert not is_stored()
    assert not Change.objects.exists()


@pytest.mark.parametrize("what", REFUSED)
def test_a_hostile_file_is_refused_at_the_command_line_too(what, table, tmp_path, capsys):
    name, content, message = REFUSED[what]
    file = tmp_path / name
    file.write_bytes(content)
    with little(), pytest.raises(SystemExit) as ended:
        call_command("import_table", str(file), "--table", table.slug, "--apply")
    assert ended.value.code == 1
    assert message in capsys.readouterr().err
    assert not is_stored()


@pytest.mark.parametrize("what", KEPT)
def test_hostile_cells_stay_plain_text_in_a_plan(what, client, table):
    with little():
        answer = send(client, table, *KEPT[what])
    assert answer.status_code == 302, words(answer)
    assert TableImport.objects.get().state == "planned"
    assert not ReturnCode.objects.exists()
    page = client.get(answer["Location"])
    assert page.status_code == 200
    assert "\x00" not in page.text
    assert wrong_in(page.text) == []


def test_a_bomb_is_refused_without_filling_memory(client, table):
    for what in ("a zip bomb", "billion laughs", "zip in zip in zip"):
        name, content, message = REFUSED[what]
        with little(megabytes=12):
            assert message in words(send(client, table, name, content)), what


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_file_name_is_plain_text(name, client, table):
    # Written by hand: a well-behaved client removes the path itself.
    answer = Endless(0, file_name=name, content=CSV, table=table.pk).sent(client, UPLOAD)
    assert answer.status_code in (200, 302)
    assert "Set-Cookie: x" not in str(answer.headers)
    if answer.status_code == 302:
        kept = Upload.objects.get().file_name
        assert len(kept) <= 255
        assert not set(kept) & set("/\\\x00\r\n"), kept
        assert wrong_in(client.get(answer["Location"]).text) == []


class Endless(io.RawIOBase):
    """A form with a file that is generated while it is sent, and the number of bytes sent."""

    BOUNDARY = "hostile"

    def __init__(self, size, file_name="t.csv", content=b"", **fields):
        head = "".join(
            f'--{self.BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += f'--{self.BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
        self.head = f"{head}Content-Type: text/csv\r\n\r\n".encode() + content
        self.tail = f"\r\n--{self.BOUNDARY}--\r\n".encode()
        self.length, self.at = len(self.head) + size + len(self.tail), 0

    def read(self, size=-1):
        end = self.length if size < 0 else min(self.at + size, self.length)
        body = self.length - len(self.tail)
        made = self.head[self.at : end]
        made += b"x" * (min(end, body) - self.at - len(made))
        made += self.tail[max(self.at + len(made) - body, 0) : max(end - body, 0)]
        self.at = end
        return made

    def sent(self, client, address):
        return client.request(
            PATH_INFO=address,
            REQUEST_METHOD="POST",
            CONTENT_TYPE=f"multipart/form-data; boundary={self.BOUNDARY}",
            CONTENT_LENGTH=str(self.length),
            **{"wsgi.input": self},
        )


@pytest.fixture
def kept_on_disk(tmp_path, settings):
    """Return the most that uploads took on the disk."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return lambda: sum(file.stat().st_size for file in tmp_path.iterdir())


def test_a_gigabyte_in_one_line_is_refused_by_its_size(table, tmp_path, capsys):
    file = tmp_path / "t.csv"
    with file.open("wb") as sparse:
        sparse.truncate(2**30)
    with little(megabytes=4), pytest.raises(SystemExit):
        call_command("import_table", str(file), "--table", table.slug, "--apply")
    assert "The file has 1073741824 bytes; at most 536870912 are allowed." in capsys.readouterr().err
    assert not is_stored()


def test_an_upload_that_is_too_large_is_stopped_while_it_arrives(client, table, settings, kept_on_disk):
    settings.KB_IMPORT_MAX_BYTES = MEGABYTE
    upload = Endless(64 * MEGABYTE, table=table.pk)
    with little(megabytes=4):
        answer = upload.sent(client, UPLOAD)
    assert answer.status_code == 200
    assert f"The file has {upload.length} bytes; at most 1048576 are allowed." in words(answer)
    assert kept_on_disk() == 0
    assert not is_stored()


@pytest.mark.parametrize("role", ["", "agent", "editor"])
@pytest.mark.parametrize("address", ["/login/", "/detect/", "/logout/", "/admin/", UPLOAD])
def test_a_file_from_somebody_without_the_permission_is_stored_nowhere(role, address, settings, tmp_path, monkeypatch):
    client = Client()
    if role:
        client.force_login(make.user(role, role))
    made = []
    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", lambda *args, **_: made.append(args))
    with little(megabytes=4):
        assert Endless(8 * MEGABYTE).sent(client, address).status_code < 500
    assert made == []


def test_formulas_are_defused_in_exports(client, table, importer):
    send(client, table, *KEPT["formulas"])
    apply_import(TableImport.objects.get(), By(importer, Door.IMPORT))
    assert table.codes.filter(description__startswith="=cmd").exists(), "the words are kept as they are"
    for cell in export_cells(table, "csv"):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
    # A workbook says that a cell is text, so that its words stay as they are: `export_cells` looks at the types.
    assert any(cell.startswith("=cmd") for cell in export_cells(table, "xlsx"))


def export_cells(table, ending):
    made = export_table(table, ending)
    data = made if isinstance(made, bytes) else b"".join(made)
    if ending == "csv":
        return [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")) for cell in row]
    book = openpyxl.load_workbook(io.BytesIO(data))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    return [str(cell.value) for cell in cells]
