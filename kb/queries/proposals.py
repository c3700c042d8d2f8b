"""Reads of proposals."""

from collections.abc import Iterable
from typing import Any

from django.db import connections, router

from kb.models import Proposal, TroubleshootingNote
from kb.models.proposals import PROPOSED, PROPOSED_LINKS, ProposalState
from kb.models.sql import marks, rows
from kb.models.visibility import Person, Reader, reader
from kb.text.editing.rebase import Rebased, rebase


def preview_rebase(proposal: Proposal) -> Rebased:
    """Return the values that a proposal gets when it is brought up to date."""
    return rebase(proposal.base, words_of(proposal.note), words_of(proposal))


def words_of(obj: TroubleshootingNote | Proposal) -> dict[str, Any]:
    """Return the texts of a note or a proposal, with its links as sorted ids, as a proposal's `base` stores them."""
    links = {name: sorted(getattr(obj, name).values_list("pk", flat=True)) for name in PROPOSED_LINKS}
    return {name: getattr(obj, name) for name in PROPOSED} | links


def is_outdated(proposal: Proposal) -> bool:
    """Whether the live note has changed since the proposal was made."""
    return bool(words_of(proposal.note) != proposal.base)


def count_waiting(notes: Iterable[TroubleshootingNote], user: Person | None) -> dict[int, int]:
    """Return the number of open proposals by note; empty for public readers."""
    ids = [note.pk for note in notes]
    if not ids or reader(user) != Reader.INTERNAL:
        return {}
    waiting = f"state = '{ProposalState.OPEN}' AND note_id IN ({marks(ids)})"
    sql = f"SELECT note_id, count(*) FROM kb_proposal WHERE {waiting} GROUP BY note_id"  # noqa: S608
    return dict(rows(sql, *ids, database=connections[router.db_for_read(Proposal)]))


def own_proposal(note: TroubleshootingNote, user: Person) -> Proposal | None:
    """Return the unsettled proposal of a user on a note."""
    return Proposal.objects.unsettled().filter(note=note.pk, author=user.pk).first()
