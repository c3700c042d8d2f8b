"""Verbs of what agents report back: an outcome of a note, a flag, and its answer."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from kb import journal, verifying
from kb.journal import By, NotAllowed
from kb.models import Flag, NoteOutcome, Outcome, ReturnCode, TroubleshootingNote
from kb.models.audience import READ_INTERNAL
from kb.models.counting import add_counts
from kb.models.feedback import FlagQuerySet, FlagState

CHANGE_FLAG = "kb.change_flag"

MAX_COMMENT = 2000
"""Characters of a flag's comment and of its answer."""

FAILURE_DAYS = 14
"""How far back reports count: a vendor's change shows within days, and older trouble was of other words."""
ENOUGH_FAILURES = 3
"""Reports that a note did not work before it is asked about: one or two may be a slip or an odd case."""


def report_outcome(note: TroubleshootingNote, outcome: Outcome, by: By) -> None:
    """Count how a note served a ticket; a live note that often did not work is to be looked at again."""
    _refuse_outsiders(by)
    day = timezone.now().date()
    add_counts(NoteOutcome, ("note_id", "outcome", "day"), ["count"], [(note.pk, outcome.value, day, 1)])
    if outcome == Outcome.DID_NOT_WORK and note.is_live and note.verify_since is None and (why := _fails(note)):
        with journal.entry(by) as entry:
            verifying.ask(entry, [note], why)


def _fails(note: TroubleshootingNote) -> str:
    """Return why reports ask for another look at a note: it failed often of late, and more often than it worked."""
    recent = note.outcomes.filter(day__gte=_counted_from(note)).values_list("outcome").annotate(total=Sum("count"))
    counts: dict[str, int] = dict(recent)
    failed, worked = counts.get(Outcome.DID_NOT_WORK, 0), counts.get(Outcome.WORKED, 0)
    if failed < max(ENOUGH_FAILURES, worked + 1):
        return ""
    return f"Agents report of late that it did not work {failed} times, and worked {worked}."


def _counted_from(note: TroubleshootingNote) -> date:
    """Return the first day whose reports count (UTC): none about other words, and none that led to a question."""
    days = [timezone.now().date() - timedelta(days=FAILURE_DAYS - 1)]
    if note.validated_at:
        days.append(note.validated_at.date())
    asked = note.history.exclude(verify_since=None).order_by("-history_date").first()
    if asked:
        days.append(asked.verify_since.date() + timedelta(days=1))
    return max(days)


def outcomes(notes: Iterable[TroubleshootingNote], user: Any) -> dict[int, dict[str, int]]:
    """Return how often each outcome was reported of each note; nothing for readers of public parts."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    of_notes = NoteOutcome.objects.visible_to(user).filter(note__in=[note.pk for note in notes])
    for note_id, outcome, total in of_notes.values_list("note_id", "outcome").annotate(total=Sum("count")):
        counts[note_id][outcome] = total
    return counts


def open_flags(codes: Iterable[ReturnCode], user: Any) -> dict[int, list[Flag]]:
    """Return the open flags of each code, the latest first."""
    flags: dict[int, list[Flag]] = defaultdict(list)
    found = Flag.objects.visible_to(user).open().filter(code__in=[code.pk for code in codes])
    for flag in found.select_related("raised_by", "note"):
        flags[flag.code_id].append(flag)
    return flags


def raised_by(user: Any) -> FlagQuerySet:
    """Return the flags that somebody raised, with what it takes to name them; the latest first."""
    raised = Flag.objects.visible_to(user).filter(raised_by=user)
    return raised.select_related("code__table", "code__section", "note", "owner")


def raise_flag(code: ReturnCode, note: TroubleshootingNote | None, comment: str, by: By) -> Flag:
    """Say that something about a code is wrong; the owner of the note, or of the code's first note, is asked."""
    _refuse_outsiders(by)
    words = _words(comment, "Say what is wrong")
    keeper = note or code.notes.current().exclude(owner=None).order_by("-state", "-updated_at", "-id").first()
    owner = keeper.owner if keeper else None
    with journal.entry(by) as entry:
        return entry.create(Flag(code=code, note=note, comment=words, raised_by=by.user, owner=owner))


def assign_flag(flag: Flag, version: int, owner: Any, by: By) -> Flag:
    """Say who looks after a flag; None: nobody yet. Raises StaleEdit, NotAllowed."""
    _refuse_others(by)
    with journal.entry(by) as entry:
        current = entry.lock(Flag, flag.pk, version)
        changed = journal.changed_fields(current, {"owner": owner})
        return entry.update(current, changed) if changed else current


def answer_flag(flag: Flag, version: int, answer: str, by: By) -> Flag:
    """Answer a flag and close it: whoever raised it reads the answer. Raises StaleEdit, NotAllowed."""
    _refuse_others(by)
    words = _words(answer, "Answer")
    with journal.entry(by) as entry:
        current = entry.lock(Flag, flag.pk, version)
        if current.state != FlagState.OPEN:
            raise NotAllowed("This flag is answered already.")
        current.state, current.answer, current.answered_at = FlagState.ANSWERED, words, timezone.now()
        return entry.update(current, ["state", "answer"])


def _words(given: str, asked: str) -> str:
    words = given.replace("\x00", "").strip()
    if not 0 < len(words) <= MAX_COMMENT:
        raise NotAllowed(f"{asked}, in 1 to {MAX_COMMENT} characters; this has {len(words)}.")
    return words


def _refuse_outsiders(by: By) -> None:
    if by.user is None or not by.user.has_perm(READ_INTERNAL):
        raise NotAllowed("Only support staff may report back.")


def _refuse_others(by: By) -> None:
    if by.user is None or not by.user.has_perm(CHANGE_FLAG):
        raise NotAllowed("Only editors and reviewers may assign and answer flags.")
