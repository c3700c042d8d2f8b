"""Verbs of proposals. Each owns its transaction, refuses a stale version and guards itself."""

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
"""Characters of a reason: those of the history's."""
MAX_COMMENT = 2000
"""Characters of a reviewer's comment."""


class NoteMoved(StaleEdit):
    """The live note no longer says what the proposal was made from."""

    def __str__(self) -> str:
        return "The live note has changed since this was proposed: bring the proposal up to date first."


@dataclass(frozen=True)
class SavedEdit:
    """What became of an edit: the note as it is live, and the proposal that waits for the rest of it."""

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
    """Save an edit of a note, or propose what of it a reviewer has to read; owner and review date save at once."""
    if version is None:
        return SavedEdit(save_note(note, None, values, by, codes, ranges))
    links = _given(codes, ranges)
    with journal.entry(by) as entry:
        current = entry.lock(TroubleshootingNote, note.pk, version)
        if not needs_reviewer(current, values, links, by.user):
            return SavedEdit(save_note(note, version, values, by, codes, ranges))
        upkeep = {name: value for name, value in values.items() if name not in PROPOSED}
        kept = save_note(note, version, upkeep, by)
        return SavedEdit(kept, propose_change(kept, kept.version, values, by, codes, ranges))


def _given(codes: Sequence[ReturnCode] | None, ranges: Sequence[CodeRange] | None) -> dict[str, Any]:
    return {name: targets for name, targets in zip(PROPOSED_LINKS, (codes, ranges), strict=True) if targets is not None}


def propose_change(
    note: TroubleshootingNote,
    version: int,
    values: dict[str, Any],
    by: By,
    codes: Sequence[ReturnCode] | None = None,
    ranges: Sequence[CodeRange] | None = None,
) -> Proposal:
    """Put a change beside a validated note. Raises StaleEdit, and NotAllowed for a second one of the same person."""
    with journal.entry(by) as entry:
        current = entry.lock(TroubleshootingNote, note.pk, version)
        refusal = why_not_propose(current, by.user)
        if refusal:
            raise NotAllowed(refusal)
        base = words_of(current)
        words = {name: values.get(name, base[name]) for name in PROPOSED}
        made = Proposal(note=current, base=base, base_version=current.version, author=by.account, **words)
        made.reason = by.reason[:REASON]
        guard(made, [name for name in PROPOSED if words[name] != base[name]], current.pk)
        links = {name: list(getattr(current, name).all()) for name in PROPOSED_LINKS}
        return entry.create(made, **links | _given(codes, ranges))


def revise_proposal(
    proposal: Proposal,
    version: int,
    values: dict[str, Any],
    by: By,
    codes: Sequence[ReturnCode] | None = None,
    ranges: Sequence[CodeRange] | None = None,
) -> Proposal:
    """Change one's own proposal; one that was returned waits for a reviewer again. Raises StaleEdit."""
    with journal.entry(by) as entry:
        current = _locked(entry, proposal, version, "revise")
        reason = by.reason[:REASON] or current.reason
        known = {name: value for name, value in values.items() if name in PROPOSED}
        changed = journal.changed_fields(current, known | {"state": ProposalState.OPEN, "reason": reason})
        guard(current, changed, current.note_id)
        moved = _moved(current, _given(codes, ranges))
        return entry.update(current, changed, **moved) if changed or moved else current


def accept_proposal(proposal: Proposal, version: int, by: By, comment: str = "") -> Proposal:
    """Make a proposal the live, validated note. Raises NotAllowed for one's own words, and NoteMoved."""
    if len(comment) > MAX_COMMENT:
        raise NotAllowed(f"A comment has {MAX_COMMENT} characters at most; this has {len(comment)}.")
    author = proposal.author.get_username() if proposal.author else "somebody"
    told = replace(by, reason=f"Proposed by {author}{': ' if proposal.reason else ''}{proposal.reason}")
    with journal.entry(told) as entry:
        note = entry.lock(TroubleshootingNote, proposal.note_id)
        current = _locked(entry, proposal, version, "accept")
        if words_of(note) != current.base:
            raise NoteMoved(note, current.base_version)
        changed = journal.changed_fields(note, {name: getattr(current, name) for name in PROPOSED})
        guard(note, changed, note.pk)
        moved = _moved(note, {name: list(getattr(current, name).all()) for name in PROPOSED_LINKS})
        changed += vouch(note, by)
        entry.update(note, changed, **moved)
        return _settle(entry, current, ProposalState.ACCEPTED, comment, by)


def return_proposal(proposal: Proposal, version: int, comment: str, by: By) -> Proposal:
    """Return a proposal to its author, with what it needs. Raises NotAllowed without a comment."""
    words = comment.replace("\x00", "").strip()
    if not 0 < len(words) <= MAX_COMMENT:
        raise NotAllowed(f"Say what it needs, in 1 to {MAX_COMMENT} characters; this has {len(words)}.")
    with journal.entry(by) as entry:
        current = _locked(entry, proposal, version, "return")
        return _settle(entry, current, ProposalState.RETURNED, words, by)


def withdraw_proposal(proposal: Proposal, version: int, by: By) -> Proposal:
    """Take one's proposal back; its words stay in the record."""
    with journal.entry(by) as entry:
        current = _locked(entry, proposal, version, "withdraw")
        return entry.update(current, journal.changed_fields(current, {"state": ProposalState.WITHDRAWN}))


def _settle(entry: JournalEntry, proposal: Proposal, state: ProposalState, comment: str, by: By) -> Proposal:
    answer = {"state": state, "comment": comment, "reviewer": by.user, "decided_at": timezone.now()}
    return entry.update(proposal, journal.changed_fields(proposal, answer))


def rebase_proposal(proposal: Proposal, version: int, live: int, chosen: dict[str, str], by: By) -> Proposal:
    """Bring a proposal up to date with the live note, whose version is `live`; `chosen` decides the conflicts.

    Raises NotAllowed for a conflict without a decision, and StaleEdit where either was saved meanwhile.
    """
    with journal.entry(by) as entry:
        note = entry.lock(TroubleshootingNote, proposal.note_id, live)
        current = _locked(entry, proposal, version, "rebase")
        found = rebase(current.base, words_of(note), words_of(current))
        if undecided := set(found.conflicts) - set(chosen):
            raise NotAllowed(f"Both changed: {', '.join(sorted(undecided))}. Say what it should be.")
        words = found.words | {name: chosen[name] for name in found.conflicts}
        reopened = {"state": ProposalState.OPEN} if by.user == current.author else {}
        values = {name: words[name] for name in PROPOSED} | reopened
        changed = journal.changed_fields(current, values | {"base": words_of(note), "base_version": note.version})
        guard(current, changed, note.pk)
        links = {name: _existing(current, name, words[name]) for name in PROPOSED_LINKS}
        return entry.update(current, changed, **_moved(current, links))


def _moved(obj: Any, links: dict[str, Any]) -> dict[str, Any]:
    return dict(journal.changed_links(obj, links))


def _existing(proposal: Proposal, name: str, pks: list[int]) -> list[Any]:
    return list(getattr(proposal, name).model.objects.filter(pk__in=pks))


def _locked(entry: JournalEntry, proposal: Proposal, version: int, action: str) -> Proposal:
    current = entry.lock(Proposal, proposal.pk, version)
    refusal = why_not_act(action, current, entry.by.user)
    if refusal:
        raise NotAllowed(refusal)
    return current
