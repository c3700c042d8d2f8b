"""Asking for another look at notes: what other verbs share. A review date that has come asks by itself."""

from collections.abc import Iterable

from django.utils import timezone

from kb.models import TroubleshootingNote
from kb.services.journal import JournalEntry


def request_review(entry: JournalEntry, notes: Iterable[TroubleshootingNote], reason: str) -> None:
    """Ask for another look at notes within an entry. A question that is open already stays: it came first."""
    for pk in sorted(note.pk for note in notes):
        note = entry.lock(TroubleshootingNote, pk)
        if note.is_live and note.verify_since is None:
            note.verify_since, note.verify_reason = timezone.now(), reason[:250]
            entry.update(note, ["verify_since", "verify_reason"])
