"""The history page and reverts."""

import re

import pytest
from django.urls import reverse

from kb.models import Change, CodeTable, Door, IncidentLink, Section, TroubleshootingNote
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.notes import save_note
from kb.services.ranges import save_range
from kb.services.sections import rename_section
from kb.services.tables import save_table
from tests import make
from tests.admin.conftest import message_text, url


def revert(browser, obj, revision, version=None, why="It was right before"):
    address = reverse(f"admin:kb_{obj._meta.model_name}_revert", args=[obj.pk, revision.pk])
    response = browser.post(address, {"version": obj.version if version is None else version, "reason": why})
    obj.refresh_from_db()
    return response


@pytest.fixture
def note(editor, reviewer, room):
    TroubleshootingNote.objects.update(state="not_validated")
    troubleshooting_note = TroubleshootingNote.objects.get()
    save_note(troubleshooting_note, 1, {"cause": "Room was closed"}, By(editor, Door.ADMIN, "First guess"))
    save_note(troubleshooting_note, 2, {"cause": "Room was never open"}, By(reviewer, Door.API), codes=[make.code("7")])
    troubleshooting_note.refresh_from_db()
    return troubleshooting_note


def test_the_history_shows_who_when_why_and_through_which_door(as_user, importer, note):
    page = as_user(importer).get(url(note, "history"))
    html = page.content.decode()
    newest, older = page.context["steps"][:2]
    assert (newest.revision.history_user.username, newest.revision.get_door_display()) == ("reviewer", "API")
    assert [(d.label, d.before, d.after) for d in newest.differences] == [
        ("Cause", "Room was closed", "Room was never open"),
        ("Codes", "660300001", "7"),
    ]
    assert "First guess" in html
    assert older.revision.history_change_reason == "First guess"
    assert "Room was <del>closed</del><ins>never open</ins>" in html


def test_times_are_in_the_readers_zone(as_user, editor, note):
    browser = as_user(editor)
    note.history.update(history_date="2026-01-01T12:00Z")
    browser.cookies["zone"] = "Asia/Tokyo"
    assert "2026-01-01 21:00" in browser.get(url(note, "history")).content.decode()


def test_a_revert_makes_a_new_revision(as_user, reviewer, room, note):
    first = note.history.last()
    count = note.history.count()
    response = revert(as_user(reviewer), note, note.history.all()[1])
    assert "The history shows this as a new version" in message_text(response)
    assert (note.cause, list(note.codes.all())) == ("Room was closed", [room])
    assert note.history.count() == count + 1
    assert note.history.last() == first
    assert re.fullmatch(
        r"Back to \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: It was right before", note.history.first().history_change_reason
    )


def test_a_revert_is_confirmed_with_what_it_changes(as_user, reviewer, note):
    address = reverse("admin:kb_troubleshootingnote_revert", args=[note.pk, note.history.all()[1].pk])
    page = as_user(reviewer).get(address)
    assert [(d.label, d.before, d.after) for d in page.context["step"].differences] == [
        ("Cause", "Room was never open", "Room was closed"),
        ("Codes", "7", "660300001"),
    ]
    assert note.history.count() == 4


@pytest.mark.parametrize("why", ["", "  ", "\x00"])
def test_a_revert_without_a_reason_is_refused(as_user, reviewer, note, why):
    response = revert(as_user(reviewer), note, note.history.last(), why=why)
    assert "Enter a reason" in message_text(response)
    assert note.cause == "Room was never open"


def test_revisions_of_one_minute_are_told_apart(as_user, reviewer, note):
    note.history.update(history_date="2026-01-01T12:00:07Z")
    page = as_user(reviewer).get(url(note, "history")).text
    assert "2026-01-01 12:00:07 UTC" in page
    assert "Version 3" in page
    assert "Version 2" in page


def test_a_revert_to_the_present_changes_nothing(as_user, reviewer, note):
    assert "Nothing to do" in message_text(revert(as_user(reviewer), note, note.history.first()))
    assert note.version == 3


def test_a_revert_from_a_stale_page_is_refused(as_user, reviewer, note):
    assert "Nothing was changed" in message_text(revert(as_user(reviewer), note, note.history.last(), version=1))
    assert note.cause == "Room was never open"


def test_a_revert_needs_the_change_permission(as_user, importer, note):
    browser = as_user(importer)
    assert "Revert to this version" not in browser.get(url(note, "history")).content.decode()
    assert revert(browser, note, note.history.last()).status_code == 403


def test_a_revision_of_something_else_is_not_found(as_user, reviewer, note):
    other = make.note("Another")
    assert revert(as_user(reviewer), note, other.history.first()).status_code == 404


def test_a_revert_restores_decisions_and_their_origin(as_user, editor, room):
    by = By(editor, Door.ADMIN)
    edit_code(room, 1, {"disposition": "retry_later"}, by)
    edit_code(room, 2, {"disposition": None, "description": "Ours"}, by)
    room.refresh_from_db()
    revert(as_user(editor), room, room.history.all()[1])
    assert (room.disposition, room.disposition_origin, room.description) == (
        "retry_later",
        "staff",
        "Room does not exist.",
    )
    revert(as_user(editor), room, room.history.last())
    assert room.disposition_origin == "vendor"


def test_a_revert_to_an_address_that_is_in_use_says_why(as_user, editor, room):
    incident = IncidentLink.objects.get()
    address = incident.url
    save_incident(incident, 1, {"url": "https://status.example.com/new"}, None, By(editor, Door.ADMIN))
    incident.refresh_from_db()
    make.incident("Another", url=address)
    assert "already linked" in message_text(revert(as_user(editor), incident, incident.history.last()))
    assert incident.url == "https://status.example.com/new"


def saved_section(by):
    section = Section.objects.get()
    return rename_section(section, section.version, {"name": "General"}, by)


def saved_table(by):
    table = CodeTable.objects.get()
    return save_table(table, table.version, {"name": "General"}, by)


def saved_range(by):
    found = make.code_range("Login", first=1, last=2)
    return save_range(found, found.version, {"name": "General"}, by)


@pytest.mark.parametrize("save", [saved_section, saved_table, saved_range])
def test_a_noun_without_revisions_shows_its_changes(as_user, admin, importer, room, save):
    saved = save(By(admin, Door.API, "The vendor <b>renamed</b> it"))
    page = as_user(importer).get(url(saved, "history")).content.decode()
    for said_there in ("Updated: Name", ", admin", "API", "The vendor &lt;b&gt;renamed&lt;/b&gt; it"):
        assert said_there in page


def test_a_removed_field_keeps_its_name_in_the_history(as_user, importer, room):
    saved = saved_section(By(importer, Door.ADMIN))
    Change.objects.filter(noun="section", object_id=saved.pk).update(fields=["colour"])
    assert "Updated: colour" in as_user(importer).get(url(saved, "history")).content.decode()


def test_a_long_history_is_paged_and_the_pages_join(as_user, editor, room):
    by = By(editor, Door.SHELL)
    for n in range(1, 20):
        edit_code(room, n, {"description": f"Wording {n}"}, by)
    browser = as_user(editor)
    first, second = browser.get(url(room, "history")), browser.get(url(room, "history"), {"p": 2})
    assert len(first.context["steps"]) == 15
    assert first.context["steps"][-1].differences[0].before == "Wording 4"
    assert second.context["steps"][0].differences[0].after == "Wording 4"
    assert browser.get(url(room, "history"), {"p": "abc"}).status_code == 200


def test_a_hostile_text_is_shown_as_text(as_user, editor, room):
    edit_code(room, 1, {"description": "<script>alert(1)</script>"}, By(editor, Door.ADMIN, "<b>why</b>"))
    page = as_user(editor).get(url(room, "history")).content.decode()
    assert "<script>alert" not in page
    assert "<b>why" not in page
