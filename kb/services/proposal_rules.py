"""Rules of proposals: which actions a user may take now."""

from kb.models import Proposal, TroubleshootingNote
from kb.models.notes import NoteState
from kb.models.proposals import ProposalState
from kb.models.visibility import Person
from kb.queries.proposals import is_outdated, own_proposal, preview_rebase
from kb.services.notes import CHANGE, may_validate, may_vouch, why_not_validate

ACTIONS = ("accept", "return", "rebase", "revise", "withdraw")


def actions_for(proposal: Proposal, user: Person | None) -> list[str]:
    """Return what a user may do with a proposal now."""
    if not proposal.is_unsettled:
        return []
    outdated = is_outdated(proposal)
    candidates = [action for action in ACTIONS if action != ("accept" if outdated else "rebase")]
    return [action for action in candidates if not why_not_act(action, proposal, user)]


def why_not_act(action: str, proposal: Proposal, user: Person | None) -> str:
    """Return why a user may not do something with a proposal, in a sentence; empty if the user may."""
    if not proposal.is_unsettled:
        return f"This proposal is closed: {proposal.get_state_display().lower()}."
    is_author = user is not None and proposal.author_id == user.pk and user.has_perm(CHANGE)
    if action in ("accept", "return"):
        return _why_not_decide(action, proposal, user, is_author)
    if is_author:
        return ""
    reviews = may_validate(user)
    if action == "withdraw" and reviews and not (proposal.author and proposal.author.is_active):
        return ""
    if action == "rebase" and reviews:
        return (
            "The live note and the proposal changed the same text: only the author can merge them."
            if preview_rebase(proposal).conflicts
            else ""
        )
    return "Only the author can do this."


def _why_not_decide(action: str, proposal: Proposal, user: Person | None, is_author: bool) -> str:
    if not may_validate(user):
        return "Only a reviewer can do this."
    if proposal.state != ProposalState.OPEN:
        return "This proposal was returned and is waiting for its author."
    if is_author and (action == "return" or not may_vouch(user)):
        return "You wrote this proposal. Somebody else has to decide on it."
    if action == "return":
        return ""
    note = proposal.note
    if note.state == NoteState.ARCHIVED:
        return "The note is archived. Unarchive it first."
    return why_not_validate(note, user)


def why_not_propose(note: TroubleshootingNote, user: Person | None) -> str:
    """Return why a user may not propose a change of a note, in a sentence; empty if the user may."""
    if user is None or not user.has_perm(CHANGE):
        return "You need permission to edit notes to propose a change."
    if not note.is_validated:
        return f"This note is {note.get_state_display().lower()}: edit the note itself."
    if own_proposal(note, user):
        return "You already have a proposal waiting on this note: edit that one."
    return ""
