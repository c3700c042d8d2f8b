"""The page that asks for a yes before rows become public, through each door of the admin."""

import re

import pytest

from kb.models import CodeTable, Door, TroubleshootingNote
from kb.services.journal import By
from kb.services.proposals import propose_change
from tests import make
from tests.admin.conftest import edit, form_data, url

pytestmark = pytest.mark.django_db
FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')
MARK = re.compile(r'name="make_public" value="(\w+)"')


def yes(browser, asked):
    """Answer the page as a browser does: its hidden fields, and the ticked box."""
    assert asked.status_code == 409
    sent: dict[str, list[str]] = {}
    for name, value in FIELD.findall(asked.text):
        sent.setdefault(name, []).append(value.replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&"))
    return browser.post(asked.wsgi_request.get_full_path(), sent | {"make_public": MARK.search(asked.text)[1]})


@pytest.fixture
def hidden(db):
    table = make.table("inside", audience="internal")
    make.note("On it", make.code("77", table))
    return table


def test_a_table_asks_again_if_more_would_become_public(as_user, importer, hidden):
    browser = as_user(importer)
    asked = edit(browser, hidden, audience="public", name="Shown")
    assert "1 table, 1 return code, 1 note" in asked.text
    assert "On it" in asked.text
    make.note("Meanwhile", hidden.codes.get())
    again = yes(browser, asked)
    assert "has changed since you were asked" in again.text
    assert CodeTable.objects.get().audience == "internal"
    assert yes(browser, again).status_code == 302
    hidden.refresh_from_db()
    assert (hidden.audience, hidden.name) == ("public", "Shown")


@pytest.mark.parametrize("forged", ["", "1", "anything-else", "a" * 24])
def test_only_the_mark_of_the_page_is_a_yes(as_user, importer, hidden, forged):
    assert edit(as_user(importer), hidden, audience="public", make_public=forged).status_code == 409
    assert CodeTable.objects.get().audience == "internal"


def test_a_bulk_action_asks_once(as_user, reviewer, settings):
    settings.KB_VALIDATE_OWN_WORDS = True
    code, browser = make.code(), as_user(reviewer)
    notes = [make.note(f"Note {n}", code, audience="internal") for n in range(2)]
    seen = ",".join(f"{note.pk}:1" for note in notes)
    sent = {"action": "set_audience", "_selected_action": notes[0].pk, "seen": seen, "audience": "public"}
    asked = browser.post("/admin/kb/troubleshootingnote/", sent)
    assert "2 notes" in asked.text
    assert yes(browser, asked).status_code in (200, 302)
    assert TroubleshootingNote.objects.filter(audience="public").count() == 2


def test_a_proposal_and_an_old_version_ask(as_user, editor, reviewer, importer, hidden):
    note = make.note("Secret", make.code(), audience="internal")
    proposal = propose_change(note, 1, {"audience": "public"}, By(editor, Door.ADMIN))
    browser = as_user(reviewer)
    asked = browser.post(f"/admin/kb/proposal/{proposal.pk}/do/accept/", {"version": 1, "comment": ""})
    assert "1 note" in asked.text
    assert yes(browser, asked).status_code == 302
    note.refresh_from_db()
    assert note.audience == "public"


def test_a_roll_back_to_a_public_version_asks(as_user, reviewer, settings):
    settings.KB_VALIDATE_OWN_WORDS = True
    note, browser = make.note("Known", make.code()), as_user(reviewer)
    note.save()
    edit(browser, note, audience="internal")
    first = note.history.filter(audience="public").order_by("history_id").last()
    where = f"/admin/kb/troubleshootingnote/{note.pk}/history/{first.pk}/revert/"
    asked = browser.post(where, {"version": 2, "reason": "It was right."})
    assert "1 note" in asked.text
    assert yes(browser, asked).status_code == 302
    note.refresh_from_db()
    assert note.audience == "public"


def test_a_page_that_was_only_opened_asks_nothing(as_user, importer, hidden):
    browser = as_user(importer)
    page = browser.get(url(hidden))
    assert page.status_code == 200
    assert browser.post(url(hidden), form_data(page, name="Other")).status_code == 302
