"""What happens to a note: its validation, its reviewers, its review date."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from kb.models import Door, NoteOutcome, Outcome, TroubleshootingNote
from kb.services import journal, notes
from kb.services.journal import By, NotAllowed
from kb.services.notes import confirm_note, save_note, validate_note
from kb.services.outcomes import report_outcome
from kb.services.reviews import request_review
from tests import make

pytestmark = pytest.mark.django_db
NOW, TODAY = datetime(2026, 7, 1, 12, tzinfo=UTC), date(2026, 7, 1)
EARLIER = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


def by(user, reason=""):
    return By(user, Door.ADMIN, reason)


@pytest.mark.parametrize(
    ("state", "verb", "after"),
    [
        ("draft", "submit_note", "not_validated"),
        ("not_validated", "return_note", "draft"),
        ("validated", "return_note", "draft"),
        ("draft", "archive_note", "archived"),
        ("not_validated", "archive_note", "archived"),
        ("validated", "archive_note", "archived"),
        ("archived", "restore_note", "draft"),
    ],
)
def test_a_note_that_is_no_longer_validated_names_no_validator(reviewer, state, verb, after):
    note = make.note(state=state, validated_by=reviewer, validated_at=EARLIER)
    note = getattr(notes, verb)(note, 1, by(reviewer))
    assert (note.state, note.validated_by, note.validated_at) == (after, None, None)


STATES = ["draft", "not_validated", "validated", "archived"]


@pytest.mark.parametrize(
    ("verb", "sources"),
    [
        ("submit_note", ["draft"]),
        ("validate_note", ["draft", "not_validated"]),
        ("confirm_note", ["validated"]),
        ("return_note", ["not_validated", "validated"]),
        ("archive_note", ["draft", "not_validated", "validated"]),
        ("restore_note", ["archived"]),
    ],
)
def test_a_step_starts_from_its_states_alone(reviewer, verb, sources):
    moved = []
    for state in STATES:
        note = make.note(state=state, verify_since=EARLIER)
        try:
            getattr(notes, verb)(note, 1, by(reviewer))
        except NotAllowed:
            assert TroubleshootingNote.objects.get(pk=note.pk).version == 1
        else:
            moved.append(state)
    assert moved == sources
    assert [m.sources for m in notes.TRANSITIONS.values() if m.verb is getattr(notes, verb)] == [set(sources)]


@pytest.mark.parametrize(
    ("review_on", "after"),
    [
        (None, None),
        (date(2026, 7, 2), date(2026, 7, 2)),
        (TODAY, date(2026, 12, 28)),
        (EARLIER.date(), date(2026, 12, 28)),
    ],
)
def test_a_validation_closes_requests_and_moves_a_due_review_date(reviewer, review_on, after):
    note = make.note(state="not_validated", verify_since=EARLIER, verify_reason="Reworded.", review_on=review_on)
    note = validate_note(note, 1, by(reviewer))
    assert (note.validated_by, note.validated_at, note.review_on) == (reviewer, NOW, after)
    assert (note.verify_since, note.verify_reason) == (None, "")


@pytest.mark.parametrize(
    ("role", "own_words", "state", "values", "validator"),
    [
        # Who may publish texts of their own validates them by saving them, and nothing else.
        ("reviewer", True, "validated", {"cause": "New."}, "reviewer"),
        ("reviewer", True, "validated", {"audience": "internal"}, "reviewer"),
        ("reviewer", True, "validated", {"owner": None, "review_on": TODAY}, "before"),
        ("reviewer", True, "validated", {"cause": "Old."}, "before"),
        ("reviewer", True, "not_validated", {"cause": "New."}, "before"),
        ("editor", True, "validated", {"review_on": TODAY}, "before"),
        ("editor", False, "validated", {"review_on": TODAY}, "before"),
    ],
)
def test_a_save_is_a_validation_only_of_new_content_by_who_may_publish_it(
    request, settings, editor, reviewer, role, own_words, state, values, validator
):
    settings.KB_VALIDATE_OWN_WORDS = own_words
    people = {"reviewer": reviewer, "before": make.user("before", "reviewer")}
    note = make.note(state=state, cause="Old.", owner=editor, validated_by=people["before"], validated_at=EARLIER)
    saved = save_note(note, 1, values, by(request.getfixturevalue(role)))
    assert (saved.state, saved.validated_by) == (state, people[validator])
    assert saved.validated_at == (NOW if validator == "reviewer" else EARLIER)


@pytest.mark.parametrize(
    ("role", "own_words", "what", "needs"),
    [
        *(
            (role, False, what, True)
            for role in ("editor", "reviewer")
            for what in ("title", "audience", "codes", "ranges")
        ),
        *(
            (role, False, what, False)
            for role in ("editor", "reviewer")
            for what in ("owner", "review_on", "same codes")
        ),
        ("editor", True, "title", True),
        ("editor", True, "codes", True),
        ("reviewer", True, "title", False),
        ("reviewer", True, "codes", False),
    ],
)
def test_new_content_of_a_validated_note_needs_a_reviewer(request, settings, role, own_words, what, needs):
    settings.KB_VALIDATE_OWN_WORDS = own_words
    code = make.code()
    note, user = make.note("Busy", code), request.getfixturevalue(role)
    links = {"codes": [make.code("7")], "same codes": [code], "ranges": [make.code_range()]}
    values = {"title": "New", "audience": "internal", "owner": user, "review_on": TODAY}
    asked = {"codes" if "codes" in what else what: links[what]} if what in links else {}
    given = {what: values[what]} if what in values else {}
    assert notes.needs_reviewer(note, given, asked, user) == needs
    note.state = "not_validated"
    assert not notes.needs_reviewer(note, given, asked, user)


@pytest.mark.parametrize(("role", "may"), [("agent", False), ("editor", True), ("reviewer", True), ("importer", False)])
def test_an_owner_confirms_only_with_the_right_to_edit_notes(request, role, may):
    owner = request.getfixturevalue(role)
    assert notes.may_confirm(make.note(owner=owner), owner) == may
    assert notes.may_confirm(make.note(owner=make.user("other", "editor")), owner) == (role == "reviewer")
    assert not notes.may_confirm(make.note(owner=None), None)


def test_the_next_review_may_be_tomorrow_and_moves_only_a_due_date(reviewer):
    note = make.note(verify_since=EARLIER, review_on=TODAY)
    with pytest.raises(NotAllowed, match="after today; 2026-07-01 is not"):
        confirm_note(note, 1, by(reviewer), TODAY)
    assert confirm_note(note, 1, by(reviewer), date(2026, 7, 2)).review_on == date(2026, 7, 2)


def test_a_new_note_is_a_draft_of_whoever_wrote_it_with_its_links(editor):
    code, block = make.code(), make.code_range()
    note = save_note(TroubleshootingNote(), None, {"title": "Busy"}, by(editor), [code], [block])
    assert (note.state, list(note.codes.all()), list(note.ranges.all())) == ("draft", [code], [block])
    assert save_note(note, 1, {"cause": "Closed."}, by(editor)).codes.get() == code
    assert not save_note(note, 2, {}, by(editor), codes=[]).codes.exists()
    assert note.ranges.get() == block


# Requests for another look


def test_a_request_marks_live_notes_without_one_and_no_other(editor):
    made = {state: make.note(state, state=state) for state in STATES}
    asked = make.note("asked", verify_since=EARLIER, verify_reason="Before.")
    with journal.entry(by(editor)) as entry:
        request_review(entry, [*made.values(), asked], "x" * 300)
    marked = TroubleshootingNote.objects.filter(verify_since=NOW)
    assert set(marked.values_list("title", "verify_reason")) == {
        ("not_validated", "x" * 250),
        ("validated", "x" * 250),
    }
    asked.refresh_from_db()
    assert (asked.verify_since, asked.verify_reason, asked.version) == (EARLIER, "Before.", 1)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_report_that_a_note_did_not_work_asks_for_another_look(agent, outcome):
    note = make.note()
    NoteOutcome.objects.create(note=note, outcome="did_not_work", day=TODAY, count=9)
    report_outcome(note, outcome, by(agent))
    note.refresh_from_db()
    assert (note.verify_since is not None) == (outcome == Outcome.DID_NOT_WORK)
    count = NoteOutcome.objects.get(note=note, outcome=outcome, day=timezone.now().date()).count
    assert count == (10 if outcome == Outcome.DID_NOT_WORK else 1)


def test_a_report_counts_for_its_own_note(agent):
    note, other = make.note("Busy"), make.note("Other")
    NoteOutcome.objects.create(note=other, outcome="did_not_work", day=TODAY, count=9)
    report_outcome(note, Outcome.DID_NOT_WORK, by(agent))
    assert not TroubleshootingNote.objects.exclude(verify_since=None).exists()
