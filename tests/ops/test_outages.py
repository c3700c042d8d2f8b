"""A database that is away: who asks is told to come back, quickly, and who runs a command is told what is wrong."""

import json

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from tests import make
from tests.config.test_settings import GOOD, start

NOBODY_LISTENS = GOOD | {"DATABASE_URL": "postgres://codebook:sesame@127.0.0.1:1/codebook", "DATABASE_POOL": "2"}


@pytest.fixture
def away(monkeypatch):
    """Let every query fail, and count how often somebody asks."""
    asked = []

    def refuse(*_, **__):
        asked.append(1)
        raise OperationalError("connection to db.internal failed for kb_secret")

    return lambda: monkeypatch.setattr(connection, "cursor", refuse) or asked


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/codes/zim-server/660300001/", "text/html"),
        ("/admin/", "text/html"),
        ("/api/v1/codes/", "application/problem+json"),
    ],
)
def test_callers_get_503_and_the_time_to_retry(path, kind, away, agent, settings):
    client = Client(raise_request_exception=False)
    client.force_login(agent)
    away()
    answer = client.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"].startswith(kind)
    assert b"The database is not available right now" in answer.content
    assert b"secret" not in answer.content


@pytest.mark.django_db
def test_callers_get_503_even_if_its_page_fails(away, monkeypatch):
    def fail(*_, **__):
        raise ValueError("no manifest")

    monkeypatch.setattr("kb.web.errors.render_to_string", fail)
    client = Client(raise_request_exception=False)
    client.force_login(make.user("anna", "agent"))
    away()
    answer = client.get("/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.content.startswith(b"The database is not available right now.")


@pytest.mark.django_db
def test_a_request_with_a_token_waits_for_the_database_once(away):
    client = Client(raise_request_exception=False, headers={"Authorization": "Bearer codebook_none"})
    asked = away()
    answer = client.get("/api/v1/codes/")
    assert (answer.status_code, answer.json()["title"], len(asked)) == (503, "Not available right now", 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status"), [(InterfaceError("closed"), 503), (OperationalError("full"), 503), (RuntimeError("no"), 500)]
)
def test_other_errors_are_not_outages(error, status, monkeypatch, settings):
    def fail(*_, **__):
        raise error

    settings.KB_PUBLIC_READ = True
    make.code()
    monkeypatch.setattr("kb.api.resources.code_answers.find_page", fail)
    client = Client(raise_request_exception=False)
    assert client.get("/api/v1/codes/").status_code == status
    monkeypatch.setattr("kb.queries.tables.with_counts", fail)
    assert client.get("/").status_code == status


@pytest.mark.slow
@pytest.mark.parametrize("command", [("migrate",), ("backup", "copy"), ("reindex",)])
def test_a_command_reports_an_outage_in_one_line(command, tmp_path):
    result = start(*(part.replace("copy", f"{tmp_path}/copy") for part in command), **NOBODY_LISTENS)
    assert result.returncode == 1
    assert result.stderr.startswith("manage.py: The database could not be asked. ")
    assert "Connection refused" in result.stderr
    assert "Traceback" not in result.stderr
    assert "sesame" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_doctor_runs_the_checks_that_need_no_database():
    result = start("doctor", "--json", **NOBODY_LISTENS)
    assert result.returncode == 2
    found = json.loads(result.stdout)
    assert set(found) == {"database", "settings", "disk"}
    assert found["database"][0].startswith("The database does not answer: connection ")
    assert "sesame" not in result.stdout + result.stderr
