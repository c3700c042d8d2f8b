"""Totals and facets of a list, included lists, and lists that are cut."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.answers import build
from kb.api.resources import references
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    zim, rtc = make.table(), make.table("rtc-server", product="RTC")
    room = make.code("660300001", zim, "Business", disposition="fix_request")
    make.code("3", zim, disposition="retry_later")
    make.code("4", rtc, disposition="retry_later", retired_at=LAST_YEAR)
    make.code("5", make.table("secret", audience="internal"), disposition="contact_vendor")
    make.note("Room is gone", room)
    make.note("Hush", room, audience="internal")
    make.incident("Rooms fail", room)
    make.incident("Over", room, state="resolved", resolved_at=LAST_YEAR)
    make.code_range()
    return room


def get(client, address):
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 3),
        ("page_size=1", 3),
        ("disposition=retry_later", 2),
        ("has_notes=true", 1),
        ("text=gone", 1),
        ("code=9", 0),
    ],
)
def test_a_list_is_counted_on_request(client, world, query, expected):
    assert get(client, f"codes/?count=1&{query}")["count"] == expected
    assert "count" not in get(client, f"codes/?{query}")
    for yes in ("true", "True"):
        assert get(client, f"codes/?count={yes}&{query}")["count"] == expected
    for no in ("0", "false", "False"):
        assert "count" not in get(client, f"codes/?count={no}&{query}")


def test_an_agent_counts_internal_codes_too(client, world, agent):
    client.force_login(agent)
    assert get(client, "codes/?count=1&facets=disposition")["count"] == 4


@pytest.mark.parametrize(
    ("address", "facet", "expected"),
    [
        ("codes/?", "disposition", {"retry_later": 2, "fix_request": 1}),
        ("codes/?table=zim-server&", "disposition", {"fix_request": 1, "retry_later": 1}),
        ("codes/?page_size=1&ordering=-number&", "table", {"zim-server": 2, "rtc-server": 1}),
        ("codes/?", "section", {"public": 2, "business": 1}),
        ("codes/?", "retired", {"false": 2, "true": 1}),
        ("codes/?text=room&", "fixer", {"unknown": 3}),
        ("codes/?code=9&", "fixer", {}),
        ("notes/?", "state", {"validated": 1}),
        ("incidents/?", "state", {"open": 1, "resolved": 1}),
        ("tables/?", "product", {"RTC": 1, "ZIM": 1}),
    ],
)
def test_facets_count_the_filtered_results(client, world, address, facet, expected):
    totals = get(client, f"{address}facets={facet}")["facets"][facet]
    assert {one["value"]: one["count"] for one in totals["values"]} == expected
    assert totals["truncated"] is False


def test_the_filter_accepts_each_value_of_a_facet(client, world):
    facets = get(client, "codes/?facets=table,section,disposition,disposition_origin,fixer,fixer_origin,retired")[
        "facets"
    ]
    for name, totals in facets.items():
        for one in totals["values"]:
            assert get(client, f"codes/?count=1&{name}={one['value']}")["count"] == one["count"]


def test_a_facet_with_many_values_is_truncated(client, monkeypatch, world):
    monkeypatch.setattr("kb.api.framework.totals.MAX_VALUES", 1)
    totals = get(client, "codes/?facets=disposition")["facets"]["disposition"]
    assert totals == {"values": [{"value": "retry_later", "count": 2}], "truncated": True}


@pytest.mark.parametrize(
    ("query", "nearest"),
    [("facets=dispositoin", "disposition"), ("include=note", "notes"), ("count=yes", "true")],
)
def test_a_bad_facet_or_include_is_refused(client, query, nearest):
    answer = client.get(f"/api/v1/codes/?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["nearest"] == nearest


def test_codes_include_related_rows_on_request(client, world):
    room, three, _ = get(client, "codes/?include=notes,incidents,ranges&fields=code")["results"]
    assert [note["title"] for note in room["notes"]] == ["Room is gone"]
    assert [one["title"] for one in room["open_incidents"] + room["past_incidents"]] == ["Rooms fail", "Over"]
    assert [(one["name"], one["table"]) for one in room["ranges"]] == [("Room", "zim-server")]
    assert three == {"code": "3"} | {name: [] for name in (*build.LISTS, "truncated")}
    assert "notes" not in get(client, "codes/")["results"][0]
    assert set(get(client, f"codes/{world.pk}/?include=ranges&fields=code")) == {"code", "ranges", "truncated"}


def test_a_page_with_all_includes_takes_two_queries(client):
    codes = [make.code(str(n)) for n in range(5)]
    for n in range(3):
        make.note(f"Note {n}", *codes).ranges.add(make.code_range(f"Range {n}", 0, 100 + n))
        make.incident(f"Incident {n}", *codes)
    for size in (1, 5):
        with CaptureQueriesContext(connection) as queries:
            get(client, f"codes/?include=notes,incidents,ranges&page_size={size}")
        # The codes with their answers, and the ranges around them. A process asks for the feed's end once a second.
        assert len([query for query in queries if "kb_changecounter" not in query["sql"]]) == 2


def test_two_hundred_codes_include_their_ranges(client):
    make.code_range("All", 0, 1_000)
    for n in range(200):
        make.code(str(n))
    assert all(one["ranges"] for one in get(client, "codes/?include=ranges&page_size=200&fields=id")["results"])


def test_long_lists_are_truncated(client, world, monkeypatch):
    monkeypatch.setattr(references, "MAX_RELATED", 2)
    monkeypatch.setattr(build, "MAX_ITEMS", 1)
    codes = [make.code(str(n)) for n in range(70, 73)]
    note, incident = make.note("Long", *codes), make.incident("Long", *codes)
    for address in (f"notes/{note.pk}/", f"incidents/{incident.pk}/"):
        answer = get(client, address)
        assert ([one["code"] for one in answer["codes"]], answer["truncated"]) == (["70", "71"], ["codes"])
    note.codes.remove(codes[0])
    assert get(client, f"notes/{note.pk}/")["truncated"] == []
    make.note("Another", world)
    answer = get(client, f"codes/{world.pk}/")
    assert (len(answer["notes"]), answer["truncated"]) == (1, ["notes"])
    assert get(client, f"codes/{world.pk}/?fields=open_incidents,truncated")["truncated"] == []
