"""A public incident whose codes are all internal says nothing to the public, through any door."""

import io

import pytest
from django.core.management import call_command
from django.test import Client

from kb import answers
from kb.models import Door, IncidentLink
from kb.services.incidents import save_incident
from kb.services.journal import By
from tests import make

pytestmark = pytest.mark.django_db
SECRET = "zirconium"


@pytest.fixture
def code():
    return make.code("660300001")


@pytest.fixture
def hidden():
    return make.code("660300002", make.table("secret", audience="internal"), "Hidden")


def linked(editor, *codes):
    incident = IncidentLink(url="https://status.example.com/1", title=SECRET, audience="public")
    return save_incident(incident, None, {}, codes, By(editor, Door.ADMIN))


PAGES = [
    "/api/v1/incidents/",
    "/api/v1/incidents/{pk}/",
    "/api/v1/incidents/?code=660300002",
    "/api/v1/codes/?code=660300001",
    "/changes/",
    "/changes/feed/",
    "/codes/zim-server/660300001/",
    "/codes/zim-server/660300001.json",
    "/codes/zim-server/660300001.md",
    "/embed/zim-server/660300001/",
    "/?q=" + SECRET[:4],
]


def pages_with_it(incident, client=None):
    client = client or Client()
    answers = {page: client.get(page.format(pk=incident.pk), follow=True).content.decode() for page in PAGES}
    return {page for page, answer in answers.items() if SECRET in answer}


def test_an_incident_of_internal_codes_alone_is_hidden_from_the_public(editor, code, hidden):
    assert pages_with_it(linked(editor, hidden)) == set()


def test_staff_see_an_incident_of_internal_codes(editor, client, code, hidden):
    client.force_login(editor)
    assert {"/api/v1/incidents/", "/changes/"} <= pages_with_it(linked(editor, hidden), client)


def test_an_incident_without_codes_is_public(editor, code):
    incident = linked(editor)
    assert pages_with_it(incident) == {"/api/v1/incidents/", "/api/v1/incidents/{pk}/", "/changes/", "/changes/feed/"}


def test_an_incident_with_one_public_code_shows_that_code_alone(editor, code, hidden):
    incident = linked(editor, code, hidden)
    assert {"/api/v1/incidents/{pk}/", "/codes/zim-server/660300001/"} <= pages_with_it(incident)
    answer = Client().get(f"/api/v1/incidents/{incident.pk}/").json()
    assert [one["code"] for one in answer["codes"]] == ["660300001"]


def meanings_of_programs():
    client, log = Client(), "code=660300001 failed"
    looked_up = client.post("/api/v1/lookup/", {"codes": ["660300001"]}, content_type="application/json").json()
    detected = client.post("/api/v1/detect/", {"text": log}, content_type="application/json").json()
    searched = client.get("/api/v1/search/", {"q": "660300001"}).json()
    return [looked_up["verdicts"][0]["meanings"][0], detected["codes"][0]["meanings"][0], searched["results"][0]]


def test_an_internal_incident_is_in_no_verdict_for_the_public(editor, code, client):
    incident = linked(editor, code)
    IncidentLink.objects.filter(pk=incident.pk).update(audience="internal")
    answers.rebuild()
    assert [meaning["open_incidents"] for meaning in meanings_of_programs()] == [[], [], []]
    client.force_login(editor)
    answer = client.post("/api/v1/lookup/", {"codes": ["660300001"]}, content_type="application/json").json()
    assert answer["verdicts"][0]["audience"] == "internal"


def test_every_face_shows_an_open_incident_first(editor, code):
    linked(editor, code)
    assert {
        "/codes/zim-server/660300001/",
        "/codes/zim-server/660300001.json",
        "/codes/zim-server/660300001.md",
        "/embed/zim-server/660300001/",
    } <= pages_with_it(IncidentLink.objects.get())
    page = Client().get("/codes/zim-server/660300001/").content.decode()
    assert page.index(SECRET) < page.index("What to do")
    answer = Client().get(f"/api/v1/codes/{code.pk}/").json()
    assert [one["title"] for one in answer["open_incidents"]] == [SECRET]
    assert next(iter(answer)) == "open_incidents"
    for meaning in meanings_of_programs():
        assert next(iter(meaning)) == "open_incidents"
        assert [one["title"] for one in meaning["open_incidents"]] == [SECRET]
    told = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("lookup", "660300001", stdout=told)
    assert SECRET in told.getvalue()
