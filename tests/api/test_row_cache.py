"""Rows in memory: a list that nobody asked for before is made of the rows of those that somebody did."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.api.framework import generation, row_cache
from kb.models.visibility import Audience
from kb.services import tokens
from kb.services.codes import edit_code
from kb.services.journal import By, Door
from tests import make

ADDRESSES = [
    "/api/v1/codes/",
    "/api/v1/codes/?page_size=2",
    "/api/v1/codes/?ordering=-number&number_min=2",
    "/api/v1/codes/?fields=code,description",
    "/api/v1/codes/?include=notes,incidents,ranges",
    "/api/v1/codes/?count=1&facets=table",
    "/api/v1/codes/?code=nothing-like-it",
]


@pytest.fixture
def remembering(transactional_db, settings):
    """The memory of rows is on and empty. These clients pass by the memory of answers."""
    settings.KB_API_CACHE_MEGABYTES = 1
    generation._generations.clear()
    row_cache._rows = row_cache.RowCache()
    yield settings
    generation._generations.clear()
    row_cache._rows = row_cache.RowCache()


@pytest.fixture
def codes(remembering):
    """Four codes, of which the last is internal, with a note and an incident each."""
    found = [make.code(str(n), description=f"Wörter {n}") for n in (1, 2, 3)]
    found.append(make.code("4", make.table("hidden", audience=Audience.INTERNAL)))
    for code in found:
        make.note(f"Note {code}", code, audience=Audience.INTERNAL)
        make.incident(f"Incident {code}", code, audience=Audience.INTERNAL)
    return found


def queries(client, address):
    """Return an answer, and which tables it was read from."""
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    assert answer.status_code == 200
    return answer, [query["sql"] for query in asked if "has_open_incident" in query["sql"]]


def words(answer):
    return {one["code"]: one["description"] for one in answer.json()["results"]}


def test_the_answer_is_the_same_with_and_without(codes, client, remembering):
    agent = Client(headers={"Authorization": f"Bearer {make_token()}"})
    for caller in (client, agent):
        for _ in range(2):
            kept = [caller.get(address).content for address in ADDRESSES]
        remembering.KB_API_CACHE_MEGABYTES = 0
        assert [caller.get(address).content for address in ADDRESSES] == kept
        remembering.KB_API_CACHE_MEGABYTES = 1


def make_token():
    return tokens.create(make.user("agent", "agent"), "bot", ["read_internal"], None)[1]


def test_another_list_is_made_of_rows_that_are_there(codes, client):
    assert queries(client, "/api/v1/codes/")[1]
    answer, made = queries(client, "/api/v1/codes/?ordering=-code&number_max=2")
    assert made == []
    assert [one["code"] for one in answer.json()["results"]] == ["2", "1"]
    assert queries(client, "/api/v1/codes/?fields=code")[1]


def test_a_change_is_seen_at_once(codes, client):
    assert words(client.get("/api/v1/codes/"))["1"] == "Wörter 1"
    by = By(make.user("editor", "editor"), Door.SHELL)
    codes[0].refresh_from_db()
    edit_code(codes[0], codes[0].version, {"description": "Anders"}, by)
    assert words(client.get("/api/v1/codes/?page_size=3"))["1"] == "Anders"


def test_each_reader_has_rows_of_their_own(codes, client):
    agent = Client(headers={"Authorization": f"Bearer {make_token()}"})
    inside = agent.get("/api/v1/codes/?include=notes,incidents").content
    outside = client.get("/api/v1/codes/?include=notes,incidents").content
    assert b"Note 1" in inside
    assert b"Note" not in outside
    assert b"Incident" not in outside
    assert set(words(client.get("/api/v1/codes/"))) == {"1", "2", "3"}
    elsewhere = client.get("/api/v1/codes/", headers={"Host": "localhost"}).json()["results"]
    assert all(one["url"].startswith("http://localhost/") for one in elsewhere)


def test_times_are_in_the_zone_of_whoever_says_so(codes, client):
    plain = client.get("/api/v1/codes/").json()["results"][0]["created_at"]
    client.cookies["zone"] = "Asia/Tokyo"
    there = client.get("/api/v1/codes/").json()["results"][0]["created_at"]
    assert there.endswith("+09:00")
    assert datetime.fromisoformat(there) == datetime.fromisoformat(plain.replace("Z", "+00:00"))
    client.cookies.clear()
    assert client.get("/api/v1/codes/").json()["results"][0]["created_at"] == plain


def test_what_does_not_fit_is_made_each_time(codes, client, remembering, monkeypatch):
    monkeypatch.setattr(row_cache, "_ENTRY", 2**20)
    assert words(client.get("/api/v1/codes/")) == words(client.get("/api/v1/codes/"))
    assert queries(client, "/api/v1/codes/")[1]


def test_rows_are_indented_for_whoever_reads_them(codes, client):
    plain = client.get("/api/v1/codes/")
    wide = client.get("/api/v1/codes/", headers={"Accept": "application/json; indent=2"})
    assert wide.json() == plain.json()
    assert b'\n      "code": "1"' in wide.content


def test_a_row_that_is_gone_meanwhile_is_left_out(codes, client):
    by_id = {code.pk: {"code": code.code} for code in codes[:2]}
    request = type("Request", (), {"META": {"HTTP_COOKIE": "x"}})()
    made = row_cache.cached_rows(request, ["code"], [code.pk for code in codes[:3]], lambda ids: by_id)
    assert made == [b'{"code":"1"}', b'{"code":"2"}']


def test_a_day_makes_rows_anew(remembering):
    now = generation.generation()
    shelf = row_cache._rows.shelf(now, "place")
    row_cache._rows.add(shelf, {1: b"{}"})
    assert row_cache._rows.shelf(now, "place") == {1: b"{}"}
    other = generation.Generation(now.sequence, None, datetime(2001, 1, 1, tzinfo=UTC).date(), 0.0, 0)
    assert row_cache._rows.shelf(other, "place") == {}
