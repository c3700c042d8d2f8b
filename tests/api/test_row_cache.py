"""The row cache: a new list reuses the rows of earlier lists."""

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
def codes(caching):
    """Four codes with a note and an incident each; the last code is internal."""
    codes = [make.code(str(n), description=f"Wörter {n}") for n in (1, 2, 3)]
    codes.append(make.code("4", make.table("hidden", audience=Audience.INTERNAL)))
    for code in codes:
        make.note(f"Note {code}", code, audience=Audience.INTERNAL)
        make.incident(f"Incident {code}", code, audience=Audience.INTERNAL)
    return codes


def queries(client, address):
    """Return an answer and its queries that load rows."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    return answer, [query["sql"] for query in captured if "has_open_incident" in query["sql"]]


def words(answer):
    return {one["code"]: one["description"] for one in answer.json()["results"]}


def test_the_answer_is_the_same_without_the_row_cache(codes, client, caching):
    agent = Client(headers={"Authorization": f"Bearer {make_token()}"})
    for caller in (client, agent):
        for _ in range(2):
            bodies = [caller.get(address).content for address in ADDRESSES]
        caching.KB_API_CACHE_MEGABYTES = 0
        assert [caller.get(address).content for address in ADDRESSES] == bodies
        caching.KB_API_CACHE_MEGABYTES = 1


def make_token():
    return tokens.create(make.user("agent", "agent"), "bot", ["read_internal"], None)[1]


def test_another_list_reuses_cached_rows(codes, client):
    assert queries(client, "/api/v1/codes/")[1]
    answer, rows = queries(client, "/api/v1/codes/?ordering=-code&number_max=2")
    assert rows == []
    assert [one["code"] for one in answer.json()["results"]] == ["2", "1"]
    assert queries(client, "/api/v1/codes/?fields=code")[1]


def test_a_change_is_visible_at_once(codes, client):
    assert words(client.get("/api/v1/codes/"))["1"] == "Wörter 1"
    by = By(make.user("editor", "editor"), Door.SHELL)
    codes[0].refresh_from_db()
    edit_code(codes[0], codes[0].version, {"description": "Anders"}, by)
    assert words(client.get("/api/v1/codes/?page_size=3"))["1"] == "Anders"


def test_each_reader_has_their_own_rows(codes, client):
    agent = Client(headers={"Authorization": f"Bearer {make_token()}"})
    inside = agent.get("/api/v1/codes/?include=notes,incidents").content
    outside = client.get("/api/v1/codes/?include=notes,incidents").content
    assert b"Note 1" in inside
    assert b"Note" not in outside
    assert b"Incident" not in outside
    assert set(words(client.get("/api/v1/codes/"))) == {"1", "2", "3"}
    elsewhere = client.get("/api/v1/codes/", headers={"Host": "localhost"}).json()["results"]
    assert all(one["url"].startswith("http://localhost/") for one in elsewhere)


def test_times_are_in_the_zone_of_the_cookie(codes, client):
    plain = client.get("/api/v1/codes/").json()["results"][0]["created_at"]
    client.cookies["zone"] = "Asia/Tokyo"
    there = client.get("/api/v1/codes/").json()["results"][0]["created_at"]
    assert there.endswith("+09:00")
    assert datetime.fromisoformat(there) == datetime.fromisoformat(plain.replace("Z", "+00:00"))
    client.cookies.clear()
    assert client.get("/api/v1/codes/").json()["results"][0]["created_at"] == plain


def test_rows_that_do_not_fit_are_rendered_each_time(codes, client, caching, monkeypatch):
    monkeypatch.setattr(row_cache, "_ENTRY", 2**20)
    assert words(client.get("/api/v1/codes/")) == words(client.get("/api/v1/codes/"))
    assert queries(client, "/api/v1/codes/")[1]


def test_rows_are_indented_on_request(codes, client):
    plain = client.get("/api/v1/codes/")
    wide = client.get("/api/v1/codes/", headers={"Accept": "application/json; indent=2"})
    assert wide.json() == plain.json()
    assert b'\n      "code": "1"' in wide.content


def test_a_row_that_was_deleted_meanwhile_is_omitted(codes, client):
    by_id = {code.pk: {"code": code.code} for code in codes[:2]}
    request = type("Request", (), {"META": {"HTTP_COOKIE": "x"}})()
    rows = row_cache.cached_rows(request, ["code"], [code.pk for code in codes[:3]], lambda ids: by_id)
    assert rows == [b'{"code":"1"}', b'{"code":"2"}']


def test_a_new_day_renders_rows_again(caching):
    now = generation.generation()
    shelf = row_cache._rows.shelf(now, "place")
    row_cache._rows.add(shelf, {1: b"{}"})
    assert row_cache._rows.shelf(now, "place") == {1: b"{}"}
    other = generation.Generation(now.sequence, None, datetime(2001, 1, 1, tzinfo=UTC).date(), 0.0, 0)
    assert row_cache._rows.shelf(other, "place") == {}
