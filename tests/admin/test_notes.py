"""Notes in the admin: state transitions and the preview."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from kb.models import TroubleshootingNote
from tests import make
from tests.admin.conftest import edit, errors, message_text, url

PREVIEW = "/admin/kb/troubleshootingnote/preview/"


def move(browser, note, name, version=None, **data):
    address = reverse("admin:kb_troubleshootingnote_move", args=[note.pk, name])
    response = browser.post(address, {"version": note.version if version is None else version, **data})
    note.refresh_from_db()
    return response


def transition_names(response):
    return [step.name for step in response.context["transitions"]]


# Who wrote the words, whether the note needs another look, and who owns it.
STEPS = [
    ("editor", "draft", "", ["submit"]),
    ("editor", "draft", "own words", ["submit"]),
    ("editor", "not_validated", "", []),
    ("editor", "not_validated", "own words", []),
    ("editor", "validated", "", []),
    ("editor", "validated", "own words", []),
    ("editor", "validated", "asked", []),
    ("editor", "validated", "asked, owned", ["confirm"]),
    ("editor", "validated", "due, owned", ["confirm"]),
    ("editor", "validated", "owned", []),
    ("editor", "not_validated", "asked, owned", []),
    ("editor", "archived", "", []),
    ("reviewer", "draft", "", ["submit", "validate", "archive"]),
    ("reviewer", "draft", "own words", ["submit", "archive"]),
    ("reviewer", "not_validated", "", ["validate", "return", "archive"]),
    ("reviewer", "not_validated", "own words", ["return", "archive"]),
    ("reviewer", "validated", "", ["return", "archive"]),
    ("reviewer", "validated", "own words", ["return", "archive"]),
    ("reviewer", "validated", "asked", ["confirm", "return", "archive"]),
    ("reviewer", "validated", "due", ["confirm", "return", "archive"]),
    ("reviewer", "archived", "", ["restore"]),
    ("reviewer", "archived", "own words", ["restore"]),
    ("importer", "draft", "", []),
    ("importer", "validated", "asked, owned", []),
    ("admin", "not_validated", "", ["validate", "return", "archive"]),
    ("admin", "not_validated", "own words", ["return", "archive"]),
]


@pytest.mark.parametrize(("role", "state", "case", "names"), STEPS)
def test_each_person_is_offered_exactly_the_transitions_they_may_take(db, as_user, request, role, state, case, names):
    person = request.getfixturevalue(role)
    note = make.note(
        state=state,
        owner=person if "owned" in case else None,
        verify_since="2026-01-01T00:00Z" if "asked" in case else None,
        review_on="2020-01-01" if "due" in case else None,
    )
    if case == "own words":
        note.history.update(history_user=person)
    assert transition_names(as_user(person).get(url(note))) == names


@pytest.mark.parametrize(
    ("state", "name", "after"),
    [
        ("draft", "submit", "not_validated"),
        ("draft", "validate", "validated"),
        ("not_validated", "validate", "validated"),
        ("validated", "return", "draft"),
        ("validated", "archive", "archived"),
        ("archived", "restore", "draft"),
    ],
)
def test_a_reviewer_takes_a_note_through_all_states(as_user, reviewer, state, name, after):
    note = make.note(state=state)
    move(as_user(reviewer), note, name, reason="Because")
    assert note.state == after
    revision = note.history.first()
    assert (revision.history_change_reason, revision.door, revision.history_user) == ("Because", "admin", reviewer)


@pytest.mark.parametrize("name", ["validate", "return", "archive", "restore"])
def test_an_editor_cannot_take_a_reviewers_step(as_user, editor, name):
    note = make.note(state="not_validated")
    assert move(as_user(editor), note, name).status_code == 403
    assert note.state == "not_validated"


def test_an_importer_cannot_move_a_note(as_user, importer):
    note = make.note(state="draft")
    assert move(as_user(importer), note, "submit").status_code == 403


def test_a_reviewer_cannot_validate_their_own_words_and_sees_why(as_user, reviewer):
    browser, note = as_user(reviewer), make.note(state="draft")
    edit(browser, note, cause="My own words")
    note.refresh_from_db()
    page = browser.get(url(note))
    assert "validate" not in transition_names(page)
    assert "Somebody else has to validate" in page.content.decode()
    response = move(browser, note, "validate")
    assert "Somebody else has to validate" in message_text(response)
    assert note.state == "draft"


def test_a_step_that_the_state_does_not_allow_says_why(as_user, reviewer):
    note = make.note(state="archived")
    assert "This note is archived" in message_text(move(as_user(reviewer), note, "submit"))


@pytest.mark.parametrize("version", ["", "7", "abc", "1" * 40])
def test_a_step_from_an_old_page_is_refused(as_user, reviewer, version):
    note = make.note(state="not_validated")
    assert "saved by somebody else" in message_text(move(as_user(reviewer), note, "validate", version))
    assert note.state == "not_validated"


def test_still_true_confirms_a_note_and_sets_its_next_review(as_user, editor):
    note = make.note(owner=editor, verify_since="2026-01-01T00:00Z", verify_reason="Reworded.", review_on="2020-01-01")
    browser = as_user(editor)
    page = browser.get(url(note)).content.decode()
    assert "Review was due on 2020-01-01." in page
    assert f'value="{timezone.localdate() + timedelta(days=180)}"' in page
    assert "Enter a valid date" in message_text(move(browser, note, "confirm", review_on="soon"))
    assert "must be after today" in message_text(move(browser, note, "confirm", review_on="2020-02-01"))
    assert "is confirmed. Next review: 2099-01-01." in message_text(
        move(browser, note, "confirm", review_on="2099-01-01")
    )
    assert (str(note.review_on), note.verify_since, note.verify_reason) == ("2099-01-01", None, "")
    assert "does not need attention" in message_text(move(browser, note, "confirm"))


def test_an_editor_does_not_confirm_what_somebody_else_owns(as_user, editor, reviewer):
    note = make.note(owner=reviewer, verify_since="2026-01-01T00:00Z")
    assert "Only a reviewer or the owner" in message_text(move(as_user(editor), note, "confirm"))
    assert note.verify_since is not None


def test_a_transition_needs_a_post_a_known_name_and_an_existing_note(as_user, reviewer):
    note = make.note()
    browser = as_user(reviewer)
    assert browser.get(reverse("admin:kb_troubleshootingnote_move", args=[note.pk, "archive"])).status_code == 405
    assert move(browser, note, "publish").status_code == 404
    for pk in ("0", "abc", "9" * 30):
        address = f"/admin/kb/troubleshootingnote/{pk}/move/archive/"
        assert browser.post(address, {"version": 1}).status_code == 404


def test_the_preview_uses_the_renderer_of_the_pages(as_user, editor):
    page = (
        as_user(editor)
        .post(PREVIEW, {"title": "T", "resolution": "**Bold** <script>alert(1)</script>"})
        .content.decode()
    )
    assert "<strong>Bold</strong> &lt;script&gt;" in page
    assert "<h2>Resolution</h2>" in page


def test_the_preview_of_nothing_says_so(as_user, editor):
    assert "Nothing to preview" in as_user(editor).post(PREVIEW, {"cause": "  "}).content.decode()


def test_only_people_who_edit_notes_may_preview(as_user, editor, importer):
    assert as_user(editor).get(PREVIEW).status_code == 405
    assert as_user(importer).post(PREVIEW, {"cause": "x"}).status_code == 403


def test_a_text_longer_than_the_renderer_shows_is_refused(as_user, editor):
    assert "at most 200000 characters" in errors(edit(as_user(editor), make.note(), cause="x" * 200_001))


def test_a_text_of_two_hundred_kilobytes_is_saved(as_user, editor):
    note, text = make.note(state="draft"), "word " * 39_999
    assert edit(as_user(editor), note, cause=text).status_code == 302
    assert TroubleshootingNote.objects.get().cause == text.strip()


def test_the_form_offers_staff_and_the_present_owner_as_owners(as_user, editor, agent, stranger):
    note = make.note(owner=agent)
    names = {
        label for _value, label in as_user(editor).get(url(note)).context["adminform"].form.fields["owner"].choices
    }
    assert names == {"---------", "agent", "editor"}


@pytest.mark.parametrize("noun", ["troubleshootingnote", "incidentlink"])
def test_a_text_that_is_too_long_for_the_form_is_not_previewed(as_user, editor, noun):
    name = "resolution" if noun == "troubleshootingnote" else "impact"
    response = as_user(editor).post(f"/admin/kb/{noun}/preview/", {name: "x" * 200_001})
    assert response.status_code == 413
    assert f"{name} has 200,001 characters; 200,000 are allowed" in response.text
