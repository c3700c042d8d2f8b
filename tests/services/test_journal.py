"""Every write is one transaction that leaves a revision and a place in the ordered feed."""

import threading

import pytest
from django.db import connection, transaction

from kb.models import Change, ChangeCounter, Door, ReturnCode, TroubleshootingNote
from kb.models.changes import last_sequence
from kb.services import journal
from kb.services.codes import edit_code
from kb.services.journal import By, NotAllowed, StaleEdit
from kb.services.notes import archive_note, restore_note, return_note, save_note, submit_note, validate_note
from tests import make

pytestmark = pytest.mark.django_db


def by(user, reason="", door=Door.ADMIN):
    return By(user, door, reason)


def feed():
    return [(change.sequence, change.noun, change.kind, change.fields) for change in Change.objects.since(0)]


def test_an_edit_raises_the_version_and_adds_a_change(editor):
    code = make.code()
    edit_code(code, 1, {"description": "The room is gone."}, by(editor, "clearer"))
    code.refresh_from_db()
    assert (code.description, code.vendor_description, code.version) == (
        "The room is gone.",
        "Room does not exist.",
        2,
    )
    assert code.edited_texts == ["description"]
    assert feed() == [(1, "code", "updated", ["description"])]


def test_a_revision_has_the_user_the_reason_and_the_door(editor):
    code = make.code()
    edit_code(code, 1, {"description": "Gone."}, by(editor, "clearer", Door.API))
    revision = code.history.first()
    assert (revision.history_user, revision.history_change_reason, revision.door) == (editor, "clearer", "api")


def test_an_edit_without_a_change_writes_nothing(editor):
    code = make.code()
    revisions = code.history.count()
    assert edit_code(code, 1, {"description": code.description}, by(editor)).version == 1
    assert feed() == []
    assert code.history.count() == revisions


def test_a_stale_edit_is_refused_and_loses_nothing(editor):
    code = make.code()
    edit_code(code, 1, {"description": "First."}, by(editor))
    with pytest.raises(StaleEdit) as refused:
        edit_code(code, 1, {"description": "Second."}, by(editor))
    assert refused.value.current.description == "First."
    code.refresh_from_db()
    assert code.description == "First."


def test_an_edit_of_a_vendor_field_is_refused(editor):
    with pytest.raises(ValueError, match="vendor_description"):
        edit_code(make.code(), 1, {"vendor_description": "x"}, by(editor))


def test_a_disposition_of_staff_can_be_returned_to_the_vendor(editor):
    code = make.code(suggested_actions="Please try again later.")
    code = edit_code(code, 1, {"disposition": "no_action"}, by(editor))
    assert (code.disposition, code.disposition_origin, code.fixer_origin) == ("no_action", "staff", "vendor")
    code = edit_code(code, 2, {"disposition": None}, by(editor))
    assert (code.disposition, code.disposition_origin) == ("retry_later", "vendor")


def test_a_note_and_its_codes_are_one_revision(editor):
    one, two = make.code("1"), make.code("2")
    note = save_note(TroubleshootingNote(), None, {"title": "Busy"}, by(editor), codes=[one])
    save_note(note, 1, {"title": "Server busy"}, by(editor), codes=[one, two])
    latest, first = note.history.all()
    assert [revision.title for revision in (first, latest)] == ["Busy", "Server busy"]
    assert [row.returncode_id for row in latest.codes.all()] == [one.pk, two.pk]
    assert feed() == [(1, "note", "created", []), (2, "note", "updated", ["codes", "title"])]


def test_a_failure_rolls_everything_back(editor):
    code = make.code()
    with pytest.raises(RuntimeError), journal.entry(by(editor)) as entry:  # noqa: PT012
        entry.update(entry.lock(ReturnCode, code.pk), ["description"])
        raise RuntimeError
    code.refresh_from_db()
    assert code.version == 1
    assert feed() == []
    assert last_sequence() == 0


def test_changes_of_internal_objects_are_internal(editor):
    hidden = make.code("7", make.table("secret", audience="internal"))
    edit_code(hidden, 1, {"description": "Hush."}, by(editor))
    draft = save_note(TroubleshootingNote(), None, {"title": "Draft", "audience": "public"}, by(editor))
    assert draft.state == "draft"
    assert [change.audience for change in Change.objects.since(0)] == ["internal", "internal"]
    assert not Change.objects.visible_to(None).exists()


# The life of a note


def written(author, **fields):
    note = save_note(TroubleshootingNote(), None, {"title": "Busy"} | fields, by(author))
    return submit_note(note, note.version, by(author))


def test_a_note_goes_from_draft_to_validated(editor, reviewer):
    note = written(editor)
    assert note.state == "not_validated"
    note = validate_note(note, note.version, by(reviewer))
    assert (note.state, note.validated_by) == ("validated", reviewer)
    assert note.validated_at is not None


def test_an_editor_may_not_validate(editor):
    note = written(editor)
    with pytest.raises(NotAllowed, match="reviewer"):
        validate_note(note, note.version, by(editor))


def test_a_reviewer_may_not_validate_their_own_texts(reviewer, settings):
    note = written(reviewer)
    with pytest.raises(NotAllowed, match="Somebody else"):
        validate_note(note, note.version, by(reviewer))
    settings.KB_VALIDATE_OWN_WORDS = True
    assert validate_note(note, note.version, by(reviewer)).is_validated


def test_an_edit_by_another_person_does_not_let_a_reviewer_validate_their_own_texts(editor, reviewer):
    note = written(reviewer)
    note = save_note(note, note.version, {"cause": "."}, by(editor))
    with pytest.raises(NotAllowed, match="Somebody else"):
        validate_note(note, note.version, by(reviewer))


def test_texts_that_another_person_validated_have_no_author_left(editor, reviewer, admin):
    note = written(reviewer)
    note = validate_note(note, note.version, by(admin))
    note = return_note(note, note.version, by(admin))
    note = save_note(note, note.version, {"cause": "Too many calls."}, by(editor))
    assert validate_note(note, note.version, by(reviewer)).is_validated


def test_a_reviewer_who_may_validate_their_own_texts_publishes_at_once(editor, reviewer, admin, settings):
    settings.KB_VALIDATE_OWN_WORDS = True
    note = validate_note(note := written(editor), note.version, by(admin))
    note = save_note(note, note.version, {"cause": "Third."}, by(reviewer))
    assert (note.state, note.validated_by) == ("validated", reviewer)


@pytest.mark.parametrize("person", ["editor", "reviewer"])
@pytest.mark.parametrize("change", ["cause", "audience", "codes"])
def test_nobody_replaces_validated_texts_with_their_own(request, editor, reviewer, person, change):
    note = validate_note(note := written(editor), note.version, by(reviewer))
    values = {"cause": {"cause": "Other."}, "audience": {"audience": "public"}, "codes": {}}[change]
    codes = [make.code()] if change == "codes" else None
    with pytest.raises(NotAllowed, match="for a reviewer to accept"):
        save_note(note, note.version, values, by(request.getfixturevalue(person)), codes=codes)
    note.refresh_from_db()
    assert (note.state, note.validated_by, note.cause) == ("validated", reviewer, "")


def test_a_new_owner_keeps_the_validation(editor, reviewer):
    note = validate_note(note := written(editor), note.version, by(reviewer))
    assert save_note(note, note.version, {"owner": editor}, by(editor)).is_validated


def test_a_step_that_the_state_forbids_is_refused_with_the_reason(editor, reviewer):
    note = written(editor)
    with pytest.raises(NotAllowed, match=r"not validated\. Allowed states: draft"):
        submit_note(note, note.version, by(editor))
    note = archive_note(note, note.version, by(reviewer))
    with pytest.raises(NotAllowed, match="archived"):
        validate_note(note, note.version, by(reviewer))
    assert restore_note(note, note.version, by(reviewer)).state == "draft"


def test_an_editor_may_not_return_or_archive_a_note(editor, reviewer):
    note = written(editor)
    for verb in (return_note, archive_note):
        with pytest.raises(NotAllowed, match="reviewer"):
            verb(note, note.version, by(editor))


# Two people at once: real connections, real transactions


def at_once(*jobs):
    """Run each job in a thread with its own connection; return what they raised."""
    raised, gate = [], threading.Barrier(len(jobs))

    def run(job):
        gate.wait()
        try:
            job()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


@pytest.mark.django_db(transaction=True)
def test_of_two_concurrent_edits_one_is_refused(editor):
    code = make.code()
    raised = at_once(*(lambda text=text: edit_code(code, 1, {"description": text}, by(editor)) for text in "abcd"))
    assert [type(error) for error in raised] == [StaleEdit] * 3
    code.refresh_from_db()
    assert code.version == 2
    assert len(feed()) == 1


@pytest.mark.django_db(transaction=True)
def test_the_feed_has_no_gap_and_no_repeat_with_concurrent_writers(editor):
    codes = [make.code(str(n)) for n in range(4)]

    def edit_often(code):
        for n in range(5):
            edit_code(code, n + 1, {"description": f"Text {n}"}, by(editor))

    assert at_once(*(lambda code=code: edit_often(code) for code in codes)) == []
    assert [sequence for sequence, *_ in feed()] == list(range(1, 21))
    assert ChangeCounter.objects.get().last == 20


@pytest.mark.django_db(transaction=True)
def test_a_reader_who_resumes_from_a_sequence_misses_nothing(editor):
    """The later commit gets the later number, though its transaction began first."""
    early, late = make.code("1"), make.code("2")
    began, committed = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            ReturnCode.objects.filter(pk=late.pk).count()
            began.set()
            if connection.vendor == "postgresql":
                committed.wait(10)
            edit_code(late, 1, {"description": "Late."}, by(editor))

    def quick():
        began.wait(10)
        edit_code(early, 1, {"description": "Early."}, by(editor))
        committed.set()

    assert at_once(slow, quick) == []
    order = list(Change.objects.since(0).values_list("object_id", flat=True))
    assert len(order) == 2
    if connection.vendor == "postgresql":
        assert order == [early.pk, late.pk]
