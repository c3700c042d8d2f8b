"""Applying is one transaction that checks again what the plan was computed from, and keeps all edits of support."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb import answers, searching
from kb.importing.applying import decisions
from kb.importing.applying.transaction import apply_import, retire_limit, retires_many
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
    table = make.table()
    applied(table, ("1", "One."), ("2", "Two."), ("3", "Three."))
    return table


def test_codes_revisions_and_feed_refer_to_the_import(importer):
    table = make.table()
    table_import = applied(table, row("660", description="Busy.", suggested_actions="Retry."), user=importer)
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
        table_import,
        "+",
    )
    assert "zim.csv" in revision.history_change_reason
    assert list(Change.objects.since(0).values_list("noun", "kind", "label", "door", "table_import")) == [
        ("section", "created", "Public", "import", table_import.pk),
        ("code", "created", "660", "import", table_import.pk),
    ]
    assert (table_import.applied_by, table_import.state) == (importer, "applied")
    assert table_import.rows.get().return_code == code


def test_a_second_file_with_the_same_words_changes_nothing(table):
    plan = planned(table, ("1", "One."), ("2", "Two."), ("3", "Three."), complete=True)
    changes = Change.objects.count()
    assert plan.count() == 0
    apply_import(plan, by())
    assert Change.objects.count() == changes


def test_supports_words_stay_and_the_vendors_are_stored_too(table, editor):
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
def test_a_decision_resolves_the_conflict_of_a_row(table, editor, resolution, edited, expected):
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours.", "symbol": "MINE"}, by(editor))
    plan = planned(table, ("1", "Uno."))
    decisions.resolve(plan.rows.get(), resolution, by(editor), edited)
    apply_import(plan, by(editor))
    code = table.codes.get(code="1")
    assert (code.description, code.vendor_description, code.symbol) == (expected, "Uno.", "MINE")
    assert code.history.first().description == expected


def test_one_decision_resolves_all_conflicts(table, editor):
    for code in table.codes.all():
        edit_code(code, 1, {"description": f"Ours {code}."}, by(editor))
    plan = planned(table, ("1", "Uno."), ("2", "Due."))
    assert decisions.resolve_all(plan, "take_theirs", by(editor)) == 2
    apply_import(plan, by(editor))
    assert list(table.codes.order_by("code").values_list("description", flat=True)) == ["Uno.", "Due.", "Ours 3."]


def test_a_row_can_be_left_out(table):
    plan = planned(table, ("1", "Uno."), ("4", "Four."), complete=True)
    for import_row in plan.rows.exclude(code="2"):
        decisions.resolve(import_row, "leave_out", by())
    apply_import(plan, by())
    current = table.codes.current().order_by("code").values_list("code", "description")
    assert list(current) == [("1", "One."), ("3", "Three.")]


def test_a_row_that_is_left_out_takes_its_place_in_the_order(table):
    plan = planned(table, ("3", "Drei."), ("4", "Four."), ("2", "Two."), ("1", "Uno."), complete=True)
    for code in "314":
        decisions.resolve(plan.rows.get(code=code), "leave_out", by())
    apply_import(plan, by())
    assert list(table.codes.in_vendor_order().values_list("code", "description")) == [
        ("3", "Three."), ("2", "Two."), ("1", "One."),
    ]  # fmt: skip
    assert table.codes.values("position").distinct().count() == 3


def test_the_place_of_one_code_cannot_be_left_out(table):
    plan = planned(table, ("3", "Three."), ("2", "Two."), ("1", "One."), complete=True)
    with pytest.raises(ImportRefused, match="whole table"):
        decisions.resolve(plan.rows.get(code="3"), "leave_out", by())


@pytest.mark.parametrize(
    ("code", "resolution", "edited", "message"),
    [
        ("1", "nonsense", None, "keep_ours"),
        ("1", "edited", None, "Edited"),
        ("1", "keep_ours", {"description": "x"}, "Edited"),
        ("1", "edited", {"symbol": "x"}, "symbol"),
        ("1", "edited", {"description": "\x00"}, "NUL"),
        ("2", "take_theirs", None, "no conflict"),
        ("", "leave_out", None, "never applied"),
    ],
)
def test_a_decision_that_does_not_fit_the_row_is_refused(table, editor, code, resolution, edited, message):
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours."}, by(editor))
    plan = planned(table, ("1", "Uno."), ("2", "Due."), problems=[problem("Bad.", 9)])
    with pytest.raises(ImportRefused, match=message):
        decisions.resolve(plan.rows.get(code=code), resolution, by(editor), edited)


def test_a_missing_code_is_retired_and_restored_with_its_notes_and_incidents(table, editor):
    code = table.codes.get(code="2")
    make.note("Two is hard", code)
    make.incident("Two again", code)
    with time_machine.travel("2035-03-05T10:00Z", tick=False):
        first = applied(table, ("1", "One."), ("3", "Three."), complete=True)
    assert kinds(first) == {"unchanged": 2, "retired": 1}
    code.refresh_from_db()
    assert (code.is_retired, code.version) == (True, 2)
    make.note("Two, while it was gone", code)
    with time_machine.travel("2035-03-13T10:00Z", tick=False):
        second = applied(table, ("1", "One."), ("2", "Zwei."), ("3", "Three."))
    code.refresh_from_db()
    assert kinds(second) == {"unchanged": 2, "restored": 1}
    assert "2035-03-05" in second.rows.get().message
    assert (code.is_retired, code.description, code.notes.count(), code.incidents.count()) == (False, "Zwei.", 2, 1)
    feed = Change.objects.filter(noun="code", object_id=code.pk).order_by("sequence")
    assert list(feed.values_list("kind", flat=True)) == ["created", "retired", "restored"]
    assert [revision.history_type for revision in code.history.all()] == ["~", "~", "+"]


def test_a_moved_code_keeps_its_row(table):
    code = table.codes.get(code="2")
    make.note("Two is hard", code)
    table_import = applied(
        table, ("1", "One."), row("2", section="Other", description="Two."), ("3", "Three."), complete=True
    )
    code.refresh_from_db()
    assert (kinds(table_import), code.section.name, code.notes.count()) == ({"unchanged": 2, "moved": 1}, "Other", 1)
    assert table_import.rows.get().message == "Moved from section Public to Other."


def test_a_change_of_position_alone_writes_no_revision(table):
    changes = Change.objects.count()
    applied(table, ("3", "Three."), ("1", "One."), ("2", "Two."), complete=True)
    assert list(table.codes.in_vendor_order().values_list("code", "version")) == [("3", 1), ("1", 1), ("2", 1)]
    assert Change.objects.count() == changes


def test_published_notes_of_reworded_codes_need_verification(table, reviewer):
    one, two, three = table.codes.order_by("code")
    both = make.note("Busy", one, two)
    make.note("Draft", one, state="draft")
    make.note("Elsewhere", three)
    table_import = applied(table, ("1", "Uno."), ("2", "Due."), row("3", extra={"level": "x"}))
    notes = TroubleshootingNote.objects.exclude(verify_since=None)
    assert [(note.title, note.verify_since, note.version) for note in notes] == [("Busy", table_import.applied_at, 2)]
    assert "1, 2" in notes[0].verify_reason
    assert str(table_import) in notes[0].verify_reason
    assert Change.objects.filter(noun="note").values_list("fields", flat=True)[0] == ["verify_reason", "verify_since"]
    both.refresh_from_db()
    return_note(both, 2, by(reviewer))
    validate_note(both, 3, by(reviewer))
    both.refresh_from_db()
    assert (both.verify_since, both.verify_reason) == (None, "")


def test_applying_creates_a_new_table(importer):
    plan = plan_import(
        NewTable("rtc", "ZEGOCLOUD", "RTC", "Server", audience="public"), source(("1", "One.")), by(importer)
    )
    table_import = apply_import(plan, by(importer))
    assert table_import.table == CodeTable.objects.get(slug="rtc")
    assert [change.noun for change in Change.objects.since(0)] == ["table", "section", "code"]
    assert {change.audience for change in Change.objects.all()} == {"public"}


def test_a_new_table_is_refused_when_its_name_is_in_use_by_then(importer):
    plan = plan_import(NewTable("rtc", "ZEGOCLOUD", "RTC", "Server"), source(("1", "One.")), by(importer))
    make.table("rtc")
    with pytest.raises(ImportRefused, match="rtc"):
        apply_import(plan, by(importer))


def change_a_code(table):
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours."}, by())


def add_a_code(table):
    make.code("99", table)


@pytest.mark.parametrize(
    ("meanwhile", "message"),
    [
        (change_a_code, "edited 1"),
        (add_a_code, "added"),
        (lambda table: applied(table, ("2", "Due.")), "was applied"),
    ],
)
def test_a_plan_is_refused_when_its_table_has_changed(table, meanwhile, message):
    plan = planned(table, ("1", "Uno."), ("4", "Four."))
    meanwhile(table)
    with pytest.raises(PlanIsStale, match=message):
        apply_import(plan, by())
    assert not table.codes.filter(code="4").exists()
    plan.refresh_from_db()
    assert plan.state == "planned"


def test_an_edit_of_a_code_outside_the_plan_is_allowed(table):
    plan = planned(table, ("1", "One."), ("2", "Due."))
    change_a_code(table)
    apply_import(plan, by())
    assert list(table.codes.order_by("code").values_list("description", flat=True)) == ["Ours.", "Due.", "Three."]


def test_new_codes_join_a_section_that_was_renamed_since(table):
    plan = planned(table, ("4", "Four."))
    rename_section(table.sections.get(), 1, {"name": "General"}, by())
    apply_import(plan, by())
    assert [(code.section.name) for code in table.codes.all()] == ["General"] * 4


@pytest.mark.parametrize("action", [apply_import, decisions.discard])
def test_an_applied_import_cannot_be_applied_or_discarded(table, action, importer):
    table_import = applied(table, ("4", "Four."), user=importer)
    with pytest.raises(WrongState, match="applied"):
        action(table_import, by())


def test_a_discarded_plan_cannot_be_applied_or_decided(table):
    plan = decisions.discard(planned(table, ("4", "Four.")), by())
    for action in (lambda: apply_import(plan, by()), lambda: decisions.resolve(plan.rows.get(), "leave_out", by())):
        with pytest.raises(WrongState, match="discarded"):
            action()


def test_rows_with_errors_need_a_confirmation(table):
    plan = planned(table, ("1", "Uno."), ("1", "Eins."), problems=[problem("Bad.", 3)])
    with pytest.raises(RowsInError, match="1 row has an error and 1 repeats") as error:
        apply_import(plan, by())
    assert (error.value.errors, error.value.duplicates) == (1, 1)
    apply_import(plan, by(), skip_errors=True)
    assert table.codes.get(code="1").description == "Uno."


@pytest.mark.parametrize(
    ("codes", "rest", "confirmation"),
    [
        (2, 1, False),
        (3, 1, True),
        (20, 19, False),
        (20, 18, True),
        (30, 28, False),
        (400, 361, False),
        (400, 360, True),
    ],
)
def test_retiring_much_of_a_table_needs_a_second_confirmation(codes, rest, confirmation):
    table = make.table()
    applied(table, *((str(n), "x") for n in range(codes)))
    plan = planned(table, *((str(n), "x") for n in range(rest)), complete=True)
    assert retires_many(plan) is confirmation
    if confirmation:
        with pytest.raises(NeedsConfirmation, match=f"retire {codes - rest} of the table's {codes}"):
            apply_import(plan, by())
    apply_import(plan, by(), yes_retire=confirmation)
    assert table.codes.current().count() == rest


def test_settings_set_the_limit_of_retired_codes(table, settings):
    plan = planned(table, ("1", "One."), complete=True)
    limits = []
    for codes, percent in ((0, 0), (0, 50), (0, 100), (3, 0), (2, 50)):
        settings.KB_IMPORT_RETIRE_GUARD_CODES, settings.KB_IMPORT_RETIRE_GUARD_PERCENT = codes, percent
        limits.append((retire_limit(plan), retires_many(plan)))
    assert (plan.current_codes, plan.counts["retired"]) == (3, 2)
    assert limits == [(0, True), (1, True), (2, False), (2, False), (1, True)]


def test_imported_codes_have_the_same_forms_as_saved_ones(table):
    applied(table, *((code, "x") for code in ("0xC0000005", "-1000", "00000", "ORA-00942", "42P01")))
    for code in table.codes.all():
        forms = [getattr(code, name) for name in ("code", "identity", "canonical", "number", "sort_key")]
        code.save()
        code.refresh_from_db()
        assert forms == [getattr(code, name) for name in ("code", "identity", "canonical", "number", "sort_key")]
    assert ReturnCode.objects.matching("3221225477").get().code == "0xC0000005"


def queries_of_first_import(count):
    table = make.table(f"of-{count}")
    plan = planned(table, *[(str(n), f"Text {n}.") for n in range(1000, 1000 + count)])
    with CaptureQueriesContext(connection) as queries:
        apply_import(plan, by())
    assert table.codes.count() == count
    return len(queries)


@pytest.mark.django_db(transaction=True)
def test_a_hundred_times_as_many_codes_take_no_more_queries():
    queries_of_first_import(1)
    assert queries_of_first_import(900) <= queries_of_first_import(9)
    assert searching.check() == []
    assert list(answers.differences()) == []
