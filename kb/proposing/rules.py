"""What proposals say against their notes, and who may do what with them now."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count

from kb import publishing
from kb.models import Proposal, TroubleshootingNote
from kb.models.note import NoteState
from kb.models.proposal import PROPOSED, PROPOSED_LINKS, ProposalState
from kb.text.rebase import Rebased, rebased


def preview(proposal: Proposal) -> Rebased:
    """Return what bringing a proposal up to date would make of it."""
    return rebased(proposal.base, words_of(proposal.note), words_of(proposal))


def words_of(obj: TroubleshootingNote | Proposal) -> dict[str, Any]:
    """Return what a note or a proposal says, with its links as sorted numbers: what a proposal's `base` keeps."""
    links = {name: sorted(getattr(obj, name).values_list("pk", flat=True)) for name in PROPOSED_LINKS}
    return {name: getattr(obj, name) for name in PROPOSED} | links


def has_moved(proposal: Proposal) -> bool:
    """Whether the live note says something else than the proposal was made from."""
    return words_of(proposal.note) != proposal.base


ACTIONS = ("accept", "return", "rebase", "revise", "withdraw")


def actions_for(proposal: Proposal, user: Any) -> list[str]:
    """Return what a user may do with a proposal now."""
    if not proposal.is_unsettled:
        return []
    moved = has_moved(proposal)
    fitting = [action for action in ACTIONS if action != ("accept" if moved else "rebase")]
    return [action for action in fitting if not why_not(action, proposal, user)]


def why_not(action: str, proposal: Proposal, user: Any) -> str:
    """Return why a user may not do something with a proposal, for a person; empty if nothing speaks against it."""
    if not proposal.is_unsettled:
        return f"This proposal is settled: {proposal.get_state_display().lower()}."
    is_author = user is not None and proposal.author_id == user.pk and user.has_perm(publishing.CHANGE)
    if action in ("accept", "return"):
        return _why_not_decide(action, proposal, user, is_author)
    if is_author:
        return ""
    reviews = publishing.may_validate(user)
    if action == "withdraw" and reviews and not (proposal.author and proposal.author.is_active):
        return ""
    if action == "rebase" and reviews:
        return (
            "Both changed the same words: only the author may bring them together."
            if preview(proposal).conflicts
            else ""
        )
    return "Only its author may do this."


def _why_not_decide(action: str, proposal: Proposal, user: Any, is_author: bool) -> str:
    if not publishing.may_validate(user):
        return "Only a reviewer may do this."
    if proposal.state != ProposalState.OPEN:
        return "This proposal was returned: it waits for its author."
    if is_author and (action == "return" or not publishing.may_vouch(user)):
        return "You wrote this proposal: somebody else has to decide about it."
    if action == "return":
        return ""
    note = proposal.note
    if note.state == NoteState.ARCHIVED:
        return "The note is archived: take it out of the archive first."
    return publishing.why_not_validate(note, user)


def waiting(notes: Iterable[TroubleshootingNote], user: Any) -> dict[int, int]:
    """Return on how many proposals each note's reviewers have to decide; nothing for readers of public parts."""
    found = Proposal.objects.visible_to(user).open().filter(note__in=[note.pk for note in notes])
    return dict(found.values_list("note").annotate(count=Count("pk")))


def why_not_propose(note: TroubleshootingNote, user: Any) -> str:
    """Return why a user may not propose a change of a note, for a person; empty if nothing speaks against it."""
    if user is None or not user.has_perm(publishing.CHANGE):
        return "Only who may edit notes may propose a change."
    if not note.is_validated:
        return f"This note is {note.get_state_display().lower()}: edit the note itself."
    if own_proposal(note, user):
        return "A proposal of yours waits on this note already: change that one."
    return ""


def own_proposal(note: TroubleshootingNote, user: Any) -> Proposal | None:
    """Return the unsettled proposal of a user on a note."""
    return Proposal.objects.unsettled().filter(note=note.pk, author=user.pk).first()
