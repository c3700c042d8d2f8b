"""What agents and authors report: flags, outcomes and proposals, for internal readers alone."""

from datetime import UTC, datetime, timedelta

import pytest

from kb.models import Flag, NoteOutcome, Proposal
from kb.queries.flags import flags_raised_by, open_flags
from kb.queries.outcomes import outcome_counts
from kb.queries.proposals import count_waiting, is_outdated, own_proposal, words_of
from tests import make

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def flag(code, **fields):
    return Flag.objects.create(code=code, comment="Wrong", **fields)


def propose(note, **fields):
    return Proposal.objects.create(note=note, **{"title": "Better", "base": {}, "base_version": 1} | fields)


def test_open_flags_are_listed_by_code_the_latest_first(agent):
    code, quiet, other = (make.code(number) for number in "123")
    later = flag(code, raised_at=TODAY)
    earlier = flag(code, raised_at=TODAY - DAY)
    flag(code, state="answered")
    flag(other)
    assert open_flags([code, quiet], agent) == {code.pk: [later, earlier]}


def test_flags_of_a_person_are_their_own_open_and_answered(agent, editor):
    code = make.code()
    answered = flag(code, raised_by=agent, state="answered", raised_at=TODAY)
    waiting = flag(code, raised_by=agent, raised_at=TODAY + DAY)
    flag(code, raised_by=editor)
    flag(code)
    assert list(flags_raised_by(agent)) == [waiting, answered]


def test_outcomes_are_summed_over_days_by_note(agent):
    note, other, quiet = make.note("One"), make.note("Two"), make.note("Three")
    for of, outcome, day, count in (
        (note, "worked", TODAY, 2),
        (note, "worked", TODAY - DAY, 3),
        (note, "did_not_work", TODAY, 4),
        (other, "worked", TODAY, 50),
    ):
        NoteOutcome.objects.create(note=of, outcome=outcome, day=day.date(), count=count)
    assert outcome_counts([note, quiet], agent) == {note.pk: {"worked": 5, "did_not_work": 4}}


def test_open_proposals_are_counted_by_note(agent, editor):
    note, other = make.note("One"), make.note("Two")
    for state in ("open", "open", "returned", "accepted", "withdrawn"):
        propose(note, state=state)
    propose(other)
    assert count_waiting([note], agent) == {note.pk: 2}


@pytest.mark.parametrize("who", ["nobody", "stranger"])
def test_the_public_gets_no_reports(who, request, agent):
    user = request.getfixturevalue(who) if who != "nobody" else None
    code = make.code()
    note = make.note("Note", code)
    flag(code, raised_by=user)
    propose(note)
    NoteOutcome.objects.create(note=note, outcome="worked", day=TODAY.date(), count=1)
    assert open_flags([code], user) == outcome_counts([note], user) == count_waiting([note], user) == {}
    assert not user or not flags_raised_by(user).exists()
    assert open_flags([code], agent)
    assert outcome_counts([note], agent)
    assert count_waiting([note], agent)


@pytest.mark.parametrize(
    ("state", "is_own"), [("open", True), ("returned", True), ("accepted", False), ("withdrawn", False)]
)
def test_an_authors_own_proposal_is_their_unsettled_one_on_this_note(state, is_own, editor, agent):
    note = make.note("One")
    proposal = propose(note, author=editor, state=state)
    propose(make.note("Two"), author=editor)
    propose(note, author=agent)
    assert own_proposal(note, editor) == (proposal if is_own else None)


@pytest.mark.parametrize("change", [{}, {"title": "Other"}, {"audience": "internal"}, {"codes": []}, {"ranges": []}])
def test_a_proposal_is_outdated_once_a_text_or_link_of_its_note_changed(change):
    note = make.note("One", make.code("2"), make.code("1"))
    note.ranges.add(make.code_range())
    proposal = propose(note, base=words_of(note))
    for name, value in change.items():
        if name in ("codes", "ranges"):
            getattr(note, name).set(value)
        else:
            setattr(note, name, value)
    assert is_outdated(proposal) == bool(change)
