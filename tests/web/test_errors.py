"""Error pages look like the other pages, reveal nothing and cannot fail again."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.utils import timezone

from kb.web import errors, read_only
from tests import ROOT
from tests.web.page import words

pytestmark = pytest.mark.django_db


def test_an_unknown_address(public):
    response = public.get("/nothing/here/")
    assert response.status_code == 404
    assert "Page not found" in words(response)


def test_only_somebody_who_is_not_logged_in_is_asked_to_log_in(public, agents):
    assert "Log in if you have an account" in words(public.get("/nothing/here/"))
    assert "You can look up a code" in words(agents.get("/nothing/here/"))


@pytest.mark.parametrize("debug", [True, False])
def test_a_page_that_is_not_there_looks_the_same_in_a_demo(debug, public, settings):
    settings.DEBUG = debug
    response = public.get("/notes/12345/")
    assert response.status_code == 404
    assert "Page not found" in words(response)


def test_a_forged_host(settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    response = Client(headers={"host": "evil.example"}).get("/")
    assert response.status_code == 400
    assert b"This request is not valid" in response.content
    assert b"evil" not in response.content


def test_a_form_without_a_token(db):
    response = Client(enforce_csrf_checks=True).post("/login/", {"username": "a", "password": "b"})
    assert response.status_code == 403
    assert "The form has expired" in words(response)


def test_a_page_one_may_not_open(public, agents):
    for client, message in ((public, "Log in and try again"), (agents, "Your account, agent, is missing a permission")):
        request = client.get("/").wsgi_request
        response = errors.forbidden(request, PermissionError())
        assert response.status_code == 403
        assert message in words(response)


def test_a_failure_page_needs_no_database_and_has_no_traceback(db, django_assert_num_queries, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("the secret of the traceback")

    monkeypatch.setattr("kb.queries.tables.with_counts", fail)
    with django_assert_num_queries(0, connection=connection):
        response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert b"Something went wrong on our side" in response.content
    assert b"secret" not in response.content


def test_a_failing_error_page_is_answered_as_text(monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("no manifest")

    monkeypatch.setattr("kb.web.errors.render_to_string", fail)
    response = errors.server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert response.content.startswith(b"Something went wrong")
    assert b"Request ID: " in response.content


class Full(Exception):
    """The exceptions of both drivers when the database's disk is full."""

    sqlstate, sqlite_errorname = "53100", "SQLITE_FULL"


def test_a_full_disk_is_not_blamed_for_other_failures(rf):
    middleware = errors.ErrorPagesMiddleware(lambda request: None)
    for failure in (full(RuntimeError), RuntimeError()):
        assert middleware.process_exception(rf.post("/"), failure) is None, failure
    for request, failure in ((rf.get("/"), full(OperationalError)), (rf.post("/"), OperationalError("away"))):
        answer = middleware.process_exception(request, failure)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert b"disk" not in answer.content


@pytest.mark.parametrize("state", [{"sqlstate": "55P03"}, {"sqlstate": "57014"}, {"sqlite_errorname": "SQLITE_BUSY"}])
def test_a_save_that_waited_too_long_repeats_what_was_typed(state, rf):
    middleware = errors.ErrorPagesMiddleware(lambda request: None)
    request = rf.post("/flag/1/", {"comment": "Two words"})
    request.user = AnonymousUser()
    answer = middleware.process_exception(request, full(OperationalError, **state))
    assert (answer.status_code, answer["Retry-After"]) == (503, "15")
    assert b"Somebody else is saving a lot" in answer.content
    assert b"Two words" in answer.content


@pytest.mark.parametrize("state", [{"sqlstate": "53100"}, {"sqlite_errorname": "SQLITE_FULL"}])
def test_either_database_says_that_the_disk_is_full(state):
    assert read_only.is_full(full(OperationalError, **state))
    assert not read_only.is_full(full(OperationalError, **dict.fromkeys(state, "other")))


def full(kind, **state):
    """An exception of a driver, as Django raises it."""
    error, cause = kind(), Exception()
    error.__cause__ = cause
    for name, value in (state or {"sqlstate": "53100"}).items():
        setattr(cause, name, value)
    return error


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("title", True),
        ("Password1", False),
        ("api_token", False),
        ("client-secret", False),
        ("tokens", False),
        ("", True),
    ],
)
def test_a_form_is_repeated_without_its_secrets(name, is_kept, rf):
    fields = read_only.resendable_fields(rf.post("/", {name: "a", "other": ["b", "c"]}))
    assert fields == [(name, "a")] * is_kept + [("other", "b"), ("other", "c")]


@pytest.mark.parametrize(("length", "is_kept"), [(2**20 - 1, True), (2**20, False)])
def test_a_form_of_more_than_a_megabyte_is_not_repeated(length, is_kept, rf):
    assert bool(read_only.resendable_fields(rf.post("/", {"x": "y" * length}))) == is_kept


@pytest.mark.parametrize(("since", "reads", "status"), [(None, False, None), ("now", True, None), ("now", False, 503)])
def test_a_writing_request_is_refused_while_the_database_is_read_only(since, reads, status, rf):
    request = rf.post("/", {"a": "b"})
    middleware = object.__new__(read_only.ReadOnlyMiddleware)
    assert middleware.process_view(request, None, (), {}) is None, "a request without a state is let through"
    request.read_only_since, request.reads_only = since and timezone.now(), reads
    answer = middleware.process_view(request, None, (), {})
    assert (answer and answer.status_code) == status
    if answer:
        assert answer["Retry-After"] == "15"
        assert "no-store" in answer["Cache-Control"]
    assert bool(read_only.state(request)["read_only_since"]) == bool(since)


def test_a_full_disk_shows_a_page_with_the_input(client, editor):
    def fail(execute, sql, params, many, context):
        if "INSERT INTO" in sql and "kb_troubleshootingnote" in sql:
            raise OperationalError("could not extend file /var/lib/secret") from Full()
        return execute(sql, params, many, context)

    client.force_login(editor)
    typed = {"title": "About rooms", "audience": "internal", "resolution": "Look twice. " * 9}
    with connection.execute_wrapper(fail):
        answer = client.post("/admin/kb/troubleshootingnote/add/", typed)
    assert answer.status_code == 503
    assert "disk of the database is full" in answer.text
    assert answer["Retry-After"] == "15"
    assert typed["resolution"] in answer.text
    assert "/var/lib" not in answer.text
    assert client.post("/admin/kb/troubleshootingnote/add/", typed).status_code == 302


def breaks(*args, **kwargs):
    raise RuntimeError


def is_away(*args, **kwargs):
    raise OperationalError


@pytest.fixture
def error_pages(public, agents, settings, monkeypatch):
    """Ask for each kind of error page with an id of our own; returns the responses by status and template."""
    settings.ALLOWED_HOSTS, settings.AXES_FAILURE_LIMIT = ["testserver"], 1
    mine = {"X-Request-ID": "ticket-7"}
    forgetful = Client(enforce_csrf_checks=True, raise_request_exception=False, headers=mine)
    guess = {"username": "agent", "password": "wrong"}
    responses = {
        "forged host": forgetful.get("/", headers={"host": "evil.example"}),
        "wrong value": agents.get("/changes/?days=many", headers=mine),
        "no token": forgetful.post("/login/", {"username": "a", "password": "b"}),
        "not staff": agents.get("/admin/", headers=mine, follow=True),
        "not found": public.get("/nothing/here/", headers=mine),
        "locked": [public.post("/login/", guess, headers=mine) for _ in range(2)][-1],
    }
    for name, fail in (("broken", breaks), ("database away", is_away)):
        monkeypatch.setattr("kb.queries.tables.with_counts", fail)
        responses[name] = forgetful.get("/", headers=mine)
    monkeypatch.undo()
    request = agents.get("/", headers=mine).wsgi_request
    return responses | {
        "forbidden": errors.forbidden(request, PermissionError()),
        "read-only": read_only.refusal(request),
    }


def test_every_error_page_names_its_request(error_pages):
    statuses = {name: response.status_code for name, response in error_pages.items()}
    assert set(statuses.values()) == {400, 403, 404, 429, 500, 503}, statuses
    named = "Request ID: <code>ticket-7</code>"
    assert [name for name, response in error_pages.items() if named not in response.text] == []


ANSWERS = {"as_of", "detection", "login", "meanings", "results", "unknown_code", "widget"}
"""Pages that search engines may not keep, and that are no errors."""


def test_every_error_page_has_the_line_with_the_id():
    pages = {path.stem: path.read_text() for path in (ROOT / "templates" / "kb").glob("*.html")}
    for_errors = {name: text for name, text in pages.items() if 'content="noindex"' in text and name not in ANSWERS}
    assert len(for_errors) > 9
    assert {name for name, text in for_errors.items() if "{% request_id %}" not in text} == set()
