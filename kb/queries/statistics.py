"""Statistics: charts with their figures, and codes with unusually many look-ups today.

Days are UTC days, because look-ups are counted by them. All of it is internal.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from django.db import connections, router
from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from kb.models import CodeUse, Flag, IncidentLink, Miss, NoteOutcome, Outcome, ReturnCode, TroubleshootingNote
from kb.models.flags import FlagState
from kb.models.sql import marks, rows
from kb.models.visibility import Person, Reader, reader
from kb.text.spikes import LEAST, usual_if_spike

DAYS, WEEKS, BEFORE, TOP = 28, 8, 14, 15
MOST_SPIKES = 500
"""Most codes that are checked for spikes, those with the most look-ups. The limit bounds the cost of the chart."""

_BUSY = (
    "SELECT code_id, lookups FROM kb_codeuse WHERE day = %s AND lookups >= %s{}"  # noqa: S608
    f" ORDER BY lookups DESC LIMIT {TOP}"
)


@dataclass(frozen=True)
class Burst:
    """A code with unusually many look-ups today."""

    code: ReturnCode
    today: int
    usual: int


@dataclass(frozen=True)
class Chart:
    """Figures with a title. The first column labels a row; `drawn` are the indexes of the columns in the diagram."""

    slug: str
    title: str
    summary: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    drawn: tuple[int, ...] = (1,)
    across: bool = False


def bursts(user: Person | None, codes: Iterable[ReturnCode] | None = None) -> list[Burst]:
    """Return the codes with unusually many look-ups today and no open incident. With `codes`, check only those."""
    ids = None if codes is None else [code.pk for code in codes]
    if reader(user) != Reader.INTERNAL or ids == []:
        return []
    today = timezone.now().date()
    of_codes = "" if ids is None else f" AND code_id IN ({marks(ids)})"
    database = connections[router.db_for_read(CodeUse)]
    counts = dict(rows(_BUSY.format(of_codes), today, LEAST, *(ids or ()), database=database))
    if not counts:
        return []
    before = _by_day(counts, today - timedelta(BEFORE), today)
    usual = {pk: usual_if_spike(n, _span(before[pk], today)) for pk, n in counts.items()}
    explained = IncidentLink.objects.visible_to(user).open().values("codes")
    unexplained = ReturnCode.objects.visible_to(user).exclude(pk__in=explained.filter(codes__isnull=False))
    codes_by_id = unexplained.select_related("table", "section").in_bulk(
        [pk for pk, was in usual.items() if was is not None]
    )
    return [Burst(codes_by_id[pk], n, usual[pk] or 0) for pk, n in counts.items() if pk in codes_by_id]


def charts(user: Person | None) -> list[Chart]:
    """Return every chart; [] for public readers."""
    return [build(user) for build in CHARTS.values()] if reader(user) == Reader.INTERNAL else []


def chart(slug: str, user: Person | None) -> Chart | None:
    """Return one chart by its slug; None for an unknown slug and for public readers."""
    return CHARTS[slug](user) if slug in CHARTS and reader(user) == Reader.INTERNAL else None


def _lookups(user: Person | None) -> Chart:
    sums = _sums_by_day()
    total = sum(n for n, _ in sums.values())
    rows = [(day, *sums.get(day, (0, 0))) for day in _days()]
    columns = ("Day", "Look-ups", "With a validated note")
    return Chart("lookups", "Look-ups by day", f"{total:,} look-ups in {DAYS} days.", columns, rows, (1, 2))


def _coverage(user: Person | None) -> Chart:
    sums = _sums_by_day()
    total, covered = sum(n for n, _ in sums.values()), sum(n for _, n in sums.values())
    rows = [(day, _percent(sums[day][1], sums[day][0]) if day in sums else None) for day in _days()]
    share = f"{_percent(covered, total)} %" if total else "No look-ups yet. Share"
    summary = f"{share} of look-ups found a note that was validated at the time."
    return Chart("coverage", "Coverage", summary, ("Day", "Covered, %"), rows)


def _top_codes(user: Person | None) -> Chart:
    sums = CodeUse.objects.filter(day__gte=_days()[0]).order_by().values_list("code_id")
    top = list(sums.annotate(asked=Sum("lookups"), covered=Sum("covered")).order_by("-asked", "code_id")[:TOP])
    codes = ReturnCode.objects.visible_to(user).in_bulk([pk for pk, *_ in top])
    rows = [(codes[pk].code, n, covered, codes[pk].description[:200]) for pk, n, covered in top if pk in codes]
    columns = ("Code", "Look-ups", "With a validated note", "Description")
    return Chart("codes", "Most looked-up codes", f"Last {DAYS} days.", columns, rows, (1, 2), across=True)


def _top_misses(user: Person | None) -> Chart:
    top = Miss.objects.visible_to(user).open().by_text(_days()[0])[:TOP]
    rows = [(miss["text"], miss["asked"], miss["last"]) for miss in top]
    return Chart(
        "misses", "Searches without an answer", f"Last {DAYS} days.", ("Text", "Times", "Last"), rows, across=True
    )


def _flags(user: Person | None) -> Chart:
    answered = Flag.objects.visible_to(user).filter(state=FlagState.ANSWERED, answered_at__gte=_midnight(_weeks()[0]))
    hours: dict[date, list[float]] = defaultdict(list)
    for flag in answered.only("raised_at", "answered_at").iterator():
        assert flag.answered_at is not None
        hours[_monday(flag.answered_at.date())].append((flag.answered_at - flag.raised_at).total_seconds() / 3600)
    rows = [(week, _median(hours[week]), len(hours[week])) for week in _weeks()]
    waiting = Flag.objects.visible_to(user).open().count()
    summary = f"Median hours until a flag was answered, by week. {waiting} waiting now."
    return Chart("flags", "Time to answer flags", summary, ("Week of", "Median hours", "Answers"), rows)


def _worked(user: Person | None) -> Chart:
    sums = NoteOutcome.objects.visible_to(user).filter(day__gte=_weeks()[0]).order_by()
    weeks: dict[date, dict[str, int]] = defaultdict(dict)
    for day, outcome, count in sums.values_list("day", "outcome").annotate(total=Sum("count")):
        week = weeks[_monday(day)]
        week[outcome] = week.get(outcome, 0) + count
    rows = []
    for monday in _weeks():
        worked, failed = (weeks[monday].get(o, 0) for o in (Outcome.WORKED, Outcome.DID_NOT_WORK))
        rows.append((monday, _percent(worked, worked + failed) if worked + failed else None, worked, failed))
    columns = ("Week of", "Worked, %", "Worked", "Did not work")
    return Chart(
        "worked", "Notes that worked", "Share of “worked” among all “worked” and “did not work” reports.", columns, rows
    )


def _past_review(user: Person | None) -> Chart:
    today = timezone.localdate()
    due = TroubleshootingNote.objects.visible_to(user).due(today).values_list("review_on").annotate(notes=Count("pk"))
    steps = ((30, "up to 30 days"), (90, "31 to 90 days"), (365, "91 to 365 days"), (10**6, "longer"))
    counts = dict.fromkeys((label for _, label in steps), 0)
    for review_on, notes in due.order_by():
        counts[next(label for most, label in steps if (today - review_on).days <= most)] += notes
    summary = f"{sum(counts.values()):,} notes in use are past their review date."
    return Chart("review", "Overdue reviews", summary, ("Overdue by", "Notes"), list(counts.items()), across=True)


def _spikes(user: Person | None) -> Chart:
    first = _days()[0]
    recent = IncidentLink.objects.visible_to(user).filter(started_at__gte=_midnight(first)).order_by()
    incidents = dict(
        recent.annotate(day=TruncDate("started_at", tzinfo=UTC)).values_list("day").annotate(n=Count("pk"))
    )
    busy = CodeUse.objects.filter(day__gte=first, lookups__gte=LEAST).order_by("-lookups")
    busiest = list(busy.values_list("code_id", "day", "lookups")[:MOST_SPIKES])
    uses = _by_day({pk for pk, *_ in busiest}, first - timedelta(BEFORE), timezone.now().date())
    spikes: dict[date, int] = defaultdict(int)
    for pk, day, count in busiest:
        spikes[day] += usual_if_spike(count, _span(uses[pk], day)) is not None
    rows = [(day, spikes[day], incidents.get(day, 0)) for day in _days()]
    summary = "Codes looked up far more often than in the two weeks before, and incidents that started."
    return Chart("spikes", "Incident spikes", summary, ("Day", "Codes that spiked", "Incidents started"), rows, (1, 2))


CHARTS: dict[str, Callable[[Any], Chart]] = {
    "lookups": _lookups,
    "coverage": _coverage,
    "codes": _top_codes,
    "misses": _top_misses,
    "flags": _flags,
    "worked": _worked,
    "review": _past_review,
    "spikes": _spikes,
}
"""Every chart by its slug, in their order on the page."""


def _sums_by_day() -> dict[date, tuple[int, int]]:
    sums = CodeUse.objects.filter(day__gte=_days()[0]).order_by().values_list("day")
    return {day: (n, covered) for day, n, covered in sums.annotate(n=Sum("lookups"), covered=Sum("covered"))}


def _by_day(codes: Iterable[int], first: date, last: date) -> dict[int, dict[date, int]]:
    counts: dict[int, dict[date, int]] = defaultdict(dict)
    uses = CodeUse.objects.filter(code__in=list(codes), day__range=(first, last))
    for pk, day, count in uses.values_list("code_id", "day", "lookups"):
        counts[pk][day] = count
    return counts


def _span(counts: dict[date, int], day: date) -> Sequence[int]:
    """Return the fortnight before a day; a day without a row had no look-up."""
    return [counts.get(day - timedelta(n), 0) for n in range(1, BEFORE + 1)]


def _days() -> list[date]:
    today = timezone.now().date()
    return [today - timedelta(n) for n in reversed(range(DAYS))]


def _weeks() -> list[date]:
    this = _monday(timezone.now().date())
    return [this - timedelta(weeks=n) for n in reversed(range(WEEKS))]


def _monday(day: date) -> date:
    return day - timedelta(day.weekday())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _median(numbers: Sequence[float]) -> float | None:
    return round(median(numbers), 1) if numbers else None


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
