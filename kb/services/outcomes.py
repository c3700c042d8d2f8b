"""Reports of outcomes: how a note served a ticket."""

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
"""Days for which reports count. A vendor's change shows within days, and older reports are about older texts."""
ENOUGH_FAILURES = 3
"""Reports that a note did not work before it needs another look: one or two may be slips."""


def report_outcome(note: TroubleshootingNote, outcome: Outcome, by: By) -> None:
    """Count how a note served a ticket. A live note that often fails needs another look. Raises NotAllowed."""
    by.require(READ_INTERNAL, OUTSIDER)
    day = timezone.now().date()
    add_counts(NoteOutcome, ("note_id", "outcome", "day"), ["count"], [(note.pk, outcome.value, day, 1)])
    if outcome == Outcome.DID_NOT_WORK and note.is_live and note.verify_since is None and (why := _failure(note)):
        with journal.entry(by) as entry:
            request_review(entry, [note], why)


def _failure(note: TroubleshootingNote) -> str:
    """Return why a note needs another look: it failed often lately, and more often than it worked. Otherwise ""."""
    recent = note.outcomes.filter(day__gte=_first_day(note)).values_list("outcome").annotate(total=Sum("count"))
    counts: dict[str, int] = dict(recent)
    failed, worked = counts.get(Outcome.DID_NOT_WORK, 0), counts.get(Outcome.WORKED, 0)
    if failed < max(ENOUGH_FAILURES, worked + 1):
        return ""
    return f"Recent reports: did not work {failed} times, worked {worked} times."


def _first_day(note: TroubleshootingNote) -> date:
    """Return the first day (UTC) whose reports count: since the last validation, and after the last request."""
    days = [timezone.now().date() - timedelta(days=FAILURE_DAYS - 1)]
    if note.validated_at:
        days.append(note.validated_at.date())
    request = note.history.exclude(verify_since=None).order_by("-history_date").first()
    if request:
        days.append(request.verify_since.date() + timedelta(days=1))
    return max(days)
