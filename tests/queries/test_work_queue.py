"""What is most worth doing next: given this state, this order and these reasons."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from kb.models import (
    CodeTable,
    CodeUse,
    Flag,
    IgnoredMiss,
    ImportRow,
    Miss,
    NoteOutcome,
    Proposal,
    ReturnCode,
    TableImport,
)
from kb.queries import work_queue
from kb.queries.work_queue import facts
from kb.queries.work_queue.facts import POINTS
from tests import make

pytestmark = pytest.mark.django_db
NO_NOTE, UNDECIDED = "no note says what to do", "what to do is not decided"
TORN = "an import left a conflict between the vendor's text and ours"


def look_up(code, times, days_ago=0):
    day = timezone.now().date() - timedelta(days=days_ago)
    CodeUse.objects.create(code=code, day=day, lookups=times)


def code(number, lookups=0, note=None, **fields):
    made = make.code(number, **{"disposition": "retry_now"} | fields)
    if note:
        make.note(f"About {number}", made, state=note)
    if lookups:
        look_up(made, lookups)
    return made


def flag(of, note=None, **fields):
    return Flag.objects.create(code=of, note=note, comment="Step 2 fails", **fields)


def conflict(of, state="applied", resolution=""):
    done = TableImport.objects.create(table=of.table, state=state, applied_at=timezone.now())
    return ImportRow.objects.create(table_import=done, kind="conflict", return_code=of, resolution=resolution)


def shown(rows):
    return [(str(row.subject), [reason.text for reason in row.reasons]) for row in rows]


def test_a_lookup_counts_for_four_weeks(agent):
    new, old = code("1"), code("2")
    look_up(new, 5, days_ago=27)
    look_up(old, 500, days_ago=28)
    assert [(str(row.subject), row.lookups) for row in work_queue.codes(agent)] == [("1", 5), ("2", 0)]


CODES = {
    "the more asked for comes first": (lambda: [code("1", 3), code("2", 30)], ["2", "1"]),
    "a note takes a code out": (lambda: [code("1", 30, "validated"), code("2", 3)], ["2"]),
    "a draft is somebody's work already": (lambda: [code("1", 30, "draft"), code("2", 3)], ["2"]),
    "an archived note is none": (lambda: [code("1", 30, "archived")], ["1"]),
    "a note on its range is a note": (
        lambda: [code("1", 30), code("2", 3), make.note("Block").ranges.add(make.code_range("Low", 1, 1))],
        ["2"],
    ),
    "an archived note on its range is none": (
        lambda: [code("1", 9), make.note("Block", state="archived").ranges.add(make.code_range("Low", 1, 1))],
        ["1"],
    ),
    "no note weighs more than no decision": (
        lambda: [code("1", 9, "validated", disposition="unknown"), code("2", 9)],
        ["2", "1"],
    ),
    "a flag lifts a code above one asked for ten times as often": (
        lambda: [code("1", 30), flag(code("2", 3))],
        ["2", "1"],
    ),
    "a retired code is nobody's work": (lambda: [code("1", 30, retired_at=timezone.now())], []),
    "what nobody asked for follows in the vendor's order": (
        lambda: [code("9"), code("1"), code("5", 1)],
        ["5", "9", "1"],
    ),
    "a flag on a note is the note's": (lambda: [flag(code("1", 3, "validated"), make.note("About it"))], []),
    "an answered flag is done": (lambda: [flag(code("1", 3, "validated"), state="answered")], []),
    "a conflict that an import left": (lambda: [conflict(code("1", 0, "validated"))], ["1"]),
    "a conflict that somebody decided": (lambda: [conflict(code("1", 0, "validated"), resolution="keep_ours")], []),
    "a conflict of a plan is the import's": (lambda: [conflict(code("1", 0, "validated"), state="planned")], []),
}


@pytest.mark.parametrize("case", CODES)
def test_codes_are_ranked_by_score(agent, case):
    state, order = CODES[case]
    state()
    assert [str(row.subject) for row in work_queue.codes(agent)] == order


def test_a_code_lists_its_reasons_and_their_forms(agent):
    bare = code("1", 42, disposition="unknown")
    raised = flag(bare)
    flag(bare)
    conflict(bare)
    (row,) = work_queue.codes(agent)
    assert (row.kind, row.lookups) == ("code", 42)
    assert [(reason.text, reason.form, reason.pk) for reason in row.reasons] == [
        (NO_NOTE, "new note", bare.pk),
        ("2 flags waiting for an answer", "flag", raised.pk),
        (TORN, "code", bare.pk),
        (UNDECIDED, "code", bare.pk),
    ]


def test_a_conflict_ends_when_a_person_saves_the_code(agent):
    torn = code("1", 5, "validated")
    conflict(torn)
    assert shown(work_queue.codes(agent)) == [("1", [TORN])]
    torn.save()
    assert work_queue.codes(agent) == []


DUE = datetime(2020, 1, 1, tzinfo=UTC).date()


def reported(about, outcome, count):
    NoteOutcome.objects.create(note=about, outcome=outcome, day=timezone.now().date(), count=count)


def note(title="Room is gone", lookups=0, **fields):
    of = make.code(str(9000 + ReturnCode.objects.count()))
    if lookups:
        look_up(of, lookups)
    return make.note(title, of, **fields)


NOTES = {
    "a validated note that serves is nobody's work": (lambda: note(lookups=99), []),
    "a draft": (lambda: note(state="draft"), ["still a draft"]),
    "an archived draft": (lambda: note(state="archived", review_on=DUE, verify_since=timezone.now()), []),
    "one that waits for a reviewer is no editor's": (lambda: note(state="not_validated"), []),
    "a review that is due": (lambda: note(review_on=DUE), ["review was due on 2020-01-01"]),
    "words that changed below it": (
        lambda: note(verify_since=timezone.now(), verify_reason="The vendor reworded 7."),
        ["needs attention: The vendor reworded 7."],
    ),
    "reports that it did not work": (
        lambda: reported(note(), "did_not_work", 3),
        ["3 reports in 28 days say that it did not work"],
    ),
    "reports that it worked": (lambda: reported(note(), "worked", 3), []),
    "a flag": (lambda: (lambda n: flag(n.codes.get(), n))(note()), ["1 flag waiting for an answer"]),
}


@pytest.mark.parametrize("case", NOTES)
def test_a_note_lists_its_reasons(agent, case):
    state, reasons = NOTES[case]
    state()
    assert [reason for row in work_queue.notes(agent) for reason in (r.text for r in row.reasons)] == reasons


def test_a_notes_lookups_are_those_of_its_codes_and_ranges(agent):
    often = note("Often", state="draft")
    for number in ("500", "501"):
        of = make.code(number)
        look_up(of, 5)
        often.codes.add(of)
    look_up(make.code("700"), 7)
    often.ranges.add(make.code_range("Block", 501, 799))
    note("Seldom", lookups=16, state="draft")
    assert [(str(row.subject), row.lookups) for row in work_queue.notes(agent)] == [("Often", 17), ("Seldom", 16)]


def test_no_more_than_five_reports_count(agent):
    for title, count in (("Six", 6), ("Many", 60)):
        reported(note(title), "did_not_work", count)
    first, second = work_queue.notes(agent)
    assert first.score == second.score


def test_the_score_is_demand_times_gap_times_signals(agent):
    code("1")
    row = work_queue.codes(agent)[0]
    assert row.score == 0
    flag(row.subject)
    assert work_queue.codes(agent)[0].score == (1 + POINTS["bare"]) * (1 + POINTS["flags"])
    look_up(row.subject, 1)
    assert work_queue.codes(agent)[0].score == pytest.approx(1.6931 * 4 * 3, rel=1e-3)


def written_by(who, title, **fields):
    made = note(title, state="not_validated", **fields)
    made.history.update(history_user=who)
    return made


def test_a_reviewer_gets_the_notes_of_others(reviewer, editor):
    written_by(editor, "Another's", lookups=1)
    written_by(reviewer, "My own", lookups=50)
    assert shown(work_queue.to_validate(reviewer)) == [("Another's", ["not validated yet"])]


def test_a_reviewer_who_may_validate_their_own_texts_gets_both(reviewer, settings):
    settings.KB_VALIDATE_OWN_WORDS = True
    written_by(reviewer, "My own")
    assert [str(row.subject) for row in work_queue.to_validate(reviewer)] == ["My own"]


def test_a_reviewer_who_returns_a_note_is_no_author(reviewer, editor):
    made = written_by(editor, "Another's")
    made.state = "draft"
    made._history_user = reviewer
    made.save()
    made.state = "not_validated"
    made._history_user = editor
    made.save()
    assert [str(row.subject) for row in work_queue.to_validate(reviewer)] == ["Another's"]


def test_a_reviewer_gets_the_proposals_of_others(reviewer, editor):
    validated = note(lookups=3)
    texts = {"title": "Better", "base": {}, "base_version": 1}
    theirs = Proposal.objects.create(note=validated, author=editor, **texts)
    Proposal.objects.create(note=validated, author=reviewer, **texts)
    (row,) = work_queue.to_validate(reviewer)
    assert [(r.text, r.form, r.pk) for r in row.reasons] == [("1 proposal to decide", "proposal", theirs.pk)]
    assert work_queue.notes(editor) == []


def missed(text, times=1, days_ago=0):
    Miss.objects.create(text=text, day=timezone.now().date() - timedelta(days=days_ago), lookups=times)


def test_a_miss_stays_until_it_is_a_code_or_ignored(agent):
    for text, times in (("660300009", 3), ("a slow room", 9), ("660300001", 50), ("call ••••", 50)):
        missed(text, times)
    missed("660300009", 3, days_ago=1)
    missed("long ago", 99, days_ago=28)
    IgnoredMiss.objects.create(text="a slow room")
    make.code("660300001")
    block = make.code_range()
    (row,) = work_queue.misses(agent)
    assert (row.kind, row.subject, row.lookups, row.ranges) == ("miss", "660300009", 6, [block])
    assert [reason.text for reason in row.reasons] == [
        "searched 6 times in 28 days, on 2 days",
        "its number is in 6603xxxxx Room",
    ]


def test_mine_has_notes_and_flags_of_the_user(agent, editor):
    code("1", 99)
    asked = code("2", 1)
    flag(asked, owner=editor)
    note("Mine", owner=editor, state="draft")
    note("Another's", owner=agent, state="draft")
    mentioned = note("Flagged", owner=agent)
    flag(mentioned.codes.get(), mentioned, owner=editor)
    assert [str(row.subject) for row in work_queue.codes(editor, mine=True)] == ["2"]
    assert {str(row.subject) for row in work_queue.notes(editor, mine=True)} == {"Mine", "Flagged"}


@pytest.mark.parametrize("who", ["stranger", "idle_staff"])
def test_public_readers_get_no_queue(request, who, settings):
    settings.KB_PUBLIC_READ = True
    user = request.getfixturevalue(who)
    code("1", 9)
    note(state="draft")
    missed("660300009")
    TableImport.objects.create(table=CodeTable.objects.get(), state="planned", counts={"new": 1})
    for rows in (work_queue.codes, work_queue.notes, work_queue.to_validate, work_queue.misses, work_queue.plans):
        assert rows(user) == []


def test_a_plan_lists_its_changes(importer):
    make.code()
    planned = TableImport.objects.create(
        table=CodeTable.objects.get(), state="planned", counts={"new": 3, "conflict": 1}, planned_by=importer
    )
    TableImport.objects.create(table=planned.table, state="discarded")
    assert shown(work_queue.plans(importer)) == [
        (str(planned), ["4 rows would change the table, 1 conflict to decide"])
    ]
    assert [row.subject for row in work_queue.plans(importer, mine=True)] == [planned]


def test_of_very_many_codes_those_with_most_lookups_and_flags_are_weighed(editor, monkeypatch):
    monkeypatch.setattr(work_queue, "CONSIDERED", 2)
    first, second = (code(str(n), 100 - n, note="validated", disposition="unknown") for n in (1, 2))
    flagged, never_mind = code("4"), code("3", 97)
    flag(flagged)
    assert [row.subject for row in work_queue.codes(editor, limit=3)] == [flagged, first, second]
    assert [row.subject for row in work_queue.codes(editor, limit=4)] == [never_mind, flagged, first, second]


@pytest.mark.parametrize("size", [2, 8])
@pytest.mark.parametrize(
    ("rows", "count"),
    [(work_queue.codes, 4), (work_queue.notes, 4), (work_queue.to_validate, 5), (work_queue.misses, 5)],
)
def test_the_queue_needs_the_same_number_of_queries_for_any_amount_of_work(
    reviewer, editor, django_assert_num_queries, size, rows, count
):
    for n in range(size):
        flag(code(str(1000 + n), n + 1))
        note(f"Note {n}", state="draft")
        written_by(editor, f"Waiting {n}")
        missed(f"77{n}", n + 1)
    # A person's rights are read once. So few codes leave room, and are weighed once more.
    assert reviewer.has_perm("kb.view_internal")
    with django_assert_num_queries(count):
        assert len(rows(reviewer)) >= size


def test_of_very_many_notes_those_on_the_most_requested_codes_and_what_waits_are_weighed(reviewer, monkeypatch):
    monkeypatch.setattr(work_queue, "CONSIDERED", 1)
    for number, lookups in (("1", 99), ("2", 98)):
        code(number, lookups, note="draft")
    due = make.note("Due", code("3"), review_on=timezone.localdate())
    attention = make.note("Attention", code("4"), verify_since=timezone.now())
    flagged = make.note("Flagged", code("5"))
    flag(flagged.codes.get(), flagged)
    on_range = make.note("On a range", state="draft")
    on_range.ranges.add(make.code_range("Block", 1, 1))
    first = ["On a range", "About 1", "Flagged", "Attention", "Due"]
    assert {str(row.subject) for row in work_queue.notes(reviewer, limit=5)} == set(first)
    assert {row.subject for row in work_queue.notes(reviewer, limit=4)} >= {attention, flagged}
    assert due in [row.subject for row in work_queue.notes(reviewer, limit=5)]
    # There is room, so all are weighed.
    assert [str(row.subject) for row in work_queue.notes(reviewer, limit=6)][:3] == ["About 1", "On a range", "About 2"]


def test_few_and_all_of_the_notes_have_the_same_facts(reviewer, editor):
    made = code("1", 9, note="draft")
    code("2", 7, note="not_validated")
    waiting = make.note("Due", code("3", 3), review_on=timezone.localdate(), verify_since=timezone.now())
    flag(made, waiting)
    parameters = {"since": work_queue.since(), "today": timezone.localdate(), "owner": None}
    few = parameters | facts.every_day() | {"considered": 100}
    for asking in (None, reviewer.pk):
        of_all = facts.rank(facts.EVERY_NOTE, parameters | {"reviewer": asking}, 9)
        assert facts.rank(facts.NOTES, few | {"reviewer": asking}, 9) == of_all != []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite says in words what it reads; see test_plans")
@pytest.mark.parametrize("name", ["CODES", "NOTES"])
def test_the_first_attempt_reads_no_large_table_as_a_whole(name):
    parameters = {"since": work_queue.since(), "today": timezone.localdate(), "owner": None, "reviewer": None}
    plan = []

    def explain(execute, sql, params, many, context):
        plan.extend(row[-1] for row in execute(f"EXPLAIN QUERY PLAN {sql}", params, many, context).fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        facts.rank(getattr(facts, name), parameters | facts.every_day() | {"considered": 5}, 9)
    large = ("kb_codeuse", "kb_troubleshootingnote", "kb_returncode", "kb_importrow")
    scans = [step.split()[1] for step in plan if step.startswith("SCAN") and "INDEX" not in step]
    aliases = {"r", "u", "c"} if name == "NOTES" else {"r", "u", "n"}
    assert plan
    assert not {scan for scan in scans if scan.startswith(large) or scan in aliases}
