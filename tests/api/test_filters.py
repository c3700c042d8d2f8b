"""Filters: the rows that each one keeps."""

import pytest

from kb.models import ReturnCode
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db


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
    make.incident("Rooms fail", room, reference="INC-7", started_at=LAST_YEAR)
    make.incident("Old", ReturnCode.objects.get(code="3"), state="resolved", resolved_at=LAST_YEAR)


def codes(client, query):
    answer = client.get(f"/api/v1/codes/?{query}")
    assert answer.status_code == 200, answer.content
    return {code["code"] for code in answer.json()["results"]}


ALL = {"660300001", "3", "0xC0000005", "ORA-00942"}


KEEPS = [
    ("", ALL),
    ("table=zim-server", {"660300001", "3"}),
    ("table=zim-server&table=rtc-server", ALL),
    ("section=Business", {"660300001"}),
    ("section=Business&section=common", {"660300001", "0xC0000005", "ORA-00942"}),
    ("section=Public&table=rtc-server", set()),
    ("section=business", {"660300001"}),
    ("code=660300001", {"660300001"}),
    ("code=%20660300001%20", {"660300001"}),
    ("code=3221225477", {"0xC0000005"}),
    ("code=-1073741819", {"0xC0000005"}),
    ("code=ora-942", {"ORA-00942"}),
    ("code=3&code=660300001", {"3", "660300001"}),
    ("code__in=3,660300001,999", {"3", "660300001"}),
    ("code=nothing", set()),
    ("code=%E2%80%8B", set()),
    ("prefix=%25", set()),
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
    ("fixer=customer&fixer=us", {"660300001"}),
    ("updated_since=2026-01-01T00:00:00Z", ALL - {"3"}),
    ("updated_since=2026-01-01T00:00:00+01:00", ALL - {"3"}),
    ("updated_since=2025-03-05T00:00:00Z", ALL),
    ("text=room", {"660300001"}),
    ("text=lobby", {"660300001"}),
    ("text=hush", set()),
    ("text=access%20violation", {"0xC0000005"}),
    ("table=zim-server&retired=false&text=authentication", {"3"}),
    ("code__prefix=ora-", {"ORA-00942"}),
    ("number__gte=4&number__lte=660300001", {"660300001"}),
    ("number__in=3,660300001,7", {"3", "660300001"}),
    ("number=3&number=5", {"3"}),
    ("number__isnull=true", {"ORA-00942"}),
    ("disposition__in=fix_request,retry_later", {"660300001", "0xC0000005"}),
    ("disposition_origin=staff", set()),
    ("fixer__in=customer", {"660300001"}),
    ("description__contains=does%20not%20exist", {"660300001"}),
    ("description__contains=ROOM", {"660300001"}),
    ("description__contains=oom", {"660300001"}),
    ("description__words=oom", set()),
    ("description__words=does%20not%20exist", {"660300001"}),
    ("description__contains=room&description__isnull=false", {"660300001"}),
    ("description=Room%20does%20not%20exist.", {"660300001"}),
    ("description=Room%20does%20not", set()),
    ("suggested_actions__isnull=true&disposition=unknown", {"3", "ORA-00942"}),
    ("symbol__isnull=true", ALL),
    ("symbol__prefix=room", set()),
    ("retired_at__isnull=false", {"ORA-00942"}),
    ("retired_at__before=2020-01-01T00:00:00Z", set()),
    ("updated_at__before=2026-01-01T00:00:00Z", {"3"}),
    ("updated_at__after=2026-01-01T00:00:00Z", ALL - {"3"}),
    ("updated_at__after=2025-03-05T00:00:00Z&updated_at__before=2025-03-05T00:00:00Z", set()),
    ("successor__isnull=false", set()),
    ("version__gte=1&version__lte=1", ALL),
    ("id__gte=0", ALL),
    ("note=999", set()),
    ("incident=999&incident=998", set()),
    ("table=zim-server,rtc-server", ALL),
    ("code=3,660300001", {"3", "660300001"}),
    ("code=3,%20660300001&code=ora-942", {"3", "660300001", "ORA-00942"}),
    ("code=3,", {"3"}),
    ("code__in=3&code__in=660300001,999", {"3", "660300001"}),
    ("section=Business,common", {"660300001", "0xC0000005", "ORA-00942"}),
    ("number=3,660300001", {"3", "660300001"}),
    ("disposition=fix_request,retry_later", {"660300001", "0xC0000005"}),
    ("disposition__in=fix_request&disposition__in=retry_later", {"660300001", "0xC0000005"}),
    ("disposition__not=fix_request", ALL - {"660300001"}),
    ("disposition__not=fix_request&disposition__not=retry_later,unknown", set()),
    ("disposition__not=fix_request&disposition=fix_request,retry_later", {"0xC0000005"}),
    ("fixer__not=customer,us", ALL - {"660300001"}),
    ("table__not=rtc-server", {"660300001", "3"}),
    ("section__not=Business,common", {"3"}),
    ("code__not=3,3221225477", {"660300001", "ORA-00942"}),
    ("code__not=%E2%80%8B", ALL),
    ("code=3&code__not=3", set()),
    ("number__not=3", ALL - {"3"}),
    ("symbol__not=X", ALL),
    ("description__not=Access%20violation.", ALL - {"0xC0000005"}),
    ("version__not=1", set()),
    ("note__not=999&incident__not=999", ALL),
    ("retired=1", {"ORA-00942"}),
    ("retired=False", ALL - {"ORA-00942"}),
    ("has_notes=True&retired_at__isnull=1", {"660300001"}),
]


def test_each_filter_of_codes(client, world):
    # In one test, because creating the rows takes longer than the requests.
    assert [(query, codes(client, query)) for query, _ in KEEPS] == KEEPS


def test_a_value_with_a_comma_inside_is_within_reach(client):
    old = make.code("1", make.table(vendor="Acme, Inc."), "Rooms, old", symbol="A,B")
    make.code("2", old.table, "Users", symbol="A")
    make.note("Gone, for good", old)
    for query in ("section=Rooms,%20old", "section=Rooms,%20old&section=nothing", "section__not=Users", "symbol=A,B"):
        answer = client.get(f"/api/v1/codes/?{query}")
        refused = "nothing" in query
        assert answer.status_code == (400 if refused else 200)
        assert refused or "1" in [one["code"] for one in answer.json()["results"]], query
    assert codes(client, "section__not=Rooms,%20old") == {"2"}
    assert codes(client, "section=Rooms,%20old&section=Users") == {"1", "2"}
    for address in (
        "tables/?vendor=acme,%20inc.",
        "tables/?vendor__in=Acme,%20Inc.",
        "notes/?title=Gone,%20for%20good",
    ):
        assert len(client.get(f"/api/v1/{address}").json()["results"]) == 1, address
    assert client.get("/api/v1/tables/?vendor__not=ACME,%20inc.").json()["results"] == []


def test_a_note_and_an_incident_that_may_not_be_read_are_not_excluded(client, agent):
    code, other = make.code("1"), make.code("2")
    note, incident = make.note("Hush", code, audience="internal"), make.incident("Hush", code, audience="internal")
    for query in (f"note__not={note.pk}", f"incident__not={incident.pk}"):
        assert codes(client, query) == {"1", "2"}
    client.force_login(agent)
    for query in (f"note__not={note.pk}", f"incident__not={incident.pk}"):
        assert codes(client, query) == {other.code}


def test_fields_include_and_facets_are_lists_like_any_other(client, world):
    for query in ("fields=code,id", "fields=code&fields=id"):
        assert set(client.get(f"/api/v1/codes/?{query}").json()["results"][0]) == {"id", "code"}
    for query in ("include=notes,ranges", "include=notes&include=ranges"):
        assert {"notes", "ranges"} <= set(client.get(f"/api/v1/codes/?{query}").json()["results"][0])
    for query in ("facets=fixer,table", "facets=fixer&facets=table"):
        assert set(client.get(f"/api/v1/codes/?{query}").json()["facets"]) == {"fixer", "table"}
    for query in ("table=zim-server,rtc-server", "table=zim-server&table=rtc-server"):
        assert len(client.get(f"/api/v1/search/?q=view&{query}").json()["results"]) == 1


def test_an_agents_filters_see_internal_notes(client, world, agent):
    client.force_login(agent)
    assert codes(client, "has_notes=true") == {"660300001", "3"}
    assert codes(client, "text=hush") == {"3"}


@pytest.mark.parametrize(
    ("address", "titles"),
    [
        ("notes/?state=validated", ["Room is gone"]),
        ("notes/?code=660300001", ["Room is gone"]),
        ("notes/?code=3", []),
        ("notes/?table=zim-server", ["Room is gone"]),
        ("notes/?audience=public", ["Room is gone"]),
        ("notes/?code=660300001&table=zim-server", ["Room is gone"]),
        ("notes/?code=660300001&table=rtc-server", []),
        ("notes/?code=0660300001", ["Room is gone"]),
        ("notes/?code=660399998", []),
        ("notes/?text=lobby%20gone", ["Room is gone"]),
        ("notes/?text=hush", []),
        ("notes/?updated_since=2999-01-01T00:00:00Z", []),
        ("notes/?title__prefix=room", ["Room is gone"]),
        ("notes/?cause__contains=lobby%20is", ["Room is gone"]),
        ("notes/?resolution__isnull=true", ["Room is gone"]),
        ("notes/?validated_at__isnull=false", []),
        ("notes/?state__in=draft,validated", ["Room is gone"]),
        ("notes/?state=draft,validated", ["Room is gone"]),
        ("notes/?state__not=draft,validated", []),
        ("notes/?cause__contains=bby%20is%20c", ["Room is gone"]),
        ("notes/?cause__words=bby%20is", []),
        ("notes/?code__not=660300001", []),
        ("notes/?code__not=3", ["Room is gone"]),
        ("notes/?table__not=rtc-server", ["Room is gone"]),
        ("notes/?table__not=zim-server", []),
        ("incidents/?code__not=660300001", ["Old"]),
        ("incidents/?table__not=zim-server", []),
        ("incidents/?table__not=rtc-server&state__not=open", ["Old"]),
        ("incidents/?title__contains=oms%20f&open=1", ["Rooms fail"]),
        ("incidents/?reference__prefix=inc-&title__contains=fail", ["Rooms fail"]),
        ("incidents/?started_at__isnull=true", ["Old"]),
        ("incidents/?resolved_at__before=2025-03-05T00:00:01Z", ["Old"]),
        ("incidents/?workaround__isnull=false", []),
        ("incidents/?open=true", ["Rooms fail"]),
        ("incidents/?open=false", ["Old"]),
        ("incidents/?state=resolved", ["Old"]),
        ("incidents/?state=resolved&state=open", ["Rooms fail", "Old"]),
        ("incidents/?code=660300001", ["Rooms fail"]),
        ("incidents/?code=660300001&table=rtc-server", []),
        ("incidents/?table=zim-server", ["Rooms fail", "Old"]),
        ("incidents/?reference=INC-7", ["Rooms fail"]),
        ("incidents/?started_since=2025-03-05T00:00:00%2B00:00", ["Rooms fail"]),
    ],
)
def test_filters_of_notes_and_incidents(client, world, address, titles):
    assert [one["title"] for one in client.get(f"/api/v1/{address}").json()["results"]] == titles


@pytest.mark.parametrize(
    ("address", "slugs"),
    [
        ("", ["rtc-server", "zim-server"]),
        ("?product=rtc", ["rtc-server"]),
        ("?vendor=zegocloud&language=EN", ["rtc-server", "zim-server"]),
        ("?slug=zim-server", ["zim-server"]),
        ("?audience=internal", []),
        ("?slug__prefix=ZIM", ["zim-server"]),
        ("?product__in=ZIM,RTC&source_url__isnull=true", ["rtc-server", "zim-server"]),
        ("?context_words__isnull=false", []),
        ("?updated_since=2999-01-01T00:00:00Z", []),
    ],
)
def test_filters_of_tables(client, world, address, slugs):
    assert [one["slug"] for one in client.get(f"/api/v1/tables/{address}").json()["results"]] == slugs


def test_a_note_on_a_range_is_a_note_on_each_of_its_codes(client):
    make.code("660300001")
    make.code("5")
    note = make.note("All rooms")
    note.ranges.add(make.code_range())
    assert codes(client, "has_notes=true") == {"660300001"}
    for code in ("660300001", "660399998"):
        titles = [one["title"] for one in client.get(f"/api/v1/notes/?code={code}").json()["results"]]
        assert titles == ["All rooms"]


@pytest.mark.parametrize("query", ["code[]=1&code[]=2", "code[]=1,2", "code=1&code[]=2", "code%5B%5D=1&code%5B%5D=2"])
def test_a_list_may_be_repeated_with_brackets(client, query):
    """As axios and many generated clients write it."""
    for n in range(1, 4):
        make.code(str(n))
    results = client.get(f"/api/v1/codes/?{query}").json()["results"]
    assert [code["code"] for code in results] == ["1", "2"]
    body = {"codes": ["1"]}
    address = "/api/v1/lookup/?include[]=actions&include[]=reply"
    (verdict,) = client.post(address, body, content_type="application/json").json()["verdicts"]
    assert {"actions", "reply"} <= set(verdict["meanings"][0])


def test_brackets_are_for_lists_only(client):
    refused = client.get("/api/v1/codes/?page_size[]=1")
    assert (refused.status_code, refused.json()["errors"][0]["nearest"]) == (400, "page_size")
