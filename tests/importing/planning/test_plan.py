"""A plan has what a file would change, and changes nothing that readers see."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from kb.importing.applying import decisions
from kb.importing.applying.rollback import roll_back
from kb.importing.errors import ImportRefused
from kb.importing.planning.plan import NewTable, plan_import, remembered_columns
from kb.importing.planning.staged_lines import _length_error
from kb.importing.reading.sources import SourcePlace, TableRow
from kb.models import Change, ImportRow, ReturnCode, TableImport
from kb.services.codes import edit_code
from kb.text.codes.forms import CodeForms
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
    applied(
        table,
        row("3", section="Other", description="Tre."),
        ("1", "One."),
        row("8", section="Other"),
        answers={"sections": "new"},
    )
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
    applied(table, row("3", section="Other"), ("1", "One."), answers={"sections": "new"})
    plan = planned(table, ("1", "One."), ("2", "Two."), ("3", "Which?"), sections=False, complete=True)
    assert kinds(plan) == {"unchanged": 2, "error": 1, "warning": 1}


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


@pytest.mark.parametrize(
    ("row_texts", "code", "message"),
    [
        ({"symbol": "S" * 200, "section": "P"}, CodeForms("1", "1", "1", 1, "1"), None),
        ({"symbol": "S" * 201, "section": "P"}, CodeForms("1", "1", "1", 1, "1"), "symbol has 201 characters"),
        ({"section": "s" * 200}, CodeForms("1", "1", "1", 1, "1"), None),
        ({"section": "s" * 201}, CodeForms("1", "1", "1", 1, "1"), "section's name has 201 characters"),
        ({"section": "P"}, CodeForms("9" * 64, "9" * 256, "9", 9, "9" * 2000), None),
        ({"section": "P"}, CodeForms("9" * 65, "9", "9", 9, "9"), "too long"),
        ({"section": "P"}, CodeForms("9", "9" * 257, "9", 9, "9"), "too long"),
        ({"section": "P"}, CodeForms("9", "9", "9", 9, "9" * 2001), "too long"),
    ],
)
def test_a_row_is_too_long_from_one_character_more_than_the_database_holds(row_texts, code, message):
    section, symbol = row_texts["section"], row_texts.get("symbol", "")
    error = _length_error(TableRow(SourcePlace(1), section, code.code, {"symbol": symbol}, {}), code)
    assert error is None if message is None else message in error


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


def test_the_columns_of_the_last_file_in_force_are_remembered(table):
    assert remembered_columns(make.table("empty")) == {}
    first = {"code": "code", "section": "section"}
    assert remembered_columns(table) == first
    decisions.discard(planned(table, row("1", extra={"docs": "x"})), by())
    planned(table, row("1", extra={"level": "x"}))
    assert remembered_columns(table) == first
    second = applied(table, row("1", extra={"docs": "x"}))
    assert remembered_columns(table) == first | {"docs": "extra"}
    # A roll-back says that the file was read wrongly, or was the wrong one.
    roll_back(second, by())
    assert remembered_columns(table) == first


def test_a_plan_keeps_what_it_was_computed_from(table, importer):
    table.codes.filter(code="3").update(retired_at=timezone.now())
    make.code("7", make.table("other"))
    plan = plan_import(table, source(("1", "One.")), by(importer), file_name="n" * 251)
    newest = table.codes.get(code="3").pk
    assert plan.basis == {"imports": 1, "codes": 3, "newest": newest}
    assert (plan.current_codes, plan.file_name, plan.planned_by) == (2, "n" * 250, importer)
    assert (plan.sha256, plan.size, plan.format, plan.encoding, plan.delimiter) == ("0" * 64, 1, "csv", "utf-8", ",")
    assert plan_import(make.table("empty"), source(("1", "One.")), by()).basis == {
        "imports": 0, "codes": 0, "newest": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "line", "kind", "fields", "message"),
    [
        ({}, {"description": "Uno."}, "changed", ["description"], ""),
        (
            {}, {"section": "Other", "description": "Uno."}, "moved",
            ["description", "section"], "Moved from section Public to Other.",
        ),
        ({"retired": True}, {}, "restored", ["retired_at"], "Listed again. It was retired on 2035-03-05."),
        (
            {"retired": True}, {"section": "Other"}, "restored", ["section", "retired_at"],
            "Moved from section Public to Other. Listed again. It was retired on 2035-03-05.",
        ),
        (
            {"retired": True, "description": "Ours."}, {"section": "Other", "description": "Uno."}, "conflict",
            ["description", "section", "retired_at"],
            "Moved from section Public to Other. Listed again. It was retired on 2035-03-05."
            " Changed by both support and the vendor: description.",
        ),
        (
            {"description": "Ours.", "symbol": "OURS"}, {"description": "Uno.", "symbol": "UNO"}, "conflict",
            ["symbol", "description"], "Changed by both support and the vendor: symbol, description.",
        ),
    ],
)  # fmt: skip
def test_a_row_says_all_that_it_does_and_has_the_kind_that_matters_most(table, ours, line, kind, fields, message):
    values = dict(ours)
    if values.pop("retired", False):
        values["retired_at"] = datetime(2035, 3, 5, tzinfo=UTC)
    table.codes.filter(code="1").update(**values)
    line = {"description": "One."} | line
    (change,) = planned(table, row("1", **line), ("2", "Two."), ("3", "Three."), complete=True).rows.all()
    assert (change.kind, change.fields, change.message) == (kind, fields, message)
    assert set(change.conflicts) == set(ours) & {"description", "symbol"} & set(line)


def test_a_code_without_a_section_moves_from_and_to_no_section(table):
    (change,) = planned(
        table, row("1", section="", description="One."), ("2", "Two."), ("3", "Three."), complete=True
    ).rows.all()
    assert change.message == "Moved from section Public to (no section)."


def test_a_row_has_what_the_code_held_for_each_field_that_changes(table):
    applied(table, row("1", description="One.", suggested_actions="Retry.", extra={"level": "a"}))
    plan = planned(
        table, ("2", "Two."),
        row("1", section="Other", description="Uno.", suggested_actions="Wait.", extra={"level": "b"}), ("3", "Three."),
        complete=True,
    )  # fmt: skip
    change = plan.rows.get(code="1")
    assert change.before == {
        "vendor_description": "One.", "description": "One.", "vendor_suggested_actions": "Retry.",
        "suggested_actions": "Retry.", "section": table.sections.get().pk, "extra": {"level": "a"},
        "disposition": "retry_now", "position": 0,
    }  # fmt: skip
    assert (change.code_version, change.position, change.return_code.code) == (2, 1, "1")


def test_progress_reports_the_number_of_rows(table):
    row_counts = []
    plan_import(table, source(*((str(n), "") for n in range(4001))), by(), progress=row_counts.append)
    assert row_counts == [2000, 4000]
