"""Who sees what, what it costs, and one shape for every error."""

import pytest
from django.core.management import call_command

from kb.models import ReturnCode
from tests import make

pytestmark = pytest.mark.django_db
ENDPOINTS = ["tables", "codes", "notes", "incidents"]


@pytest.fixture
def hidden():
    """One of each thing that the public may not see, by endpoint."""
    shown = make.code("1")
    table = make.table("secret", audience="internal")
    return {
        "tables": table.pk,
        "codes": make.code("660300001", table).pk,
        "notes": make.note("Hush", shown, audience="internal").pk,
        "incidents": make.incident("Hush", shown, audience="internal").pk,
    }


def ids(client, endpoint):
    return {one["id"] for one in client.get(f"/api/v1/{endpoint}/").json()["results"]}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_public_cannot_tell_an_internal_thing_from_none(client, hidden, endpoint, stranger):
    missing = client.get(f"/api/v1/{endpoint}/999999/")
    for person in (None, stranger):
        if person:
            client.force_login(person)
        assert hidden[endpoint] not in ids(client, endpoint)
        answer = client.get(f"/api/v1/{endpoint}/{hidden[endpoint]}/")
        assert (answer.status_code, answer.content) == (404, missing.content)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_agent_sees_internal_things(client, hidden, endpoint, agent):
    client.force_login(agent)
    assert hidden[endpoint] in ids(client, endpoint)
    assert client.get(f"/api/v1/{endpoint}/{hidden[endpoint]}/").status_code == 200


@pytest.mark.parametrize("state", ["draft", "not_validated", "archived"])
def test_the_public_sees_validated_notes_alone(client, state):
    note = make.note("Unsure", make.code(), state=state)
    assert client.get(f"/api/v1/notes/{note.pk}/").status_code == 404


def test_a_public_note_names_no_internal_code(client, hidden):
    note = make.note("Shared", make.code("2"), ReturnCode.objects.get(pk=hidden["codes"]))
    assert [code["code"] for code in client.get(f"/api/v1/notes/{note.pk}/").json()["codes"]] == ["2"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_without_public_reading_the_anonymous_are_asked_who_they_are(client, settings, endpoint, stranger):
    settings.KB_PUBLIC_READ = False
    answer = client.get(f"/api/v1/{endpoint}/")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Session")
    assert answer.json()["status"] == 401
    client.force_login(stranger)
    assert client.get(f"/api/v1/{endpoint}/").status_code == 200


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("get", "/api/v1/nothing/", 404),
        ("get", "/api/", 404),
        ("get", "/api/v1/codes/abc/", 404),
        ("get", "/api/v1/codes/999999999999999999/", 404),
        ("get", "/api/v1/codes/1/?what=x", 400),
        ("post", "/api/v1/codes/", 405),
        ("delete", "/api/v1/notes/1/", 405),
        ("get", "/api/v1/codes/?page_size=x", 400),
    ],
)
def test_every_error_has_one_shape(client, method, address, status):
    answer = getattr(client, method)(address)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(answer.json())


def test_an_answer_that_fails_is_an_error_in_the_same_shape(client, monkeypatch):
    def fail(*args):
        raise RuntimeError("the secret of the traceback")

    monkeypatch.setattr("kb.lookup.codes_visible_to", fail)
    client.raise_request_exception = False
    answer = client.get("/api/v1/codes/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert b"secret" not in answer.content


def test_shared_caches_keep_readers_apart(client):
    answer = client.get("/api/v1/codes/")
    assert "private" in answer["Cache-Control"]
    assert "Cookie" in answer["Vary"]


@pytest.mark.parametrize("size", [1, 8])
@pytest.mark.parametrize(
    ("address", "queries"),
    [("tables/", 1), ("codes/", 1), ("codes/?text=room", 1), ("notes/", 2), ("incidents/", 2), ("codes/{id}/", 5)],
)
def test_queries_do_not_grow_with_what_there_is(client, django_assert_num_queries, address, queries, size):
    codes = [make.code(str(n), in_section=str(n % 3)) for n in range(size)]
    for n in range(size):
        make.note(f"Note {n}", *codes)
        make.incident(f"Incident {n}", *codes)
    with django_assert_num_queries(queries):
        assert client.get(f"/api/v1/{address.format(id=codes[0].pk)}").status_code == 200


def test_the_schema_is_valid_and_complete(capsys):
    call_command("spectacular", "--validate", "--fail-on-warn")
    schema = capsys.readouterr().out
    assert "openapi: 3.1" in schema
    for endpoint in ENDPOINTS:
        assert f"/api/v1/{endpoint}/:" in schema
