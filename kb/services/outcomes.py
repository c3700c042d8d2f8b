"""Report how a note served a ticket."""

from datetime import date, timedelta

from django.db.models import Sum
from django.utils import timezone

from kb.models import NoteOutcome, Outcome, TroubleshootingNote
from kb.models.counters import add_counts
from kb.models.visibility import READ_INTERNAL
from kb.services import journal
from kb.services.flags import OUTSIDER
from kb.services.journal import By
from kb.services.reviews import request_review

FAILURE_DAYS = 14
"""How far back reports count: a vendor's change shows within days, and older trouble was of other words."""
ENOUGH_FAILURES = 3
"""Reports that a note did not work before it is asked about: one or two may be a slip or an odd case."""


def report_outcome(note: TroubleshootingNote, outcome: Outcome, by: By) -> None:
    """Count how a note served a ticket; a live note that often did not work is to be looked at again."""
    by.require(READ_INTERNAL, OUTSIDER)
    day = timezone.now().date()
    add_counts(NoteOutcome, ("note_id", "outcome", "day"), ["count"], [(note.pk, outcome.value, day, 1)])
    if outcome == Outcome.DID_NOT_WORK and note.is_live and note.verify_since is None and (why := _fails(note)):
        with journal.entry(by) as entry:
            request_review(entry, [note], why)


def _fails(note: TroubleshootingNote) -> str:
    """Return why reports ask for another look at a note: it failed often of late, and more often than it worked."""
    recent = note.outcomes.filter(day__gte=_counted_from(note)).values_list("outcome").annotate(total=Sum("count"))
    counts: dict[str, int] = dict(recent)
    failed, worked = counts.get(Outcome.DID_NOT_WORK, 0), counts.get(Outcome.WORKED, 0)
    if failed < max(ENOUGH_FAILURES, worked + 1):
        return ""
    return f"Recent reports: did not work {failed} times, worked {worked} times."


def _counted_from(note: TroubleshootingNote) -> date:
    """Return the first day whose reports count (UTC): none about other words, and none that led to a question."""
    days = [timezone.now().date() - timedelta(days=FAILURE_DAYS - 1)]
    if note.validated_at:
        days.append(note.validated_at.date())
    asked = note.history.exclude(verify_since=None).order_by("-history_date").first()
    if asked:
        days.append(asked.verify_since.date() + timedelta(days=1))
    return max(days)
