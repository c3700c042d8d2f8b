"""Two people edit one form: their edits are merged, and none is lost."""

from itertools import product

import pytest
from django.forms import modelform_factory
from django.http import QueryDict

from kb.admin.forms.versions import VersionedForm
from kb.models import CodeRange, CodeTable, Door, IncidentLink, ReturnCode, Section, Synonym, TroubleshootingNote
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.notes import save_note
from kb.services.ranges import save_range
from kb.services.sections import rename_section
from kb.services.synonyms import save_synonym
from kb.services.tables import save_table
from tests import make
from tests.admin.conftest import edit, errors, form_data, url

STEPS = "1. Ask for the RoomID.\n2. Check that the room is open.\n3. Try it again."


@pytest.fixture
def note(room):
    """A note that two people edit."""
    troubleshooting_note = TroubleshootingNote.objects.get()
    TroubleshootingNote.objects.update(resolution=STEPS, cause="It was closed.", state="not_validated")
    troubleshooting_note.refresh_from_db()
    return troubleshooting_note


@pytest.fixture
def theirs(reviewer):
    """Save a note as somebody else, while it is open in the form."""

    def save(note, codes=None, **values):
        note.refresh_from_db()
        return save_note(note, note.version, values, By(reviewer, Door.API), codes)

    return save


def outcome(response):
    """Return which fields are updates, merges or conflicts."""
    merged = response.context["adminform"].form.merge_result
    return {kind: [field.name for field in getattr(merged, kind)] for kind in ("updates", "merges", "conflicts")}


def test_a_field_that_only_they_changed_is_taken_over_and_mine_stay(as_user, editor, note, theirs):
    browser = as_user(editor)
    opened = form_data(browser.get(url(note)), cause="It was never open.")
    theirs(note, title="Room is gone for good", environment="Web")
    response = browser.post(url(note), opened)
    assert outcome(response) == {"updates": ["title", "environment"], "merges": [], "conflicts": []}
    note.refresh_from_db()
    assert note.cause == "It was closed."
    assert browser.post(url(note), form_data(response)).status_code == 302
    note.refresh_from_db()
    assert (note.title, note.environment, note.cause) == ("Room is gone for good", "Web", "It was never open.")


def test_edits_of_different_lines_are_merged(as_user, editor, note, theirs):
    browser = as_user(editor)
    mine = STEPS.replace("Try it again", "Call the vendor")
    opened = form_data(browser.get(url(note)), resolution=mine.replace("\n", "\r\n"))
    theirs(note, resolution=STEPS.replace("Ask", "Beg"))
    response = browser.post(url(note), opened)
    assert outcome(response) == {"updates": [], "merges": ["resolution"], "conflicts": []}
    assert "Merged from both versions: resolution." in response.text
    assert response.context["adminform"].form.merge_result.merges[0].mine == mine
    browser.post(url(note), form_data(response))
    note.refresh_from_db()
    assert note.resolution == mine.replace("Ask", "Beg")


def test_a_conflict_keeps_mine_and_shows_what_each_changed(as_user, editor, note, theirs):
    browser = as_user(editor)
    opened = form_data(browser.get(url(note)), cause="It was never open.", title="Mine")
    theirs(note, cause="It was deleted.", title="Theirs")
    response = browser.post(url(note), opened)
    assert outcome(response)["conflicts"] == ["title", "cause"]
    assert "It was <del>closed</del><ins>deleted</ins>." in response.text
    assert "It was <del>closed</del><ins>never open</ins>." in response.text
    assert "Please correct" not in response.text
    assert form_data(response)["cause"] == "It was never open."
    browser.post(url(note), form_data(response, take_theirs=["title"]))
    note.refresh_from_db()
    assert (note.title, note.cause) == ("Theirs", "It was never open.")


# A link was there, is in theirs, is in mine: whoever changed it decides.
SIDES = list(product([True, False], repeat=3))


@pytest.mark.parametrize(("noun", "field"), [("note", "codes"), ("note", "ranges"), ("incident", "codes")])
def test_a_link_that_either_removed_stays_removed_and_one_that_either_added_stays(
    as_user, editor, reviewer, note, noun, field
):
    obj = note if noun == "note" else IncidentLink.objects.get()
    made = [make.code(f"{n}") if field == "codes" else make.code_range(f"{n}", n, n) for n in range(8)]
    was, theirs, mine = ([row for row, sides in zip(made, SIDES, strict=True) if sides[n]] for n in range(3))
    getattr(obj, field).set(was)
    browser = as_user(editor)
    opened = form_data(browser.get(url(obj)), **{field: [row.pk for row in mine]})
    if noun == "note":
        save_note(obj, 1, {}, By(reviewer, Door.API), **{field: theirs})
    else:
        save_incident(obj, 1, {}, theirs, By(reviewer, Door.API))
    response = browser.post(url(obj), opened)
    assert field in outcome(response)["merges"]
    assert browser.post(url(obj), form_data(response)).status_code == 302
    expected = {row for row, (a, b, c) in zip(made, SIDES, strict=True) if (c if c != a else b)}
    assert set(getattr(obj, field).all()) == expected


def test_a_text_that_either_removed_stays_removed_unless_the_other_changed_it(as_user, editor, note, theirs):
    TroubleshootingNote.objects.update(
        issue="Issue.", environment="Web.", cause="Cause.", resolution="Look.", customer_reply="Wait.",
        review_on="2099-01-01", title="Room is gone now, and for good",
    )  # fmt: skip
    browser = as_user(editor)
    mine = {"issue": "", "cause": "", "resolution": "Look again.", "customer_reply": ""}
    opened = form_data(browser.get(url(note)), **mine, title="Room is gone now, and for ever")
    values = {"environment": "", "cause": "Other cause.", "resolution": "", "customer_reply": "", "review_on": None}
    theirs(note, **values, title="Rooms are gone now, and for good")
    response = browser.post(url(note), opened)
    # A title is one line that people read at once: it is never merged.
    assert outcome(response) == {
        "updates": ["environment", "review_on"],
        "merges": [],
        "conflicts": ["title", "cause", "resolution"],
    }
    browser.post(url(note), form_data(response, cause="", resolution="Look again."))
    note.refresh_from_db()
    assert (note.issue, note.environment, note.cause, note.customer_reply, note.review_on) == ("", "", "", "", None)
    assert (note.resolution, note.title) == ("Look again.", "Room is gone now, and for ever")


@pytest.mark.parametrize("name", ["nosuch", "reason", "version", "opened", "take_theirs", ""])
def test_only_a_field_that_is_stored_is_taken_from_them(as_user, editor, note, theirs, name):
    browser = as_user(editor)
    opened = form_data(browser.get(url(note)), cause="Mine.", reason="Clearer")
    theirs(note, title="Theirs")
    response = browser.post(url(note), form_data(browser.post(url(note), opened), take_theirs=[name]))
    assert response.status_code == 302
    note.refresh_from_db()
    assert (note.cause, note.title, note.history.first().history_change_reason) == ("Mine.", "Theirs", "Clearer")


def test_a_row_that_was_deleted_under_the_form_is_an_error(db):
    group = Synonym.objects.create(words="lobby, anteroom")
    form = modelform_factory(Synonym, VersionedForm, fields=["words"])(QueryDict("version=1&words=a,b"), instance=group)
    Synonym.objects.all().delete()
    assert form.errors["__all__"] == ["Somebody else deleted this after you opened it."]


def test_links_that_only_they_changed_are_theirs_even_all_of_them(as_user, editor, note, theirs):
    browser = as_user(editor)
    opened = form_data(browser.get(url(note)), cause="Mine")
    theirs(note, [])
    response = browser.post(url(note), opened)
    assert outcome(response)["updates"] == ["codes"]
    browser.post(url(note), form_data(response))
    assert list(note.codes.all()) == []


def test_hidden_codes_count_as_unchanged(as_user, idle_staff, note):
    from django.contrib.auth.models import Permission

    hidden = make.code("7", make.table("inside", audience="internal"))
    note.codes.add(hidden)
    rights = ("view_troubleshootingnote", "change_troubleshootingnote", "view_returncode", "view_coderange")
    idle_staff.user_permissions.set(Permission.objects.filter(codename__in=rights))
    browser = as_user(idle_staff)
    TroubleshootingNote.objects.update(state="validated")
    opened = form_data(browser.get(url(note)), cause="Mine")
    # Not through the service, which would hide the note from this person.
    TroubleshootingNote.objects.update(title="Theirs", version=2)
    response = browser.post(url(note), opened)
    assert outcome(response) == {"updates": ["title"], "merges": [], "conflicts": []}
    assert browser.post(url(note), form_data(response)).status_code == 302
    assert hidden in note.codes.all()


def test_a_third_persons_edit_is_merged_too(as_user, editor, note, theirs):
    browser = as_user(editor)
    opened = form_data(browser.get(url(note)), resolution=STEPS.replace("Try", "Call"), cause="Mine")
    theirs(note, resolution=STEPS.replace("Ask", "Beg"), cause="Second")
    response = browser.post(url(note), opened)
    theirs(note, resolution=STEPS.replace("Ask", "Beg").replace("is open", "is not open"), title="Third")
    response = browser.post(url(note), form_data(response, take_theirs=["cause"]))
    assert outcome(response) == {"updates": ["title"], "merges": ["resolution"], "conflicts": []}
    browser.post(url(note), form_data(response))
    note.refresh_from_db()
    assert (note.title, note.cause) == ("Third", "Second")
    assert note.resolution == "1. Beg for the RoomID.\n2. Check that the room is not open.\n3. Call it again."


def test_a_choice_and_a_date_are_shown_in_words(as_user, editor, note, theirs):
    browser = as_user(editor)
    opened = form_data(browser.get(url(note)), audience="internal", review_on="2026-05-01")
    theirs(note, audience="internal", review_on="2026-06-01")
    merge_result = browser.post(url(note), opened).context["adminform"].form.merge_result
    assert [(f.label, f.before, f.theirs, f.mine) for f in merge_result.conflicts] == [
        ("Review date", "", "2026-06-01", "2026-05-01")
    ]


@pytest.mark.parametrize("opened", ["", "null", "[]", "{", '{"cause": "x"}', '{"cause": [1]}', "[" * 5000])
def test_without_the_original_input_every_difference_is_a_conflict(as_user, editor, note, theirs, opened):
    browser = as_user(editor)
    data = form_data(browser.get(url(note)), opened=opened, title="Mine")
    theirs(note, cause="Theirs")
    response = browser.post(url(note), data)
    assert outcome(response) == {"updates": [], "merges": [], "conflicts": ["title", "cause"]}
    assert form_data(response)["cause"] == "It was closed."


def test_other_errors_are_shown_with_the_merge(as_user, editor, note, theirs):
    browser = as_user(editor)
    opened = form_data(browser.get(url(note)), review_on="tomorrow", cause="Mine")
    theirs(note, environment="Web")
    response = browser.post(url(note), opened)
    assert "Enter a valid date" in errors(response)
    assert outcome(response)["updates"] == ["environment"]


def test_a_code_is_merged_with_an_import_that_came_between(as_user, editor, reviewer, room):
    browser = as_user(editor)
    opened = form_data(browser.get(url(room)), possible_reasons="Mine", disposition="retry_later")
    edit_code(room, 1, {"description": "Theirs", "fixer": "us"}, By(reviewer, Door.IMPORT))
    response = browser.post(url(room), opened)
    assert outcome(response) == {"updates": ["description", "fixer"], "merges": [], "conflicts": []}
    assert browser.post(url(room), form_data(response)).status_code == 302
    room.refresh_from_db()
    assert (room.description, room.possible_reasons, room.fixer) == ("Theirs", "Mine", "us")
    assert (room.disposition, room.disposition_origin, room.fixer_origin) == ("retry_later", "staff", "staff")


def test_an_incident_is_merged_with_its_times_and_codes(as_user, editor, reviewer, room):
    incident, seven = IncidentLink.objects.get(), make.code("7")
    browser = as_user(editor)
    opened = form_data(browser.get(url(incident)), impact="Mine", started_at_0="2026-01-02", started_at_1="10:00")
    save_incident(incident, 1, {"workaround": "Theirs"}, [room, seven], By(reviewer, Door.API))
    response = browser.post(url(incident), opened)
    assert {"workaround", "codes"} <= set(outcome(response)["updates"])
    assert browser.post(url(incident), form_data(response)).status_code == 302
    incident.refresh_from_db()
    assert (incident.impact, incident.workaround, incident.started_at.hour) == ("Mine", "Theirs", 10)
    assert set(incident.codes.all()) == {room, seven}


@pytest.mark.parametrize(
    ("model", "mine", "others"),
    [
        (CodeTable, {"name": "Mine"}, {"vendor": "Theirs"}),
        (Section, {"name": "Mine"}, {"position": 7}),
        (CodeRange, {"name": "Mine"}, {"last": 660399998}),
    ],
)
def test_tables_sections_and_ranges_are_merged_too(as_user, admin, room, model, mine, others):
    obj = model.objects.get()
    browser = as_user(admin)
    opened = form_data(browser.get(url(obj)), **mine)
    save = {CodeTable: save_table, Section: rename_section, CodeRange: save_range}[model]
    save(obj, obj.version, others, By(make.user("second", is_superuser=True), Door.API))
    response = browser.post(url(obj), opened)
    assert outcome(response)["updates"] == list(others)
    assert browser.post(url(obj), form_data(response)).status_code == 302
    obj.refresh_from_db()
    assert {name: getattr(obj, name) for name in mine | others} == mine | others


def test_a_group_of_synonyms_that_both_changed_is_a_conflict(as_user, editor, reviewer):
    group = Synonym.objects.create(words="lobby, anteroom")
    browser = as_user(editor)
    opened = form_data(browser.get(url(group)), words="lobby, foyer")
    save_synonym(group, 1, {"words": "lobby, hall"}, By(reviewer, Door.API))
    response = browser.post(url(group), opened)
    assert outcome(response)["conflicts"] == ["words"]
    browser.post(url(group), form_data(response, take_theirs=["words"]))
    group.refresh_from_db()
    assert group.words == "lobby, hall"


def test_a_refused_save_keeps_the_input(as_user, editor):
    group = Synonym.objects.create(words="lobby, anteroom")
    browser = as_user(editor)
    response = browser.post(url(group), form_data(browser.get(url(group)), words="alone"))
    assert "Enter two or more words" in errors(response)
    assert form_data(response)["words"] == "alone"


def test_hostile_words_of_theirs_are_shown_as_text(as_user, editor, note, theirs):
    browser = as_user(editor)
    opened = form_data(browser.get(url(note)), cause="<b>mine</b>")
    theirs(note, cause="<script>alert(1)</script>", title="</textarea><script>")
    page = browser.post(url(note), opened).text
    assert "<script>alert" not in page
    assert "</textarea><script>" not in page


def test_a_note_about_more_codes_than_a_form_usually_has_fields_is_saved(as_user, editor, room, note):
    codes = ReturnCode.objects.bulk_create(
        ReturnCode(table=room.table, section=room.section, code=str(n), identity=str(n), canonical=str(n), sort_key=n)
        for n in range(1_010)
    )
    note.codes.add(*codes)
    assert edit(as_user(editor), note, cause="Mine").status_code == 302
    assert note.codes.count() == 1_011
