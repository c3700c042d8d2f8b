"""What waits for somebody: the admin's first page, by what this person may do."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from kb.models import IncidentLink, Proposal, ReturnCode, TroubleshootingNote
from kb.models.note import NoteState
from kb.models.proposal import ProposalState


class Queue(NamedTuple):
    """One pile of work: what it is, how much there is, and the list that holds it."""

    label: str
    size: int
    url: str


def queues(user: Any) -> list[Queue]:
    """Return the piles of work that a user may take from."""
    return [
        Queue(label, found.count(), f"{reverse(f'admin:kb_{noun}_changelist')}?{query}")
        for label, found, noun, query in _of(user)
    ]


def _of(user: Any) -> Iterator[tuple[str, QuerySet[Any], str, str]]:
    notes = TroubleshootingNote.objects.visible_to(user)
    if user.has_perm("kb.validate_note"):
        waiting = notes.filter(state=NoteState.NOT_VALIDATED)
        yield "Notes to validate", waiting, "troubleshootingnote", "state__exact=not_validated"
        proposed = Proposal.objects.visible_to(user).open().exclude(author=user)
        yield "Proposals to decide", proposed, "proposal", "state__exact=open&by=others"
    if user.has_perm("kb.change_troubleshootingnote"):
        mine = notes.filter(state=NoteState.DRAFT, owner=user)
        yield "My drafts", mine, "troubleshootingnote", f"state__exact=draft&owner__id__exact={user.pk}"
        yield "Notes whose review date has come", notes.due(timezone.localdate()), "troubleshootingnote", "check=due"
        asked = notes.current().exclude(verify_since=None)
        yield "Notes that something asks about", asked, "troubleshootingnote", "check=asked"
        returned = Proposal.objects.visible_to(user).filter(author=user, state=ProposalState.RETURNED)
        yield "My returned proposals", returned, "proposal", "state__exact=returned&by=me"
    if user.has_perm("kb.change_returncode"):
        codes = ReturnCode.objects.visible_to(user).current()
        bare = codes.with_note_flag(notes.current()).filter(has_notes=False)  # type: ignore[misc]
        yield "Listed codes without a note", bare, "returncode", "listed=yes&note=no"
        undecided = codes.filter(disposition="unknown")
        yield "Listed codes with nothing decided", undecided, "returncode", "listed=yes&disposition__exact=unknown"
    if user.has_perm("kb.change_incidentlink"):
        open_now = IncidentLink.objects.visible_to(user).filter(state="open")
        yield "Open incidents", open_now, "incidentlink", "state__exact=open"
