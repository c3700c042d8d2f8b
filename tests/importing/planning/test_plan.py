"""A plan has what a file would change, and changes nothing that readers see."""

import pytest

from kb.importing.errors import ImportRefused
from kb.importing.planning.plan import NewTable, plan_import
from kb.models import Change, ImportRow, ReturnCode, TableImport
from kb.services.codes import edit_code
from tests import make
from tests.importing.tables import applied, by, kinds, planned, problem, row, source

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    table = make.table()
    applied(table, ("1", "One."), ("2", "Two."), ("3", "Three."))
    return table


def rows_of(plan, *names):
    return list(plan.rows.values_list(*names))


@pytest.mark.parametrize(
    ("file", "complete", "expected"),
    [
        ([("1", "One."), ("2", "Two."), ("3", "Three.")], True, {"unchanged": 3}),
        ([("1", "One.")], False, {"unchanged": 1}),
        ([("1", "One.")], True, {"unchanged": 1, "retired": 2}),
        ([("1", "One!"), ("4", "Four.")], False, {"changed": 1, "new": 1}),
        ([("2", "Two."), ("1", "One."), ("3", "Three.")], True, {"unchanged": 1, "reordered": 2}),
        ([("2", "Two."), ("1", "One."), ("3", "Three.")], False, {"unchanged": 3}),
        ([("2", "Zwei."), ("1", "One."), ("3", "Three.")], True, {"unchanged": 1, "changed": 1, "reordered": 1}),
        ([("3", "Three."), ("2", "Two.")], True, {"reordered": 2, "retired": 1}),
        ([("1", "One."), ("1", "Other."), ("01", "Zeros.")], False, {"unchanged": 1, "duplicate": 1, "new": 1}),
        ([row("1", section="Other", description="One.")], True, {"moved": 1, "retired": 2}),
        ([row("1", section="Other", description="One.")], False, {"new": 1}),
        ([("2", "Two."), row("1", section="Other", description="One.")], False, {"unchanged": 1, "new": 1}),
        ([("1", "One."), row("1", section="Other", description="One.")], False, {"unchanged": 1, "new": 1}),
        ([], True, {}),
    ],
)
def test_a_file_is_compared_with_its_table(table, file, complete, expected):
    assert kinds(planned(table, *file, complete=complete)) == expected


def test_planning_changes_nothing_that_a_reader_sees(table):
    before = list(ReturnCode.objects.values()), Change.objects.count(), ReturnCode.history.count()
    planned(table, ("1", "Uno."), ("9", "Nine."), row("2", section="Other", description="Two."), complete=True)
    assert (list(ReturnCode.objects.values()), Change.objects.count(), ReturnCode.history.count()) == before
    assert list(table.sections.values_list("name", flat=True)) == ["Public"]


@pytest.mark.parametrize(
    ("ours", "theirs", "kind", "conflicts"),
    [
        ("One.", "One.", None, []),
        ("One.", "Uno.", "changed", []),
        ("Ours.", "One.", None, []),
        ("Ours.", "Ours.", "changed", []),
        ("Ours.", "Uno.", "conflict", ["description"]),
        ("", "Uno.", "conflict", ["description"]),
        ("Ours.", "", "conflict", ["description"]),
    ],
)
def test_a_three_way_comparison_separates_updates_from_conflicts(table, editor, ours, theirs, kind, conflicts):
    edit_code(table.codes.get(code="1"), 1, {"description": ours}, by(editor))
    plan = planned(table, ("1", theirs))
    assert rows_of(plan, "kind", "conflicts") == ([(kind, conflicts)] if kind else [])
    if kind:
        texts = {"vendor_before": "One.", "vendor_now": theirs, "ours": ours}
        assert plan.rows.get().texts("description") == texts


def test_a_missing_column_changes_nothing_and_an_empty_cell_clears_the_text(table):
    applied(table, row("1", description="One.", possible_reasons="Why."))
    assert kinds(planned(table, row("1", description="One."))) == {"unchanged": 1}
    (cleared,) = planned(table, row("1", possible_reasons="")).rows.all()
    assert (cleared.fields, cleared.possible_reasons, cleared.description) == (["possible_reasons"], "", "One.")


def test_extra_columns_are_merged_by_name(table):
    applied(table, row("1", extra={"level": "error", "docs": "a"}))
    plan = planned(table, row("1", extra={"level": "warning"}), row("2", extra={}))
    assert rows_of(plan, "code", "fields", "extra") == [("1", ["extra"], {"level": "warning", "docs": "a"})]
    emptied = planned(table, row("1"), row("2", extra={"docs": "b"}))
    assert rows_of(emptied, "code", "extra") == [("1", {"level": "error"}), ("2", {"docs": "b"})]


def test_a_repeated_code_is_a_duplicate_that_names_both_lines(table):
    plan = planned(table, row("7", line=10, description="First."), row("7", line=20, description="Last."))
    assert rows_of(plan, "kind", "line", "description") == [("new", 10, "First."), ("duplicate", 20, "")]
    assert plan.rows.get(kind="duplicate").message == "7 appears twice: line 10 is used, not line 20."


def test_problems_of_the_file_are_rows_with_their_lines(table):
    problems = [problem("No code.", 7), problem("Two columns claim the code.", severity="warning")]
    plan = planned(table, ("1", "One."), problems=problems)
    assert rows_of(plan, "kind", "line", "message") == [
        ("warning", None, "Two columns claim the code."),
        ("error", 7, "No code."),
    ]


@pytest.mark.parametrize(
    ("value", "suggestion", "missing"),
    [
        ("2, 3", ("2", "3"), []),
        ("2\u30013", (), []),
        ("2-3", (), []),
        ("0x2/3", (), ["2"]),
        ("", (), ["2", "3"]),
    ],
)
def test_a_code_in_a_row_with_an_error_is_not_missing(table, value, suggestion, missing):
    broken = problem("Several codes.", 3, value=value, suggestion=suggestion)
    plan = planned(table, ("1", "One."), problems=[broken], complete=True)
    assert [code for kind, code in rows_of(plan, "kind", "code") if kind == "retired"] == missing


def test_a_file_with_errors_alone_retires_nothing(table):
    assert kinds(planned(table, problems=[problem("No code.", 2)], complete=True)) == {"error": 1}


def test_a_file_without_sections_matches_codes_of_any_section(table):
    applied(table, row("3", section="Other", description="Tre."), ("1", "One."), row("8", section="Other"))
    plan = planned(table, row("8", description="Eight."), ("1", "One."), ("3", "Which?"), ("9", "New."), sections=False)
    kinds_and_sections = {
        code: (kind, section) for kind, code, section in rows_of(plan, "kind", "code", "section_name")
    }
    assert kinds_and_sections == {"8": ("changed", "Other"), "3": ("error", ""), "9": ("new", "")}
    assert "Other" in plan.rows.get(code="3").message
    assert "Public" in plan.rows.get(code="3").message


def test_new_codes_of_a_file_without_sections_join_the_only_section(table):
    plan = applied(table, ("9", "Nine."), sections=False)
    assert plan.rows.get().section.name == "Public"
    assert table.sections.count() == 1


def test_an_ambiguous_code_of_several_sections_is_not_retired(table):
    applied(table, row("3", section="Other"), ("1", "One."))
    plan = planned(table, ("1", "One."), ("2", "Two."), ("3", "Which?"), sections=False, complete=True)
    assert kinds(plan) == {"unchanged": 2, "error": 1}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (row("1", symbol="S" * 201), "201"),
        (row("1", section="s" * 201), "201"),
        (row("\ufdfa" * 60), "too long"),
        (row("9" * 65), "too long"),
    ],
)
def test_a_row_that_is_too_long_for_the_database_is_an_error(table, line, message):
    plan = planned(table, line, ("2", "Deux."))
    assert kinds(plan) == {"error": 1, "changed": 1}
    assert message in plan.rows.get(kind="error").message


def test_dispositions_follow_the_vendors_new_words_unless_support_decided(table, editor):
    applied(table, row("1", suggested_actions="Please try again later."), row("2", suggested_actions="Retry."))
    edit_code(table.codes.get(code="2"), 2, {"disposition": "no_action"}, by(editor))
    assert table.codes.get(code="1").disposition == "retry_later"
    words = "Please contact technical support."
    applied(
        table, row("1", suggested_actions=words), row("2", suggested_actions=words), row("5", suggested_actions=words)
    )
    assert list(table.codes.exclude(code="3").order_by("code").values_list("disposition", "fixer")) == [
        ("contact_vendor", "vendor"),
        ("no_action", "vendor"),
        ("contact_vendor", "vendor"),
    ]


def test_new_codes_go_last_or_where_a_complete_file_has_them(table):
    applied(table, ("8", "Eight."), ("1", "One."), ("9", "Nine."))
    assert [code.code for code in table.codes.in_vendor_order()] == ["1", "2", "3", "8", "9"]
    applied(table, *((code, code) for code in ("9", "1", "7", "2", "3", "8")), complete=True)
    assert [code.code for code in table.codes.in_vendor_order()] == ["9", "1", "7", "2", "3", "8"]


@pytest.mark.parametrize(
    ("file", "problems", "expected"),
    [
        ("31", [], "312"),
        ("132", [], "132"),
        ("2", [], "123"),
        ("091", [], "09123"),
        ("931", [], "9312"),
        ("913", [problem("Bad.", 9, value="2")], "9123"),
        ("93", [problem("Bad.", 9, value="1, 2", suggestion=("1", "2"))], "1293"),
    ],
)
def test_a_code_that_a_complete_file_does_not_list_stays_behind_the_one_that_it_followed(
    table, file, problems, expected
):
    applied(table, *((code, "x") for code in file), complete=True, problems=problems)
    assert "".join(code.code for code in table.codes.in_vendor_order()) == expected
    assert table.codes.values("position").distinct().count() == len(expected)


@pytest.mark.parametrize(("file", "expected"), [("93", "9321"), ("92", "3921"), ("19", "3219"), ("12", "312")])
def test_codes_that_a_complete_file_does_not_list_stay_in_the_order_of_the_table(table, file, expected):
    applied(table, *((code, "x") for code in "321"), complete=True)
    applied(table, *((code, "x") for code in file), complete=True)
    assert "".join(code.code for code in table.codes.in_vendor_order()) == expected


def test_a_complete_file_in_the_order_of_the_table_moves_nothing(table):
    for code, position in zip("123", (0, 4, 9), strict=True):
        table.codes.filter(code=code).update(position=position)
    assert kinds(planned(table, ("1", "One."), ("2", "Two."), ("3", "Three."), complete=True)) == {"unchanged": 3}


def test_a_complete_file_gives_codes_that_share_a_place_one_each(table):
    table.codes.update(position=0)
    applied(table, ("1", "One."), ("2", "Two."), ("3", "Three."), complete=True)
    assert list(table.codes.in_vendor_order().values_list("code", "position")) == [("1", 0), ("2", 1), ("3", 2)]


def test_gaps_in_the_order_change_nothing(table):
    applied(table, ("1", "One."), ("3", "Three."), complete=True)
    assert kinds(planned(table, ("1", "One."), ("3", "Three."), ("4", "Four."), complete=True)) == {
        "unchanged": 2,
        "new": 1,
    }


def test_a_new_spelling_of_a_code_is_a_change(table):
    applied(table, ("0xc0000005", "Access violation."))
    (change,) = planned(table, ("0xC0000005", "Access violation.")).rows.all()
    assert (change.kind, change.fields, change.code) == ("changed", ["code"], "0xC0000005")


def test_a_new_table_is_planned_unless_its_name_is_in_use(importer):
    plan = plan_import(NewTable("rtc", "ZEGOCLOUD", "RTC", "Server"), source(("1", "One.")), by(importer))
    assert (plan.table, plan.table_name, kinds(plan)) == (None, "ZEGOCLOUD RTC: Server", {"new": 1})
    make.table()
    with pytest.raises(ImportRefused, match="zim-server"):
        plan_import(NewTable("zim-server", "Z", "Z", "Z"), source(("1", "One.")), by(importer))


@pytest.mark.django_db(transaction=True)
def test_an_error_while_reading_leaves_a_failed_import_without_rows(table):
    broken = source(("1", "Uno."))
    rows = broken.rows

    def failing():
        yield from rows()
        raise OSError("gone")

    broken.rows = failing
    with pytest.raises(OSError, match="gone"):
        plan_import(table, broken, by())
    assert TableImport.objects.first().state == "failed"
    assert not ImportRow.objects.filter(table_import=TableImport.objects.first()).exists()


def test_progress_reports_the_number_of_rows(table):
    row_counts = []
    plan_import(table, source(*((str(n), "") for n in range(4001))), by(), progress=row_counts.append)
    assert row_counts == [2000, 4000]
