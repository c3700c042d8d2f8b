"""Changes for people: which of them, with which texts and fields, for each reader."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from kb.models import Change, Door, IncidentLink, ReturnCode, TroubleshootingNote
from kb.queries.changes import change_steps, recent_changes
from kb.services import journal
from kb.services.codes import edit_code
from kb.services.flags import raise_flag
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.notes import archive_note, save_note, validate_note
from kb.services.proposals import accept_proposal, propose_change
from kb.services.ranges import delete_range, save_range
from kb.services.reviews import request_review
from kb.services.sections import rename_section
from kb.services.tables import save_table
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreed")]
# A command may do everything, without a user.
SHELL = By(None, Door.SHELL)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECRET = "zirconium"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def by(reviewer):
    return By(reviewer, Door.ADMIN, "because the vendor said so")


@pytest.fixture
def second():
    return By(make.user("second", "reviewer"), Door.ADMIN)


def steps(user, **filters):
    return change_steps(list(recent_changes(user, **filters)), user)


def texts(step):
    return [(text.label, text.before, text.after) for text in step.words]


def shown(user):
    return str([(step.subject, texts(step), step.other_fields, step.reason) for step in steps(user)])


@pytest.mark.parametrize(("late", "count"), [(timedelta(0), 1), (timedelta(microseconds=1), 0)])
def test_a_change_at_the_first_moment_asked_for_is_included(late, count, by):
    code = make.code()
    edit_code(code, code.version, {"description": "Other."}, by)
    at = Change.objects.get().at
    assert recent_changes(None, since=at + late).count() == count


def test_the_latest_change_comes_first(by):
    code = make.code()
    for text in ("One.", "Two."):
        code = edit_code(code, code.version, {"description": text}, by)
    assert [texts(step)[0][2] for step in steps(None)] == ["Two.", "One."]


def test_the_public_never_reads_a_text_that_was_internal_before_the_same_change(by, second, editor):
    """An accepted proposal takes a note from internal to public in one change."""
    code = make.code()
    note = save_note(TroubleshootingNote(), None, {"title": "Note", "cause": f"Ask {SECRET}."}, by, [code])
    note = validate_note(note, note.version, second)
    values = {"title": "Note", "cause": "Ask support.", "audience": "public"}
    accept_proposal(propose_change(note, note.version, values, By(editor, Door.ADMIN)), 1, second)
    step = steps(None)[0]
    assert (step.subject, texts(step)) == (note, [])
    assert SECRET not in shown(None)
    assert SECRET in shown(editor)


def test_the_public_never_reads_the_internal_words_of_an_incident_that_became_public(by, editor):
    values = {"title": SECRET, "url": "https://s.example/1", "impact": SECRET}
    incident = save_incident(IncidentLink(), None, values, [make.code()], by)
    save_incident(incident, incident.version, {"audience": "public", "title": "Down", "impact": "All"}, None, by)
    (step,) = steps(None)
    assert (step.subject, texts(step)) == (incident, [])
    assert SECRET in shown(editor)


def test_the_public_never_reads_a_text_from_before_a_note_was_validated(by, second, editor):
    """No service rewords a note and validates it in one change yet."""
    values = {"title": "Note", "cause": f"Ask {SECRET}.", "audience": "public"}
    note = save_note(TroubleshootingNote(), None, values, by, [make.code()])
    with journal.entry(second) as entry:
        note = entry.lock(TroubleshootingNote, note.pk)
        entry.update(note, journal.set_fields(note, {"state": "validated", "cause": "Ask support."}))
    (step,) = steps(None)
    assert (step.subject, texts(step)) == (note, [])
    assert SECRET in shown(editor)


def test_the_public_reads_how_a_public_text_changed(by, second):
    code = make.code()
    values = {"title": "Note", "cause": "Before.", "audience": "public"}
    note = save_note(TroubleshootingNote(), None, values, by, [code])
    note = validate_note(note, note.version, second)
    proposal = propose_change(note, note.version, {**values, "cause": "After."}, by)
    accept_proposal(proposal, proposal.version, second)
    values = {"title": "Down", "url": "https://s.example/1", "impact": "Some", "audience": "public"}
    incident = save_incident(IncidentLink(), None, values, [code], by)
    save_incident(incident, incident.version, {"impact": "All"}, None, by)
    assert [texts(step) for step in steps(None)][::2] == [
        [("Impact", "Some", "All")],
        [("Cause", "Before.", "After.")],
    ]


def test_a_note_or_incident_that_became_internal_takes_its_earlier_changes_along(by, second):
    values = {"title": "Note", "cause": "Before.", "audience": "public"}
    note = save_note(TroubleshootingNote(), None, values, by, [make.code()])
    note = validate_note(note, note.version, second)
    values = {"title": "Down", "url": "https://s.example/1", "audience": "public"}
    incident = save_incident(IncidentLink(), None, values, [], by)
    assert [step.subject for step in steps(None)] == [incident, note]
    save_incident(incident, incident.version, {"audience": "internal"}, None, by)
    assert [step.subject for step in steps(None)] == [note]
    public = list(recent_changes(None))
    archive_note(note, note.version, second)
    assert steps(None) == []
    assert len(steps(by.user)) == 5
    assert [(step.subject, step.words) for step in change_steps(public, None)] == [(None, [])]


def test_a_public_change_of_an_object_that_is_hidden_now_has_no_texts(by):
    code = make.code()
    edit_code(code, 1, {"description": SECRET}, by)
    changes = list(recent_changes(None))
    assert texts(change_steps(changes, None)[0]) == [("Description", "Room does not exist.", SECRET)]
    type(code.table).objects.update(audience="internal")
    (step,) = change_steps(changes, None)
    assert (step.subject, step.table, step.words) == (None, None, [])


def test_a_table_that_became_internal_takes_the_changes_of_its_objects_along(by, editor):
    table = make.table("gone")
    code = make.code("1", table)
    code = edit_code(code, code.version, {"description": "Other."}, by)
    rename_section(table.sections.get(), 1, {"name": "Other"}, SHELL)
    save_range(make.code_range(of=table), 1, {"name": "Other"}, by)
    incident = make.incident("Down", code)
    save_incident(incident, 1, {"impact": "All"}, None, by)
    assert {step.change.noun for step in steps(None)} == {"code", "section", "range", "incident"}
    save_table(table, 1, {"audience": "internal"}, SHELL)
    assert steps(None) == []
    # That of the table, and that of the incident's links to it.
    assert len(steps(editor)) == 6


def test_each_noun_is_found_by_its_table(by, second):
    tables = {name: make.table(name) for name in ("one", "two")}
    for name, table in tables.items():
        code = make.code("1", table)
        block = make.code_range(of=table)
        save_table(table, 1, {"name": name}, SHELL)
        edit_code(code, 1, {"description": name}, by)
        rename_section(table.sections.get(), 1, {"name": name}, SHELL)
        save_range(block, 1, {"name": name}, by)
        values = {"title": name, "url": f"https://s.example/{name}", "audience": "public"}
        save_incident(IncidentLink(), None, values, [code], by)
        for links in ({"codes": [code]}, {"ranges": [block]}):
            note = save_note(TroubleshootingNote(), None, {"title": name, "audience": "public"}, by, **links)
            validate_note(note, note.version, second)
    expected = ["note", "note", "incident", "range", "section", "code", "table"]
    for name, table in tables.items():
        for user, count in ((None, 1), (second.user, 2)):
            rows = list(recent_changes(user, table=table))
            nouns = [row.noun for row in rows if not (row.noun == "note" and row.kind == "created")]
            assert nouns == expected, user
            assert len(rows) == 7 + (count - 1) * 2
            tables_of = {step.change.noun: step.table and step.table.slug for step in change_steps(rows, user)}
            assert tables_of == dict.fromkeys(["range", "section", "code", "table"], name) | dict.fromkeys(
                ["note", "incident"]
            )
    assert recent_changes(None).count() == 14


def test_an_unedited_text_that_an_import_changed_is_listed_once_and_an_edited_one_twice(by):
    code = make.code(description="Before.", symbol="OLD")
    both = {"description": "After.", "vendor_description": "After."}
    values = both | {"symbol": "OURS", "vendor_symbol": "THEIRS"}
    with journal.entry(by) as entry:
        current = entry.lock(ReturnCode, code.pk, 1)
        entry.update(current, journal.set_fields(current, values))
    assert texts(steps(None)[0]) == [
        ("Symbol", "OLD", "OURS"),
        ("Description", "Before.", "After."),
        ("Vendor's symbol", "OLD", "THEIRS"),
    ]


@pytest.mark.parametrize(("who", "fields"), [("public", ["Who can fix it"]), ("staff", ["Version", "Who can fix it"])])
def test_the_public_reads_the_names_of_public_fields_alone(who, fields, by, editor):
    code = make.code()
    edit_code(code, 1, {"fixer": "us", "description": "Other."}, by)
    Change.objects.update(fields=["description", "fixer", "fixer_origin", "version"])
    step = steps(None if who == "public" else editor)[0]
    assert step.other_fields == fields
    assert step.reason == ("" if who == "public" else "because the vendor said so")


def test_a_linked_field_has_the_name_without_its_key(by, editor):
    code = make.code()
    edit_code(code, 1, {"successor": make.code("2")}, by)
    Change.objects.update(fields=["successor_id", "owner_id"])
    assert steps(None)[0].other_fields == ["Successor"]
    assert steps(editor)[0].other_fields == ["Owner", "Successor"]


def test_what_was_deleted_has_no_texts_and_shows_its_label_to_internal_readers(by, editor):
    block = save_range(make.code_range("Room"), 1, {"name": "Rooms"}, by)
    delete_range(block, block.version, by)
    deleted, updated = steps(editor)
    assert (deleted.change.kind, deleted.subject, deleted.table) == ("deleted", None, None)
    assert "Rooms" in deleted.change.label
    assert (updated.change.kind, updated.words) == ("updated", [])
    assert steps(None) == []


def test_changes_of_support_itself_are_not_listed(agent, by):
    raise_flag(make.code(), None, "Wrong", By(agent, Door.WEB))
    assert Change.objects.get().noun == "flag"
    assert steps(by.user) == []


@pytest.mark.parametrize("noun", ["note", "incident"])
def test_the_public_reads_no_text_from_when_it_was_linked_to_internal_codes_alone(noun, by, editor, settings):
    settings.KB_VALIDATE_OWN_WORDS = True
    inside, code = make.code("77", make.table("inside", audience="internal")), make.code()
    if noun == "note":
        row = make.note("Known", cause=SECRET)
        row = save_note(row, row.version, {"environment": "Here"}, by, [inside])
        save_note(row, row.version, {"cause": "The door is shut."}, by, [code])
    else:
        row = make.incident("Known", inside, impact=SECRET)
        row = save_incident(row, row.version, {"workaround": "Wait."}, [inside], by)
        save_incident(row, row.version, {"impact": "Nobody enters."}, [code], by)
    assert SECRET in shown(editor)
    assert SECRET not in shown(None)
    row.refresh_from_db()
    last = {"cause": "Open it."} if noun == "note" else {"impact": "Open it."}
    (save_note(row, row.version, last, by) if noun == "note" else save_incident(row, row.version, last, None, by))
    # What it said while it was linked to a public code is shown.
    assert "Open it." in shown(None)
    assert SECRET not in shown(None)


def test_an_edit_of_supports_own_work_is_no_change_for_the_public(by, editor):
    note = make.note("Known", make.code())
    save_note(note, note.version, {"review_on": NOW.date() + timedelta(days=9), "owner": editor}, by)
    with journal.entry(by) as entry:
        request_review(entry, TroubleshootingNote.objects.all(), "Look again.")
    assert len(steps(editor)) == 2
    assert steps(None) == []
    note.refresh_from_db()
    archive_note(note, note.version, by)
    assert len(steps(editor)) == 3
