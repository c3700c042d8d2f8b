"""A log says what went on, and nothing that a person typed or that opens a door."""

import io
import json
import logging
import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings as configured
from django.core.management import get_commands
from django.test import Client
from django.urls import path

from config.urls import urlpatterns as real_urlpatterns
from kb.ops.logs import DiscreetFilter, JsonLines, LineFormatter
from kb.ops.request_ids import RequestIdFilter
from tests import ROOT, make
from tests.faults.server import free_port

SECRETS = ("hunter2-secret", "anna@example.com", "eyJhbGciOi.eyJzdWIi.c2lnbmF0", "660399123", "sessionid-value")


def fail(request):
    """A page that breaks in the worst way: what it was given is in the error's words."""
    try:
        int(request.GET["q"])
    except ValueError as error:
        raise RuntimeError(f"cannot read {request.GET['q']!r} of {SECRETS[1]}\nDETAIL: {SECRETS[0]}") from error


urlpatterns = [path("fail/", fail, name="fail"), *real_urlpatterns]
handler404, handler500 = "kb.web.errors.not_found", "kb.web.errors.server_error"


@pytest.fixture(params=["line", "json"])
def written(request):
    """What the product's log gets, in either format."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    line = LineFormatter("{asctime} {levelname} {name} {request_id}: {message}", style="{")
    handler.setFormatter(JsonLines() if request.param == "json" else line)
    handler.addFilter(DiscreetFilter())
    handler.addFilter(RequestIdFilter())
    root, level = logging.getLogger(), logging.getLogger("codebook.request").level
    root.handlers.insert(0, handler)
    logging.getLogger("codebook.request").setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    logging.getLogger("codebook.request").setLevel(level)


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_no_secret_of_a_request_reaches_the_log(written):
    agent = make.user("anna-of-support", "agent")
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {SECRETS[2]}"})
    client.cookies["sessionid"] = SECRETS[4]
    client.get("/fail/", {"q": "hunter2-secret"})
    client.force_login(agent)
    make.code()
    client.get("/", {"q": "660399123 anna@example.com"})
    client.get("/codes/zim-server/660399123/")
    client.get("/nowhere/hunter2-secret/")
    client.post("/detect/", {"text": "password=hunter2-secret anna@example.com"})
    client.post("/login/", {"username": "anna@example.com", "password": "hunter2-secret"})
    client.post("/nowhere/hunter2-secret/")
    client.get("/", headers={"Host": "hunter2-secret.example"})
    Client(enforce_csrf_checks=True).post("/login/", {"username": "anna@example.com"})
    text = written.getvalue()
    assert "RuntimeError" in text
    assert [secret for secret in SECRETS if secret in text] == []
    assert agent.username not in text


@pytest.mark.django_db
@pytest.mark.parametrize("written", ["json"], indirect=True)
def test_a_response_is_one_object_with_route_status_time_and_user(written, agent):
    client = Client(headers={"X-Request-ID": "ticket-7"})
    client.force_login(agent)
    client.get("/changes/")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    (line,) = [line for line in lines if line["logger"] == "codebook.request"]
    assert {name: line[name] for name in ("request_id", "route", "method", "status", "user_id", "level")} == {
        "request_id": "ticket-7",
        "route": "changes",
        "method": "GET",
        "status": 200,
        "user_id": agent.pk,
        "level": "INFO",
    }
    assert line["milliseconds"] > 0
    assert set(line) == {*"time level logger message request_id route method status milliseconds user_id".split()}


@pytest.mark.django_db
@pytest.mark.parametrize("written", ["line"], indirect=True)
def test_the_line_format_has_one_line_per_record(written):
    Client().get("/nowhere/")
    assert "route=none method=GET status=404 milliseconds=" in written.getvalue()


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize("written", ["json"], indirect=True)
def test_an_error_has_its_trace_and_its_causes(written):
    Client(raise_request_exception=False).get("/fail/", {"q": "abc"})
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    (error,) = [line["error"] for line in lines if "error" in line]
    assert "in fail" in error
    assert "builtins.RuntimeError: cannot read '…' of" in error
    assert "caused by" in error
    assert "builtins.ValueError: invalid literal for int() with base 10: '…'" in error


@pytest.mark.django_db
def test_either_format_has_the_trace(written):
    trace = "0af7651916cd43dd8448eb211c80319c"
    Client(headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}).get("/nowhere/")
    (line,) = [line for line in written.getvalue().splitlines() if "answered" in line]
    assert (json.loads(line)["trace_id"] == trace) if line.startswith("{") else line.endswith(f" trace_id={trace}")


def test_probes_do_not_fill_the_log(written):
    logging.getLogger("codebook.request").setLevel(logging.INFO)
    Client().get("/healthz")
    assert written.getvalue() == ""


@pytest.mark.slow
def test_log_formats_are_chosen_by_a_setting():
    environment = os.environ | {"DEBUG": "1", "LOG_FORMAT": "json", "DATABASE_URL": "sqlite://:memory:"}
    script = "import logging; logging.getLogger('kb').warning('said')"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(result.stderr.splitlines()[-1])["message"] == "said"
    assert configured.LOGGING["handlers"]["stderr"]["formatter"] == "line"


@pytest.mark.slow
@pytest.mark.skipif("serve" not in get_commands(), reason="there is no command that serves")
def test_the_servers_own_lines_are_objects_too(tmp_path):
    """Granian says that a worker ended, and why it cannot start."""
    port = str(free_port())
    known = {"DEBUG": "1", "LOG_FORMAT": "json", "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    command = [sys.executable, "manage.py", "serve", "--port", port]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | known, stderr=subprocess.PIPE, text=True) as server:
        try:
            os.kill(first_child(server.pid), signal.SIGKILL)
            lines = [next(server.stderr)]
        finally:
            server.terminate()
        lines += list(server.stderr)
    told = [json.loads(line) for line in lines]
    assert any(line["logger"] == "_granian" and "Unexpected exit" in line["message"] for line in told)


def first_child(pid):
    """Wait until a process has a child; return its id."""
    for _ in range(300):
        found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
        if found:
            return int(found[0])
        time.sleep(0.1)
    raise AssertionError("the server starts no worker")
