"""Counts of reported outcomes."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Sum

from kb.models import NoteOutcome, TroubleshootingNote
from kb.models.visibility import Person


def outcome_counts(notes: Iterable[TroubleshootingNote], user: Person | None) -> dict[int, dict[str, int]]:
    """Return how often each outcome was reported, by note; empty for public readers."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    of_notes = NoteOutcome.objects.visible_to(user).filter(note__in=[note.pk for note in notes])
    for note_id, outcome, total in of_notes.values_list("note_id", "outcome").annotate(total=Sum("count")):
        counts[note_id][outcome] = total
    return counts
