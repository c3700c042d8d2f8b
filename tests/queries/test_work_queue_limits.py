"""The work queue: each fact exactly at its limit, one below and one above; what each reviewer and owner gets."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from kb.models import CodeUse, Flag, ImportRow, ImportState, Miss, NoteOutcome, Proposal, TableImport
from kb.queries import work_queue
from kb.queries.work_queue.facts import rank
from kb.queries.work_queue.reasons import of_miss, of_plan
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
SAYS = {"disposition": "retry_now"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def day(days_ago=0):
    return (NOW - days_ago * DAY).date()


def code(number="1", note="validated", **fields):
    """A code that needs nothing, unless `fields` say otherwise."""
    made = make.code(number, **SAYS | fields)
    if note:
        make.note(f"About {number}", made, state=note)
    return made


def reasons(rows):
    return [(str(row.subject), reason.text) for row in rows for reason in row.reasons]


@pytest.mark.parametrize(("days_late", "is_due"), [(-1, False), (0, True), (1, True)])
def test_a_review_is_due_on_its_day(days_late, is_due, agent):
    note = make.note("Note", code(note=None), review_on=day(days_late))
    assert [row.subject for row in work_queue.notes(agent)] == [note] * is_due


@pytest.mark.parametrize(("state", "is_due"), [("draft", False), ("not_validated", True), ("validated", True)])
def test_a_draft_has_no_review_and_no_other_look(state, is_due, agent):
    make.note("Note", code(note=None), state=state, review_on=day(), verify_since=NOW)
    texts = {text for _, text in reasons(work_queue.notes(agent))}
    late = {"needs attention: one of its codes changed", f"review was due on {day()}"}
    assert texts == (late if is_due else {"still a draft"})


@pytest.mark.parametrize(("days_ago", "is_counted"), [(27, True), (28, False)])
def test_reports_count_for_four_weeks(days_ago, is_counted, agent):
    note = make.note("Note", code(note=None))
    NoteOutcome.objects.create(note=note, outcome="did_not_work", day=day(days_ago), count=1)
    assert reasons(work_queue.notes(agent)) == [("Note", "1 report in 28 days say that it did not work")] * is_counted


@pytest.mark.parametrize(("days_ago", "is_counted"), [(27, True), (28, False)])
def test_misses_and_the_lookups_of_a_notes_codes_count_for_four_weeks(days_ago, is_counted, agent):
    Miss.objects.create(text="lobby", day=day(days_ago), lookups=3)
    asked = code(note="draft")
    CodeUse.objects.create(code=asked, day=day(days_ago), lookups=3)
    assert [row.lookups for row in work_queue.misses(agent)] == [3] * is_counted
    assert [row.lookups for row in work_queue.notes(agent)] == [3 * is_counted]


@pytest.mark.parametrize(("failures", "points"), [(1, 1), (4, 4), (5, 5), (6, 5)])
def test_up_to_five_reports_raise_the_score(failures, points, agent):
    note = make.note("Note", code(note=None))
    NoteOutcome.objects.create(note=note, outcome="did_not_work", day=day(), count=failures)
    assert work_queue.notes(agent)[0].score == 1 + points


GAPS = {"no note": ({"note": None}, 1 + 3), "undecided": ({"disposition": "unknown"}, 1 + 1)}


@pytest.mark.parametrize("gap", GAPS)
def test_a_flag_multiplies_each_gap_of_a_code(gap, agent):
    fields, score = GAPS[gap]
    flagged = code(**fields)
    Flag.objects.create(code=flagged, comment="Wrong")
    assert work_queue.codes(agent)[0].score == score * (1 + 2)


NOTE_SCORES = {
    "a draft": ({"state": "draft"}, 1 + 2),
    "a review that is due": ({"review_on": day()}, 1 + 1),
    "another look": ({"verify_since": NOW}, 1 + 2),
}


@pytest.mark.parametrize("fact", NOTE_SCORES)
def test_each_fact_of_a_note_has_its_points(fact, agent):
    fields, score = NOTE_SCORES[fact]
    make.note("Note", code(note=None), **fields)
    assert work_queue.notes(agent)[0].score == score


def test_what_waits_for_a_reviewer_has_its_points(reviewer, editor):
    unvalidated = make.note("Unvalidated", code("1", None), state="not_validated")
    flagged = make.note("Flagged", code("2", None))
    Flag.objects.create(code=flagged.codes.get(), note=flagged, comment="Wrong")
    for author in (editor, None):
        Proposal.objects.create(note=flagged, author=author, title="Better", base={}, base_version=1)
    scores = {row.subject: row.score for row in work_queue.to_validate(reviewer)}
    assert scores == {flagged: 1 + 2 + 2 * 2, unvalidated: 1 + 1}
    Miss.objects.create(text="lobby", day=day(), lookups=0)
    assert [row.score for row in work_queue.misses(reviewer)] == [1 + 3]


def conflict(torn, at=NOW, **fields):
    done = TableImport.objects.create(table=torn.table, state=fields.pop("state", "applied"), applied_at=at)
    ImportRow.objects.create(table_import=done, return_code=torn, **{"kind": "conflict"} | fields)
    return done


@pytest.mark.parametrize(
    ("fields", "is_torn"),
    [({}, True), ({"kind": "changed"}, False), ({"state": "rolled_back"}, False), ({"resolution": "edited"}, False)],
)
def test_a_conflict_is_one_that_an_applied_import_left_undecided(fields, is_torn, agent):
    torn = code()
    conflict(torn, **fields)
    assert [row.subject for row in work_queue.codes(agent)] == [torn] * is_torn
    assert [row.score for row in work_queue.codes(agent)] == [1 + 2] * is_torn


@pytest.mark.parametrize(("late", "is_torn"), [(timedelta(0), True), (TICK, False)])
def test_a_conflict_ends_with_the_first_edit_after_the_import(late, is_torn, agent):
    torn = code()
    code("2").save()
    conflict(torn, at=NOW)
    torn.history.update(history_date=NOW + late)
    assert [row.subject for row in work_queue.codes(agent)] == [torn] * is_torn


def test_a_conflict_does_not_end_with_a_later_import(agent):
    torn = code()
    done = conflict(torn, at=NOW)
    torn.history.update(history_date=NOW + TICK, table_import_id=done.pk)
    assert [row.subject for row in work_queue.codes(agent)] == [torn]


@pytest.mark.parametrize(
    ("first", "last", "table", "has_note"),
    [(1, 99, "zim-server", True), (50, 99, "zim-server", True), (1, 50, "zim-server", True),
     (51, 99, "zim-server", False), (1, 49, "zim-server", False), (1, 99, "other", False)],
)  # fmt: skip
def test_a_note_on_a_range_serves_the_codes_within_its_bounds(first, last, table, has_note, agent):
    tables = {"zim-server": make.table(), "other": make.table("other")}
    asked = make.code("50", tables["zim-server"], **SAYS)
    note = make.note("Block", state="draft")
    note.ranges.add(make.code_range("Block", first, last, of=tables[table]))
    CodeUse.objects.create(code=asked, day=day(), lookups=5)
    assert [row.subject for row in work_queue.codes(agent)] == [asked] * (not has_note)
    assert [row.lookups for row in work_queue.notes(agent)] == [5 * has_note]


def test_a_lookup_counts_once_for_a_note_on_the_code_and_on_its_range(agent):
    asked = code("50", note=None)
    note = make.note("Both", asked, state="draft")
    note.ranges.add(make.code_range("Block", 1, 99))
    CodeUse.objects.create(code=asked, day=day(), lookups=5)
    assert [row.lookups for row in work_queue.notes(agent)] == [5]


def test_a_row_links_to_its_first_flag_and_proposal(agent, editor, reviewer):
    note = make.note("Note", code())
    of = note.codes.get()
    of_note = [Flag.objects.create(code=of, note=note, comment="W") for _ in range(2)]
    of_code = [Flag.objects.create(code=of, comment="W") for _ in range(2)]
    proposals = [
        Proposal.objects.create(note=note, author=author, title="B", base={}, base_version=1)
        for author in (editor, agent)
    ]
    assert [reason.pk for reason in work_queue.codes(agent)[0].reasons] == [of_code[0].pk]
    links = {reason.form: reason.pk for reason in work_queue.to_validate(reviewer)[0].reasons}
    assert links == {"proposal": proposals[0].pk, "flag": of_note[0].pk}


def test_what_is_answered_or_settled_waits_for_nobody_and_a_proposal_of_nobody_waits(reviewer, editor):
    note = make.note("Note", code())
    Flag.objects.create(code=note.codes.get(), note=note, comment="W", state="answered")
    for state in ("returned", "accepted", "withdrawn"):
        Proposal.objects.create(note=note, author=editor, title="B", base={}, base_version=1, state=state)
    assert work_queue.notes(reviewer) == work_queue.to_validate(reviewer) == []
    Proposal.objects.create(note=note, author=None, title="B", base={}, base_version=1)
    assert reasons(work_queue.to_validate(reviewer)) == [("Note", "1 proposal to decide")]


def test_what_does_not_wait_for_a_reviewer_is_no_reviewers_work(reviewer, editor):
    make.note("Draft", code("1", None), state="draft", review_on=day())
    make.note("Due", code("2", None), review_on=day())
    own = make.note("Own, with a proposal", code("3", None), state="not_validated")
    own.history.update(history_user=reviewer)
    assert work_queue.to_validate(reviewer) == []
    Proposal.objects.create(note=own, author=editor, title="B", base={}, base_version=1)
    assert [row.subject for row in work_queue.to_validate(reviewer)] == [own]
    assert {str(row.subject) for row in work_queue.notes(reviewer)} == {"Draft", "Due"}


def test_mine_are_the_notes_that_i_own_the_flags_for_me_and_the_imports_that_i_planned(editor, agent, reviewer):
    for number, owner in (("1", editor), ("2", agent), ("3", None)):
        note = make.note(
            f"Note {number}", code(number, None, disposition="unknown"), owner=owner, state="not_validated"
        )
        Flag.objects.create(code=note.codes.get(), comment="W", owner=owner)
        conflict(note.codes.get())
        CodeUse.objects.create(code=note.codes.get(), day=day(), lookups=5)
        type(note).objects.filter(pk=note.pk).update(verify_since=NOW)
        TableImport.objects.create(new_table={"slug": number}, state="planned", planned_by=owner, counts={"new": 1})
    assert [str(row.subject) for row in work_queue.codes(editor, mine=True)] == ["1"]
    assert "an import left a conflict between the vendor's text and ours" not in str(
        work_queue.codes(editor, mine=True)
    )
    assert [str(row.subject) for row in work_queue.notes(editor, mine=True)] == ["Note 1"]
    assert [str(row.subject) for row in work_queue.to_validate(editor, mine=True)] == ["Note 1"]
    assert len(work_queue.plans(editor, mine=True)) == 1
    assert len(work_queue.plans(editor)) == len(work_queue.codes(editor)) == len(work_queue.notes(editor)) == 3


@pytest.mark.parametrize("limit", [1, 2])
def test_no_more_rows_than_asked_for(limit, agent, reviewer):
    for n in range(3):
        Flag.objects.create(code=code(str(n), None), comment="W")
        make.note(f"Draft {n}", state="draft")
        make.note(f"Waiting {n}", state="not_validated")
        Miss.objects.create(text=f"lobby {n}", day=day(), lookups=3 - n)
        TableImport.objects.create(new_table={"slug": f"t{n}"}, state=ImportState.PLANNED, counts={"new": 1})
    assert [str(row.subject) for row in work_queue.codes(agent, limit)] == ["0", "1"][:limit]
    assert [str(row.subject) for row in work_queue.notes(agent, limit)] == ["Draft 0", "Draft 1"][:limit]
    assert [str(row.subject) for row in work_queue.to_validate(reviewer, limit)] == ["Waiting 0", "Waiting 1"][:limit]
    assert [row.subject for row in work_queue.misses(agent, limit)] == ["lobby 0", "lobby 1"][:limit]
    assert len(work_queue.plans(agent, limit)) == limit


def test_rows_that_are_left_out_make_room_for_the_next(reviewer, agent):
    for n in range(3):
        note = make.note(f"Waiting {n}", state="not_validated")
        if n < 2:
            note.history.update(history_user=reviewer)
        Miss.objects.create(text=f"77{n}", day=day(), lookups=9 - n)
    for number in ("770", "771"):
        make.code(number)
    assert [str(row.subject) for row in work_queue.to_validate(reviewer, 2)] == ["Waiting 2"]
    assert [row.subject for row in work_queue.misses(agent, 2)] == ["772"]


def test_without_lookups_each_code_with_a_gap_is_listed_once_in_the_vendors_order(agent):
    code("9", note=None)
    code("8")
    code("7", disposition="unknown")
    code("6", note="archived")
    code("5", note="draft")
    make.code("4", retired_at=NOW)
    asked = code("3", note=None)
    CodeUse.objects.create(code=asked, day=day(), lookups=1)
    assert reasons(work_queue.codes(agent)) == [
        ("3", "no note says what to do"),
        ("9", "no note says what to do"),
        ("7", "what to do is not decided"),
        ("6", "no note says what to do"),
    ]


def test_a_note_lists_its_first_three_codes_in_their_natural_order(agent):
    note = make.note("Note", *(code(number) for number in ("100", "20", "3", "A", "4")), state="draft")
    (row,) = work_queue.notes(agent)
    assert [one.code for one in row.subject.first_codes] == ["3", "4", "20"]
    assert row.subject == note


def test_the_ranges_of_a_text_are_those_around_its_number(agent):
    block, wide = make.code_range("Block", 10, 20), make.code_range("Wide", 0, 99)
    hidden = make.code_range("Hidden", 10, 20, of=make.table("secret", audience="internal"))
    texts = ["9", "10", "20", "21", "words", "0xA"]
    blocks = {text: set(found) for text, found in work_queue.ranges_of(texts, agent).items()}
    assert blocks == {
        **{text: {block, wide, hidden} for text in ("10", "20", "0xA")},
        **{text: {wide} for text in ("9", "21")},
        "words": set(),
    }
    assert work_queue.ranges_of(["10"], None) == {"10": [wide, block]}


def test_a_text_is_known_in_every_reading():
    make.code("0xC0000005")
    make.code("660300001", make.table("secret", audience="internal"))
    texts = ["3221225477", "0660300001", "660300002", "words"]
    assert work_queue.known_texts(texts) == {"3221225477", "0660300001"}


@pytest.mark.parametrize(
    ("lookups", "days", "text"),
    [(1, 1, "searched 1 time in 28 days"), (2, 1, "searched 2 times in 28 days"),
     (1234, 2, "searched 1,234 times in 28 days, on 2 days")],
)  # fmt: skip
def test_a_search_says_how_often_and_on_how_many_days(lookups, days, text):
    assert [reason.text for reason in of_miss({"lookups": lookups, "days": days}, [])] == [text]


@pytest.mark.parametrize(
    ("counts", "text"),
    [({"new": 1, "unchanged": 9, "error": 9}, "1 row would change the table, 9 rows cannot be applied"),
     ({"new": 1, "conflict": 2}, "3 rows would change the table, 2 conflicts to decide")],
)  # fmt: skip
def test_a_plan_says_how_much_it_would_change(counts, text):
    assert [reason.text for reason in of_plan(TableImport(pk=1, counts=counts))] == [text]


def test_equal_scores_are_in_the_order_of_their_ids():
    facts = " UNION ALL ".join(
        f"SELECT {pk} AS id, 0 AS lookups, {gap} AS gap, {signals} AS signals"
        for pk, gap, signals in ((3, 1, 0), (1, 0, 1), (2, 0, 0), (4, 1, 1))
    )
    assert [(row["id"], row["score"]) for row in rank(facts, {}, 9)] == [(4, 4.0), (1, 2.0), (3, 2.0)]
