"""Notes that stay true: what asks for another look, and what clears it."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from kb.models import Door, NoteOutcome, Outcome, TroubleshootingNote
from kb.services.incidents import save_incident
from kb.services.journal import By, NotAllowed
from kb.services.notes import confirm_note
from kb.services.outcomes import report_outcome
from kb.services.proposals import accept_proposal, propose_change
from tests import make
from tests.web.page import words

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
TODAY = date(2026, 7, 1)
ASKED = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({}, False),
        ({"verify_since": ASKED}, True),
        ({"review_on": date(2026, 7, 1)}, True),
        ({"review_on": date(2026, 7, 2)}, False),
        ({"verify_since": ASKED, "review_on": date(2026, 6, 1)}, True),
        ({"verify_since": ASKED, "state": "not_validated"}, True),
        ({"verify_since": ASKED, "state": "draft"}, False),
        ({"review_on": date(2026, 6, 1), "state": "archived"}, False),
    ],
)
def test_a_published_note_needs_another_look_on_request_or_after_its_review_date(fields, asked):
    note = make.note(**fields)
    assert list(TroubleshootingNote.objects.to_verify(TODAY)) == ([note] if asked else [])
    with time_machine.travel(NOW, tick=False):
        assert note.is_to_verify == asked


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def by(user):
    return By(user, Door.ADMIN)


def report(note, agent, outcome="did_not_work", times=1):
    for _ in range(times):
        note.refresh_from_db()
        report_outcome(note, Outcome(outcome), by(agent))
    note.refresh_from_db()


# Agents say that it did not work


@pytest.mark.parametrize(
    ("counts", "fields", "asked"),
    [
        ([("did_not_work", 0, 2)], {}, False),
        ([("did_not_work", 0, 3)], {}, True),
        ([("did_not_work", 13, 2), ("did_not_work", 0, 1)], {}, True),
        ([("did_not_work", 14, 2), ("did_not_work", 0, 1)], {}, False),
        ([("worked", 0, 3), ("did_not_work", 0, 3)], {}, False),
        ([("worked", 0, 3), ("did_not_work", 0, 4)], {}, True),
        ([("worked", 14, 9), ("did_not_work", 0, 3)], {}, True),
        ([("not_applicable", 0, 9), ("did_not_work", 0, 3)], {}, True),
        ([("did_not_work", 1, 2), ("did_not_work", 0, 1)], {"validated_at": NOW - timedelta(days=1)}, True),
        ([("did_not_work", 2, 2), ("did_not_work", 0, 1)], {"validated_at": NOW - timedelta(days=1)}, False),
        ([("did_not_work", 0, 3)], {"state": "not_validated"}, True),
        ([("did_not_work", 0, 3)], {"state": "draft"}, False),
    ],
)
def test_a_note_that_often_fails_needs_another_look(clock, agent, counts, fields, asked):
    note = make.note(**fields)
    for outcome, days_ago, count in counts[:-1]:
        NoteOutcome.objects.create(note=note, outcome=outcome, day=TODAY - timedelta(days=days_ago), count=count)
    report(note, agent, times=counts[-1][2])
    assert (note.verify_since is not None) == asked


def test_reports_lead_to_one_request_for_another_look(clock, agent, reviewer):
    note = make.note()
    report(note, agent, times=3)
    assert note.verify_reason == "Recent reports: did not work 3 times, worked 0 times."
    note = confirm_note(note, note.version, by(reviewer))
    report(note, agent)
    assert note.verify_since is None
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        report(note, agent, times=2)
        assert note.verify_since is None
        report(note, agent)
        assert note.verify_since is not None


# An incident ends


def test_validated_notes_on_a_resolved_incidents_codes_need_another_look(editor):
    hit, spared = make.code("1"), make.code("2")
    asked = make.note("Busy", hit)
    make.note("Draft", hit, state="draft")
    make.note("New", hit, state="not_validated")
    make.note("Far", spared)
    incident = make.incident("Rooms fail", hit)
    incident = save_incident(incident, 1, {"impact": "All"}, None, by(editor))
    assert not TroubleshootingNote.objects.exclude(verify_since=None).exists()
    incident = save_incident(incident, 2, {"state": "resolved"}, None, by(editor))
    asked.refresh_from_db()
    assert asked.verify_reason == f"The incident “{incident}” is resolved."
    assert list(TroubleshootingNote.objects.exclude(verify_since=None)) == [asked]
    confirm_note(asked, asked.version, by(make.user("second", "reviewer")))
    save_incident(incident, 3, {"impact": "Most"}, None, by(editor))
    assert not TroubleshootingNote.objects.exclude(verify_since=None).exists()


def test_an_open_request_stays(editor):
    code = make.code()
    note = make.note("Busy", code, verify_since=ASKED, verify_reason="Reworded.")
    save_incident(make.incident("Down", code), 1, {"state": "resolved"}, None, by(editor))
    note.refresh_from_db()
    assert (note.verify_since, note.verify_reason) == (ASKED, "Reworded.")


# Still true


@pytest.mark.parametrize(
    ("review_on", "given", "after"),
    [
        (None, None, None),
        (date(2026, 8, 1), None, date(2026, 8, 1)),
        (date(2026, 8, 1), date(2027, 1, 1), date(2026, 8, 1)),
        (date(2026, 7, 1), None, date(2026, 12, 28)),
        (date(2026, 6, 1), date(2027, 1, 1), date(2027, 1, 1)),
    ],
)
def test_still_true_closes_the_request_and_moves_a_due_review_date(clock, reviewer, review_on, given, after):
    note = make.note(verify_since=ASKED, verify_reason="Reworded.", review_on=review_on)
    note = confirm_note(note, 1, by(reviewer), given)
    assert (note.verify_since, note.verify_reason, note.review_on) == (None, "", after)
    assert (note.validated_by, note.validated_at) == (reviewer, NOW)


def test_a_confirmation_by_the_owner_keeps_the_reviewers_validation(clock, editor, reviewer):
    note = make.note(verify_since=ASKED, owner=editor, validated_by=reviewer, validated_at=ASKED)
    note = confirm_note(note, 1, by(editor))
    assert (note.verify_since, note.validated_by, note.validated_at) == (None, reviewer, ASKED)


@pytest.mark.parametrize(
    ("person", "fields", "refusal"),
    [
        ("editor", {"verify_since": ASKED}, "Only a reviewer or the owner"),
        ("agent", {"verify_since": ASKED}, "Only a reviewer or the owner"),
        ("reviewer", {}, "does not need attention"),
        ("reviewer", {"review_on": date(2026, 7, 2)}, "does not need attention"),
        ("reviewer", {"verify_since": ASKED, "state": "not_validated"}, "does not need attention"),
    ],
)
def test_only_reviewers_and_the_owner_confirm_a_note_that_needs_another_look(clock, request, person, fields, refusal):
    note = make.note(**fields)
    with pytest.raises(NotAllowed, match=refusal):
        confirm_note(note, 1, by(request.getfixturevalue(person)))


@pytest.mark.parametrize("given", [date(2026, 7, 1), date(2020, 1, 1)])
def test_the_next_review_is_not_in_the_past(clock, reviewer, given):
    note = make.note(review_on=date(2026, 6, 1))
    with pytest.raises(NotAllowed, match="after today"):
        confirm_note(note, 1, by(reviewer), given)


def test_an_accepted_proposal_closes_the_request(clock, editor, reviewer):
    note = make.note(verify_since=ASKED, review_on=date(2026, 6, 1))
    accept_proposal(propose_change(note, 1, {"cause": "New."}, by(editor)), 1, by(reviewer))
    note.refresh_from_db()
    assert (note.verify_since, note.review_on) == (None, date(2026, 12, 28))


# What the card says


def seen(user, code):
    client = Client()
    if user:
        client.force_login(user)
    return words(client.get(code.get_absolute_url()))


def test_the_card_shows_staff_the_request_and_the_open_proposals(agent, editor, settings):
    settings.KB_PUBLIC_READ = True
    code = make.code()
    yesterday = timezone.localdate() - timedelta(days=1)
    note = make.note("Busy", code, verify_since=ASKED, verify_reason="Reworded.", review_on=yesterday)
    propose_change(note, 1, {"cause": "Secret cause."}, by(editor))
    inside = seen(agent, code)
    for told in ("Needs attention: Reworded.", f"Review was due on {yesterday}", "Change proposed"):
        assert told in inside
    assert "Secret cause" not in inside
    outside = seen(None, code)
    for private in ("Needs attention", "Review was due", "proposed", "Secret cause"):
        assert private not in outside
