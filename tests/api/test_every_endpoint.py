"""Every endpoint answers every request in the API's description the same on SQLite and on PostgreSQL."""

import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from kb.models import ChangeCounter, CodeTable, Door, ReturnCode, Section, Synonym
from kb.services.codes import edit_code
from kb.services.journal import By
from kb.services.tables import save_table
from tests import make
from tests.api.all_requests import ask_all, operations

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TEXTS = [
    ("10", "Room does not exist."),
    ("9", "room (beta) is full: 100% of seats_taken"),
    ("-1", "ÜBUNG fehlgeschlagen"),
    ("0xC0000005", "Access violation at C:\\temp"),
    ("ERR-2", "übung nicht da"),
    ("err-10", "房间不存在"),
    ("660300001", 'it\'s "quoted"\nroom'),
    ("A_B", ""),
]


@pytest.fixture
def world(db, time_machine):
    """A few rows of everything, with fixed keys, because the databases would choose different ones."""
    time_machine.move_to(NOW, tick=False)
    Synonym.objects.all().delete()
    zim = make.table(pk=1, source_url="https://vendor.example/zim")
    other = make.table("other", pk=2, vendor="Other", product="Äther", audience="internal")
    for n in range(3):
        Section.objects.create(pk=n + 1, table=zim, name=f"Part {n}", slug=f"part-{n}", position=n)
    Section.objects.create(pk=4, table=other, name="Part 0", slug="part-0", position=0)
    for n, (code, description) in enumerate(TEXTS, 1):
        kinds = {"disposition": "retry_later" if n % 3 else "no_action", "symbol": f"Sym_{n}" if n % 2 else ""}
        more = {"possible_reasons": "Gone" if n % 2 else "", "suggested_actions": "Wait." if n % 3 else ""}
        make.code(code, zim, f"Part {n % 3}", pk=n, description=description, **kinds, **more)
    make.code("10", other, "Part 0", pk=20, description="Another room", retired_at=NOW)
    make.code_range(pk=1)
    codes = ReturnCode.objects.in_bulk()
    make.note("Room is gone", codes[1], codes[20], pk=1, cause="Because of Ärger", review_on="2026-01-01")
    make.note("eta", codes[2], pk=2, audience="internal", customer_reply="Wait for {code}.")
    make.note("Zeta", codes[3], pk=4, state="draft", resolution="Try **again**.")
    make.incident("Down", codes[1], pk=1, started_at=NOW, reference="INC-1")
    make.incident("Up", codes[2], pk=2, audience="internal", state="resolved", started_at=NOW, resolved_at=NOW)
    by = By(make.user("anna", "editor", pk=900), Door.WEB)
    for pk, words in ((1, "Room is not there."), (3, "Übung again")):
        code = ReturnCode.objects.get(pk=pk)
        edit_code(code, code.version, {"description": words}, by)
    table = CodeTable.objects.get(pk=2)
    save_table(table, table.version, {"name": "Codes of others"}, By(None, Door.SHELL))
    ChangeCounter.objects.update(incarnation="0123456789")


@pytest.fixture
def results(world, settings):
    """The answers for an importer, who may also export, and for the public."""
    settings.KB_PUBLIC_READ = True
    importer = Client()
    importer.force_login(make.user("ed", "importer", pk=901))
    logging.disable()
    yield {"importer": ask_all(importer), "public": ask_all(Client(), in_every_way=False)}
    logging.disable(logging.NOTSET)


@pytest.mark.slow
def test_every_endpoint_answers_the_same_on_both_databases(results, tmp_path):
    if os.environ.get("WRITE_ANSWERS"):
        Path(os.environ["WRITE_ANSWERS"]).write_text(json.dumps(results), encoding="utf-8")
    statuses = {
        who: {request: status for request, (status, _) in responses.items()} for who, responses in results.items()
    }
    assert {
        request for responses in statuses.values() for request, status in responses.items() if status >= 500
    } == set()
    for method, path, _ in operations():
        begin = f"{method.upper()} {path.partition('{')[0]}"
        assert 200 in {status for request, status in statuses["importer"].items() if request.startswith(begin)}, path
    assert len(statuses["importer"]) > 400
    if connection.vendor == "postgresql":
        compare_with_sqlite(results, tmp_path / "answers.json")


def compare_with_sqlite(results, file):
    other, here = ask_on_sqlite(file), json.loads(json.dumps(results))
    for who, responses in other.items():
        assert set(here[who]) == set(responses)
        unlike = [request for request in responses if here[who][request] != responses[request]]
        assert {request: here[who][request] for request in unlike} == {
            request: responses[request] for request in unlike
        }


def ask_on_sqlite(file):
    environment = os.environ | {"DATABASE_URL": "sqlite://:memory:", "WRITE_ANSWERS": str(file)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", __file__]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout[-2000:]
    return json.loads(file.read_text(encoding="utf-8"))
