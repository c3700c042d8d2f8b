"""Complete answers about one world, compared with stored ones: tables alike, ranges that overlap, each kind of note.

After a change that is meant: `WRITE_EXPECTED=1 pytest tests/queries/test_whole_answers.py`, then read the difference.
"""

import json
import os
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine

from kb import answers, searching
from kb.models import (
    CodeRange,
    CodeUse,
    Door,
    Flag,
    IgnoredMiss,
    IncidentLink,
    Miss,
    NoteOutcome,
    Proposal,
    ReturnCode,
    TroubleshootingNote,
)
from kb.queries import code_knowledge, detection, lookup, statistics, work_queue
from kb.queries.cards import cards
from kb.queries.changes import change_steps, recent_changes
from kb.queries.flags import open_flags
from kb.queries.lookup_many import look_up
from kb.queries.outcomes import outcome_counts
from kb.queries.surroundings import surroundings
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.notes import save_note, validate_note
from kb.services.ranges import save_range
from kb.services.sections import rename_section
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
EXPECTED = Path(__file__).with_name("whole_answers.json")
NUMBERS = ("0", "1", "7", "16", "660300001", "660300002", "660300004", "660300005", "660300009", "660400000", "A-1")
BLOCKS = (
    ("Nought", -1, 0),
    ("Small", 0, 7),
    ("Room", 660300000, 660399999),
    ("Few", 660300002, 660300004),
    ("Late", 660300009, 660400005),  # narrower than Room, though it ends later
)
QUERIES = (
    *NUMBERS,
    *("007", "0x10", "0X7", "-1", "8", "660300003", "660300010", "660299999", "66030000", "6603", "66", "660", "a-1"),
    *(" A-1 ", "A-", "A-2", "code 660300001", "error 660300003", "room", "", "660399999", "660400001", "66030001"),
)


def _notes(of, at):
    """Notes with the same words: on a code, on a range and on both, of each state and audience."""
    codes = {code.code: code for code in of.codes.filter(section__name="Public")}
    blocks = {block.name: block for block in of.ranges.all()}
    kinds = product(("validated", "not_validated", "draft", "archived"), ("public", "internal"))
    for n, (state, audience) in enumerate(kinds):
        fields = {"state": state, "audience": audience, "updated_at": NOW - timedelta(hours=(n * 5 + at) % 7)}
        fields["customer_reply"] = (" ", "See {code} of {date}.")[n % 2]
        fields["review_on"] = date(2026, 3, 10) - timedelta((-1, 0, 30, 31, 90, 91, 365, 366)[(n + 4 * at) % 8])
        fields["verify_since"] = NOW if n % 3 == 0 else None
        name = f"{of.slug} {state} {audience}"
        numbers = list(codes)[n : n + 2]
        make.note(f"{name} on {'+'.join(numbers)}", *(codes[number] for number in numbers), **fields)
        block = list(blocks)[(n + at) % len(blocks)]
        make.note(f"{name} on {block}", **fields).ranges.add(blocks[block])
    make.note(f"{of.slug} on both", codes["660300002"], updated_at=NOW).ranges.add(blocks["Few"], blocks["Room"])


def _work(codes, agent):
    """Look-ups, flags, reports and searches without an answer on the first and last days that count."""
    for n, code in enumerate(codes):
        for days, times in ((0, 9 + n % 3 + 3 * n), (1, n % 4), (7, 2), (14, 2), (15, 90), (27, 5 + n), (28, 700)):
            CodeUse.objects.create(code=code, day=NOW.date() - timedelta(days), lookups=times, covered=times // 2)
        # With day 14, half of the fortnight before has look-ups; with day 15, more than half.
        for days in range(2, 6) if n % 4 >= 2 else ():
            CodeUse.objects.create(code=code, day=NOW.date() - timedelta(days), lookups=2)
    other = make.user("other", "editor")
    for n, note in enumerate(TroubleshootingNote.objects.order_by("id")):
        flag = {
            "code": codes[n % 5],
            "comment": f"Flag {n}",
            "raised_by": agent,
            "raised_at": NOW - timedelta(days=2 * n),
        }
        answered = {"state": "answered", "answered_at": NOW - timedelta(days=n, hours=n), "answer": "Yes."}
        flag["owner"] = agent if n % 2 or n % 24 == 12 else None
        Flag.objects.create(**flag | (answered if n % 3 else {}) | ({"note": note} if n % 4 else {}))
        proposed = {"title": "Better", "base": {}, "base_version": 1, "author": other}
        for state in ("open", "accepted", "returned", "withdrawn")[n % 4 :: 3]:
            Proposal.objects.create(note=note, state=state, **proposed)
        if n % 5 == 0:
            Proposal.objects.create(note=note, **proposed | {"author": agent})
        for days, count in ((0, n % 3), (27, 5), (28, 9), (n + 30, 2)):
            outcome = ("worked", "did_not_work", "not_applicable")[(n + days) % 3]
            NoteOutcome.objects.create(note=note, outcome=outcome, day=NOW.date() - timedelta(days), count=count)
    for n, text in enumerate(("660300003", "-1", "8", "A-2", "room", "ignored", "a•b", "660300001")):
        for days in (0, 27, 28)[n % 2 :]:
            Miss.objects.create(text=text, day=NOW.date() - timedelta(days), lookups=n + days)
    IgnoredMiss.objects.create(text="ignored")


@pytest.fixture
def world(agent, monkeypatch):
    # Nothing is searched for here, and an index takes most of the time.
    monkeypatch.setattr(searching, "refresh", lambda ids: None)
    monkeypatch.setattr(searching, "refresh_notes", lambda ids: None)
    with time_machine.travel(NOW, tick=False):
        tables = [make.table("zim", audience="public"), make.table("inner", audience="internal"), make.table("third")]
        for at, of in enumerate(tables):
            for number in NUMBERS[at:] if at < 2 else NUMBERS[::2]:
                disposition = "unknown" if len(number) % 2 else "retry_now"
                make.code(number, of, description=f"Room {number} of {of.slug}.", disposition=disposition)
            make.code("660300001", of, "Other", description="Again.", position=0)
            make.code("660300005", of, "Other", retired_at=NOW)
            make.code("660300007", of, retired_at=NOW)
            for name, first, last in BLOCKS[at % 2 :] if at else BLOCKS:
                make.code_range(name, first, last, of=of)
        for at, of in enumerate((tables[0], tables[1])):
            _notes(of, at)
        third = {code.code: code for code in tables[2].codes.all()}
        for name in ("Room", "Nought"):
            make.note(f"third on {name}").ranges.add(*tables[2].ranges.filter(name=name))
        codes = list(ReturnCode.objects.select_related("table", "section").order_by("id"))
        for n, (state, audience) in enumerate(product(("resolved", "open", "monitoring"), ("public", "internal"))):
            started = None if n == 3 else NOW - timedelta(days=(27, 28, 0, 0, 1, 2)[n])
            make.incident(f"{state} {audience}", *codes[n : n + 3], state=state, audience=audience, started_at=started)
        make.incident("everywhere", third["1"] if "1" in third else third["0"], codes[0], codes[-1])
        _work(codes, agent)
        answers.rebuild()
        yield SimpleNamespace(tables=tables, codes=codes, readers={"agent": agent, "public": None})


def assert_stored(kind, answers):
    """Compare answers with the stored ones, question by question, so that a difference is easy to read."""
    answers = json.loads(json.dumps(answers, default=str))
    stored = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    if os.environ.get("WRITE_EXPECTED"):
        stored[kind] = answers
        EXPECTED.write_text(json.dumps(stored, indent=0, ensure_ascii=False, sort_keys=True) + "\n")
    assert answers.keys() == stored[kind].keys()
    assert {one: answer for one, answer in answers.items() if answer != stored[kind][one]} == {}


def named(code):
    return f"{code.table.slug}/{code.section.name}/{code.code}"


def titles(rows):
    return [row.title for row in rows]


def blocks(rows):
    return [f"{row.table.slug} {row}" for row in rows]


def test_a_code_has_the_notes_incidents_and_ranges_of_its_own_table(world):
    answers = {}
    for who, user in world.readers.items():
        codes = list(lookup.codes_visible_to(user).order_by("id"))
        context, flags, visible = surroundings(codes, user), open_flags(codes, user), lookup.codes_visible_to(user)
        first = context.notes
        noted, troubled = (
            {code.pk for code in having(visible, user, True)}
            for having in (code_knowledge.having_notes, code_knowledge.having_open_incident)
        )
        for card in cards(codes, user):
            code, pk = card.code, card.code.pk
            opened = [one["title"] for one in context.card(pk)["open_incidents"]]
            answers[f"{who} {named(code)}"] = {
                "card": [str(card.verdict), titles(card.notes), blocks(card.ranges), card.customer_reply],
                "incidents": [
                    titles(card.open_incidents),
                    titles(card.past_incidents),
                    opened,
                ],
                "first": first[pk].title if pk in first else None,
                "about": titles(TroubleshootingNote.objects.visible_to(user).about(code).order_by("id")),
                "flags": [flag.comment for flag in flags.get(pk, [])],
                "has": [pk in noted, pk in troubled],
                "near": [named(one) for one in lookup.neighbours(code, user)],
            }
    assert_stored("codes", answers)


def meanings(hits):
    return [f"{named(hit.code)}: {hit.how}" for hit in hits]


def test_a_query_has_its_readings_ranges_and_near_codes_in_one_order(world):
    answers = {}
    scopes = {"zim": world.tables[0], "inner": world.tables[1]}
    for (who, user), query in product(world.readers.items(), QUERIES):
        one, codes = lookup.find_code(query, user), lookup.codes_visible_to(user)
        answers[f"{who} {query}"] = {
            "one": [str(one.verdict), meanings(one.hits), blocks(one.ranges)],
            "near": [[named(near.code), near.pieces] for near in one.near],
            "begun": [named(code) for code in one.completions],
            "beginning": [named(code) for code in lookup.beginning_with(query, user, 5)],
            "begin": sorted(named(code) for code in lookup.codes_beginning_with(codes, query)),
        }
        for scope, table in scopes.items() if user else ():
            one, section = lookup.find_code(query, user, table), table.sections.get(name="Other")
            of_section = lookup.find_code(query, user, table, section)
            answers[f"{who} {query}"][scope] = [
                [str(a.verdict), meanings(a.hits), blocks(a.ranges)]
                + [[named(code) for code in codes] for codes in ([near.code for near in a.near], a.completions)]
                for a in (one, of_section)
            ]
    assert_stored("queries", answers)


def test_many_queries_have_the_verdicts_notes_and_incidents_of_all_their_codes(world):
    answers = {}
    tables = {"every": None, "zim": world.tables[0].pk, "inner": world.tables[1].pk}
    for (who, user), (scope, table) in product(world.readers.items(), tables.items()):
        for many in look_up(QUERIES, user, table):
            answers[f"{who} {scope} {many.query}"] = [str(many.verdict), blocks(many.ranges)] + [
                f"{named(m.code)}: {m.how}, {m.verdict}, {m.note}, {m.confidence}, {m.audience()}, "
                f"{[one['title'] for one in m.card['open_incidents']]}"
                for m in many.meanings
            ]
    assert_stored("verdicts", answers)


def test_a_log_has_its_codes_with_all_their_meanings(world):
    texts = ("code=660300001", "error 660300002 and 660300003", "rc=16 A-1", "7", "no number", "660300007 660300005")
    answers = {}
    for (who, user), text in product(world.readers.items(), texts):
        report = detection.detect(text, user)
        answers[f"{who} {text}"] = [
            [[named(code) for code in match.id] for match in report.codes],
            [match.spans for match in [*report.codes, *report.unknown]],
            [vars(piece) for piece in detection.pieces(report)],
            [named(code) for code in detection.codes_in(text, user)],
        ]
    assert_stored("logs", answers)


def test_every_figure_of_every_chart(world):
    answers = {}
    for who, user in world.readers.items():
        for chart in statistics.charts(user):
            answers[f"{who} {chart.slug}"] = [chart.title, chart.summary, chart.columns, chart.rows, chart.drawn]
        for some in (None, world.codes[:6]):
            found = statistics.bursts(user, some)
            answers[f"{who} bursts {some and len(some)}"] = [[named(b.code), b.today, b.usual] for b in found]
        counts = outcome_counts(TroubleshootingNote.objects.order_by("id")[:9], user)
        answers[f"{who} outcomes"] = {TroubleshootingNote.objects.get(pk=pk).title: of for pk, of in counts.items()}
    assert_stored("figures", answers)


def test_the_queue_ranks_codes_notes_and_searches_with_every_reason(world):
    kinds = (work_queue.codes, work_queue.notes, work_queue.to_validate)
    answers = {}
    for (who, user), limit, kind in product(world.readers.items(), (3, 60), kinds):
        for mine in (False, True) if user else (False,):
            answers[f"{who} {kind.__name__} {limit} {mine}"] = [
                [named(r.subject) if r.kind == "code" else r.subject.title, r.lookups, round(r.score, 6)]
                + [reason.text for reason in r.reasons]
                for r in kind(user, limit, mine)
            ]
    for (who, user), limit in product(world.readers.items(), (3, 60)):
        answers[f"{who} misses {limit}"] = [
            [r.subject, r.lookups, round(r.score, 6), [reason.text for reason in r.reasons], sorted(blocks(r.ranges))]
            for r in work_queue.misses(user, limit)
        ]
    assert_stored("queue", answers)


def told(user, **filters):
    steps = change_steps(list(recent_changes(user, **filters)), user)
    return [
        (
            *(step.change.noun, step.change.kind, step.change.label, step.table and step.table.slug),
            *(sorted((text.label, text.before, text.after) for text in step.words), step.other_fields, step.reason),
        )
        for step in steps
    ]


def test_every_change_is_told_with_its_texts_fields_and_reason_to_those_who_may_read_them(editor, reviewer):
    by, shell = By(editor, Door.ADMIN, "because"), By(None, Door.SHELL)
    tables = {
        slug: make.table(slug, audience=audience) for slug, audience in (("open", "public"), ("shut", "internal"))
    }
    for slug, table in tables.items():
        code = make.code("1", table)
        edit_code(code, 1, {"description": "New.", "symbol": "S", "disposition": "retry_now"}, by)
        save_range(CodeRange(table=table), None, {"name": slug, "first": 0, "last": 9}, shell)
        rename_section(table.sections.get(), 1, {"name": f"Renamed {slug}"}, shell)
        note = save_note(TroubleshootingNote(), None, {"title": "N", "cause": "A", "audience": "public"}, by, [code])
        validate_note(note, note.version, By(reviewer, Door.API))
        given = {"title": "I", "url": f"https://s.example/{slug}", "audience": "public"}
        incident = save_incident(IncidentLink(), None, given, [code], by)
        save_incident(incident, incident.version, {"impact": "All", "state": "resolved"}, None, by)
    answers = {"agent": told(editor), "public": told(None)}
    for slug, table in tables.items():
        answers |= {f"agent {slug}": told(editor, table=table), f"public {slug}": told(None, table=table)}
    assert_stored("feed", answers)
