"""Exports of the API: each format opens in its tool, and bad requests are refused."""

import csv
import io
import json
import sqlite3
import tracemalloc

import openpyxl
import pytest

from kb.models import ReturnCode
from kb.models.fields import VENDOR_TEXTS
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    table = make.table()
    make.code("-1000", table, description="- first\n- second", suggested_actions="=1+1")
    make.code("00000", table, description="@all", possible_reasons="'+quoted", extra={"http_status": "E"})
    return table


@pytest.fixture
def get(client, importer):
    client.force_login(importer)

    def fetch(where, status=200):
        answer = client.get(f"/api/v1/{where}")
        assert answer.status_code == status, answer.content
        return b"".join(answer.streaming_content) if answer.streaming else answer.json()

    return fetch


ROWS = [
    {"section": "Public", "code": "-1000", "description": "- first\n- second", "suggested_actions": "=1+1"},
    {"section": "Public", "code": "00000", "description": "@all", "possible_reasons": "'+quoted", "http_status": "E"},
]
HEADER = ["section", "code", *VENDOR_TEXTS, "http_status"]
WHOLE = [{name: row.get(name, "") for name in HEADER} for row in ROWS]


def defused(text):
    return f"'{text}" if text.startswith(("=", "-", "@", "'")) else text


def test_each_format_opens_in_its_own_tool(get, table):
    spread = [{name: defused(text) for name, text in row.items()} for row in WHOLE]
    assert list(csv.DictReader(io.StringIO(get("tables/zim-server/export.csv").decode(), newline=""))) == spread
    sheet = openpyxl.load_workbook(io.BytesIO(get("tables/zim-server/export.xlsx"))).active
    header, *rows = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert [dict(zip(header, row, strict=True)) for row in rows] == [
        {name: f"'{text}" if text.startswith("'") else text for name, text in row.items()} for row in WHOLE
    ]
    assert json.loads(get("tables/zim-server/export.json")) == WHOLE
    assert [json.loads(line) for line in get("tables/zim-server/export.ndjson").splitlines()] == WHOLE
    with sqlite3.connect(":memory:") as db:
        db.deserialize(get("tables/zim-server/export.sqlite"))
        assert db.execute("SELECT code, suggested_actions FROM code_list").fetchall() == [
            ("-1000", "=1+1"),
            ("00000", ""),
        ]


@pytest.mark.parametrize(
    ("where", "kind", "name"),
    [
        ("tables/zim-server/export.csv", "text/csv; charset=utf-8", "zim-server.csv"),
        ("tables/zim-server/export.ndjson", "application/x-ndjson", "zim-server.ndjson"),
        ("tables/zim-server/export.sqlite", "application/vnd.sqlite3", "zim-server.sqlite"),
        ("export.sqlite", "application/vnd.sqlite3", "codebook.sqlite"),
    ],
)
def test_a_file_has_a_type_and_a_name_and_is_not_cached(client, importer, table, where, kind, name):
    client.force_login(importer)
    answer = client.get(f"/api/v1/{where}")
    assert answer["Content-Type"] == kind
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Cache-Control"] == "private, no-store"
    assert b"".join(answer.streaming_content)


def test_csv_is_written_for_excel_on_request(get, table):
    assert get("tables/zim-server/export.csv?delimiter=semicolon&bom=true").startswith(b"\xef\xbb\xbfsection;code;")
    assert get("tables/zim-server/export.csv?bom=false").startswith(b"section,code,")


def test_everything_is_one_file(get, table):
    make.code("1", make.table("rtc", audience="internal"))
    with sqlite3.connect(":memory:") as db:
        db.deserialize(get("export.sqlite"))
        assert db.execute("SELECT slug FROM tables ORDER BY slug").fetchall() == [("rtc",), ("zim-server",)]


def test_support_texts_are_exported_on_request(get, table, editor):
    code = table.codes.get(code="00000")
    edit_code(code, code.version, {"description": "Ours."}, By(editor, "admin"))
    assert json.loads(get("tables/zim-server/export.json?words=support"))[1]["description"] == "Ours."
    assert json.loads(get("tables/zim-server/export.json"))[1]["description"] == "@all"


@pytest.mark.parametrize(
    ("where", "parameter", "allowed"),
    [
        ("tables/zim-server/export.exe", "ending", ["csv", "xlsx", "json", "ndjson", "sqlite"]),
        ("export.csv", "ending", ["sqlite"]),
        ("tables/zim-server/export.csv?words=ours", "words", ["vendor", "support"]),
        ("tables/zim-server/export.csv?word=vendor", "word", ["bom", "delimiter", "words"]),
        ("tables/zim-server/export.csv?delimiter=pipe", "delimiter", ["comma", "semicolon", "tab"]),
        ("tables/zim-server/export.csv?bom=2", "bom", ["true", "false", "1", "0"]),
        ("tables/zim-server/export.json?bom=true", "bom", []),
        ("tables/zim-server/export.sqlite?words=vendor", "words", []),
        ("export.sqlite?table=zim-server", "table", []),
    ],
)
def test_a_bad_format_or_parameter_is_refused(get, table, where, parameter, allowed):
    (error,) = get(where, 400)["errors"]
    assert (error["parameter"], error["allowed"]) == (parameter, allowed)


def test_more_codes_take_no_more_memory(client, importer, table, monkeypatch):
    # Small batches, so that few codes are enough to detect that a stream is held in memory.
    monkeypatch.setattr("kb.importing.stage.BATCH", 100)
    monkeypatch.setattr("kb.exporting.sqlite.rows._CHUNK_ROWS", 100)
    client.force_login(importer)
    text, section = "x" * 4_000, table.sections.get()
    values = {"table": table, "section": section, "vendor_description": text, "description": text, "sort_key": ""}
    ReturnCode.objects.bulk_create(
        [ReturnCode(code=n, identity=n, canonical=n, **values) for n in map(str, range(1, 2_001))], batch_size=100
    )
    for ending in ("csv", "ndjson", "json", "sqlite"):
        tracemalloc.start()
        size = sum(map(len, client.get(f"/api/v1/tables/zim-server/export.{ending}").streaming_content))
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert size > 8_000_000
        assert peak < 4_000_000, ending


def test_an_unknown_table_is_a_404(get, table):
    get("tables/nowhere/export.sqlite", 404)


@pytest.mark.parametrize(
    ("address", "name", "message"),
    [
        ("sqlite?words=support", "words", "It is not for SQLite, only for csv, xlsx, json, ndjson."),
        ("json?delimiter=tab", "delimiter", "It is not for JSON, only for csv."),
    ],
)
def test_an_option_of_another_format_is_refused_by_name(client, admin, address, name, message):
    make.code("1")
    client.force_login(admin)
    (error,) = client.get(f"/api/v1/tables/zim-server/export.{address}").json()["errors"]
    assert (error["parameter"], error["message"]) == (name, message)
