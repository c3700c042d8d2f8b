"""How the knowledge serves, in figures."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from kb.models import CodeUse, Flag, IgnoredMiss, Miss, NoteOutcome
from kb.queries import statistics
from kb.text.spikes import LEAST
from tests import make

pytestmark = pytest.mark.django_db


def day(days_ago=0):
    return timezone.now().date() - timedelta(days=days_ago)


def look_up(code, times, days_ago=0, covered=0):
    CodeUse.objects.create(code=code, day=day(days_ago), lookups=times, covered=covered)


def rows(slug, user):
    """The figures of a chart, without the rows that hold nothing."""
    return [row for row in statistics.chart(slug, user).rows if any(row[n] for n in range(1, len(row)))]


def test_lookups_and_their_coverage_are_counted_by_day(agent):
    one, two = make.code("1"), make.code("2")
    look_up(one, 3, covered=2)
    look_up(two, 4, covered=4)
    look_up(one, 5, days_ago=27)
    look_up(one, 500, days_ago=28)
    assert rows("lookups", agent) == [(day(27), 5, 0), (day(), 7, 6)]
    assert rows("coverage", agent) == [(day(), 85.7)]
    assert "50.0 % of look-ups" in statistics.chart("coverage", agent).summary
    assert len(statistics.chart("lookups", agent).rows) == 28


def test_a_day_without_lookups_has_no_coverage(agent):
    look_up(make.code(), 3)
    figures = dict(statistics.chart("coverage", agent).rows)
    assert (figures[day()], figures[day(1)]) == (0.0, None)


def test_codes_and_texts_are_ranked_by_lookups(agent):
    for number, times in (("1", 3), ("2", 30), ("3", 1)):
        look_up(make.code(number), times, covered=1)
    for text, times in (("seldom", 1), ("often", 9)):
        Miss.objects.create(text=text, day=day(), lookups=times)
    assert [row[:3] for row in rows("codes", agent)] == [("2", 30, 1), ("1", 3, 1), ("3", 1, 1)]
    assert [row[:2] for row in rows("misses", agent)] == [("often", 9), ("seldom", 1)]


def test_the_time_to_an_answer_is_a_median_of_the_week(agent):
    code, now = make.code(), timezone.now()
    for hours in (2, 4, 600):
        Flag.objects.create(
            code=code, comment="Wrong", state="answered", raised_at=now - timedelta(hours=hours), answered_at=now
        )
    Flag.objects.create(code=code, comment="Waits")
    chart = statistics.chart("flags", agent)
    assert chart.rows[-1][1:] == (4.0, 3)
    assert "1 waiting now" in chart.summary


def test_the_share_of_working_notes_ignores_reports_that_do_not_apply(agent):
    note = make.note()
    for outcome, count in (("worked", 3), ("did_not_work", 1), ("not_applicable", 50)):
        NoteOutcome.objects.create(note=note, outcome=outcome, day=day(), count=count)
    assert statistics.chart("worked", agent).rows[-1][1:] == (75.0, 3, 1)


def test_overdue_notes_are_counted_by_their_delay(agent):
    for days_ago, state in ((0, "validated"), (30, "not_validated"), (31, "validated"), (400, "validated")):
        make.note(f"{days_ago}", review_on=timezone.localdate() - timedelta(days=days_ago), state=state)
    make.note("A draft", review_on=day(50), state="draft")
    make.note("To come", review_on=day(-5))
    assert dict(statistics.chart("review", agent).rows) == {
        "up to 30 days": 2,
        "31 to 90 days": 1,
        "91 to 365 days": 0,
        "longer": 1,
    }


def test_spikes_and_incidents_are_counted_by_day(agent):
    code, quiet = make.code("1"), make.code("2")
    for n in range(40):
        look_up(code, 60 if n == 3 else 4, days_ago=n)
        look_up(quiet, 12, days_ago=n)
    make.incident(started_at=timezone.now() - timedelta(days=3))
    assert rows("spikes", agent) == [(day(3), 1, 1)]


@pytest.mark.parametrize(
    ("today", "expected"),
    [(60, [60]), (5, []), (9, [])],
)
def test_a_burst_is_far_above_the_usual_lookups(agent, today, expected):
    code = make.code()
    for n in range(1, 15):
        look_up(code, 4, days_ago=n)
    look_up(code, today)
    assert [burst.today for burst in statistics.bursts(agent)] == expected
    assert all(burst.usual == 4 for burst in statistics.bursts(agent))


def test_a_burst_with_an_open_incident_is_left_out(agent):
    code = make.code()
    look_up(code, 60)
    make.incident("Old", code, state="resolved")
    make.incident("Of no code")
    assert len(statistics.bursts(agent, [code])) == 1
    make.incident("Now", code)
    assert statistics.bursts(agent) == []


def test_the_burst_of_another_code_is_left_out(agent):
    code, other = make.code("1"), make.code("2")
    look_up(other, 60)
    assert statistics.bursts(agent, [code]) == []


# A Wednesday. The first of the eight weeks begins on Monday the 19th of January, the first of the 28 days on the 12th.
NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
FIRST_WEEK, FIRST_DAY = datetime(2026, 1, 19, tzinfo=UTC), datetime(2026, 2, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def test_an_answer_counts_in_its_week_from_the_first_moment_of_the_first_week(agent, clock):
    code = make.code()
    for answered, hours in (
        (FIRST_WEEK - TICK, 100),
        (FIRST_WEEK, 1),
        (FIRST_WEEK + timedelta(days=7) - TICK, 3),
        (FIRST_WEEK + timedelta(days=7), 5),
    ):
        raised = answered - timedelta(hours=hours)
        Flag.objects.create(code=code, comment="W", state="answered", raised_at=raised, answered_at=answered)
    Flag.objects.create(code=code, comment="Opened again", raised_at=NOW, answered_at=NOW)
    chart = statistics.chart("flags", agent)
    assert [row[0] for row in chart.rows] == [FIRST_WEEK.date() + timedelta(weeks=n) for n in range(8)]
    assert [row[1:] for row in chart.rows] == [(2.0, 2), (5.0, 1)] + [(None, 0)] * 6


def test_reports_are_summed_by_week_from_the_first_day_of_the_first_week(agent, clock):
    note, first = make.note(), FIRST_WEEK.date()
    for days, outcome, count in ((-1, "worked", 50), (0, "worked", 1), (6, "worked", 2), (7, "did_not_work", 4)):
        NoteOutcome.objects.create(note=note, outcome=outcome, day=first + timedelta(days), count=count)
    shown = [row[1:] for row in statistics.chart("worked", agent).rows]
    assert shown == [(100.0, 3, 0), (0.0, 0, 4)] + [(None, 0, 0)] * 6


@pytest.mark.parametrize(
    ("days_late", "label"),
    [
        (-1, None),
        (0, "up to 30 days"),
        (30, "up to 30 days"),
        (31, "31 to 90 days"),
        (90, "31 to 90 days"),
        (91, "91 to 365 days"),
        (365, "91 to 365 days"),
        (366, "longer"),
    ],
)
def test_a_review_is_overdue_from_its_day_on(days_late, label, agent, clock):
    make.note(review_on=NOW.date() - timedelta(days_late))
    chart = statistics.chart("review", agent)
    assert {name for name, count in chart.rows if count} == ({label} if label else set())
    assert f"{int(label is not None)} notes in use" in chart.summary


def test_fifteen_codes_and_searches_are_ranked_from_the_first_day(agent, clock):
    table = make.table()
    codes = make.codes([str(n) for n in range(16)], table, description="x" * 201)
    for n, code in enumerate(codes):
        look_up(code, 5, days_ago=27)
        look_up(code, 50, days_ago=28)
        Miss.objects.create(text=f"text {n:02}", day=day(27), lookups=5)
    Miss.objects.create(text="old", day=day(28), lookups=50)
    Miss.objects.create(text="ignored", day=day(), lookups=50)
    IgnoredMiss.objects.create(text="ignored")
    assert rows("codes", agent) == [(str(n), 5, 0, "x" * 200) for n in range(15)]
    assert rows("misses", agent) == [(f"text {n:02}", 5, day(27)) for n in range(15)]


def test_spikes_and_incidents_count_from_the_first_moment_of_the_first_day(agent, clock):
    code = make.code()
    for days_ago in (28, 27):
        look_up(code, 60, days_ago=days_ago)
    # The fortnight before the first day is read too: 8 of its 14 days make this usual.
    usual = make.code("2")
    for days_ago in (27, *range(34, 42)):
        look_up(usual, 60, days_ago=days_ago)
    for started in (FIRST_DAY - TICK, FIRST_DAY, FIRST_DAY + timedelta(days=1) - TICK):
        make.incident("Down", started_at=started)
    assert rows("spikes", agent) == [(FIRST_DAY.date(), 1, 2)]


@pytest.mark.parametrize(("first", "last", "usual"), [(7, 14, 60), (8, 14, 30), (8, 15, 30)])
def test_the_usual_lookups_are_the_median_of_the_fortnight_before(first, last, usual, agent):
    code = make.code()
    for days_ago in range(first, last + 1):
        look_up(code, 60, days_ago=days_ago)
    look_up(code, 500)
    assert [burst.usual for burst in statistics.bursts(agent)] == [usual]


@pytest.mark.parametrize(("lookups", "is_burst"), [(LEAST - 1, False), (LEAST, True)])
def test_a_burst_has_a_least_number_of_lookups_today(lookups, is_burst, agent):
    code = make.code()
    look_up(code, lookups)
    look_up(make.code("2"), 500, days_ago=1)
    assert [burst.code for burst in statistics.bursts(agent)] == [code] * is_burst


def test_fifteen_bursts_are_shown_the_largest_first(agent):
    table = make.table()
    for n, code in enumerate(make.codes([str(n) for n in range(16)], table)):
        look_up(code, 50 + n)
    assert [burst.today for burst in statistics.bursts(agent)] == list(range(65, 50, -1))


def test_without_lookups_there_is_no_share(agent):
    chart = statistics.chart("coverage", agent)
    assert chart.summary == "No look-ups yet. Share of look-ups found a note that was validated at the time."
    assert {row[1] for row in chart.rows} == {None}
    assert "0 look-ups in 28 days" in statistics.chart("lookups", agent).summary


def test_each_chart_is_found_by_its_slug(agent):
    slugs = [chart.slug for chart in statistics.charts(agent)]
    assert slugs == ["lookups", "coverage", "codes", "misses", "flags", "worked", "review", "spikes"]
    assert [statistics.chart(slug, agent).slug for slug in slugs] == slugs
    assert statistics.chart("other", agent) is None


@pytest.mark.parametrize("who", ["stranger", "idle_staff"])
def test_public_readers_get_no_charts(request, who, settings):
    settings.KB_PUBLIC_READ = True
    user = request.getfixturevalue(who)
    look_up(make.code(), 60)
    assert (statistics.charts(user), statistics.chart("lookups", user), statistics.bursts(user)) == ([], None, [])


@pytest.mark.parametrize("size", [2, 12])
def test_charts_need_the_same_number_of_queries_for_any_amount_of_data(agent, django_assert_num_queries, size):
    for n in range(size):
        code = make.code(str(n))
        look_up(code, 20 + n)
        Miss.objects.create(text=f"text {n}", day=day(), lookups=1)
    assert agent.has_perm("kb.view_internal")
    with django_assert_num_queries(12):
        statistics.charts(agent)
    with django_assert_num_queries(3):
        assert len(statistics.bursts(agent)) == size
