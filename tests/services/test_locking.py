"""Writers wait for each other, and never for each other in a circle."""

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from kb import searching
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import
from kb.models import CodeRange, Door, IncidentLink, NoteOutcome, Outcome, ReturnCode, TroubleshootingNote
from kb.services import journal
from kb.services.bulk_edits import edit_each
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By, StaleEdit
from kb.services.notes import save_note
from kb.services.outcomes import report_outcome
from kb.services.proposals import NoteMoved, accept_proposal
from kb.services.reviews import request_review
from tests import make
from tests.admin.conftest import form_data, url
from tests.importing.files import open_text
from tests.services.meeting import meet
from tests.services.test_who_may_write import WRITES

needs_locks = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
BY = By(None, Door.SHELL)

# The row whose version each service compares.
ROWS = [
    ("codes.edit_code", "", "code"),
    ("tables.save_table", "", "table"),
    ("sections.rename_section", "", "section"),
    ("ranges.save_range", "", "range"),
    ("ranges.delete_range", "", "range"),
    ("synonyms.save_synonym", "", "synonym"),
    ("synonyms.delete_synonym", "", "synonym"),
    ("watched_sources.save_source", "", "source"),
    ("watched_sources.delete_source", "", "source"),
    ("incidents.save_incident", "", "incident"),
    ("incidents.resolve_incident", "", "incident"),
    ("notes.save_note", "draft", "draft"),
    ("notes.submit_note", "", "draft"),
    ("notes.validate_note", "", "draft"),
    ("notes.confirm_note", "", "note"),
    ("notes.return_note", "", "note"),
    ("notes.archive_note", "", "note"),
    ("notes.restore_note", "", "archived"),
    ("proposals.save_or_propose", "draft", "draft"),
    ("proposals.save_or_propose", "validated", "note"),
    ("proposals.propose_change", "", "note"),
    ("proposals.revise_proposal", "", "proposal"),
    ("proposals.accept_proposal", "", "proposal"),
    ("proposals.return_proposal", "", "proposal"),
    ("proposals.withdraw_proposal", "", "proposal"),
    ("proposals.rebase_proposal", "", "proposal"),
    ("proposals.rebase_proposal", "", "note"),
    ("flags.assign_flag", "", "flag"),
    ("flags.answer_flag", "", "flag"),
]


@pytest.mark.django_db(transaction=True)
def test_a_service_refuses_a_row_that_another_transaction_saves_meanwhile(world, everybody):
    accepted = []
    for service, case, name in ROWS:
        row, ask = getattr(world, name), WRITES[service, case][1]
        is_authors = service.split("_")[0] in ("proposals.revise", "proposals.withdraw")
        by = world.author if is_authors else everybody["x"]
        rows = type(row)._default_manager.filter(pk=row.pk)
        result = meet(lambda rows=rows: rows.update(version=2), lambda ask=ask, by=by: ask(world, by))
        rows.update(version=1)
        if type(result) is not StaleEdit:
            accepted.append((service, case, name, result))
    assert accepted == []


def test_every_service_that_takes_a_version_meets_another_transaction():
    # Of a new object nobody has a version; these have none, or take only what is not validated.
    without = {"flags.raise_flag", "outcomes.report_outcome", "misses.ignore_miss", "misses.unignore_miss"}
    # It adds a line to the row as it is stored now.
    without |= {"phrasings.add_phrasing"}
    # A claim is for whoever comes first.
    without |= {"watched_sources.claim"}
    assert {service for service, _ in WRITES} - without == {service for service, _, _ in ROWS}


@pytest.mark.django_db(transaction=True)
def test_a_proposal_is_not_accepted_over_texts_that_another_transaction_saves_meanwhile(world, everybody):
    notes = TroubleshootingNote.objects.filter(pk=world.note.pk)
    result = meet(
        lambda: notes.update(resolution="Theirs."), lambda: accept_proposal(world.proposal, 1, everybody["r"])
    )
    assert type(result) is NoteMoved
    assert notes.get().resolution == "Theirs."


@pytest.mark.django_db(transaction=True)
def test_a_request_for_another_look_overwrites_no_text_that_another_transaction_saves_meanwhile(world, everybody):
    note = make.note("Busy")
    notes = TroubleshootingNote.objects.filter(pk=note.pk)
    NoteOutcome.objects.create(note=note, outcome="did_not_work", day="2999-01-01", count=3)
    result = meet(
        lambda: notes.update(cause="Theirs.", version=2),
        lambda: report_outcome(note, Outcome.DID_NOT_WORK, everybody["g"]),
    )
    assert result is None
    note.refresh_from_db()
    assert (note.cause, note.version, note.verify_since is not None) == ("Theirs.", 3, True)


@pytest.mark.django_db(transaction=True)
def test_a_form_is_merged_with_what_another_transaction_saves_meanwhile(client, editor):
    client.force_login(editor)
    note = make.note("Busy", state="draft")
    opened = form_data(client.get(url(note)), title="Mine")
    result = meet(
        lambda: save_note(note, 1, {"cause": "Theirs."}, BY),
        lambda: client.post(url(note), opened),
    )
    assert [field.name for field in result.context["adminform"].form.merge_result.updates] == ["cause"]


@pytest.fixture
def asked_locks(monkeypatch):
    """The models whose rows were asked for with a lock; SQLite has none, and ignores the request."""
    asked, of_rows = [], models.QuerySet.select_for_update

    def select_for_update(rows, **options):
        asked.append((rows.model, options))
        return of_rows(rows, **options)

    monkeypatch.setattr(models.QuerySet, "select_for_update", select_for_update)
    return asked


def test_a_service_and_a_form_lock_the_row_but_not_its_key(client, editor, asked_locks):
    # A locked key would make everybody wait who refers to the row.
    code = make.code()
    edit_code(code, 1, {"description": "Ours."}, BY)
    assert asked_locks == [(ReturnCode, {"no_key": True})]
    client.force_login(editor)
    client.post(url(code), form_data(client.get(url(code)), description="Gone."))
    assert asked_locks == [(ReturnCode, {"no_key": True})] * 3


def test_rows_are_locked_in_the_order_of_their_ids_whatever_the_order_of_the_selection(db):
    codes, locked = [make.code(str(n)) for n in range(4)], []
    shuffled = {codes[n].pk: 1 for n in (2, 0, 3, 1)}
    edit_each(ReturnCode.objects.all(), shuffled, lambda row, version, by: locked.append(row.pk) or row, BY)
    assert locked == [code.pk for code in codes]


def test_notes_are_locked_in_the_order_of_their_ids_for_another_look(db):
    notes = [make.note(f"Note {n}") for n in range(4)]
    with journal.entry(BY) as entry:
        request_review(entry, [notes[n] for n in (2, 0, 3, 1)], "Reworded.")
    assert [change.object_id for change in entry.changes] == [note.pk for note in notes]


@needs_locks
@pytest.mark.django_db(transaction=True)
def test_linking_a_locked_code_waits_before_taking_other_locks():
    code = make.code()
    elsewhere = make.section(code.table, "Elsewhere")
    values = {"url": "https://tracker.example.com/browse/A-1", "title": "Down"}

    def finish():
        searching.refresh([code.pk])
        journal.take_sequence(1)

    linked = meet(
        lambda: ReturnCode.objects.filter(pk=code.pk).update(section=elsewhere),
        lambda: save_incident(IncidentLink(), None, values, [code], BY),
        then=finish,
    )
    assert list(linked.codes.all()) == [code]


@needs_locks
def test_a_form_locks_only_the_row_that_it_saves(client, editor):
    client.force_login(editor)
    made = CodeRange.objects.create(table=make.table(), name="Rooms", first=1, last=9)
    where = f"/admin/kb/coderange/{made.pk}/change/"
    fields = {"table": made.table_id, "name": "Halls", "first": 1, "last": 9, "version": 1, "origin": "staff"}
    with CaptureQueriesContext(connection) as asked:
        answer = client.post(where, fields)
    assert answer.status_code == 302, answer.context["adminform"].errors
    locking = [query["sql"] for query in asked if "FOR NO KEY UPDATE" in query["sql"]]
    assert locking
    assert not [sql for sql in locking if "JOIN" in sql]


@needs_locks
@pytest.mark.django_db(transaction=True)
def test_an_import_locks_notes_before_codes_as_editors_do():
    code = make.code("1", description="Old words.")
    note = make.note("Room is gone", code)
    planned = plan_import(
        code.table, open_text("section,code,description\nElsewhere,1,New words.\n"), BY, complete=True
    )
    # As the database looks at a code that is linked anew.
    look = "SELECT id FROM kb_returncode WHERE id = %s FOR KEY SHARE"
    applied = meet(
        lambda: TroubleshootingNote.objects.select_for_update(no_key=True).get(pk=note.pk),
        lambda: apply_import(planned, BY),
        then=lambda: ReturnCode.objects.raw(look, [code.pk])[0],
    )
    assert applied.state == "applied"
    assert TroubleshootingNote.objects.get().verify_since
