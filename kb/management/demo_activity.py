"""The activity of a demo's support team in the last six weeks: lookups, misses, outcomes and flags.

The days count back from today, so that the queue and the charts are never empty.
"""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from kb.models import Door, Miss, NoteOutcome, Outcome, ReturnCode, TroubleshootingNote
from kb.models.counters import add_counts
from kb.services import usage
from kb.services.flags import answer_flag, raise_flag
from kb.services.journal import By
from kb.services.outcomes import report_outcome

DAYS = 43
"""The charts show four weeks; a spike is compared with the fortnight before it."""
RHYTHM = (11, 10, 12, 9, 10, 3, 2)
"""Look-ups of each weekday from Monday, in tenths of a usual day: a team looks up less at weekends."""


def load_activity(activity: dict[str, Any], codes: dict[str, ReturnCode], users: dict[str, Any]) -> None:
    """Store six weeks of lookups, misses, outcomes and flags."""
    today = timezone.now().date()
    days = [(day, RHYTHM[day.weekday()]) for day in (today - timedelta(n) for n in range(DAYS))]
    lookups = {(codes[c].pk, day): _share(n, part) for c, n in activity["lookups"].items() for day, part in days}
    usage.add_lookups({key: n for key, n in lookups.items() if n})
    usage.add_lookups({(codes[c].pk, today): n for c, n in activity["burst"].items()})
    misses = [(text, day, _share(n, part)) for text, n in activity["misses"].items() for day, part in days]
    add_counts(Miss, ("text", "day"), ["lookups"], [row for row in misses if row[-1]])
    for title, reports in activity["outcomes"].items():
        _report(TroubleshootingNote.objects.get(title=title), reports, days, By(users["agent"], Door.SHELL))
    for flag in activity["flags"]:
        _raise(flag, codes, users)


def _share(usual: int, tenths: int) -> int:
    return usual * tenths // 10


def _report(note: TroubleshootingNote, reports: dict[str, int], days: list[tuple[date, int]], by: By) -> None:
    rows = [(note.pk, Outcome(name).value, day, _share(n, part)) for name, n in reports.items() for day, part in days]
    add_counts(NoteOutcome, ("note_id", "outcome", "day"), ["count"], [row for row in rows if row[-1]])
    if Outcome.DID_NOT_WORK in reports:
        # The last one through the service, which marks a failing note for another look.
        report_outcome(note, Outcome.DID_NOT_WORK, by)


def _raise(flag: dict[str, str], codes: dict[str, ReturnCode], users: dict[str, Any]) -> None:
    code = codes[flag["code"]]
    agent, editor = By(users["agent"], Door.SHELL), By(users["editor"], Door.SHELL)
    new_flag = raise_flag(code, code.notes.first(), flag["comment"], agent)
    if "answer" in flag:
        answer_flag(new_flag, new_flag.version, flag["answer"], editor)
