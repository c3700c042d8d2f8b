"""Requests for another look at notes. A review date that has passed needs no request."""

from collections.abc import Iterable

from django.utils import timezone

from kb.models import TroubleshootingNote
from kb.services.journal import JournalEntry


def request_review(entry: JournalEntry, notes: Iterable[TroubleshootingNote], reason: str) -> None:
    """Request another look at notes within an entry. An open request stays, because it came first."""
    for pk in sorted(note.pk for note in notes):
        note = entry.lock(TroubleshootingNote, pk)
        if note.is_live and note.verify_since is None:
            note.verify_since, note.verify_reason = timezone.now(), reason[:250]
            entry.update(note, ["verify_since", "verify_reason"])
