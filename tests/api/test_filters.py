"""Filters: what each keeps, and how each refuses what means nothing."""

from datetime import UTC, datetime

import pytest

from kb.models import ReturnCode
from tests import make

pytestmark = pytest.mark.django_db
LAST_YEAR = datetime(2025, 3, 5, tzinfo=UTC)


@pytest.fixture
def world():
    zim, rtc = make.table(), make.table("rtc-server", product="RTC")
    room = make.code("660300001", zim, "Business", suggested_actions="Please check the RoomId.")
    make.code("3", zim, "Public", description="Authentication failed.")
    make.code("0xC0000005", rtc, "Common", description="Access violation.", suggested_actions="Try again later.")
    make.code("ORA-00942", rtc, "Common", description="No such view.", retired_at=LAST_YEAR)
    ReturnCode.objects.filter(code="3").update(updated_at=LAST_YEAR)
    make.note("Room is gone", room, cause="The lobby is closed")
    make.note("Secret", ReturnCode.objects.get(code="3"), audience="internal", cause="hush")
    make.incident("Rooms fail", room)
    make.incident("Old", ReturnCode.objects.get(code="3"), state="resolved", resolved_at=LAST_YEAR)


def codes(client, query):
    answer = client.get(f"/api/v1/codes/?{query}")
    assert answer.status_code == 200, answer.content
    return {code["code"] for code in answer.json()["results"]}


ALL = {"660300001", "3", "0xC0000005", "ORA-00942"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        ("table=zim-server", {"660300001", "3"}),
        ("table=zim-server&table=rtc-server", ALL),
        ("table=nowhere", set()),
        ("section=Business", {"660300001"}),
        ("section=business", {"660300001"}),
        ("code=660300001", {"660300001"}),
        ("code=%20660300001%20", {"660300001"}),
        ("code=3221225477", {"0xC0000005"}),
        ("code=-1073741819", {"0xC0000005"}),
        ("code=ora-942", {"ORA-00942"}),
        ("code=3&code=660300001", {"3", "660300001"}),
        ("code__in=3,660300001,999", {"3", "660300001"}),
        ("prefix=6603", {"660300001"}),
        ("prefix=ora-", {"ORA-00942"}),
        ("number_min=3&number_max=660300001", {"3", "660300001"}),
        ("number_min=660300002", {"0xC0000005"}),
        ("disposition=fix_request", {"660300001"}),
        ("disposition=fix_request&disposition=retry_later", {"660300001", "0xC0000005"}),
        ("fixer=customer", {"660300001"}),
        ("retired=true", {"ORA-00942"}),
        ("retired=false", ALL - {"ORA-00942"}),
        ("has_notes=true", {"660300001"}),
        ("has_notes=false", ALL - {"660300001"}),
        ("has_open_incident=true", {"660300001"}),
        ("has_open_incident=false", ALL - {"660300001"}),
        ("updated_since=2026-01-01T00:00:00Z", ALL - {"3"}),
        ("text=room", {"660300001"}),
        ("text=lobby", {"660300001"}),
        ("text=hush", set()),
        ("text=access%20violation", {"0xC0000005"}),
        ("table=zim-server&retired=false&text=authentication", {"3"}),
    ],
)
def test_a_filter_keeps_what_it_says(client, world, query, expected):
    assert codes(client, query) == expected


def test_an_agents_filters_see_internal_notes(client, world, agent):
    client.force_login(agent)
    assert codes(client, "has_notes=true") == {"660300001", "3"}
    assert codes(client, "text=hush") == {"3"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("retired=", ["retired", "no value", "true, false"]),
        ("code=", ["code", "no value"]),
        ("cod=3", ["cod", "Did you mean code?", "updated_since"]),
        ("retired=perhaps", ["perhaps", "true, false"]),
        ("disposition=fix_reques", ["fix_reques", "Did you mean fix_request?", "no_action"]),
        ("fixer=nobody", ["nobody", "customer, us, vendor"]),
        ("ordering=cod", ["cod", "Did you mean code?", "-updated_at"]),
        ("fields=code,descr", ["descr", "description"]),
        ("page_size=0", ["page_size", "1 to 200"]),
        ("page_size=201", ["201", "1 to 200"]),
        ("page_size=ten", ["ten"]),
        ("cursor=xx", ["cursor", "xx"]),
        ("cursor=WyJuZXh0IixbMSwxXV0", ["cursor"]),
        ("cursor=WyJuZXh0IixbWzFdLDEsMV1d", ["cursor"]),
        ("number_min=99999999999999999999", ["number_min"]),
        ("number_min=1.5", ["number_min"]),
        ("updated_since=yesterday", ["updated_since", "yesterday"]),
        ("updated_since=9999999-01-01", ["updated_since"]),
        ("text=a%00b", ["text"]),
        ("table=a%00b", ["table"]),
        ("text=" + "x" * 501, ["text", "500"]),
        ("retired=true&retired=false", ["retired", "more than once"]),
        ("page_size=1&page_size=2", ["page_size", "more than once"]),
    ],
)
def test_what_means_nothing_is_refused_and_named(client, world, query, words):
    answer = client.get(f"/api/v1/codes/?{query}")
    assert answer.status_code == 400, answer.content
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert (body["status"], body["title"]) == (400, "Bad Request")
    assert [word for word in words if word not in body["detail"]] == []
    assert body["errors"][0]["parameter"] in query


def test_every_bad_parameter_is_named_at_once(client, world):
    body = client.get("/api/v1/codes/?cod=3&retired=perhaps&fixer=nobody").json()
    assert {error["parameter"] for error in body["errors"]} == {"cod", "retired", "fixer"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("vendor", ["660300001", "3", "0xC0000005", "ORA-00942"]),
        ("-vendor", ["ORA-00942", "0xC0000005", "3", "660300001"]),
        ("code", ["3", "660300001", "0xC0000005", "ORA-00942"]),
        ("updated_at", ["3", "660300001", "0xC0000005", "ORA-00942"]),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 50])
def test_pages_join_into_the_whole_list_both_ways(client, world, query, expected, size):
    address, forward, last = f"/api/v1/codes/?ordering={query}&page_size={size}", [], None
    while address:
        page = client.get(address).json()
        forward += [code["code"] for code in page["results"]]
        last, address = page, page["next"]
    assert forward == expected
    backward = []
    while last:
        backward = [code["code"] for code in last["results"]] + backward
        last = client.get(last["previous"]).json() if last["previous"] else None
    assert backward == expected


def test_a_page_is_stable_while_codes_are_added(client, world):
    first = client.get("/api/v1/codes/?ordering=id&page_size=2").json()
    seen = [code["id"] for code in first["results"]]
    make.code("99")
    rest = client.get(first["next"]).json()["results"]
    assert len({code["id"] for code in rest} | set(seen)) == len(rest) + 2


def test_fields_picks_fields(client, world):
    answer = client.get("/api/v1/codes/?fields=code,disposition&code=660300001").json()
    assert answer["results"] == [{"code": "660300001", "disposition": {"value": "fix_request", "origin": "vendor"}}]


@pytest.mark.parametrize(
    ("address", "titles"),
    [
        ("notes/?state=validated", ["Room is gone"]),
        ("notes/?code=660300001", ["Room is gone"]),
        ("notes/?code=3", []),
        ("notes/?table=zim-server", ["Room is gone"]),
        ("notes/?due=true", []),
        ("incidents/?open=true", ["Rooms fail"]),
        ("incidents/?open=false", ["Old"]),
        ("incidents/?state=resolved", ["Old"]),
        ("incidents/?code=660300001", ["Rooms fail"]),
    ],
)
def test_filters_of_notes_and_incidents(client, world, address, titles):
    assert [one["title"] for one in client.get(f"/api/v1/{address}").json()["results"]] == titles


@pytest.mark.parametrize(
    ("address", "slugs"),
    [("", ["rtc-server", "zim-server"]), ("?product=rtc", ["rtc-server"]), ("?audience=internal", [])],
)
def test_filters_of_tables(client, world, address, slugs):
    assert [one["slug"] for one in client.get(f"/api/v1/tables/{address}").json()["results"]] == slugs
