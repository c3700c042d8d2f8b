"""Saving in the admin: through services, without losing anybody's edit."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from kb.models import (
    Change,
    CodeRange,
    CodeTable,
    Door,
    IncidentLink,
    Proposal,
    ReturnCode,
    Section,
    Synonym,
    TroubleshootingNote,
)
from kb.services.journal import NotAllowed, StaleEdit
from tests import make
from tests.admin.conftest import edit, errors, form_data, message_text, url


def test_support_rewords_a_code_and_the_journal_says_so(as_user, editor, room):
    response = edit(as_user(editor), room, description="The room is gone.", reason="Clearer")
    assert response.status_code == 302
    room.refresh_from_db()
    assert (room.description, room.vendor_description, room.version) == ("The room is gone.", "Room does not exist.", 2)
    change = Change.objects.get()
    assert (change.actor, change.door, change.fields) == (editor, Door.ADMIN, ["description"])
    revision = room.history.first()
    assert (revision.history_user, revision.history_change_reason, revision.door) == (editor, "Clearer", "admin")


@pytest.mark.parametrize("stored", ["One line", "Two\nlines", "Two\r\nlines\n", "  spaces around  ", "\nnewline first"])
def test_saving_without_an_edit_changes_nothing(as_user, editor, stored):
    code = make.code(description=stored, suggested_actions=stored)
    data = {
        name: value.replace("\r\n", "\n").replace("\n", "\r\n") if isinstance(value, str) else value
        for name, value in form_data(as_user(editor).get(url(code))).items()
    }
    assert as_user(editor).post(url(code), data).status_code == 302
    code.refresh_from_db()
    assert (code.description, code.version, code.edited_texts) == (stored, 1, [])


def test_browser_line_ends_are_not_stored(as_user, editor, room):
    edit(as_user(editor), room, description="One\r\nTwo")
    room.refresh_from_db()
    assert room.description == "One\nTwo"


def test_a_decision_is_supports_until_it_is_reset(as_user, editor, room):
    browser = as_user(editor)
    assert "From the vendor&#x27;s text: Fix the request" in browser.get(url(room)).content.decode()
    edit(browser, room, disposition="retry_later", fixer="us")
    room.refresh_from_db()
    assert (room.disposition, room.disposition_origin, room.fixer, room.fixer_origin) == (
        "retry_later",
        "staff",
        "us",
        "staff",
    )
    edit(browser, room, disposition="")
    room.refresh_from_db()
    assert (room.disposition, room.disposition_origin, room.fixer_origin) == ("fix_request", "vendor", "staff")


def test_the_vendors_words_can_be_restored(as_user, editor, room):
    browser = as_user(editor)
    edit(browser, room, description="Ours")
    assert "take_vendor" in browser.get(url(room)).content.decode()
    edit(browser, room, take_vendor=["description"])
    room.refresh_from_db()
    assert (room.description, room.edited_texts) == ("Room does not exist.", [])


def test_a_code_cannot_be_its_own_successor(as_user, editor, room):
    assert "cannot be its own successor" in errors(edit(as_user(editor), room, successor=room.pk))


@pytest.mark.parametrize("version", ["", "0", "99", "abc", "-1", "1.0", "٣"])
def test_a_missing_or_invented_version_is_stale(as_user, editor, room, version):
    assert "Somebody else saved this" in edit(as_user(editor), room, version=version, description="x").text
    room.refresh_from_db()
    assert room.description == "Room does not exist."


@pytest.mark.parametrize("model", [CodeTable, CodeRange, IncidentLink])
def test_other_forms_refuse_a_stale_version_too(as_user, admin, room, model):
    obj = model.objects.get()
    browser = as_user(admin)
    opened = form_data(browser.get(url(obj)))
    model.objects.update(version=5)
    assert "Somebody else saved this" in browser.post(url(obj), opened).text


def test_an_editor_writes_a_note_for_a_code(as_user, editor, room):
    browser = as_user(editor)
    form = browser.get(reverse("admin:kb_troubleshootingnote_add"), {"codes": room.pk})
    assert "660300001 · Room does not exist. (ZIM / Public)" in form.content.decode()
    data = form_data(form, title="New", resolution="Do it", audience="public")
    assert browser.post(reverse("admin:kb_troubleshootingnote_add"), data).status_code == 302
    note = TroubleshootingNote.objects.get(title="New")
    assert (note.state, note.owner, list(note.codes.all())) == ("draft", editor, [room])
    assert [r.codes.count() for r in note.history.all()] == [1]


def test_hidden_links_survive_a_save(as_user, idle_staff, room):
    from django.contrib.auth.models import Permission

    note = TroubleshootingNote.objects.get()
    hidden = make.code("7", make.table("inside", audience="internal"))
    note.codes.add(hidden)
    rights = ("view_troubleshootingnote", "change_troubleshootingnote", "view_returncode", "view_coderange")
    idle_staff.user_permissions.set(Permission.objects.filter(codename__in=rights))
    assert edit(as_user(idle_staff), note, title="Renamed").status_code == 302
    for kept in (note, Proposal.objects.get()):
        assert set(kept.codes.all()) == {room, hidden}


def test_a_resolved_incident_gets_its_date(as_user, editor, room):
    incident = IncidentLink.objects.get()
    assert edit(as_user(editor), incident, state="resolved").status_code == 302
    incident.refresh_from_db()
    assert timezone.now() - incident.resolved_at < timedelta(minutes=1)


def test_an_incident_called_off_before_it_starts_does_not_end_before_it(as_user, editor, room):
    incident = IncidentLink.objects.get()
    edit(as_user(editor), incident, started_at_0="2199-01-01", started_at_1="00:00", state="resolved")
    incident.refresh_from_db()
    assert incident.resolved_at == incident.started_at


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"url": "javascript:alert(1)"}, "Enter a valid URL"),
        ({"url": "ftp://example.com/1"}, "must start with http:// or https://"),
        ({"state": "open", "resolved_at_0": "2026-01-01", "resolved_at_1": "00:00"}, "Only a resolved incident"),
        (
            {
                "state": "resolved",
                "started_at_0": "2026-01-02",
                "started_at_1": "00:00",
                "resolved_at_0": "2026-01-01",
                "resolved_at_1": "00:00",
            },
            "cannot be resolved before it started",
        ),
        ({"title": ""}, "This field is required"),
        ({"state": "gone"}, "gone is not one of the available choices"),
    ],
)
def test_an_incident_names_the_rule_it_breaks(as_user, editor, room, changes, rule):
    assert rule in errors(edit(as_user(editor), IncidentLink.objects.get(), **changes))


def test_an_incident_is_linked_once(as_user, editor, room):
    data = {"url": IncidentLink.objects.get().url, "title": "Again", "state": "open", "audience": "internal"}
    response = as_user(editor).post(reverse("admin:kb_incidentlink_add"), data)
    assert "already linked" in errors(response)


def test_a_table_is_described_and_a_section_renamed(as_user, importer, room):
    browser = as_user(importer)
    table, section = CodeTable.objects.get(), Section.objects.get()
    assert edit(browser, table, name="Server codes").status_code == 302
    assert edit(browser, section, name="General").status_code == 302
    table.refresh_from_db()
    section.refresh_from_db()
    assert (table.name, table.version, section.name) == ("Server codes", 2, "General")
    assert {c.noun for c in Change.objects.all()} == {"table", "section"}


def test_a_range_that_ends_before_its_start_is_refused(as_user, editor, room):
    response = edit(as_user(editor), CodeRange.objects.get(), first=9, last=1)
    assert "must not be below the first" in errors(response)


@pytest.mark.parametrize("number", ["9" * 30, "-" + "9" * 30, "abc", "1e5"])
def test_an_impossible_number_is_an_error_in_the_form(as_user, editor, room, number):
    assert errors(edit(as_user(editor), CodeRange.objects.get(), first=number))


def test_a_code_in_a_shared_block_lists_its_notes_once(as_user, editor, room):
    note = TroubleshootingNote.objects.get()
    note.ranges.add(CodeRange.objects.get())
    page = as_user(editor).get(url(room))
    assert list(page.context["notes"]) == [note]
    assert ReturnCode.objects.count() == 1


@pytest.mark.parametrize("refusal", ["stale", "not allowed", "taken"])
def test_a_refused_save_is_an_error_on_the_page(as_user, editor, room, monkeypatch, refusal):
    raised = {
        "stale": StaleEdit(room, 0),
        "not allowed": NotAllowed("The vendor owns this."),
        "taken": IntegrityError("unique"),
    }[refusal]

    def refuse(*args):
        raise raised

    monkeypatch.setattr("kb.admin.nouns.codes.edit_code", refuse)
    response = edit(as_user(editor), room, description="x")
    assert form_data(response)["description"] == "x"
    expected = {
        "stale": "saved by somebody else",
        "not allowed": "The vendor owns this.",
        "taken": "at the same time",
    }
    assert expected[refusal] in errors(response)


@pytest.mark.parametrize("noun", ["range", "synonym"])
def test_a_row_that_changed_after_the_confirmation_page_is_not_deleted(as_user, editor, room, noun):
    obj = CodeRange.objects.get() if noun == "range" else Synonym.objects.create(words="lobby, anteroom")
    browser = as_user(editor)
    page = browser.get(url(obj, "delete"))
    assert 'name="version" value="1"' in page.text
    type(obj).objects.update(version=2)
    response = browser.post(url(obj, "delete"), {"post": "yes", "version": "1"})
    assert "Nothing was deleted" in message_text(response)
    assert type(obj).objects.filter(pk=obj.pk).exists()
    browser.post(url(obj, "delete"), {"post": "yes", "version": "2", "reason": "Not a block"})
    assert not type(obj).objects.filter(pk=obj.pk).exists()


def test_deleting_without_a_version_is_refused(as_user, editor, room):
    assert "Nothing was deleted" in message_text(
        as_user(editor).post(url(CodeRange.objects.get(), "delete"), {"post": "yes"})
    )
    assert CodeRange.objects.exists()


def test_internal_words_in_a_reply_are_an_error_at_the_field_and_the_input_stays(as_user, editor):
    note = make.note("Room is gone", state="draft", audience="internal")
    browser = as_user(editor)
    response = edit(browser, note, customer_reply="Look at http://jira/browse/X-1", cause="Typed")
    form = response.context["adminform"].form
    assert "jira is an internal host" in form.errors["customer_reply"][0]
    assert "jira is an internal host" in errors(response)
    assert form_data(response)["cause"] == "Typed"
    assert browser.post(url(note), form_data(response, customer_reply="Fine")).status_code == 302
