"""A roll-back restores exactly what an import changed, except later edits, and deletes nothing."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from kb.importing.applying import decisions
from kb.importing.applying.effects import effects_of
from kb.importing.applying.rollback import preview, roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.errors import WrongState
from kb.models import Change, ReturnCode, TroubleshootingNote
from kb.models.fields import VENDOR_TEXTS
from kb.services import journal
from kb.services.codes import edit_code
from kb.services.notes import return_note, validate_note
from kb.services.reviews import request_review
from tests import make
from tests.importing.tables import applied, by, kinds, planned, row

pytestmark = pytest.mark.django_db

COMPARED_FIELDS = ("code", "section__name", "position", "extra", "disposition", "fixer", "retired_at", *VENDOR_TEXTS)
COMPARED_FIELDS += tuple(f"vendor_{name}" for name in VENDOR_TEXTS)


@pytest.fixture
def table():
    table = make.table()
    applied(
        table,
        *(("1", "One."), ("2", "Two."), ("3", "Three.")),
        row("4", description="Four.", suggested_actions="Retry.", extra={"level": "error"}),
        ("5", "Five."),
    )
    applied(table, ("1", "One."), ("2", "Two."), ("3", "Three."), row("4"), complete=True)
    return table


def state(table):
    return list(table.codes.order_by("id").values_list(*COMPARED_FIELDS))


def plan_next_version(table, **options):
    """Plan a file with one of each: restored, changed, moved and new; 1 is retired and 3 in conflict."""
    return planned(
        table,
        *(("5", "Fuenf."), ("3", "Drei."), ("9", "Nine.")),
        row("2", section="Other", description="Two."),
        row(
            "4", description="Four!", suggested_actions="Please contact technical support.", extra={"level": "warning"}
        ),
        complete=True,
        **options,
    )


def test_a_roll_back_restores_exactly(table, editor):
    edit_code(table.codes.get(code="3"), 1, {"description": "Ours."}, by(editor))
    before = state(table)
    plan = plan_next_version(table)
    assert kinds(plan) == {"restored": 1, "conflict": 1, "new": 1, "moved": 1, "changed": 1, "retired": 1}
    decisions.resolve_all(plan, "take_theirs", by(editor))
    table_import = apply_import(plan, by(editor))
    assert table.codes.get(code="3").description == "Drei."
    reversal = roll_back(table_import, by(editor))
    *old, new = state(table)
    assert old == before
    assert (new[0], table.codes.get(code="9").is_retired) == ("9", True)
    table_import.refresh_from_db()
    assert (table_import.state, table_import.closed_by, reversal.rolls_back, reversal.state) == (
        "rolled_back",
        editor,
        table_import,
        "applied",
    )
    assert kinds(reversal) == {"retired": 1, "taken": 1, "changed": 2, "moved": 1, "restored": 1, "reordered": 4}
    assert {revision.table_import for revision in table.codes.get(code="3").history.all()[:1]} == {reversal}
    feed = Change.objects.filter(table_import=reversal, noun="code").order_by("label")
    assert list(feed.values_list("label", "kind")) == [
        ("1", "restored"),
        ("2", "updated"),
        ("3", "updated"),
        ("4", "updated"),
        ("5", "retired"),
        ("9", "deleted"),
    ]


def test_a_roll_back_restores_the_order(table):
    before = state(table)
    roll_back(applied(table, ("3", "Three."), ("1", "One."), ("2", "Two."), row("4"), complete=True), by())
    assert state(table) == before


def order(table):
    """Return the codes in order; no two may have one place."""
    places = list(table.codes.values_list("position", flat=True))
    assert len(set(places)) == len(places)
    return [code.code for code in table.codes.in_vendor_order()]


def listed(codes):
    return [(code, f"{code}.") for code in codes]


@pytest.fixture
def five():
    """A table with the codes 1 to 5, in this order."""
    table = make.table("five")
    applied(table, *listed("12345"))
    return table


def test_the_order_of_a_later_import_stays_when_an_earlier_one_is_rolled_back(five):
    first = applied(five, *listed("51234"), complete=True)
    applied(five, *listed("54321"), complete=True)
    roll_back(first, by())
    assert order(five) == list("54321")


@pytest.mark.parametrize("backwards", [True, False])
def test_the_first_order_returns_when_all_imports_that_changed_it_are_rolled_back(five, backwards):
    imports = [applied(five, *listed(codes), complete=True) for codes in ("51234", "543219", "954321")]
    for table_import in reversed(imports) if backwards else imports:
        roll_back(table_import, by())
        order(five)
    assert order(five) == [*"12345", "9"]


def test_a_later_import_that_only_adds_codes_does_not_keep_the_order(five):
    first = applied(five, *listed("54321"), complete=True)
    applied(five, ("6", "Six."))
    roll_back(first, by())
    assert order(five) == list("123456")


def test_a_roll_back_changes_no_order_that_its_import_did_not_set(five):
    applied(five, *listed("54321"), complete=True)
    roll_back(applied(five, ("1", "Uno."), ("6", "Six.")), by())
    assert order(five) == list("543216")


def test_a_code_that_a_rolled_back_import_brought_goes_behind_the_others(five):
    roll_back(applied(five, *listed("192345"), complete=True), by())
    assert order(five) == list("123459")


def test_codes_of_other_tables_keep_their_places_in_a_roll_back(five):
    other = make.table("other")
    applied(other, *listed("123"))
    applied(other, *listed("321"), complete=True)
    places = list(other.codes.order_by("pk").values_list("code", "position"))
    roll_back(applied(five, *listed("54321"), complete=True), by())
    assert list(other.codes.order_by("pk").values_list("code", "position")) == places
    assert list(five.codes.order_by("position").values_list("code", "position")) == list(
        zip("12345", range(5), strict=True)
    )


@pytest.mark.parametrize("backwards", [True, False])
def test_words_return_when_several_imports_are_rolled_back_in_any_order(table, backwards):
    before = state(table)
    imports = [
        applied(table, ("1", "Uno."), row("2", symbol="TWO"), ("9", "Nine.")),
        applied(table, ("1", "Due."), row("2", description="Due."), ("9", "Neuf."), ("3", "Three."), complete=True),
        applied(table, ("1", "Tre."), row("2", possible_reasons="Why."), row("4", symbol="FOUR")),
    ]
    for table_import in reversed(imports) if backwards else imports:
        roll_back(table_import, by())
    *old, new = state(table)
    assert old == before
    assert (new[0], table.codes.get(code="9").is_retired) == ("9", True)


def test_a_row_that_was_left_out_has_nothing_to_roll_back(table):
    plan = planned(table, ("1", "Uno."), ("2", "Due."))
    decisions.resolve(plan.rows.get(code="1"), "leave_out", by())
    table_import = apply_import(plan, by())
    assert (preview(table_import).restored, preview(table_import).stays) == (1, [])
    assert list(roll_back(table_import, by()).rows.values_list("code", "kind")) == [("2", "changed")]


def test_a_code_that_moved_and_moved_back_is_restored_when_both_moves_are_rolled_back(table):
    before = state(table)
    rest = [("1", "One."), ("3", "Three."), row("4")]
    imports = [
        applied(table, row("2", section=section, description="Two."), *rest, complete=True)
        for section in ("Other", "Public")
    ]
    for table_import in imports:
        reversal = roll_back(table_import, by())
    assert state(table) == before
    assert not reversal.rows.filter(kind="warning").exists()


def test_a_later_import_is_rolled_back_also_where_an_earlier_one_could_not_be(table):
    rest = [("1", "One."), ("3", "Three."), row("4")]
    moved = applied(table, row("2", section="Other", description="Two."), *rest, complete=True)
    applied(table, ("2", "Another two."))
    roll_back(moved, by())
    before = state(table)
    roll_back(applied(table, row("2", section="Other", description="Due.")), by())
    assert state(table) == before


def test_an_edit_between_two_imports_stays_when_both_are_rolled_back(table, editor):
    first = applied(table, ("1", "Uno."))
    code = table.codes.get(code="1")
    edit_code(code, code.version, {"symbol": "MINE"}, by(editor))
    second = applied(table, ("1", "Due."))
    for table_import in (first, second):
        roll_back(table_import, by())
    code.refresh_from_db()
    assert (code.symbol, code.description) == ("MINE", "Uno.")


def test_an_edit_after_a_roll_back_stays_when_the_import_before_is_rolled_back(table, editor):
    first, second = applied(table, ("1", "Uno.")), applied(table, ("1", "Due."))
    roll_back(second, by())
    code = table.codes.get(code="1")
    edit_code(code, code.version, {"symbol": "MINE"}, by(editor))
    roll_back(first, by())
    code.refresh_from_db()
    assert (code.symbol, code.description) == ("MINE", "Uno.")


def test_codes_edited_since_are_skipped_and_reported(table, editor):
    table_import = apply_import(plan_next_version(table), by())
    code = table.codes.get(code="4")
    edit_code(code, code.version, {"description": "Later words."}, by(editor))
    result = preview(table_import)
    assert (result.restored, result.taken) == (4, 1)
    at = f"{code.history.first().history_date:%Y-%m-%d %H:%M}"
    assert result.stays == [f"4 stays: it was changed by {editor} on {at}."]
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        reversal = roll_back(table_import, by(editor))
    code.refresh_from_db()
    assert (code.description, code.vendor_description) == ("Later words.", "Four!")
    assert reversal.rows.get(kind="warning").message == result.stays[0]


def test_the_words_of_a_later_import_stay(table):
    first = applied(table, ("1", "Uno."), ("2", "Due."))
    later = applied(table, ("1", "Eins."))
    assert preview(first).stays == [f"1 stays: it was changed by {later}; roll that back first."]
    roll_back(first, by())
    assert list(table.codes.order_by("code").values_list("description", flat=True)[:2]) == ["Eins.", "Two."]


def test_a_code_does_not_return_to_a_section_that_has_a_new_code_of_the_same_number(table):
    table_import = applied(
        table,
        *(("1", "One."), ("3", "Three."), row("2", section="Other", description="Two."), row("4")),
        complete=True,
    )
    applied(table, ("2", "Another two."))
    assert preview(table_import).stays == ["2 stays: its former section now has another 2."]
    roll_back(table_import, by())
    assert sorted(ReturnCode.objects.filter(code="2").values_list("section__name", flat=True)) == ["Other", "Public"]


def test_notes_need_no_verification_after_their_codes_are_restored(table):
    make.note("One", table.codes.get(code="1"))
    edited_note = make.note("Two", table.codes.get(code="2"))
    table_import = applied(table, ("1", "Uno."), ("2", "Due."))
    code = table.codes.get(code="2")
    edit_code(code, code.version, {"symbol": "TWO"}, by())
    roll_back(table_import, by())
    assert [note.pk for note in TroubleshootingNote.objects.exclude(verify_since=None)] == [edited_note.pk]


def marks():
    return dict(TroubleshootingNote.objects.values_list("title", "verify_since"))


def test_a_note_needs_the_verification_that_it_needed_before_the_import(table, reviewer):
    one, two = table.codes.filter(code__in="12").order_by("code")
    make.note("One", one)
    make.note("Two", two)
    first = applied(table, ("1", "Uno."), ("2", "Due."))
    note = TroubleshootingNote.objects.get(title="Two")
    validate_note(return_note(note, note.version, by(reviewer)), note.version + 1, by(reviewer))
    second = applied(table, ("1", "Eins."), ("2", "Zwei."))
    assert set(marks().values()) == {second.applied_at}
    roll_back(second, by())
    assert marks() == {"One": first.applied_at, "Two": None}
    assert str(first) in TroubleshootingNote.objects.get(title="One").verify_reason


def test_a_note_that_somebody_asked_to_verify_keeps_the_request(table, editor):
    note = make.note("One", table.codes.get(code="1"))
    with journal.entry(by(editor)) as entry:
        request_review(entry, [note], "An agent doubts it.")
    before = marks()
    table_import = applied(table, ("1", "Uno."))
    assert marks() != before
    roll_back(table_import, by())
    note.refresh_from_db()
    assert (marks(), note.verify_reason) == (before, "An agent doubts it.")


def test_a_note_needs_no_verification_because_of_an_import_that_is_rolled_back_too(table):
    make.note("One", table.codes.get(code="1"))
    first, second = applied(table, ("1", "Uno.")), applied(table, ("1", "Eins."))
    roll_back(first, by())
    assert marks() == {"One": second.applied_at}
    roll_back(second, by())
    assert marks() == {"One": None}


def test_a_roll_back_leaves_the_marks_of_other_imports(table):
    other = make.table("other")
    applied(other, ("1", "x"))
    make.note("Other", other.codes.get())
    elsewhere = applied(other, ("1", "y"))
    roll_back(applied(table, ("1", "Uno.")), by())
    assert marks() == {"Other": elsewhere.applied_at}


def test_only_an_applied_import_is_rolled_back_and_only_once(table):
    plan = planned(table, ("1", "Uno."))
    with pytest.raises(WrongState, match="planned"):
        roll_back(plan, by())
    reversal = roll_back(apply_import(plan, by()), by())
    with pytest.raises(WrongState, match="already"):
        roll_back(plan, by())
    with pytest.raises(WrongState, match="roll-back"):
        roll_back(reversal, by())


def test_the_same_file_can_be_imported_again_after_a_roll_back(table):
    file = (("1", "Uno."), ("9", "Nine."))
    roll_back(applied(table, *file), by())
    again = planned(table, *file)
    assert kinds(again) == {"changed": 1, "new": 1}
    apply_import(again, by())
    assert kinds(planned(table, *file)) == {"unchanged": 2}


def test_a_plan_from_before_a_roll_back_is_stale(table):
    table_import = applied(table, ("1", "Uno."))
    plan = planned(table, ("2", "Due."))
    roll_back(table_import, by())
    with pytest.raises(Exception, match="was applied"):
        apply_import(plan, by())


def test_codes_that_only_the_import_brought_are_taken_away(table):
    table_import = applied(table, ("7", "Seven."), ("8", "Eight."), ("9", "Nine."))
    effects = preview(table_import)
    reversal = roll_back(table_import, by())
    assert effects_of([reversal]) == effects
    assert effects.sentences() == ["3 codes taken away: no page will say that the vendor listed them."]
    assert reversal.counts == {"taken": 3}


def test_a_code_that_another_import_lists_is_retired_and_a_former_state_is_restored(table):
    first = applied(table, ("7", "Seven."), ("5", "Five again."))
    words = ("Five again.", "One.", "Two.", "Three.")
    applied(table, ("7", "Seven."), *zip("5123", words, strict=True), row("4"), complete=True)
    effects = preview(first)
    assert (effects.taken, effects.retired, effects.restored) == (0, 1, 1)
    assert effects_of([roll_back(first, by())]) == effects


def test_a_second_roll_back_says_who_did_the_first_one(table, editor):
    for person, words in ((editor, f"rolled back by {editor}, at"), (None, "rolled back from the command line, at")):
        table_import = applied(table, ("1", f"Uno {person}."))
        roll_back(table_import, by(person))
        with pytest.raises(WrongState, match=words):
            roll_back(table_import, by())
