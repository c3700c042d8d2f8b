"""Incidents in the admin: linked once, with chosen codes, and resolved with their lessons."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from kb.models import Change, Door, IncidentLink, TroubleshootingNote
from kb.services.incidents import AlreadyLinked, save_incident
from kb.services.journal import By, NotAllowed
from tests import make
from tests.admin.conftest import edit, errors, form_data, message_text, url

ADD = "/admin/kb/incidentlink/add/"
LOOK = "/admin/kb/incidentlink/look/"
JIRA = "https://acme.atlassian.net/browse/ZIM-42"


def add(browser, **fields):
    page = browser.get(ADD)
    return browser.post(ADD, form_data(page, **{"url": JIRA, "title": "Rooms fail to open"} | fields))


@pytest.fixture
def by(editor):
    return By(editor, Door.ADMIN)


def test_a_pasted_address_gives_the_reference_and_the_incident_begins_now(as_user, editor):
    assert add(as_user(editor)).status_code == 302
    incident = IncidentLink.objects.get()
    assert (incident.reference, incident.tracker, incident.state) == ("ZIM-42", "Jira", "open")
    assert timezone.now() - incident.started_at < timedelta(minutes=2)


def test_a_reference_that_was_written_stays_and_one_that_was_read_follows_the_address(by):
    read = save_incident(IncidentLink(url=JIRA, title="Down"), None, {}, [], by)
    moved = save_incident(read, 1, {"url": f"{JIRA}0", "reference": "ZIM-42"}, None, by)
    assert moved.reference == "ZIM-420"
    named = save_incident(moved, 2, {"reference": "The big one"}, None, by)
    assert save_incident(named, 3, {"url": JIRA}, None, by).reference == "The big one"


@pytest.mark.parametrize(
    "written", [JIRA, JIRA.lower(), f"{JIRA}/?utm_source=mail#x", "http://acme.atlassian.net:80/browse/ZIM-42"]
)
def test_a_duplicate_incident_links_to_the_existing_one(as_user, editor, written):
    first = make.incident("The first", url=JIRA)
    response = add(as_user(editor), url=written)
    assert f'href="{url(first)}"' in errors(response)
    assert IncidentLink.objects.count() == 1


def test_an_internal_incident_is_not_named_to_staff_who_may_not_read_it(as_user, idle_staff):
    make.incident("Secret outage", url=JIRA, audience="internal")
    idle_staff.user_permissions.add(*Permission.objects.filter(codename__endswith="incidentlink"))
    response = add(as_user(idle_staff))
    assert "do not have access" in errors(response)
    assert "Secret outage" not in response.content.decode()


def test_the_service_refuses_a_duplicate_and_an_invalid_address(by):
    first = make.incident("The first", url=JIRA)
    with pytest.raises(AlreadyLinked) as refusal:
        save_incident(IncidentLink(url=JIRA.lower(), title="Again"), None, {}, [], by)
    assert refusal.value.existing == first
    with pytest.raises(NotAllowed, match="http"):
        save_incident(first, first.version, {"url": "javascript:alert(1)"}, None, by)
    assert not Change.objects.exists()


def test_an_incident_keeps_its_own_address(as_user, editor):
    incident = make.incident(url=JIRA)
    assert edit(as_user(editor), incident, url=f"{JIRA}?utm_source=mail", title="New title").status_code == 302


def test_codes_in_the_words_are_suggested_and_not_linked(as_user, editor):
    room, login = make.code("660300001"), make.code("660200002", description="Log in first.")
    browser = as_user(editor)
    response = add(browser, impact="Opening fails with 660300001.", codes=[login.pk])
    incident = IncidentLink.objects.get()
    assert list(incident.codes.all()) == [login]
    assert "660300001" in message_text(response)
    page = browser.get(response["Location"].partition("#")[0])
    [(code, label)] = page.context["adminform"].form.reading.suggestions
    assert code == room
    assert label in page.content.decode()
    edit(browser, incident, proposed=[room.pk])
    assert set(incident.codes.all()) == {room, login}


def test_every_meaning_of_a_code_is_a_choice(as_user, editor):
    codes = [make.code("660300001", in_section=name) for name in ("Room", "User")]
    response = as_user(editor).post(LOOK, {"title": "660300001 again"})
    assert {code for code, _ in response.context["reading"].suggestions} == set(codes)


def test_the_look_address_answers_as_the_form_does(as_user, editor):
    code, first = make.code("660300001"), make.incident("The <first>", url=JIRA)
    answer = as_user(editor).post(LOOK, {"url": JIRA, "title": "Error 660300001 since noon", "proposed": [code.pk]})
    page = answer.content.decode()
    assert re.search(r"data-reference>ZIM-42<", page)
    assert "Jira, reference" in page
    assert "The &lt;first&gt;" in page
    assert f'href="{url(first)}"' in page
    assert re.search(rf'value="{code.pk}"\s+checked', page)


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"url": "javascript:alert(1)", "title": "\x00", "codes": ["x", "9" * 30], "pk": "abc"},
        {"url": "https://[", "impact": "1 " * 2000, "pk": "9" * 30},
        {"impact": "x" * 1_200_000},
    ],
)
def test_an_invalid_address_is_left_out(as_user, editor, typed):
    answer = as_user(editor).post(LOOK, typed)
    assert answer.status_code == 200
    assert "<section" not in answer.content.decode()


def test_hidden_codes_are_not_suggested(as_user, idle_staff):
    make.code("660300001", make.table(audience="internal"))
    idle_staff.user_permissions.add(*Permission.objects.filter(codename__endswith="incidentlink"))
    assert not as_user(idle_staff).post(LOOK, {"title": "Error 660300001"}).context["reading"].suggestions


def test_texts_are_previewed_with_the_renderer_of_the_pages(as_user, editor):
    page = (
        as_user(editor).post("/admin/kb/incidentlink/preview/", {"workaround": "Use **v2**.<script>"}).content.decode()
    )
    assert "<strong>v2</strong>.&lt;script&gt;" in page


def test_resolving_leads_to_the_lessons_page(as_user, editor):
    code = make.code("660300001")
    note, incident = (
        make.note("Room is gone", code),
        make.incident("Down", code, workaround="Use **v2**.", impact="All."),
    )
    browser = as_user(editor)
    response = edit(browser, incident, state="resolved")
    assert response["Location"] == url(incident, "learned")
    page = browser.get(response["Location"]).content.decode()
    assert f'href="{url(note)}?incident={incident.pk}"' in page
    assert "Use <strong>v2</strong>." in page
    opened = browser.get(f"{url(note)}?incident={incident.pk}").content.decode()
    assert "Use <strong>v2</strong>." in opened


def test_a_note_is_prefilled_with_an_incidents_words_and_codes(as_user, editor):
    codes = [make.code("1"), make.code("2")]
    incident = make.incident("Down", *codes, workaround="Use v2.", impact="All.")
    address = f"{reverse('admin:kb_troubleshootingnote_add')}?incident={incident.pk}"
    browser = as_user(editor)
    browser.post(address, form_data(browser.get(address)))
    note = TroubleshootingNote.objects.get()
    assert (note.title, note.issue, note.resolution, note.state) == ("Down", "All.", "Use v2.", "draft")
    assert set(note.codes.all()) == set(codes)
    assert note.owner == editor


@pytest.mark.parametrize("pk", ["0", "x", "9" * 30, "-1"])
def test_an_unknown_incident_prefills_nothing(as_user, editor, pk):
    page = as_user(editor).get(f"{reverse('admin:kb_troubleshootingnote_add')}?incident={pk}")
    assert page.status_code == 200
    assert not page.context["adminform"].form["title"].value()


def test_an_edit_of_a_resolved_incident_asks_nothing(as_user, editor):
    incident = make.incident("Down", state="resolved", resolved_at=timezone.now())
    assert "learned" not in edit(as_user(editor), incident, title="Was down")["Location"]
