"""Every error of the API has a kind with a code, and a page that explains it."""

import ast
from pathlib import Path

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from rest_framework import exceptions

import kb.api
import kb.api.urls
import kb.mcp
from kb.api.framework import problem_types
from kb.api.framework.pagination import encoded_cursor
from kb.api.framework.problem_types import TYPES, code_of, code_of_status
from kb.models.tokens import Scope
from kb.services import tokens
from tests import make

pytestmark = pytest.mark.django_db
FACES = [Path(face.__file__).parent for face in (kb.api, kb.mcp)]


def classes(base):
    for child in base.__subclasses__():
        yield child
        yield from classes(child)


OWN = [error for error in classes(exceptions.APIException) if error.__module__.startswith("kb.")]
LIBRARY = [error for error in classes(exceptions.APIException) if error.__module__ == exceptions.__name__]


@pytest.mark.parametrize("error", OWN, ids=lambda error: error.__name__)
def test_each_error_of_our_own_names_its_kind(error):
    assert error.status_code in TYPES[error.problem_type].statuses


@pytest.mark.parametrize("error", LIBRARY, ids=lambda error: error.__name__)
def test_each_error_of_the_library_has_a_kind(error):
    instance = error.__new__(error)
    assert error.status_code in TYPES[code_of(instance, error.status_code)].statuses


def test_every_status_that_the_schema_names_has_a_kind(client):
    paths = client.get("/api/v1/schema/").json()["paths"]
    operations = [operation for path in paths.values() for operation in path.values()]
    statuses = {int(status) for operation in operations for status in operation["responses"]}
    for status in {status for status in statuses if status >= 400} | set(range(400, 600)):
        kind = TYPES[code_of_status(status)]
        assert status in kind.statuses or status not in problem_types._BY_STATUS


STALE = encoded_cursor("next", "id", "gone", [1])
EVERYWHERE = {400, 401, 403, 406, 429, 500, 503}
SOMETIMES = {
    404: lambda path, names, method: "{id}" in path or "{slug}" in path,
    409: lambda path, names, method: path == "/api/v1/tables/{slug}/export.{ending}",
    410: lambda path, names, method: bool(names & {"cursor", "since"}),
    413: lambda path, names, method: method == "post",
    415: lambda path, names, method: method == "post",
}
OF_NO_OPERATION = {405}


def described():
    """Return (method, path, names of parameters, statuses of problems) of every operation."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            names = {one["name"] for one in operation.get("parameters", [])}
            yield method, path, names, {int(status) for status in operation["responses"] if status > "399"}


@pytest.mark.parametrize(("method", "path", "names", "statuses"), described())
def test_each_operation_declares_the_statuses_of_the_kinds_that_it_answers_with(method, path, names, statuses):
    every = {status for kind in TYPES.values() for status in kind.statuses}
    assert every == EVERYWHERE | set(SOMETIMES) | OF_NO_OPERATION
    assert statuses == EVERYWHERE | {status for status, is_there in SOMETIMES.items() if is_there(path, names, method)}


@pytest.mark.parametrize(("method", "path", "names", "statuses"), described())
def test_a_refusal_has_a_status_that_the_operation_declares(agent, method, path, names, statuses):
    code = make.code("1", pk=1)
    make.note("Note", code, pk=1)
    make.incident("Down", code, pk=1)
    secret = tokens.create(agent, "bot", [Scope.EXPORT.value], None)[1]
    address = path.replace("{id}", "1").replace("{slug}", code.table.slug).replace("{ending}", "sqlite")
    stale = "?since=1" if "since" in names else f"?ordering=id&cursor={STALE}" if "cursor" in names else "?q=1"
    answers = [
        getattr(Client(), method)(address, headers={"authorization": f"Bearer {secret}"}),
        getattr(Client(), method)(address, headers={"accept": "text/x-none"}),
        getattr(Client(), method)(address + stale),
    ]
    assert [answer.status_code for answer in answers[:2]] == [403, 406]
    assert (answers[2].status_code == 410) == (not names.isdisjoint(("since", "cursor")))
    assert {answer.status_code for answer in answers if answer.status_code >= 400} <= statuses


def test_every_kind_is_sent_by_something():
    """Each is in the table of statuses, or a line of code names it."""
    texts = {
        node.value
        for folder in FACES
        for path in folder.rglob("*.py")
        if path.name != "problem_types.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    texts |= set(problem_types._BY_STATUS.values()) | {"malformed_body"}
    assert set(TYPES) - texts == set()


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("is_open", [True, False])
def test_everybody_may_read_about_every_kind(client, settings, code, is_open):
    settings.KB_PUBLIC_READ = is_open
    kind = client.get(f"/api/problems/{code}/").json()
    assert (kind["code"], kind["type"]) == (code, f"http://testserver/api/problems/{code}/")
    page = client.get(f"/api/problems/{code}/", headers={"accept": "text/html,*/*;q=0.8"})
    assert page["Content-Type"].startswith("text/html")
    assert kind["title"] in page.text
    assert "Accept" in page["Vary"]


def test_the_list_has_every_kind(client):
    assert [kind["code"] for kind in client.get("/api/problems/").json()["results"]] == list(TYPES)
    page = client.get("/api/problems/", headers={"accept": "text/html"}).text
    assert all(f'href="/api/problems/{code}/"' in page for code in TYPES)


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("nothing/", {}, 404, "not_found"),
        ("", {"accept": "text/csv"}, 406, "not_acceptable"),
        ("not_found/", {"accept": "image/png"}, 406, "not_acceptable"),
    ],
)
def test_the_pages_refuse_as_the_api_does(client, path, headers, status, code):
    answer = client.get(f"/api/problems/{path}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "address", "more", "code"),
    [
        ("get", "/api/v1/codes/?cod=1", {}, "bad_parameter"),
        ("get", "/api/v1/codes/0/", {}, "not_found"),
        ("get", "/api/v1/nowhere/", {}, "not_found"),
        ("put", "/api/v1/codes/", {}, "method_not_allowed"),
        ("delete", "/api/problems/", {}, "method_not_allowed"),
        ("get", "/api/v1/codes/", {"headers": {"accept": "text/csv"}}, "not_acceptable"),
        ("get", "/api/v1/codes/", {"headers": {"host": "forged.example"}}, "bad_request"),
        ("get", "/api/v1/codes/", {"headers": {"authorization": "Bearer nothing"}}, "bad_token"),
        ("post", "/api/v1/lookup/", {"data": "{", "content_type": "application/json"}, "malformed_body"),
        ("post", "/api/v1/lookup/", {"data": "{}", "content_type": "application/json"}, "bad_parameter"),
        ("post", "/api/v1/lookup/", {"data": "a", "content_type": "text/html"}, "unsupported_media_type"),
        ("post", "/api/v1/lookup/", {"data": "1" * 2**21, "content_type": "application/json"}, "body_too_large"),
        ("post", "/api/v1/lookup", {"data": "{}", "content_type": "application/json"}, "missing_slash"),
        ("get", "/api/v1/export.sqlite", {}, "forbidden"),
    ],
)
def test_an_answer_names_its_kind(client, method, address, more, code):
    client.force_login(make.user("agent", "agent"))
    answer = getattr(client, method)(address, **more)
    body = answer.json()
    assert (answer.status_code in TYPES[code].statuses, body["code"]) == (True, code)
    assert body["type"].endswith(f"/api/problems/{code}/")
    assert body["title"] == TYPES[code].title


def test_a_private_site_and_a_full_rate_name_their_kinds(client, settings):
    settings.KB_PUBLIC_READ = False
    assert client.get("/api/v1/codes/").json()["code"] == "not_logged_in"
    settings.KB_PUBLIC_READ, settings.KB_API_RATE_ANONYMOUS = True, 1
    answers = [client.get("/api/v1/codes/") for _ in range(3)]
    assert answers[-1].json()["code"] == "rate_limited"


def test_a_session_without_its_csrf_token_names_its_kind(agent):
    client = _client_with_csrf(agent)
    answer = client.post("/api/v1/lookup/", "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def _client_with_csrf(person):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    return client


def test_an_exception_adds_members_to_its_problem(client, monkeypatch):
    class Gone(exceptions.APIException):
        status_code = 410
        problem_type = "feed_place_gone"

        def members(self, request):
            return {"snapshot": request.build_absolute_uri("/api/v1/snapshot/")}

    def fail(*args):
        raise Gone("Start anew.")

    monkeypatch.setattr("kb.api.resources.code_answers.find_page", fail)
    body = client.get("/api/v1/codes/").json()
    assert (body["code"], body["snapshot"]) == ("feed_place_gone", "http://testserver/api/v1/snapshot/")


def test_a_post_without_the_slash_says_so_and_keeps_its_words(client):
    answer = client.post("/api/v1/lookup?x=1", "{}", content_type="application/json")
    assert "http://testserver/api/v1/lookup/?x=1" in answer.json()["detail"]


@pytest.mark.parametrize("accept", ["application/problem+json", "application/json; charset=utf-8", "application/json"])
def test_a_program_may_ask_for_a_kind_as_it_got_the_problem(client, accept):
    answer = client.get("/api/problems/not_found/", headers={"accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (200, "not_found")
