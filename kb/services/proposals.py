"""Edit proposals and move them between states: propose, revise, accept, return, withdraw, rebase."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from kb.models import CodeRange, Proposal, ReturnCode, TroubleshootingNote
from kb.models.proposals import PROPOSED, PROPOSED_LINKS, ProposalState
from kb.queries.proposals import words_of
from kb.services import journal
from kb.services.journal import By, JournalEntry, NotAllowed, StaleEdit
from kb.services.notes import needs_reviewer, save_note, vouch
from kb.services.proposal_rules import why_not_act, why_not_propose
from kb.services.reply_guard import guard
from kb.text.editing.rebase import rebase

REASON = 100
"""Characters of a reason, as many as the history stores."""
MAX_COMMENT = 2000
"""Most characters of a reviewer's comment."""


class NoteMoved(StaleEdit):
    """The live note has changed since the proposal was made."""

    def __str__(self) -> str:
        return "The live note has changed since this was proposed: bring the proposal up to date first."


@dataclass(frozen=True)
class SavedEdit:
    """The result of an edit: the live note, and the proposal with the part of the edit that waits for a reviewer."""

    note: TroubleshootingNote
    proposal: Proposal | None = None


def save_or_propose(
    note: TroubleshootingNote,
    version: int | None,
    values: dict[str, Any],
    by: By,
    codes: Sequence[ReturnCode] | None = None,
    ranges: Sequence[CodeRange] | None = None,
) -> SavedEdit:
    """Save an edit of a note, or propose the part that needs a reviewer. Owner and review date are saved at once."""
    if version is None:
        return SavedEdit(save_note(note, None, values, by, codes, ranges))
    links = _links(codes, ranges)
    with journal.entry(by) as entry:
        current = entry.lock(TroubleshootingNote, note.pk, version)
        if not needs_reviewer(current, values, links, by.user):
            return SavedEdit(save_note(note, version, values, by, codes, ranges))
        upkeep = {name: value for name, value in values.items() if name not in PROPOSED}
        live_note = save_note(note, version, upkeep, by)
        return SavedEdit(live_note, propose_change(live_note, live_note.version, values, by, codes, ranges))


def _links(codes: Sequence[ReturnCode] | None, ranges: Sequence[CodeRange] | None) -> dict[str, Any]:
    return {name: targets for name, targets in zip(PROPOSED_LINKS, (codes, ranges), strict=True) if targets is not None}


def propose_change(
    note: TroubleshootingNote,
    version: int,
    values: dict[str, Any],
    by: By,
    codes: Sequence[ReturnCode] | None = None,
    ranges: Sequence[CodeRange] | None = None,
) -> Proposal:
    """Propose a change of a validated note. Raises StaleEdit, and NotAllowed for the user's second proposal."""
    with journal.entry(by) as entry:
        current = entry.lock(TroubleshootingNote, note.pk, version)
        refusal = why_not_propose(current, by.user)
        if refusal:
            raise NotAllowed(refusal)
        base = words_of(current)
        words = {name: values.get(name, base[name]) for name in PROPOSED}
        proposal = Proposal(note=current, base=base, base_version=current.version, author=by.account, **words)
        proposal.reason = by.reason[:REASON]
        guard(proposal, [name for name in PROPOSED if words[name] != base[name]], current.pk)
        links = {name: list(getattr(current, name).all()) for name in PROPOSED_LINKS}
        return entry.create(proposal, **links | _links(codes, ranges))


def revise_proposal(
    proposal: Proposal,
    version: int,
    values: dict[str, Any],
    by: By,
    codes: Sequence[ReturnCode] | None = None,
    ranges: Sequence[CodeRange] | None = None,
) -> Proposal:
    """Change your own proposal. A returned one waits for a reviewer again. Raises StaleEdit, NotAllowed."""
    with journal.entry(by) as entry:
        current = _lock(entry, proposal, version, "revise")
        reason = by.reason[:REASON] or current.reason
        words = {name: value for name, value in values.items() if name in PROPOSED}
        fields = journal.set_fields(current, words | {"state": ProposalState.OPEN, "reason": reason})
        guard(current, fields, current.note_id)
        new_links = _new_links(current, _links(codes, ranges))
        return entry.update(current, fields, **new_links) if fields or new_links else current


def accept_proposal(proposal: Proposal, version: int, by: By, comment: str = "") -> Proposal:
    """Make a proposal the validated note. Raises NotAllowed for your own texts, StaleEdit and NoteMoved."""
    if len(comment) > MAX_COMMENT:
        raise NotAllowed(f"A comment can have up to {MAX_COMMENT} characters; this one has {len(comment)}.")
    author = proposal.author.get_username() if proposal.author else "somebody"
    by_with_author = replace(by, reason=f"Proposed by {author}{': ' if proposal.reason else ''}{proposal.reason}")
    with journal.entry(by_with_author) as entry:
        note = entry.lock(TroubleshootingNote, proposal.note_id)
        current = _lock(entry, proposal, version, "accept")
        if words_of(note) != current.base:
            raise NoteMoved(note, current.base_version)
        fields = journal.set_fields(note, {name: getattr(current, name) for name in PROPOSED})
        guard(note, fields, note.pk)
        new_links = _new_links(note, {name: list(getattr(current, name).all()) for name in PROPOSED_LINKS})
        fields += vouch(note, by)
        entry.update(note, fields, **new_links)
        return _settle(entry, current, ProposalState.ACCEPTED, comment, by)


def return_proposal(proposal: Proposal, version: int, comment: str, by: By) -> Proposal:
    """Return a proposal to its author. Raises NotAllowed without a comment, StaleEdit."""
    words = comment.replace("\x00", "").strip()
    if not 0 < len(words) <= MAX_COMMENT:
        raise NotAllowed(f"Say what is missing, in 1 to {MAX_COMMENT} characters; this text has {len(words)}.")
    with journal.entry(by) as entry:
        current = _lock(entry, proposal, version, "return")
        return _settle(entry, current, ProposalState.RETURNED, words, by)


def withdraw_proposal(proposal: Proposal, version: int, by: By) -> Proposal:
    """Withdraw your own proposal; its history stays. Raises StaleEdit, NotAllowed."""
    with journal.entry(by) as entry:
        current = _lock(entry, proposal, version, "withdraw")
        return entry.update(current, journal.set_fields(current, {"state": ProposalState.WITHDRAWN}))


def _settle(entry: JournalEntry, proposal: Proposal, state: ProposalState, comment: str, by: By) -> Proposal:
    decision = {"state": state, "comment": comment, "reviewer": by.user, "decided_at": timezone.now()}
    return entry.update(proposal, journal.set_fields(proposal, decision))


def rebase_proposal(proposal: Proposal, version: int, live: int, decisions: dict[str, str], by: By) -> Proposal:
    """Bring a proposal up to date with version `live` of its note; `decisions` has a text for each conflict.

    Raises NotAllowed for a conflict without a decision, and StaleEdit if the note or the proposal was saved meanwhile.
    """
    with journal.entry(by) as entry:
        note = entry.lock(TroubleshootingNote, proposal.note_id, live)
        current = _lock(entry, proposal, version, "rebase")
        result = rebase(current.base, words_of(note), words_of(current))
        if undecided := set(result.conflicts) - set(decisions):
            raise NotAllowed(f"Conflicts: {', '.join(sorted(undecided))}. Enter the text for each.")
        words = result.words | {name: decisions[name] for name in result.conflicts}
        new_state = {"state": ProposalState.OPEN} if by.user == current.author else {}
        values = {name: words[name] for name in PROPOSED} | new_state
        fields = journal.set_fields(current, values | {"base": words_of(note), "base_version": note.version})
        guard(current, fields, note.pk)
        links = {name: _existing(current, name, words[name]) for name in PROPOSED_LINKS}
        return entry.update(current, fields, **_new_links(current, links))


def _new_links(obj: Any, links: dict[str, Any]) -> dict[str, Any]:
    return dict(journal.changed_links(obj, links))


def _existing(proposal: Proposal, name: str, pks: list[int]) -> list[Any]:
    return list(getattr(proposal, name).model.objects.filter(pk__in=pks))


def _lock(entry: JournalEntry, proposal: Proposal, version: int, action: str) -> Proposal:
    current = entry.lock(Proposal, proposal.pk, version)
    refusal = why_not_act(action, current, entry.by.user)
    if refusal:
        raise NotAllowed(refusal)
    return current
