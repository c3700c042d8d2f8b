"""The answers for tables, codes, notes and incidents."""

import pytest

from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db


def test_a_code_has_all_its_fields(client):
    successor = make.code("2")
    code = make.code(
        "0xC0000005",
        in_section="Business codes",
        symbol="STATUS",
        description="  Ours,\n<b>verbatim</b>  ",
        vendor_description="Theirs",
        disposition="retry_now",
        disposition_origin="staff",
        extra={"HTTP": "500"},
        retired_at=LAST_YEAR,
        successor=successor,
    )
    answer = client.get(f"/api/v1/codes/{code.pk}/").json()
    assert answer["updated_at"].endswith("Z")
    assert answer | {"created_at": "", "updated_at": ""} == {
        "id": code.pk,
        "table": "zim-server",
        "section": {"id": code.section_id, "name": "Business codes", "slug": "business-codes"},
        "code": "0xC0000005",
        "number": 3221225477,
        "symbol": "STATUS",
        "description": "  Ours,\n<b>verbatim</b>  ",
        "possible_reasons": "",
        "suggested_actions": "",
        "vendor": {"description": "Theirs"},
        "extra": {"HTTP": "500"},
        "disposition": {"value": "retry_now", "origin": "staff"},
        "fixer": {"value": "unknown", "origin": "vendor"},
        "retired_at": "2025-03-05T00:00:00Z",
        "successor": {
            "id": successor.pk,
            "table": "zim-server",
            "section": {"id": successor.section_id, "name": "Public", "slug": "public"},
            "code": "2",
            "url": "http://testserver/codes/zim-server/public/2/",
        },
        "has_notes": False,
        "has_open_incident": False,
        "version": 1,
        "created_at": "",
        "updated_at": "",
        "url": "http://testserver/codes/zim-server/business-codes/0xC0000005/",
        "notes": [],
        "open_incidents": [],
        "truncated": [],
    }


def test_a_code_includes_its_notes_and_open_incidents(client):
    code = make.code("660300001")
    make.note("Room is gone", code, resolution="Make **another**.")
    ranged = make.note("All rooms")
    ranged.ranges.add(make.code_range())
    make.incident("Rooms fail", code, workaround="Wait.")
    make.incident("Over", code, state="resolved", resolved_at=LAST_YEAR)
    answer = client.get(f"/api/v1/codes/{code.pk}/").json()
    assert [note["title"] for note in answer["notes"]] == ["Room is gone", "All rooms"]
    assert answer["notes"][0]["resolution"] == "Make **another**."
    assert answer["notes"][0]["url"].startswith("http://testserver/notes/")
    assert [(one["title"], one["workaround"]) for one in answer["open_incidents"]] == [("Rooms fail", "Wait.")]


def test_a_table_counts_its_codes(client):
    make.code("1")
    make.code("2", retired_at=LAST_YEAR)
    answer = client.get("/api/v1/tables/zim-server/").json()
    assert (answer["code_count"], answer["retired_count"]) == (1, 1)
    assert answer["url"] == "http://testserver/tables/zim-server/"
    assert answer["source_url"] == answer["context_words"] == ""


def test_a_note_lists_its_codes_and_ranges(client):
    code, block = make.code("660300001"), make.code_range()
    note = make.note("Room is gone", code)
    note.ranges.add(block)
    answer = client.get(f"/api/v1/notes/{note.pk}/").json()
    assert [one["id"] for one in answer["codes"]] == [code.pk]
    assert answer["ranges"] == [
        {
            "id": block.pk,
            "table": "zim-server",
            "name": "Room",
            "first": 660300000,
            "last": 660399999,
            "pattern": "6603xxxxx",
        }
    ]


def test_an_incident_links_to_its_tracker(client):
    incident = make.incident("Rooms fail", make.code(), reference="INC-7", started_at=LAST_YEAR)
    answer = client.get(f"/api/v1/incidents/{incident.pk}/").json()
    assert (answer["url"], answer["reference"]) == (incident.url, "INC-7")
    assert (answer["started_at"], answer["resolved_at"]) == ("2025-03-05T00:00:00Z", None)
    assert [one["code"] for one in answer["codes"]] == ["660300001"]


@pytest.mark.parametrize("code", ["a/b", "a b", "..", "100%", "é?#", "<script>"])
def test_the_permalink_of_any_code_opens_its_page(client, code):
    row = make.code(code)
    link = client.get(f"/api/v1/codes/{row.pk}/").json()["url"]
    assert client.get(link.removeprefix("http://testserver")).status_code == 200


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("codes/?fields=code,disposition", {"code": "1", "disposition": {"value": "unknown", "origin": "vendor"}}),
        ("codes/?fields=code,%20number,code", {"code": "1", "number": 1}),
        ("codes/1/?fields=notes", {"notes": []}),
        ("tables/?fields=slug", {"slug": "zim-server"}),
        ("tables/zim-server/?fields=vendor", {"vendor": "ZEGOCLOUD"}),
    ],
)
def test_fields_selects_fields(client, address, expected):
    make.code("1", pk=1)
    body = client.get(f"/api/v1/{address}").json()
    assert body.get("results", [body]) == [expected]


def test_without_a_table_every_list_is_empty(client):
    for endpoint in ("tables", "codes", "notes", "incidents"):
        body = client.get(f"/api/v1/{endpoint}/").json()
        assert body == {"next": None, "previous": None, "results": []}
