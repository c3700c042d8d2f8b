"""Visibility: internal texts and rows do not change any public answer, count or order."""

from datetime import timedelta

import pytest
from django.utils import timezone

from kb.models import ReturnCode
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db
ENDPOINTS = ["tables", "codes", "notes", "incidents"]
MISSING = {"tables": "nowhere", "codes": 999999, "notes": 999999, "incidents": 999999}
SAME = {"X-Request-ID": "same"}


def listed_ids(client, endpoint, query=""):
    key = "slug" if endpoint == "tables" else "id"
    return {one[key] for one in client.get(f"/api/v1/{endpoint}/?{query}").json()["results"]}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("person", [None, "stranger"])
def test_the_public_gets_the_same_404_for_internal_and_missing_rows(client, hidden, endpoint, person):
    if person:
        client.force_login(make.user(person))
    assert listed_ids(client, endpoint) != set()
    assert hidden[endpoint] not in listed_ids(client, endpoint)
    missing = client.get(f"/api/v1/{endpoint}/{MISSING[endpoint]}/", headers=SAME)
    answer = client.get(f"/api/v1/{endpoint}/{hidden[endpoint]}/", headers=SAME)
    same = missing.content.decode().replace(str(MISSING[endpoint]), str(hidden[endpoint]))
    assert (answer.status_code, answer.content.decode()) == (404, same)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_agent_sees_internal_rows(client, hidden, endpoint, agent):
    client.force_login(agent)
    assert hidden[endpoint] in listed_ids(client, endpoint)
    assert client.get(f"/api/v1/{endpoint}/{hidden[endpoint]}/").status_code == 200


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_no_public_answer_contains_an_internal_text(client, hidden, endpoint):
    answers = [client.get(f"/api/v1/{endpoint}/").content.decode()]
    answers += [client.get(f"/api/v1/{endpoint}/{one}/").content.decode() for one in listed_ids(client, endpoint)]
    assert [answer for answer in answers if "hush" in answer.lower() or "secret" in answer] == []


@pytest.mark.parametrize(
    "address",
    [
        "codes/?table=secret",
        "codes/?section=Hushed",
        "notes/?table=secret",
        "incidents/?table=secret",
    ],
)
def test_the_public_gets_the_same_error_for_internal_and_unknown_names(client, hidden, address):
    name = address.partition("=")[2]
    hidden_error = client.get(f"/api/v1/{address}", headers=SAME)
    wrong = client.get(f"/api/v1/{address.replace(name, 'x' * len(name))}", headers=SAME)
    assert hidden_error.status_code == wrong.status_code == 400
    assert hidden_error.content.decode().replace(name, "x" * len(name)) == wrong.content.decode()


@pytest.mark.parametrize("address", ["notes/?code=660300001", "incidents/?code=660300001", "codes/?code=660300001"])
def test_the_public_gets_no_results_for_an_internal_code(client, hidden, address):
    make.note("Both", *ReturnCode.objects.all())
    make.incident("Both", *ReturnCode.objects.all())
    assert client.get(f"/api/v1/{address}").json()["results"] == []


def test_the_public_gets_no_results_for_an_internal_range(client, hidden):
    note = make.note("Both", ReturnCode.objects.get(code="1"))
    note.ranges.add(make.code_range("Hushed", 5, 9, of=ReturnCode.objects.get(pk=hidden["codes"]).table))
    assert client.get("/api/v1/notes/?code=7").json()["results"] == []
    assert client.get(f"/api/v1/notes/{note.pk}/").json()["ranges"] == []


@pytest.mark.parametrize("state", ["draft", "not_validated", "archived"])
def test_the_public_sees_validated_notes_only(client, state):
    code = make.code()
    note = make.note("Unsure", code, state=state)
    assert client.get(f"/api/v1/notes/{note.pk}/").status_code == 404
    assert client.get(f"/api/v1/codes/{code.pk}/").json()["notes"] == []
    assert listed_ids(client, "codes", "has_notes=true") == set()
    assert listed_ids(client, "codes", "text=unsure") == set()


def test_a_public_row_lists_no_internal_code(client, hidden):
    both = [make.code("2"), ReturnCode.objects.get(pk=hidden["codes"])]
    for endpoint, row in (("notes", make.note("Shared", *both)), ("incidents", make.incident("Shared", *both))):
        codes = client.get(f"/api/v1/{endpoint}/{row.pk}/").json()["codes"]
        assert [code["code"] for code in codes] == ["2"]


def test_an_internal_successor_is_internal(client, hidden, agent):
    code = make.code("2", retired_at=LAST_YEAR, successor_id=hidden["codes"])
    address = f"/api/v1/codes/{code.pk}/"
    assert client.get(address).json()["successor"] is None
    client.force_login(agent)
    assert client.get(address).json()["successor"]["table"] == "secret"


def test_a_code_whose_successor_is_internal_has_none_for_the_public(client, hidden, agent):
    code = make.code("2", retired_at=LAST_YEAR, successor_id=hidden["codes"])
    assert code.pk in listed_ids(client, "codes", "successor__isnull=true")
    assert listed_ids(client, "codes", "successor__isnull=false") == set()
    client.force_login(agent)
    assert code.pk not in listed_ids(client, "codes", "successor__isnull=true")
    assert listed_ids(client, "codes", "successor__isnull=false") == {code.pk}


def test_public_codes_show_no_internal_notes_and_incidents(client, agent):
    code = make.code()
    make.note("Hush", code, audience="internal")
    make.incident("Hush", code, audience="internal")
    before = client.get(f"/api/v1/codes/{code.pk}/").json()
    assert (before["has_notes"], before["has_open_incident"]) == (False, False)
    assert (before["notes"], before["open_incidents"]) == ([], [])
    assert listed_ids(client, "codes", "has_notes=false&has_open_incident=false") == {code.pk}
    client.force_login(agent)
    for_agent = client.get(f"/api/v1/codes/{code.pk}/").json()
    assert (for_agent["has_notes"], for_agent["has_open_incident"]) == (True, True)
    assert [len(for_agent["notes"]), len(for_agent["open_incidents"])] == [1, 1]


def test_the_owner_and_review_of_a_note_are_internal(client, agent, editor):
    note = make.note("Kept", make.code(), owner=editor, review_on="2026-01-01", verify_reason="Reworded")
    address = f"/api/v1/notes/{note.pk}/?fields=owner,review_on,verify_reason"
    assert client.get(address).json() == {"owner": None, "review_on": None, "verify_reason": None}
    client.force_login(agent)
    assert client.get(address).json() == {"owner": "editor", "review_on": "2026-01-01", "verify_reason": "Reworded"}


@pytest.mark.parametrize("query", ["owner=editor", "due=true"])
def test_internal_filters_do_not_exist_for_the_public(client, agent, editor, query):
    yesterday = timezone.localdate() - timedelta(days=2)
    note = make.note("Kept", make.code(), owner=editor, review_on=yesterday)
    answer = client.get(f"/api/v1/notes/?{query}")
    assert answer.status_code == 400
    assert "owner" not in answer.json()["errors"][0]["allowed"]
    client.force_login(agent)
    assert listed_ids(client, "notes", query) == {note.pk}


@pytest.mark.parametrize("endpoint", [*(f"v1/{one}/" for one in ENDPOINTS), "v1/codes/1/", "v1/schema/"])
def test_without_public_reading_anonymous_callers_get_a_401(client, settings, endpoint, stranger):
    settings.KB_PUBLIC_READ = False
    answer = client.get(f"/api/{endpoint}")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="codebook"')
    assert (answer["Content-Type"], answer.json()["status"]) == ("application/problem+json", 401)
    client.force_login(stranger)
    assert client.get(f"/api/{endpoint}").status_code in (200, 404)


def test_caches_separate_readers_and_store_no_internal_texts(client, agent):
    answer = client.get("/api/v1/codes/")
    assert answer["Cache-Control"] == "public, max-age=10, must-revalidate"
    assert {"Accept", "Authorization", "Cookie"} <= set(answer["Vary"].split(", "))
    client.force_login(agent)
    for address in ("/api/v1/codes/", "/api/v1/codes/1/"):
        answer = client.get(address)
        assert answer["Cache-Control"] == "private, no-store"
        assert "Cookie" in answer["Vary"]
