"""Counts of reported outcomes."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import connections, router

from kb.models import NoteOutcome, TroubleshootingNote
from kb.models.sql import marks, rows
from kb.models.visibility import Person, Reader, reader


def outcome_counts(notes: Iterable[TroubleshootingNote], user: Person | None) -> dict[int, dict[str, int]]:
    """Return how often each outcome was reported, by note; empty for public readers."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    ids = [note.pk for note in notes]
    if not ids or reader(user) != Reader.INTERNAL:
        return counts
    of_notes = f"SELECT note_id, outcome, sum(count) FROM kb_noteoutcome WHERE note_id IN ({marks(ids)})"  # noqa: S608
    database = connections[router.db_for_read(NoteOutcome)]
    for note_id, outcome, total in rows(f"{of_notes} GROUP BY note_id, outcome", *ids, database=database):
        counts[note_id][outcome] = int(total)
    return counts
