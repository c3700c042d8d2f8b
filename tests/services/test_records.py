"""What the journal keeps of every write: who, when, why, through which door, of what, for whom."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from kb.api.framework import generation
from kb.models import Change, CodeRange, CodeTable, Door, IncidentLink, Proposal, ReturnCode, Section, Synonym
from kb.models.changes import ChangeKind
from kb.models.history import current_door
from kb.services import flags, incidents, journal, misses, notes, ranges, sections, synonyms, tables
from kb.services.codes import edit_code
from kb.services.journal import By, NotAllowed
from tests import make
from tests.services.meeting import meet
from tests.services.test_who_may_write import MODULES, WRITES

pytestmark = pytest.mark.django_db

VALIDATION = ["validated_at", "validated_by"]
# The changes of each write: noun, kind, fields.
CHANGES = {
    ("codes.edit_code", ""): [("code", "updated", ["symbol"])],
    ("phrasings.add_phrasing", "code"): [("code", "updated", ["phrasings"])],
    ("phrasings.add_phrasing", "note"): [("note", "updated", ["phrasings"])],
    ("tables.save_table", "new"): [("table", "created", [])],
    ("tables.save_table", ""): [("table", "updated", ["name"])],
    ("sections.rename_section", ""): [("section", "updated", ["name"])],
    ("ranges.save_range", "new"): [("range", "created", [])],
    ("ranges.save_range", ""): [("range", "updated", ["name"])],
    ("ranges.delete_range", ""): [("range", "deleted", [])],
    ("synonyms.save_synonym", "new"): [("synonym", "created", [])],
    ("synonyms.save_synonym", ""): [("synonym", "updated", ["words"])],
    ("synonyms.delete_synonym", ""): [("synonym", "deleted", [])],
    ("incidents.save_incident", "new"): [("incident", "created", [])],
    ("incidents.save_incident", ""): [("incident", "updated", ["codes", "reference"])],
    ("incidents.resolve_incident", ""): [("incident", "updated", ["reference", "resolved_at", "state"])],
    ("notes.save_note", "new"): [("note", "created", [])],
    ("notes.save_note", "draft"): [("note", "updated", ["cause"])],
    ("notes.save_note", "owner"): [("note", "updated", ["review_on"])],
    ("notes.submit_note", ""): [("note", "updated", ["state"])],
    ("notes.validate_note", ""): [("note", "updated", ["state", *VALIDATION])],
    ("notes.confirm_note", ""): [("note", "updated", [*VALIDATION, "verify_since"])],
    ("notes.return_note", ""): [("note", "updated", ["state"])],
    ("notes.archive_note", ""): [("note", "updated", ["state"])],
    ("notes.restore_note", ""): [("note", "updated", ["state"])],
    ("proposals.save_or_propose", "new"): [("note", "created", [])],
    ("proposals.save_or_propose", "draft"): [("note", "updated", ["cause"])],
    ("proposals.save_or_propose", "validated"): [("proposal", "created", [])],
    ("proposals.propose_change", ""): [("proposal", "created", [])],
    ("proposals.revise_proposal", "own"): [("proposal", "updated", ["reason"])],
    ("proposals.accept_proposal", ""): [
        ("note", "updated", ["cause", *VALIDATION, "verify_since"]),
        ("proposal", "updated", ["decided_at", "reviewer", "state"]),
    ],
    ("proposals.return_proposal", ""): [("proposal", "updated", ["comment", "decided_at", "reviewer", "state"])],
    ("proposals.withdraw_proposal", "own"): [("proposal", "updated", ["state"])],
    ("proposals.rebase_proposal", "own"): [("proposal", "updated", [])],
    ("flags.raise_flag", ""): [("flag", "created", [])],
    ("flags.assign_flag", ""): [("flag", "updated", ["owner"])],
    ("flags.answer_flag", ""): [("flag", "updated", ["answer", "state"])],
    ("outcomes.report_outcome", ""): [],
    ("misses.ignore_miss", ""): [("miss", "created", [])],
    ("misses.unignore_miss", ""): [("miss", "deleted", [])],
    ("watched_sources.save_source", "new"): [],
    ("watched_sources.save_source", ""): [],
    ("watched_sources.delete_source", ""): [],
    ("watched_sources.claim", ""): [],
}
# Of a new table and incident nothing is public yet, of a note only what is validated.
PUBLIC_NOUNS = {"code", "table", "section", "range", "incident"}
INTERNAL = {("tables.save_table", "new"), ("incidents.save_incident", "new")}
PUBLIC_NOTES = {("notes.validate_note", ""), ("notes.confirm_note", ""), ("notes.save_note", "owner")}
PUBLIC_NOTES |= {("proposals.accept_proposal", ""), ("phrasings.add_phrasing", "note")}


def is_public(question, change):
    return (
        question in PUBLIC_NOTES if change.noun == "note" else change.noun in PUBLIC_NOUNS and question not in INTERNAL
    )


def changes_of(ask, world, by):
    """Return what an answered question left in the feed, with its revisions, and undo it."""
    before, last = transaction.savepoint(), journal.take_sequence(1)
    try:
        ask(world, by)
        changes = list(Change.objects.since(last).select_related("actor"))
        models = journal.models_in_feed()
        rows = [models[change.noun].objects.filter(pk=change.object_id).first() for change in changes]
        return changes, [(row, hasattr(row, "history") and row.history.first()) for row in rows]
    finally:
        transaction.savepoint_rollback(before)


def test_every_write_has_its_changes():
    assert {question for question in WRITES if WRITES[question][0]} - CHANGES.keys() <= {
        ("notes.confirm_note", "own"),
        ("proposals.withdraw_proposal", "orphan"),
        ("proposals.rebase_proposal", ""),
    }


@pytest.mark.parametrize("module", MODULES)
def test_every_write_is_recorded_with_who_and_why_and_through_which_door(world, everybody, module):
    for question in [question for question in CHANGES if question[0].startswith(f"{module}.")]:
        expected, (who, ask) = CHANGES[question], WRITES[question]
        person = everybody["r" if "r" in who else "m"].user
        changes, rows = changes_of(ask, world, By(person, Door.API, "Because " + "x" * 200))
        assert [(c.noun, c.kind, c.fields) for c in changes] == expected, question
        for change, (row, revision) in zip(changes, rows, strict=True):
            assert (change.actor, change.door) == (person, Door.API), question
            assert (change.audience == "public") == is_public(question, change), question
            if question[0] != "proposals.accept_proposal":
                assert change.reason == ("Because " + "x" * 200)[:100], question
            if hasattr(row, "version"):
                assert row.version == (1 if change.kind == "created" else 2), question
            if revision:
                assert (revision.history_user, revision.door) == (person, Door.API), question
                assert (revision.history_change_reason, revision.history_date) == (change.reason, change.at), question
            if hasattr(row, "updated_at"):
                assert row.updated_at == change.at, question


def test_a_deletion_keeps_the_name_and_the_audience_of_what_was_deleted(admin):
    by = By(admin, Door.API, "Not a block")
    hidden = make.code_range("Hidden", of=make.table("secret", audience="internal"))
    shown = make.code_range("Shown")
    for code_range in (hidden, shown):
        ranges.delete_range(code_range, 1, by)
    assert list(Change.objects.since(0).values_list("object_id", "label", "audience", "kind")) == [
        (hidden.pk, str(hidden), "internal", "deleted"),
        (shown.pk, str(shown), "public", "deleted"),
    ]


@pytest.mark.parametrize(
    ("noun", "save", "values"),
    [
        ("code", edit_code, {"symbol": "", "description": "Room does not exist."}),
        ("table", tables.save_table, {"name": "Return codes"}),
        ("section", sections.rename_section, {"name": "Public", "position": 0}),
        ("range", ranges.save_range, {"name": "Room", "first": 660300000}),
        ("synonym", synonyms.save_synonym, {"words": "lobby ,anteroom, lobby"}),
        ("draft", notes.save_note, {"title": "A draft", "review_on": None}),
        ("flag", flags.assign_flag, None),
    ],
)
def test_an_edit_that_changes_nothing_writes_nothing(world, admin, noun, save, values):
    row, last = getattr(world, noun), journal.take_sequence(1)
    saved = save(row, 1, values, By(admin, Door.ADMIN))
    assert saved.version == 1
    assert not Change.objects.since(last).exists()


def test_links_that_stay_the_same_write_nothing_and_other_ones_one_revision(world, admin):
    by, other = By(admin, Door.ADMIN), make.code("2")
    incident = incidents.save_incident(world.incident, 1, {"reference": "A-1"}, [world.code], by)
    assert Change.objects.first().fields == ["reference"]
    count = incident.history.count()
    assert incidents.save_incident(incident, 2, {}, [world.code], by).version == 2
    assert incidents.save_incident(incident, 2, {}, [world.code, other], by).version == 3
    assert Change.objects.first().fields == ["codes"]
    assert incident.history.count() == count + 1
    assert set(incident.history.first().codes.values_list("returncode_id", flat=True)) == {world.code.pk, other.pk}


def test_ignoring_a_search_twice_writes_once(editor):
    by = By(editor, Door.ADMIN)
    assert misses.ignore_miss("nothing", by) == misses.ignore_miss("nothing", by)
    assert Change.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "audience"),
    [
        ({}, "internal"),
        ({"state": "not_validated"}, "internal"),
        ({"state": "validated"}, "public"),
        ({"state": "archived"}, "internal"),
        ({"state": "validated", "audience": "internal"}, "internal"),
    ],
)
def test_a_note_has_public_changes_only_while_it_is_validated_and_public(values, audience):
    note = make.note("Note", make.code("1"), **{"state": "draft", "audience": "public"} | values)
    assert audience_of_change(note) == audience


def audience_of_change(row):
    with journal.entry(By(None, Door.SHELL)) as entry:
        entry.note(row, "updated", [])
    return Change.objects.latest("sequence").audience


@pytest.mark.parametrize("noun", ["note", "incident"])
def test_what_is_about_internal_codes_alone_has_internal_changes(noun):
    """Its words may be for the public, and nobody of the public reads them."""
    row = getattr(make, noun)("Name", make.code("1", make.table("hidden", audience="internal")), audience="public")
    assert audience_of_change(row) == "internal"
    row.codes.add(make.code("1", make.table("shown")))
    assert audience_of_change(row) == "public"


@pytest.mark.parametrize("audience", ["public", "internal"])
def test_whatever_is_of_a_table_has_the_audience_of_the_table(audience):
    table = make.table(audience=audience)
    code = make.code(of=table)
    for row in (table, code, code.section, make.code_range(of=table)):
        assert journal.audience_of(row) == audience
    assert audience_of_change(make.incident(audience=audience)) == audience


def test_a_proposal_for_the_public_has_internal_changes():
    assert journal.audience_of(Proposal(note=make.note(), audience="public")) == "internal"


def test_a_name_longer_than_the_feed_keeps_is_cut(editor):
    incident = IncidentLink(url="https://status.example.com/1", title="x" * 200, reference="y" * 80)
    saved = incidents.save_incident(incident, None, {}, [], By(editor, Door.ADMIN))
    assert Change.objects.get().label == str(saved)[:250]


# An entry


def test_an_inner_entry_is_part_of_the_outer_one(editor, agent):
    codes = [make.code(str(n)) for n in range(3)]
    with journal.entry(By(editor, Door.ADMIN)):
        edit_code(codes[0], 1, {"symbol": "A"}, By(editor, Door.ADMIN, "First"))
        assert current_door.get() == Door.ADMIN
        edit_code(codes[1], 1, {"symbol": "B"}, By(editor, Door.API, "Second"))
        assert current_door.get() == Door.ADMIN
        assert not Change.objects.exists(), "the feed is written last"
        with journal.entry(By(editor, Door.SHELL)) as inner:
            inner.note(codes[2], ChangeKind.UPDATED, [])
    changes = list(Change.objects.since(0))
    assert [(c.sequence, c.object_id, c.door) for c in changes] == [
        (1, codes[0].pk, "admin"),
        (2, codes[1].pk, "api"),
        (3, codes[2].pk, "shell"),
    ]
    assert changes[0].at < changes[1].at <= changes[2].at
    assert current_door.get() == Door.SHELL


def test_an_entry_that_fails_leaves_the_door_and_the_next_entry_as_they_were(editor):
    code = make.code()
    with pytest.raises(RuntimeError), journal.entry(By(editor, Door.API)):
        raise RuntimeError
    assert current_door.get() == Door.SHELL
    edit_code(code, 1, {"symbol": "A"}, By(editor, Door.ADMIN))
    assert Change.objects.get().sequence == 1


def test_an_entry_without_a_change_takes_no_number_and_leaves_answers_in_memory(editor):
    before = journal.moves()
    with journal.entry(By(editor, Door.ADMIN)):
        pass
    assert journal.moves() == before
    assert journal.take_sequence(1) == 1


@pytest.mark.parametrize(("count", "following"), [(1, 2), (3, 4)])
def test_numbers_are_taken_in_blocks_without_a_gap(count, following):
    assert journal.take_sequence(count) == 1
    assert journal.take_sequence(1) == following


def test_a_change_is_later_than_the_last_one_although_the_clock_was_set_back(editor, time_machine):
    code = make.code()
    time_machine.move_to(datetime(2026, 7, 1, 12, tzinfo=UTC), tick=False)
    code = edit_code(code, 1, {"symbol": "A"}, By(editor, Door.ADMIN))
    time_machine.move_to(datetime(2026, 7, 1, 11, tzinfo=UTC), tick=False)
    with journal.entry(By(editor, Door.ADMIN)):
        code = edit_code(code, 2, {"symbol": "B"}, By(editor, Door.ADMIN))
        edit_code(code, 3, {"symbol": "C"}, By(editor, Door.ADMIN))
    first, second, third = Change.objects.since(0).values_list("at", flat=True)
    assert third - second == second - first == timedelta(microseconds=1)


def test_a_write_moves_the_generation_at_once_and_again_when_it_is_committed(django_capture_on_commit_callbacks):
    before = journal.moves()
    with django_capture_on_commit_callbacks(execute=True):
        journal.take_sequence(1)
        at_once = journal.moves()
    assert before < at_once < journal.moves()


@pytest.mark.django_db(transaction=True)
def test_what_was_read_before_a_commit_is_not_used_after_it(editor):
    code, read = make.code(), []
    before = generation.generation().sequence

    def write():
        edit_code(code, 1, {"symbol": "A"}, By(editor, Door.ADMIN))

    # Another connection reads after the write and before its commit. On SQLite, too, because readers never wait.
    meet(write, lambda: read.append(generation.generation().sequence))
    assert read == [before]
    assert generation.generation().sequence == before + 1


@pytest.mark.parametrize("action", ["add", "change", "delete"])
@pytest.mark.parametrize("model", [CodeTable, Section, ReturnCode, CodeRange, IncidentLink, Synonym])
def test_a_refusal_names_what_one_may_not_do(agent, admin, action, model):
    By(admin, Door.API).require_to(action, model)
    By(None, Door.SHELL).require_to(action, model)
    with pytest.raises(NotAllowed, match=f"permission to {action} {model._meta.verbose_name_plural}"):
        By(agent, Door.API).require_to(action, model)


def test_a_change_is_later_than_one_that_was_committed_since_it_was_made(editor):
    code = make.code()
    later = timezone.now() + timedelta(hours=1)
    with journal.entry(By(editor, Door.ADMIN)):
        edit_code(code, 1, {"symbol": "A"}, By(editor, Door.ADMIN))
        first = journal.take_sequence(1)
        Change.objects.create(sequence=first, at=later, kind="updated", noun="code", object_id=code.pk, door="api")
    assert Change.objects.first().at == later + timedelta(microseconds=1)


def test_a_deletion_of_what_has_revisions_is_signed(editor):
    note = make.note()
    revisions = note.history.model.objects.filter(id=note.pk)
    with journal.entry(By(editor, Door.API, "Twice there")) as entry:
        entry.delete(note)
    last = revisions.latest("history_id")
    assert (last.history_type, last.history_user, last.history_change_reason, last.door) == (
        "-",
        editor,
        "Twice there",
        "api",
    )
