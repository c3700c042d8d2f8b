"""The official client uses the server over HTTP and stdio, in both current revisions of the protocol."""

import json
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager

import anyio
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

from kb.services import tokens
from tests import ROOT, make

TOOLS = ["lookup_codes", "list_tables", "explain_text", "search_notes", "get_note", "changes_since"]
FIRST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.fixture
def room(transactional_db):
    room = make.code("660300001")
    make.note("Room is gone", room)
    make.note("Hush", room, audience="internal")
    return room


def conversation(target, mode="auto"):
    """Return the names of the tools, the meaning of a code and the sentence of an error."""

    async def talk():
        async with Client(target, mode=mode) as client:
            tools = await client.list_tools()
            lookup = await client.call_tool("lookup_codes", {"codes": ["660300001"]})
            failed = await client.call_tool("get_note", {"note_id": 99999})
            return [tool.name for tool in tools.tools], lookup.structured_content, failed

    tools, lookup, failed = anyio.run(talk)
    assert failed.is_error
    return tools, lookup["verdicts"][0]["meanings"][0], failed.content[0].text


@asynccontextmanager
async def with_token(url, secret):
    headers = {"Authorization": f"Bearer {secret}"}
    async with create_mcp_http_client(headers) as http, streamable_http_client(url, http_client=http) as streams:
        yield streams


def stdio(*arguments):
    """Return the parameters with which a client starts the command on the test database."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        # The server of tests.postgres, with the test database.
        url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{database['NAME']}"
    environment = {"DEBUG": "1", "KB_PUBLIC_READ": "1", "DATABASE_URL": url}
    return StdioServerParameters(
        command=sys.executable, args=["manage.py", "mcp", *arguments], cwd=ROOT, env=os.environ | environment
    )


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_client_is_served_over_http(mode, room, live_server):
    tools, meaning, error = conversation(f"{live_server.url}/mcp/", mode)
    assert tools == TOOLS
    assert meaning["url"] == f"{live_server.url}/codes/zim-server/public/660300001/"
    assert [note["title"] for note in meaning["notes"]] == ["<data>Room is gone</data>"]
    assert error.startswith("There is no note 99999")


def test_a_token_brings_the_rights_of_its_user_and_no_more(room, agent, live_server):
    for scope, titles in (("read_internal", ["Hush", "Room is gone"]), ("read_public", ["Room is gone"])):
        _token, secret = tokens.create(agent, "Assistant", [scope], None)
        _tools, meaning, _error = conversation(with_token(f"{live_server.url}/mcp", secret))
        assert sorted(note["title"] for note in meaning["notes"]) == [f"<data>{title}</data>" for title in titles]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "titles", "mode"),
    [
        (["--site", "https://kb.example"], ["Room is gone"], "auto"),
        (["--user", "agent", "--site", "https://kb.example"], ["Hush", "Room is gone"], "legacy"),
    ],
)
def test_the_client_is_served_over_stdio(arguments, titles, mode, room, agent):
    tools, meaning, _error = conversation(stdio(*arguments), mode)
    assert tools == TOOLS
    assert meaning["url"] == "https://kb.example/codes/zim-server/public/660300001/"
    assert sorted(note["title"] for note in meaning["notes"]) == [f"<data>{title}</data>" for title in titles]


@pytest.mark.slow
def test_standard_output_has_only_the_protocol(room):
    parameters = stdio()
    process = subprocess.run(
        [parameters.command, *parameters.args],
        cwd=ROOT,
        env=parameters.env | {"LOG_LEVEL": "DEBUG"},
        input='nonsense\n{"jsonrpc":"2.0","id":7,"method":"ping"}\n',
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert [json.loads(line) for line in process.stdout.splitlines()] == [{"jsonrpc": "2.0", "id": 7, "result": {}}]


def test_the_command_explains_why_it_does_not_start(settings, db):
    with pytest.raises(CommandError, match=r"^There is no active user nobody\.$"):
        call_command("mcp", "--user", "nobody")
    settings.KB_PUBLIC_READ = False
    with pytest.raises(CommandError, match="Choose a user with --user"):
        call_command("mcp")


@pytest.mark.slow
def test_ctrl_c_ends_the_command_quietly(room):
    parameters = stdio()
    with subprocess.Popen(
        [parameters.command, *parameters.args],
        cwd=ROOT,
        env=parameters.env,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=-1,
    ) as running:
        running.stdin.write(b'{"jsonrpc":"2.0","id":7,"method":"ping"}\n')
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["id"] == 7
        running.send_signal(signal.SIGINT)
        running.stdin.close()
        assert running.wait(20) == 0
        assert running.stderr.read() == b""


def post(client, body, **headers):
    accept = {"accept": "application/json, text/event-stream"}
    return client.post("/mcp/", body, content_type="application/json", headers=accept | headers)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (FIRST, 200),
        ("{", 400),
        ("[]", 400),
        ('{"jsonrpc": "2.0", "method": "notifications/initialized"}', 202),
        (FIRST | {"method": "subscriptions/listen"}, 200),
    ],
)
def test_a_message_is_answered_with_one_message(client, body, status, db):
    answer = post(client, body)
    assert answer.status_code == status
    if status != 202:
        assert json.loads(answer.content)["jsonrpc"] == "2.0"
        assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("bad_id", ["null", "{}", "[]", "1.5", "1e400", "NaN", "true"])
def test_a_request_with_a_bad_id_is_refused_in_words(client, bad_id, db):
    answer = post(client, f'{{"jsonrpc": "2.0", "id": {bad_id}, "method": "tools/list"}}')
    assert (answer.status_code, answer["Cache-Control"]) == (400, "private, no-store")
    assert answer.json() == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32600, "message": "Invalid request: the id must be a text or a whole number."},
    }


@pytest.mark.parametrize("rest", [{"id": 1, "result": {}}, {"id": None, "error": {"code": 1, "message": "x"}}])
def test_an_answer_of_the_assistant_is_no_request_with_a_bad_id(client, rest, db):
    assert post(client, {"jsonrpc": "2.0"} | rest).status_code == 202


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"codes": ["\ud800"]}, "codes.0: “\\ud800” is not allowed. A text without broken characters is allowed."),
        (
            {"codes": ["1"], "\ud800": 1},
            "arguments: “\\ud800” is not allowed. A text without broken characters is allowed.",
        ),
    ],
)
def test_half_a_character_is_repeated_as_an_escape(client, arguments, sentence, db):
    about = {f"io.modelcontextprotocol/{name}": {} for name in ("clientCapabilities", "clientInfo", "protocolVersion")}
    about["io.modelcontextprotocol/clientInfo"] = {"name": "a", "version": "1"}
    about["io.modelcontextprotocol/protocolVersion"] = version = "2026-07-28"
    call = {"name": "lookup_codes", "arguments": arguments, "_meta": about}
    headers = {"mcp-protocol-version": version, "mcp-method": "tools/call", "mcp-name": "lookup_codes"}
    answer = post(client, FIRST | {"method": "tools/call", "params": call}, **headers)
    assert answer.json()["result"]["content"][0]["text"] == sentence


def test_a_long_log_is_accepted_and_a_longer_one_refused(client, db):
    call = {"name": "explain_text", "arguments": {"text": "é" * 500_000}}
    long = json.dumps(FIRST | {"method": "tools/call", "params": call}, ensure_ascii=True)
    assert len(long) > 2_900_000
    assert json.loads(post(client, long).content)["result"]["structuredContent"]["codes"] == []
    assert post(client, "x" * 4_200_000).status_code == 413


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://testserver", 200),
        ("https://desk.example", 200),
        ("https://testserver", 403),
        ("http://testserver:8000", 403),
        ("http://testserver.evil.example", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_a_page_of_another_site_is_refused_in_words(origin, status, client, settings, db):
    settings.CSRF_TRUSTED_ORIGINS = ["https://desk.example"]
    answer = post(client, FIRST, **({} if origin is None else {"origin": origin}))
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["detail"] == (
            f"A page of {origin} asks, and only pages of this site may. An assistant sends no Origin."
        )


def test_the_origin_is_checked_before_the_token_and_for_every_method(client, db):
    assert client.get("/mcp/", headers={"origin": "http://evil.example"}).status_code == 403
    answer = post(client, FIRST, origin="http://evil.example", authorization="Bearer nonsense")
    assert answer.status_code == 403


def test_other_methods_get_a_405(client, db):
    for method in (client.get, client.put, client.delete):
        assert method("/mcp/").status_code == 405


def test_callers_who_may_read_nothing_get_a_401(client, settings, db):
    settings.KB_PUBLIC_READ = False
    answer = post(client, FIRST)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="codebook"'


def test_a_bad_token_is_refused_where_the_public_may_read(client, db):
    answer = post(client, FIRST, authorization="Bearer nonsense")
    assert answer.status_code == 401
    assert answer.json()["detail"] == "No such token."


def test_calls_count_against_the_rate_of_the_api(client, settings, db):
    settings.KB_API_RATE_ANONYMOUS = 1
    assert [post(client, FIRST).status_code for _ in range(3)][-1] == 429


def test_a_session_without_a_csrf_token_is_refused(agent, db):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(agent)
    assert post(browser, FIRST).status_code == 403


SITE_WITHOUT = """
import sys

sys.modules["mcp"] = None
import django

django.setup()
from django.test import Client

client = Client(enforce_csrf_checks=True)
for answer in (client.post("/mcp/"), client.get("/llms.txt"), client.get("/robots.txt")):
    print(answer.status_code, answer.content.decode().splitlines()[-1])
from django.core.management import CommandError, call_command

try:
    call_command("mcp")
except CommandError as error:
    print(error)
"""


@pytest.mark.slow
def test_without_the_extra_the_site_works_and_says_what_is_missing(room):
    environment = os.environ | stdio().env | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    process = subprocess.run(
        [sys.executable, "-c", SITE_WITHOUT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    mcp, llms, robots, command = process.stdout.splitlines()
    assert mcp == f"501 {command}"
    assert command == "This needs the extra `mcp`: the package mcp>=2,<3 is not installed."
    assert llms.startswith("200 ")
    assert "/mcp/" not in llms
    assert robots.startswith("200 ")
