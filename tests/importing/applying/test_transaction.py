"""Applying is one transaction that re-checks what the plan was computed from, and loses nothing of staff's."""

import pytest
import time_machine

from kb.importing.applying import decisions
from kb.importing.applying.transaction import apply_import, needs_confirmation, retire_limit
from kb.importing.errors import ImportRefused, NeedsConfirmation, PlanIsStale, RowsInError, WrongState
from kb.importing.planning.plan import NewTable, plan_import
from kb.models import Change, CodeTable, ReturnCode, TroubleshootingNote
from kb.services.codes import edit_code
from kb.services.notes import return_note, validate_note
from kb.services.sections import rename_section
from tests import make
from tests.importing.tables import applied, by, kinds, planned, problem, row, source

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    made = make.table()
    applied(made, ("1", "One."), ("2", "Two."), ("3", "Three."))
    return made


def test_codes_revisions_and_feed_name_the_import(importer):
    table = make.table()
    done = applied(table, row("660", description="Busy.", suggested_actions="Retry."), user=importer)
    code = table.codes.get()
    revision = code.history.get()
    assert (code.vendor_description, code.description, code.disposition, code.version) == (
        "Busy.",
        "Busy.",
        "retry_now",
        1,
    )
    assert (code.identity, code.canonical, code.number) == ("660", "660", 660)
    assert (revision.history_user, revision.door, revision.table_import, revision.history_type) == (
        importer,
        "import",
        done,
        "+",
    )
    assert "zim.csv" in revision.history_change_reason
    assert list(Change.objects.since(0).values_list("noun", "kind", "label", "door", "table_import")) == [
        ("section", "created", "Public", "import", done.pk),
        ("code", "created", "660", "import", done.pk),
    ]
    assert (done.applied_by, done.state) == (importer, "applied")
    assert done.rows.get().return_code == code


def test_a_plan_left_unapplied_and_a_second_file_of_the_same_words_do_nothing(table):
    again = planned(table, ("1", "One."), ("2", "Two."), ("3", "Three."), complete=True)
    changes = Change.objects.count()
    assert again.count() == 0
    apply_import(again, by())
    assert Change.objects.count() == changes


def test_staffs_words_stay_and_the_vendors_are_kept_beside(table, editor):
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours."}, by(editor))
    applied(table, row("1", description="Uno.", possible_reasons="Why."))
    code = table.codes.get(code="1")
    assert (code.description, code.vendor_description, code.possible_reasons, code.version) == (
        "Ours.",
        "Uno.",
        "Why.",
        3,
    )
    assert kinds(planned(table, row("1", description="Uno.", possible_reasons="Why."))) == {"unchanged": 1}


@pytest.mark.parametrize(
    ("resolution", "edited", "expected"),
    [
        ("", None, "Ours."),
        ("keep_ours", None, "Ours."),
        ("take_theirs", None, "Uno."),
        ("edited", {"description": "Both."}, "Both."),
    ],
)
def test_a_conflict_is_decided_by_row(table, editor, resolution, edited, expected):
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours.", "symbol": "MINE"}, by(editor))
    plan = planned(table, ("1", "Uno."))
    decisions.resolve(plan.rows.get(), resolution, by(editor), edited)
    apply_import(plan, by(editor))
    code = table.codes.get(code="1")
    assert (code.description, code.vendor_description, code.symbol) == (expected, "Uno.", "MINE")
    assert code.history.first().description == expected


def test_all_conflicts_are_decided_in_one_go(table, editor):
    for code in table.codes.all():
        edit_code(code, 1, {"description": f"Ours {code}."}, by(editor))
    plan = planned(table, ("1", "Uno."), ("2", "Due."))
    assert decisions.resolve_all(plan, "take_theirs", by(editor)) == 2
    apply_import(plan, by(editor))
    assert list(table.codes.order_by("code").values_list("description", flat=True)) == ["Uno.", "Due.", "Ours 3."]


def test_a_row_can_be_left_out(table):
    plan = planned(table, ("1", "Uno."), ("4", "Four."), complete=True)
    for left in plan.rows.exclude(code="2"):
        decisions.resolve(left, "leave_out", by())
    apply_import(plan, by())
    current = table.codes.current().order_by("code").values_list("code", "description")
    assert list(current) == [("1", "One."), ("3", "Three.")]


@pytest.mark.parametrize(
    ("code", "resolution", "edited", "said"),
    [
        ("1", "nonsense", None, "keep_ours"),
        ("1", "edited", None, "Edited"),
        ("1", "keep_ours", {"description": "x"}, "Edited"),
        ("1", "edited", {"symbol": "x"}, "symbol"),
        ("1", "edited", {"description": "\x00"}, "NUL"),
        ("2", "take_theirs", None, "not in conflict"),
        ("", "leave_out", None, "not applied"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(table, editor, code, resolution, edited, said):
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours."}, by(editor))
    plan = planned(table, ("1", "Uno."), ("2", "Due."), problems=[problem("Bad.", 9)])
    with pytest.raises(ImportRefused, match=said):
        decisions.resolve(plan.rows.get(code=code), resolution, by(editor), edited)


def test_a_missing_code_retires_and_comes_back_with_all_it_had(table, editor):
    code = table.codes.get(code="2")
    make.note("Two is hard", code)
    make.incident("Two again", code)
    with time_machine.travel("2035-03-05T10:00Z", tick=False):
        done = applied(table, ("1", "One."), ("3", "Three."), complete=True)
    assert kinds(done) == {"unchanged": 2, "retired": 1}
    code.refresh_from_db()
    assert (code.is_retired, code.version) == (True, 2)
    make.note("Two, while it was gone", code)
    with time_machine.travel("2035-03-13T10:00Z", tick=False):
        back = applied(table, ("1", "One."), ("2", "Zwei."), ("3", "Three."))
    code.refresh_from_db()
    assert kinds(back) == {"unchanged": 2, "restored": 1}
    assert "2035-03-05" in back.rows.get().message
    assert (code.is_retired, code.description, code.notes.count(), code.incidents.count()) == (False, "Zwei.", 2, 1)
    feed = Change.objects.filter(noun="code", object_id=code.pk).order_by("sequence")
    assert list(feed.values_list("kind", flat=True)) == ["created", "retired", "restored"]
    assert [revision.history_type for revision in code.history.all()] == ["~", "~", "+"]


def test_a_moved_code_keeps_its_row(table):
    code = table.codes.get(code="2")
    make.note("Two is hard", code)
    done = applied(table, ("1", "One."), row("2", section="Other", description="Two."), ("3", "Three."), complete=True)
    code.refresh_from_db()
    assert (kinds(done), code.section.name, code.notes.count()) == ({"unchanged": 2, "moved": 1}, "Other", 1)
    assert done.rows.get().message == "Moved from section Public to Other."


def test_a_mere_change_of_place_leaves_no_revision(table):
    changes = Change.objects.count()
    applied(table, ("3", "Three."), ("1", "One."), ("2", "Two."), complete=True)
    assert list(table.codes.in_vendor_order().values_list("code", "version")) == [("3", 1), ("1", 1), ("2", 1)]
    assert Change.objects.count() == changes


def test_published_notes_of_reworded_codes_ask_for_another_look(table, reviewer):
    one, two, three = table.codes.order_by("code")
    both = make.note("Busy", one, two)
    make.note("Draft", one, state="draft")
    make.note("Elsewhere", three)
    done = applied(table, ("1", "Uno."), ("2", "Due."), row("3", extra={"level": "x"}))
    asked = TroubleshootingNote.objects.exclude(verify_since=None)
    assert [(note.title, note.verify_since, note.version) for note in asked] == [("Busy", done.applied_at, 2)]
    assert "1, 2" in asked[0].verify_reason
    assert str(done) in asked[0].verify_reason
    assert Change.objects.filter(noun="note").values_list("fields", flat=True)[0] == ["verify_reason", "verify_since"]
    both.refresh_from_db()
    return_note(both, 2, by(reviewer))
    validate_note(both, 3, by(reviewer))
    both.refresh_from_db()
    assert (both.verify_since, both.verify_reason) == (None, "")


def test_a_new_table_is_made_in_one_go(importer):
    plan = plan_import(
        NewTable("rtc", "ZEGOCLOUD", "RTC", "Server", audience="public"), source(("1", "One.")), by(importer)
    )
    done = apply_import(plan, by(importer))
    assert done.table == CodeTable.objects.get(slug="rtc")
    assert [change.noun for change in Change.objects.since(0)] == ["table", "section", "code"]
    assert {change.audience for change in Change.objects.all()} == {"public"}


def test_a_new_table_whose_name_was_taken_meanwhile_is_refused(importer):
    plan = plan_import(NewTable("rtc", "ZEGOCLOUD", "RTC", "Server"), source(("1", "One.")), by(importer))
    make.table("rtc")
    with pytest.raises(ImportRefused, match="rtc"):
        apply_import(plan, by(importer))


def change_a_code(table):
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours."}, by())


def add_a_code(table):
    make.code("99", table)


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        (change_a_code, "edited 1"),
        (add_a_code, "added"),
        (lambda table: applied(table, ("2", "Due.")), "was applied"),
    ],
)
def test_a_plan_is_refused_when_its_table_moved(table, meanwhile, said):
    plan = planned(table, ("1", "Uno."), ("4", "Four."))
    meanwhile(table)
    with pytest.raises(PlanIsStale, match=said):
        apply_import(plan, by())
    assert not table.codes.filter(code="4").exists()
    plan.refresh_from_db()
    assert plan.state == "planned"


def test_an_edit_of_a_code_that_the_plan_does_not_touch_is_no_hindrance(table):
    plan = planned(table, ("1", "One."), ("2", "Due."))
    change_a_code(table)
    apply_import(plan, by())
    assert list(table.codes.order_by("code").values_list("description", flat=True)) == ["Ours.", "Due.", "Three."]


def test_a_section_renamed_meanwhile_stays_the_same_section(table):
    plan = planned(table, ("4", "Four."))
    rename_section(table.sections.get(), 1, {"name": "General"}, by())
    apply_import(plan, by())
    assert [(code.section.name) for code in table.codes.all()] == ["General"] * 4


@pytest.mark.parametrize("verb", [apply_import, decisions.discard])
def test_what_was_applied_cannot_be_applied_or_discarded(table, verb, importer):
    done = applied(table, ("4", "Four."), user=importer)
    with pytest.raises(WrongState, match="applied"):
        verb(done, by())


def test_a_discarded_plan_is_not_applied_nor_decided(table):
    plan = decisions.discard(planned(table, ("4", "Four.")), by())
    for verb in (lambda: apply_import(plan, by()), lambda: decisions.resolve(plan.rows.get(), "leave_out", by())):
        with pytest.raises(WrongState, match="discarded"):
            verb()


def test_rows_that_cannot_be_applied_need_an_agreement(table):
    plan = planned(table, ("1", "Uno."), ("1", "Eins."), problems=[problem("Bad.", 3)])
    with pytest.raises(RowsInError, match="1 rows have errors and 1 repeat") as refused:
        apply_import(plan, by())
    assert (refused.value.errors, refused.value.duplicates) == (1, 1)
    apply_import(plan, by(), skip_errors=True)
    assert table.codes.get(code="1").description == "Uno."


@pytest.mark.parametrize(
    ("codes", "kept", "second_yes"), [(30, 10, False), (30, 9, True), (400, 360, False), (400, 359, True)]
)
def test_retiring_much_of_a_table_needs_a_second_yes(codes, kept, second_yes):
    table = make.table()
    applied(table, *((str(n), "x") for n in range(codes)))
    plan = planned(table, *((str(n), "x") for n in range(kept)), complete=True)
    assert needs_confirmation(plan) is second_yes
    if second_yes:
        with pytest.raises(NeedsConfirmation, match=f"retire {codes - kept} of the table's {codes}"):
            apply_import(plan, by())
    apply_import(plan, by(), yes_retire=second_yes)
    assert table.codes.current().count() == kept


def test_the_guard_is_a_setting(table, settings):
    settings.KB_IMPORT_RETIRE_GUARD_CODES = 0
    settings.KB_IMPORT_RETIRE_GUARD_PERCENT = 50
    plan = planned(table, ("1", "One."), complete=True)
    assert (retire_limit(plan), needs_confirmation(plan)) == (1, True)


def test_codes_come_out_as_a_save_would_make_them(table):
    applied(table, *((code, "x") for code in ("0xC0000005", "-1000", "00000", "ORA-00942", "42P01")))
    for code in table.codes.all():
        stored = [getattr(code, name) for name in ("code", "identity", "canonical", "number", "sort_key")]
        code.save()
        code.refresh_from_db()
        assert stored == [getattr(code, name) for name in ("code", "identity", "canonical", "number", "sort_key")]
    assert ReturnCode.objects.matching("3221225477").get().code == "0xC0000005"
