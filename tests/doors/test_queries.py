"""A query that several faces share shows no internal row, even to a face that asks about one.

No face does: each finds the row through `visible_to` first. So each guard here is the second one.
"""

import pytest

from kb.models import CodeRange, ReturnCode, TroubleshootingNote
from kb.queries import cards, flags, lookup, outcomes, proposals, statistics, work_queue
from kb.queries.lookup import CodeAnswer, Verdict
from kb.web.near_codes import surrounding_codes
from tests.doors.world import WORD

pytestmark = pytest.mark.xdist_group("doors")


@pytest.fixture
def asked(site):
    """Return internal and public rows that a face might ask about."""
    ids = site.ids
    return {
        "inside": ReturnCode.objects.get(pk=ids["same"]),
        "room": ReturnCode.objects.get(pk=ids["room"]),
        "live": TroubleshootingNote.objects.get(pk=ids["live"]),
        "range": CodeRange.objects.filter(table=ids["secret"], first=660300001).get(),
    }


QUERIES = {
    "codes beside an internal code": lambda rows, user: lookup.neighbours(rows["inside"], user),
    "codes around a number in an internal range": lambda rows, user: surrounding_codes(
        CodeAnswer("660300005", Verdict.IN_KNOWN_RANGE, ranges=[rows["range"]]), user
    ),
    "the notes on a card": lambda rows, user: [
        note for note in cards.cards([rows["room"]], user)[0].notes if WORD in note.title
    ],
    "the ranges on a card": lambda rows, user: cards.cards([rows["inside"]], user)[0].ranges,
    "open flags": lambda rows, user: flags.open_flags([rows["room"]], user).get(rows["room"].pk),
    "outcomes": lambda rows, user: outcomes.outcome_counts([rows["live"]], user).get(rows["live"].pk),
    "proposals": lambda rows, user: proposals.count_waiting([rows["live"]], user),
    "codes with many look-ups": lambda rows, user: statistics.bursts(user),
    "charts": lambda rows, user: statistics.charts(user),
    "a chart": lambda rows, user: statistics.chart("codes", user),
    "codes to work on": lambda rows, user: work_queue.codes(user),
    "notes to work on": lambda rows, user: work_queue.notes(user),
    "notes to validate": lambda rows, user: work_queue.to_validate(user),
    "misses": lambda rows, user: work_queue.misses(user),
    "planned imports": lambda rows, user: work_queue.plans(user),
}
"""Each returns something to internal readers, and nothing to others."""


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_returns_internal_rows_to_internal_readers_alone(site, asked, query):
    run = QUERIES[query]
    assert not run(asked, site.visitors["others"].user)
    assert run(asked, site.visitors["agent"].user)
