"""What an import writes besides codes: sections, revisions, marks on notes, changes in the feed."""

import pytest

from kb.importing.applying import decisions
from kb.importing.applying.transaction import apply_import
from kb.importing.errors import NeedsConfirmation, PlanIsStale, RowsInError
from kb.models import Change, TroubleshootingNote
from kb.services.codes import edit_code
from tests import make
from tests.importing.tables import applied, by, kinds, planned, problem, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    table = make.table()
    applied(table, *((code, f"{code}.") for code in "1234567"))
    return table


def reworded(count):
    return [(str(n), "New.") for n in range(1, count + 1)]


@pytest.mark.parametrize(("count", "labels"), [(1, "1."), (5, "1, 2, 3, 4, 5."), (6, "1, 2, 3, 4, 5 and 1 more.")])
def test_a_note_names_up_to_five_codes_that_were_reworded(table, count, labels):
    make.note("All", *table.codes.all())
    applied(table, *reworded(count))
    assert TroubleshootingNote.objects.get().verify_reason.endswith(f"changed the vendor text of {labels}")


@pytest.mark.parametrize(
    ("count", "message"), [(1, "edited 1."), (5, "edited 1, 2, 3, 4, 5."), (6, "edited 1, 2, 3, 4, 5 and others.")]
)
def test_a_stale_plan_names_up_to_five_codes_that_were_edited(table, count, message):
    plan = planned(table, *reworded(7))
    for code in table.codes.order_by("code")[:count]:
        edit_code(code, 1, {"symbol": "S"}, by())
    with pytest.raises(PlanIsStale) as stale:
        apply_import(plan, by())
    assert stale.value.reasons == [f"Somebody {message}"]


@pytest.mark.parametrize(
    ("change", "is_marked"),
    [
        (row("1", description="New."), True),
        (row("1", symbol="NEW"), True),
        (row("1", description="1.", extra={"level": "x"}), False),
        (row("1", section="Other", description="1."), False),
        (row("9", description="Nine."), False),
    ],
)
def test_only_new_words_mark_a_note(table, change, is_marked):
    note = make.note("One", table.codes.get(code="1"))
    make.note("Other", table.codes.get(code="2"))
    rest = [(code, f"{code}.") for code in "1234567" if code != change["code"]]
    table_import = applied(table, change, *rest, complete=True)
    marked = TroubleshootingNote.objects.exclude(verify_since=None)
    assert list(marked) == ([note] if is_marked else [])
    assert {note.verify_since for note in marked} <= {table_import.applied_at}


def test_a_code_that_is_retired_or_comes_back_with_the_same_words_marks_no_note(table):
    make.note("One", table.codes.get(code="1"))
    applied(table, *((code, f"{code}.") for code in "234567"), complete=True)
    applied(table, ("1", "1."))
    assert not TroubleshootingNote.objects.exclude(verify_since=None).exists()
    applied(table, *((code, f"{code}.") for code in "234567"), complete=True)
    applied(table, ("1", "One!"))
    assert TroubleshootingNote.objects.exclude(verify_since=None).exists()


def test_a_row_that_is_left_out_writes_nothing_but_the_order(table):
    make.note("One", table.codes.get(code="1"))
    edit_code(table.codes.get(code="2"), 1, {"description": "Ours."}, by())
    files = [("1", "New."), ("2", "New."), row("9", section="Nine"), row("3", section="Other", description="3.")]
    plan = planned(table, *files, *((code, f"{code}.") for code in "4567"), complete=True)
    assert kinds(plan) == {"changed": 1, "conflict": 1, "new": 1, "moved": 1, "reordered": 4}
    for line in plan.rows.exclude(kind="reordered"):
        decisions.resolve(line, "leave_out", by())
    before = list(table.codes.values_list("code", "section", "description", "vendor_description", "version"))
    changes, revisions = Change.objects.count(), table.codes.model.history.count()
    apply_import(plan, by())
    assert list(table.codes.values_list("code", "section", "description", "vendor_description", "version")) == before
    assert (Change.objects.count(), table.codes.model.history.count()) == (changes, revisions)
    assert not TroubleshootingNote.objects.exclude(verify_since=None).exists()
    assert list(table.sections.values_list("name", flat=True)) == ["Public"]


def test_sections_are_made_in_the_order_of_the_file(table):
    make.section(make.table("other"), "B")
    applied(table, row("20", section="B"), row("21", section="A"), row("22", section="B"), row("23", section="a"))
    sections = table.sections.order_by("position").values_list("name", "slug", "position")
    assert list(sections) == [("Public", "public", 0), ("B", "b", 1), ("A", "a", 2), ("a", "a-2", 3)]
    new = table.codes.filter(code__startswith="2").exclude(code="2").order_by("code")
    assert list(new.values_list("section__name", flat=True)) == ["B", "A", "B", "a"]


def test_codes_that_move_into_new_sections_get_each_its_own(table):
    moved = [row("1", section="B", description="1."), row("2", section="A", description="2.")]
    applied(table, *moved, *((code, f"{code}.") for code in "34567"), complete=True)
    assert dict(table.codes.filter(code__in="12").values_list("code", "section__name")) == {"1": "B", "2": "A"}


def test_rows_join_a_section_that_was_made_since_the_plan(table):
    rows = [row("9", section="New"), row("1", section="New", description="1.")]
    plan = planned(table, *rows, answers={"sections": "new"})
    make.section(table, "New")
    apply_import(plan, by())
    assert table.sections.count() == 2
    assert sorted(table.codes.filter(section__name="New").values_list("code", flat=True)) == ["1", "9"]


def test_every_row_that_writes_has_its_revision_and_its_change_in_the_feed(table, importer):
    applied(table, *((code, f"{code}.") for code in "123456"), complete=True)
    edit_code(table.codes.get(code="2"), 1, {"description": "Ours."}, by())
    start = Change.objects.order_by("-sequence").first().sequence
    rest = [row("4", section="Other", description="4."), ("5", "5.")]
    done = applied(
        table, ("1", "New."), ("2", "New."), ("7", "7."), *rest, ("9", "9."), ("6", "6."), complete=True, user=importer
    )
    effects = {kind: n for kind, n in kinds(done).items() if kind != "unchanged"}
    assert effects == {
        "changed": 1, "conflict": 1, "restored": 1, "moved": 1, "new": 1, "retired": 1, "reordered": 2,
    }  # fmt: skip
    feed = Change.objects.filter(sequence__gt=start).order_by("sequence")
    sequence = list(feed.values_list("sequence", flat=True))
    assert sequence == list(range(start + 1, start + 1 + len(sequence)))
    changes = [(change.noun, change.kind, change.label, change.actor, change.table_import) for change in feed]
    by_import = (importer, done)
    assert changes[0] == ("section", "created", "Other", *by_import)
    assert sorted(changes[1:], key=str) == sorted(
        [
            ("code", "updated", "1", *by_import), ("code", "updated", "2", *by_import),
            ("code", "retired", "3", *by_import), ("code", "updated", "4", *by_import),
            ("code", "restored", "7", *by_import), ("code", "created", "9", *by_import),
        ],
        key=str,
    )  # fmt: skip
    revisions = table.codes.model.history.filter(table_import=done).order_by("code")
    assert list(revisions.values_list("code", "history_type", "history_user", "door")) == [
        (code, "+" if code == "9" else "~", importer.pk, "import") for code in "123479"
    ]
    assert {revision.history_date for revision in revisions} == {done.applied_at}
    assert {revision.history_change_reason for revision in revisions} == {str(done)}


def test_the_reason_of_the_person_who_applies_is_the_reason_of_the_revisions(table):
    plan = planned(table, ("1", "New."))
    apply_import(plan, by(reason="r" * 101))
    assert table.codes.get(code="1").history.first().history_change_reason == "r" * 100


@pytest.mark.parametrize(
    ("rows", "problems", "expected"),
    [
        ([("1", "New.")], [problem("Bad.", 3)], (1, 0)),
        ([("1", "New."), ("1", "Again.")], [], (0, 1)),
        ([("1", "New.")], [problem("Strange.", 3, severity="warning")], None),
    ],
)
def test_an_error_or_a_duplicate_alone_needs_a_confirmation_and_a_warning_does_not(table, rows, problems, expected):
    plan = planned(table, *rows, problems=problems)
    if expected:
        with pytest.raises(RowsInError) as error:
            apply_import(plan, by())
        assert (error.value.errors, error.value.duplicates) == expected
    assert apply_import(plan, by(), skip_errors=bool(expected)).state == "applied"


def test_retired_rows_that_are_left_out_need_no_second_confirmation(table, settings):
    settings.KB_IMPORT_RETIRE_GUARD_CODES, settings.KB_IMPORT_RETIRE_GUARD_PERCENT = 2, 0
    plan = planned(table, *((code, f"{code}.") for code in "12345"), complete=True)
    with pytest.raises(NeedsConfirmation) as error:
        apply_import(plan, by())
    assert (error.value.retired, error.value.current, error.value.limit) == (2, 7, 1)
    decisions.resolve(plan.rows.get(code="7"), "leave_out", by())
    apply_import(plan, by())
    assert list(table.codes.exclude(retired_at=None).values_list("code", flat=True)) == ["6"]


def test_a_decision_for_all_conflicts_leaves_other_rows_and_other_imports_alone(table):
    other = make.table("other")
    applied(other, ("1", "1."))
    plans = []
    for of in (table, other):
        code = of.codes.get(code="1")
        edit_code(code, 1, {"description": "Ours."}, by())
        plans.append(planned(of, ("1", "New."), ("9", "Nine.")))
    decisions.resolve(plans[0].rows.get(code="9"), "leave_out", by())
    assert decisions.resolve_all(plans[0], "take_theirs", by()) == 1
    resolutions = [dict(plan.rows.values_list("code", "resolution")) for plan in plans]
    assert resolutions == [{"1": "take_theirs", "9": "leave_out"}, {"1": "", "9": ""}]


def test_codes_of_other_tables_and_imports_are_not_touched(table):
    other = make.table("other")
    applied(other, *((code, f"{code}.") for code in "1239"))
    before = list(other.codes.order_by("pk").values())
    applied(table, ("2", "New."), ("1", "New."), ("9", "Nine."), complete=True)
    assert list(other.codes.order_by("pk").values()) == before
