"""A change of a validated note waits beside it until somebody else accepts it."""

import pytest

from kb.models import Change, Door, Proposal
from kb.ops.doctor import revisions
from kb.ops.doctor.changes import objects
from kb.queries.proposals import is_outdated, preview_rebase
from kb.services.journal import By, NotAllowed, StaleEdit
from kb.services.notes import return_note, save_note
from kb.services.proposal_rules import actions_for
from kb.services.proposals import (
    NoteMoved,
    accept_proposal,
    propose_change,
    rebase_proposal,
    return_proposal,
    revise_proposal,
    save_or_propose,
    withdraw_proposal,
)
from tests import make
from tests.services.test_journal import at_once

pytestmark = pytest.mark.django_db


def by(user, reason=""):
    return By(user, Door.ADMIN, reason)


@pytest.fixture
def code(db):
    return make.code()


@pytest.fixture
def note(code):
    return make.note("Room is gone", code, cause="It was closed.", resolution="Open it.")


def proposed(note, author, reason="", **values):
    return propose_change(note, note.version, values or {"cause": "Nobody is in it."}, by(author, reason))


def moved(note, admin, **values):
    """Have the live note say something else, as if another proposal had been accepted."""
    note.refresh_from_db()
    other = propose_change(note, note.version, values, by(admin))
    accept_proposal(other, 1, by(make.user(f"second-{note.version}", "reviewer")))
    note.refresh_from_db()


# Where an edit goes


@pytest.mark.parametrize("person", ["editor", "reviewer", "admin"])
@pytest.mark.parametrize(
    ("state", "values", "waits"),
    [
        ("validated", {"cause": "New."}, True),
        ("validated", {"title": "New"}, True),
        ("validated", {"audience": "internal"}, True),
        ("validated", {"review_on": "2099-01-01"}, False),
        ("validated", {"cause": "It was closed."}, False),
        ("not_validated", {"cause": "New."}, False),
        ("draft", {"cause": "New."}, False),
        ("archived", {"cause": "New."}, False),
    ],
)
def test_new_texts_for_a_validated_note_wait(request, note, person, state, values, waits):
    type(note).objects.update(state=state)
    saved = save_or_propose(note, 1, values, by(request.getfixturevalue(person)))
    assert bool(saved.proposal) == waits
    note.refresh_from_db()
    assert note.state == state
    if waits:
        assert note.version == 1


def test_other_codes_for_a_validated_note_wait(editor, note, code):
    other = make.code("7")
    proposal = save_or_propose(note, 1, {}, by(editor), codes=[other]).proposal
    assert (list(note.codes.all()), list(proposal.codes.all())) == ([code], [other])


def test_owner_and_review_date_are_saved_at_once_while_the_texts_wait(editor, note):
    values = {"cause": "New.", "owner": editor, "resolution": "Open it."}
    saved = save_or_propose(note, 1, values, by(editor, "Clearer"))
    note.refresh_from_db()
    assert (note.owner, note.cause, note.is_validated) == (editor, "It was closed.", True)
    assert (saved.proposal.cause, saved.proposal.reason, saved.proposal.author) == ("New.", "Clearer", editor)


def test_a_reviewer_who_may_validate_their_own_texts_saves_at_once(reviewer, editor, note, settings):
    settings.KB_VALIDATE_OWN_WORDS = True
    assert save_or_propose(note, 1, {"cause": "New."}, by(reviewer)).proposal is None
    assert save_or_propose(note, 2, {"cause": "Other."}, by(editor)).proposal is not None


def test_a_person_has_one_proposal_per_note(editor, reviewer, note):
    first = proposed(note, editor)
    with pytest.raises(NotAllowed, match="already have a proposal waiting"):
        proposed(note, editor)
    proposed(note, reviewer)
    withdraw_proposal(first, 1, by(editor))
    assert proposed(note, editor).state == "open"


@pytest.mark.parametrize("state", ["draft", "not_validated", "archived"])
def test_only_a_validated_note_accepts_proposals(editor, note, state):
    type(note).objects.update(state=state)
    note.refresh_from_db()
    with pytest.raises(NotAllowed, match="edit the note itself"):
        proposed(note, editor)


@pytest.mark.parametrize("person", ["agent", "importer", "stranger"])
def test_people_who_may_not_edit_notes_may_not_propose(request, note, person):
    with pytest.raises(NotAllowed, match="permission to edit notes"):
        proposed(note, request.getfixturevalue(person))


def test_a_proposal_starts_from_the_version_that_its_author_saw(editor, note):
    with pytest.raises(StaleEdit):
        propose_change(note, 7, {"cause": "New."}, by(editor))


# What becomes of it


def test_an_accepted_proposal_becomes_the_validated_note(editor, reviewer, note):
    other = make.code("7")
    proposal = propose_change(note, 1, {"cause": "New."}, by(editor, "Clearer"), codes=[other])
    settled = accept_proposal(proposal, 1, by(reviewer), "Thanks")
    note.refresh_from_db()
    assert (note.cause, list(note.codes.all()), note.state, note.validated_by) == (
        "New.",
        [other],
        "validated",
        reviewer,
    )
    assert (settled.state, settled.reviewer, settled.comment) == ("accepted", reviewer, "Thanks")
    assert note.history.first().history_change_reason == "Proposed by editor: Clearer"


def test_the_feed_lists_proposals_for_staff_alone(editor, reviewer, note):
    proposal = proposed(note, editor, audience="public", title="Secret title")
    proposal = return_proposal(proposal, 1, "Why?", by(reviewer))
    proposal = revise_proposal(proposal, 2, {"cause": "x"}, by(editor))
    assert [(c.noun, c.kind, c.audience) for c in Change.objects.since(0)] == [
        ("proposal", "created", "internal"),
        ("proposal", "updated", "internal"),
        ("proposal", "updated", "internal"),
    ]
    assert not Proposal.objects.visible_to(None).exists()


def test_a_returned_proposal_can_be_revised(editor, reviewer, note):
    proposal = return_proposal(proposed(note, editor), 1, " Say when. \x00", by(reviewer))
    assert (proposal.state, proposal.comment, proposal.reviewer) == ("returned", "Say when.", reviewer)
    with pytest.raises(NotAllowed, match="waiting for its author"):
        accept_proposal(proposal, 2, by(reviewer))
    proposal = revise_proposal(proposal, 2, {"cause": "Since May."}, by(editor))
    assert (proposal.state, proposal.cause, proposal.version) == ("open", "Since May.", 3)


@pytest.mark.parametrize("comment", ["", " \x00 ", "x" * 2001])
def test_a_proposal_is_returned_only_with_a_comment(editor, reviewer, note, comment):
    with pytest.raises(NotAllowed, match="1 to 2000 characters"):
        return_proposal(proposed(note, editor), 1, comment, by(reviewer))


def test_a_decision_about_an_old_version_is_refused(editor, reviewer, note):
    proposal = proposed(note, editor)
    revise_proposal(proposal, 1, {"cause": "Something else."}, by(editor))
    for verb in (accept_proposal, withdraw_proposal):
        with pytest.raises(StaleEdit):
            verb(proposal, 1, by(reviewer))
    with pytest.raises(StaleEdit):
        return_proposal(proposal, 1, "No", by(reviewer))


def test_a_revision_without_a_change_writes_nothing(editor, note):
    proposal = proposed(note, editor)
    assert revise_proposal(proposal, 1, {"cause": proposal.cause}, by(editor)).version == 1


# The live note moves


def test_an_outdated_proposal_cannot_be_accepted(editor, reviewer, admin, note):
    proposal = proposed(note, editor)
    moved(note, admin, resolution="Create it.")
    with pytest.raises(NoteMoved, match="live note has changed"):
        accept_proposal(proposal, 1, by(reviewer))
    proposal = rebase_proposal(proposal, 1, note.version, {}, by(editor))
    accept_proposal(proposal, 2, by(reviewer))
    note.refresh_from_db()
    assert (note.cause, note.resolution) == ("Nobody is in it.", "Create it.")


def test_a_new_owner_or_a_request_does_not_outdate_a_proposal(editor, reviewer, note):
    proposal = proposed(note, editor)
    save_note(note, 1, {"owner": editor}, by(editor))
    assert accept_proposal(proposal, 1, by(reviewer)).state == "accepted"


def test_only_the_author_decides_conflicts(editor, reviewer, admin, note):
    proposal = proposed(note, editor)
    moved(note, admin, cause="It was deleted.")
    assert preview_rebase(Proposal.objects.get(pk=proposal.pk)).conflicts == ["cause"]
    with pytest.raises(NotAllowed, match="Conflicts: cause"):
        rebase_proposal(proposal, 1, note.version, {}, by(editor))
    with pytest.raises(NotAllowed, match="only the author"):
        rebase_proposal(proposal, 1, note.version, {"cause": "Mine"}, by(reviewer))
    proposal = rebase_proposal(proposal, 1, note.version, {"cause": "Deleted, as nobody is in it."}, by(editor))
    assert (proposal.cause, is_outdated(proposal)) == ("Deleted, as nobody is in it.", False)


def test_a_rebase_onto_an_old_version_is_refused(editor, admin, note):
    proposal = proposed(note, editor)
    moved(note, admin, resolution="Create it.")
    with pytest.raises(StaleEdit):
        rebase_proposal(proposal, 1, note.version - 1, {}, by(editor))


def test_a_rebase_keeps_the_links_of_both_sides(editor, reviewer, admin, note, code):
    mine, theirs = make.code("7"), make.code("8")
    proposal = propose_change(note, 1, {}, by(editor), codes=[mine])
    other = propose_change(note, 1, {}, by(admin), codes=[code, theirs])
    accept_proposal(other, 1, by(reviewer))
    note.refresh_from_db()
    proposal = rebase_proposal(proposal, 1, note.version, {}, by(editor))
    assert set(proposal.codes.all()) == {mine, theirs}


def test_the_author_of_a_notes_texts_cannot_validate_it_by_accepting_a_proposal(editor, reviewer, admin, note):
    proposal = proposed(note, editor)
    returned = return_note(note, 1, by(admin))
    save_note(returned, 2, {"resolution": "My own words."}, by(reviewer))
    proposal = rebase_proposal(proposal, 1, 3, {}, by(editor))
    with pytest.raises(NotAllowed, match="You wrote text in this note"):
        accept_proposal(proposal, 2, by(reviewer))
    assert accept_proposal(proposal, 2, by(admin)).state == "accepted"


@pytest.mark.parametrize("role", ["author", "reviewer"])
@pytest.mark.parametrize("state", ["open", "returned"])
def test_only_its_author_sends_a_returned_proposal_again_by_bringing_it_up_to_date(
    editor, reviewer, admin, note, role, state
):
    proposal = proposed(note, editor)
    if state == "returned":
        proposal = return_proposal(proposal, 1, "Say when.", by(reviewer))
    moved(note, admin, resolution="Create it.")
    person = editor if role == "author" else reviewer
    rebased = rebase_proposal(proposal, proposal.version, note.version, {}, by(person))
    assert rebased.state == ("returned" if (role, state) == ("reviewer", "returned") else "open")
    assert (rebased.resolution, rebased.base["resolution"], rebased.base_version) == ("Create it.", "Create it.", 2)


def test_a_decision_counts_only_for_a_text_in_conflict(editor, admin, note):
    proposal = proposed(note, editor)
    moved(note, admin, cause="It was deleted.", resolution="Create it.")
    decisions = {"cause": "Decided.", "resolution": "Not asked.", "title": "Not asked."}
    proposal = rebase_proposal(proposal, 1, note.version, decisions, by(editor))
    assert (proposal.cause, proposal.resolution, proposal.title) == ("Decided.", "Create it.", "Room is gone")


def test_a_rebase_keeps_a_removal_of_either_side_and_forgets_what_was_deleted(editor, reviewer, admin, note, code):
    seven, eight, gone = make.code("7"), make.code("8"), make.code_range()
    note.codes.add(seven, eight)
    note.ranges.add(gone)
    mine = propose_change(note, 1, {}, by(editor), codes=[code, seven])
    theirs = propose_change(note, 1, {}, by(admin), codes=[code, eight])
    accept_proposal(theirs, 1, by(reviewer))
    note.refresh_from_db()
    gone.delete()
    assert list(rebase_proposal(mine, 1, note.version, {}, by(editor)).codes.all()) == [code]


def test_a_proposal_has_the_texts_and_links_of_its_note_but_for_what_it_changes(editor, note, code):
    block = make.code_range()
    note.ranges.add(block)
    proposal = propose_change(note, 1, {"cause": "New.", "owner": editor}, by(editor, "x" * 200))
    assert (proposal.cause, proposal.resolution, proposal.audience) == ("New.", "Open it.", "public")
    assert (proposal.author, proposal.base_version, proposal.reason) == (editor, 1, "x" * 100)
    assert (list(proposal.codes.all()), list(proposal.ranges.all())) == ([code], [block])
    assert not propose_change(note, 1, {}, by(make.user("e", "editor")), codes=[]).codes.exists()


def test_a_revision_without_a_reason_keeps_the_one_before(editor, note):
    proposal = proposed(note, editor, "Clearer")
    proposal = revise_proposal(proposal, 1, {"cause": "Other.", "owner": editor}, by(editor))
    assert (proposal.reason, proposal.cause) == ("Clearer", "Other.")
    assert revise_proposal(proposal, 2, {}, by(editor, "y" * 200)).reason == "y" * 100
    assert not revise_proposal(proposal, 3, {}, by(editor), codes=[]).codes.exists()


@pytest.mark.parametrize(("length", "is_taken"), [(0, True), (1, True), (2000, True), (2001, False)])
def test_a_reviewers_comment_has_up_to_2000_characters(editor, reviewer, note, length, is_taken):
    proposal, comment = proposed(note, editor), "x" * length
    if is_taken:
        assert accept_proposal(proposal, 1, by(reviewer), comment).comment == comment
    else:
        with pytest.raises(NotAllowed, match="up to 2000 characters; this one has 2001"):
            accept_proposal(proposal, 1, by(reviewer), comment)
    if 0 < length <= 2000:
        assert return_proposal(proposed(note.__class__.objects.get(), editor), 1, comment, by(reviewer)).comment


@pytest.mark.parametrize(
    ("author", "reason", "recorded"),
    [("editor", "Clearer", "Proposed by editor: Clearer"), ("editor", "", "Proposed by editor"),
     (None, "Clearer", "Proposed by somebody: Clearer")],
)  # fmt: skip
def test_an_accepted_note_says_who_proposed_it_and_the_reviewer_validated_it(
    editor, reviewer, note, author, reason, recorded
):
    proposal = proposed(note, editor, reason)
    if author is None:
        Proposal.objects.update(author=None)
        proposal.refresh_from_db()
    settled = accept_proposal(proposal, 1, by(reviewer))
    note.refresh_from_db()
    assert note.history.first().history_change_reason == recorded
    assert (note.validated_by, settled.reviewer, settled.decided_at is not None) == (reviewer, reviewer, True)


@pytest.mark.django_db(transaction=True)
def test_of_two_proposals_accepted_at_once_one_becomes_outdated(editor, admin):
    note, names = make.note("Room is gone", make.code()), iter("ab")
    given = [proposed(note, author, cause=author.username) for author in (editor, admin)]
    reviewers = [make.user(name, "reviewer") for name in names]
    raised = at_once(*(lambda p=p, r=r: accept_proposal(p, 1, by(r)) for p, r in zip(given, reviewers, strict=True)))
    assert [type(error) for error in raised] == [NoteMoved]
    note.refresh_from_db()
    assert (note.version, note.cause in ("editor", "admin")) == (2, True)


# Who may do what


@pytest.mark.parametrize(
    ("person", "state", "live", "actions"),
    [
        ("author", "open", "same", ["revise", "withdraw"]),
        ("author", "open", "moved", ["rebase", "revise", "withdraw"]),
        ("author", "returned", "same", ["revise", "withdraw"]),
        ("author", "accepted", "same", []),
        ("author", "withdrawn", "moved", []),
        ("reviewing author", "open", "same", ["revise", "withdraw"]),
        ("vouching author", "open", "same", ["accept", "revise", "withdraw"]),
        ("reviewer", "open", "same", ["accept", "return"]),
        ("reviewer", "open", "moved", ["return", "rebase"]),
        ("reviewer", "open", "conflict", ["return"]),
        ("reviewer", "open", "archived", ["return"]),
        ("reviewer", "returned", "same", []),
        ("reviewer", "accepted", "same", []),
        ("reviewer", "orphan", "same", ["accept", "return", "withdraw"]),
        ("editor", "open", "same", []),
        ("editor", "returned", "moved", []),
        ("agent", "open", "same", []),
        ("importer", "open", "same", []),
        ("stranger", "open", "same", []),
    ],
)
def test_everybody_is_offered_the_actions_that_they_may_take(person, state, live, actions, note, settings):
    role = "editor" if person == "author" else "reviewer"
    author = make.user("author", role)
    other = "" if person == "stranger" else person
    who = author if "author" in person else make.user("who", other)
    settings.KB_VALIDATE_OWN_WORDS = person == "vouching author"
    proposal = proposed(note, author)
    change = {"moved": {"resolution": "x"}, "conflict": {"cause": "x"}, "archived": {"state": "archived"}}.get(live, {})
    type(note).objects.update(**change or {"version": 1})
    if state == "orphan":
        type(author).objects.filter(pk=author.pk).update(is_active=False)
    Proposal.objects.update(state="open" if state == "orphan" else state)
    proposal = Proposal.objects.get()
    assert actions_for(proposal, who) == actions


def test_the_doctor_finds_no_fault_in_feed_and_history_of_proposals(editor, reviewer, admin, note):
    proposal = propose_change(note, 1, {"cause": "New."}, by(editor), codes=[make.code("7")])
    proposal = return_proposal(proposal, 1, "Why?", by(reviewer))
    moved(note, admin, resolution="Create it.")
    proposal = rebase_proposal(proposal, 2, note.version, {}, by(editor))
    accept_proposal(proposal, 3, by(reviewer))
    found = [*objects(), *revisions.problems()]
    assert [problem for problem in found if problem.startswith("Proposal")] == []
    assert Change.objects.filter(noun="proposal").count() == 6
