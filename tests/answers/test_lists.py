"""Lists and details from the stored answers."""

import pytest
from django.test import Client

from kb.models import FinishedAnswer, Section
from kb.models.visibility import Audience
from kb.services import tokens
from kb.services.codes import edit_code
from kb.services.journal import By, Door
from tests import make

pytestmark = pytest.mark.django_db
ADDRESSES = [
    "/api/v1/codes/",
    "/api/v1/codes/?page_size=2",
    "/api/v1/codes/?ordering=-number&number_min=2",
    "/api/v1/codes/?fields=code,description",
    "/api/v1/codes/?include=notes,incidents,ranges",
    "/api/v1/codes/?count=1&facets=table",
    "/api/v1/codes/?code=nothing-like-it",
    "/api/v1/codes/?table=zim-server&code=2",
    "/api/v1/codes/?table=zim-server&code=2&code=3&section=Public",
]


@pytest.fixture
def codes():
    """Four codes with a note and an incident each; the last code is internal."""
    codes = [make.code(str(n), description=f"Wörter {n}") for n in (1, 2, 3)]
    codes.append(make.code("4", make.table("hidden", audience=Audience.INTERNAL)))
    for code in codes:
        make.note(f"Note {code}", code, audience=Audience.INTERNAL)
        make.incident(f"Incident {code}", code, audience=Audience.INTERNAL)
    return codes


def insider():
    token = tokens.create(make.user("agent", "agent"), "bot", ["read_internal"], None)[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


def words(answer):
    return {one["code"]: one["description"] for one in answer.json()["results"]}


def test_a_code_without_a_stored_answer_is_answered_all_the_same(codes, client):
    agent, details = insider(), [f"/api/v1/codes/{code.pk}/" for code in codes[:3]]
    for caller in (client, agent):
        stored = [caller.get(address).json() for address in [*ADDRESSES[:-2], *details]]
        kept = list(FinishedAnswer.objects.all())
        FinishedAnswer.objects.all().delete()
        assert [caller.get(address).json() for address in [*ADDRESSES[:-2], *details]] == stored
        FinishedAnswer.objects.bulk_create(kept)


def test_a_code_of_a_table_is_found_in_every_spelling_and_section(codes, client):
    other = make.code("2", in_section="Other", symbol="SECOND")
    make.code("2", make.table("elsewhere"))
    found = client.get("/api/v1/codes/?table=zim-server&code=0002").json()
    assert [one["section"]["slug"] for one in found["results"]] == ["public", Section.objects.get(name="Other").slug]
    assert found["results"][1] == client.get(f"/api/v1/codes/?id={other.pk}").json()["results"][0]
    assert client.get("/api/v1/codes/?table=hidden&code=4").status_code == 400
    assert insider().get("/api/v1/codes/?table=hidden&code=4").json()["results"][0]["code"] == "4"
    assert client.get("/api/v1/codes/?table=zim-server&code=77").json() == {
        "next": None,
        "previous": None,
        "results": [],
    }


def test_more_codes_than_a_page_are_in_pages(client):
    for n in range(51):
        make.code("7", in_section=f"Part {n}")
    first = client.get("/api/v1/codes/?table=zim-server&code=7").json()
    assert (len(first["results"]), len(client.get(first["next"]).json()["results"])) == (50, 1)


def test_a_change_is_visible_at_once(codes, client):
    assert words(client.get("/api/v1/codes/"))["1"] == "Wörter 1"
    by = By(make.user("editor", "editor"), Door.SHELL)
    codes[0].refresh_from_db()
    edit_code(codes[0], codes[0].version, {"description": "Anders"}, by)
    assert words(client.get("/api/v1/codes/?page_size=3"))["1"] == "Anders"


def test_each_reader_has_their_own_rows(codes, client):
    inside = insider().get("/api/v1/codes/?include=notes,incidents").content
    outside = client.get("/api/v1/codes/?include=notes,incidents").content
    assert b"Note 1" in inside
    assert b"Note" not in outside
    assert b"Incident" not in outside
    assert set(words(client.get("/api/v1/codes/"))) == {"1", "2", "3"}
    assert client.get(f"/api/v1/codes/{codes[3].pk}/").status_code == 404
    elsewhere = client.get("/api/v1/codes/", headers={"Host": "localhost"}).json()["results"]
    assert all(one["url"].startswith("http://localhost/") for one in elsewhere)


def test_no_text_of_a_vendor_is_taken_for_an_address(client):
    words = r'x":"\/y'
    code = make.code("1", description=words, extra={"url": "\\/z", words: words})
    for address in ("/api/v1/codes/", f"/api/v1/codes/?id={code.pk}&include=notes"):
        row = client.get(address).json()["results"][0]
        assert (row["description"], row["extra"]) == (words, {"url": "\\/z", words: words})


def test_times_are_in_utc(codes, client, settings):
    plain = client.get("/api/v1/codes/?include=notes").json()["results"][0]
    client.cookies["zone"] = "Asia/Tokyo"
    assert client.get("/api/v1/codes/?include=notes").json()["results"][0] == plain
    settings.TIME_ZONE = "Asia/Tokyo"
    for address in ("codes/", "tables/", "notes/", "incidents/"):
        times = [one["created_at"] for one in client.get(f"/api/v1/{address}").json()["results"]]
        assert [one for one in times if not one.endswith("Z")] == [], address


def test_rows_are_indented_on_request(codes, client):
    plain = client.get("/api/v1/codes/")
    wide = client.get("/api/v1/codes/", headers={"Accept": "application/json; indent=2"})
    assert wide.json() == plain.json()
    assert b'\n      "code": "1"' in wide.content
