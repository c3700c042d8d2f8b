"""The code of each row of a file: in its section, in another, or none. Other tables always have the same codes, too."""

import pytest
from django.utils import timezone

from kb.models import ReturnCode
from kb.text.codes import forms
from tests import make
from tests.importing.tables import planned, problem, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    """An empty table beside one that has all of its codes, once each, in a section of its own."""
    store(make.table("other"), *(f"Elsewhere/{number}" for number in "123789"), first=50)
    return make.table()


def store(table, *places, retired=(), first=0):
    """Store codes by section/code, in this order."""
    at = timezone.now()
    ReturnCode.objects.bulk_create(
        ReturnCode(
            table=table, section=make.section(table, section), position=position, **vars(forms.forms(code)),
            description="x", vendor_description="x", retired_at=at if f"{section}/{code}" in retired else None,
        )
        for position, (section, code) in enumerate((place.split("/") for place in places), first)
    )  # fmt: skip


def rows_of(*places, **texts):
    return [row(place.split("/")[1], section=place.split("/")[0], **({"description": "x"} | texts)) for place in places]


def effects(plan):
    """Return (kind, section/code of the row, section of the code) of each row that writes, and the unchanged."""
    rows = plan.rows.exclude(kind__in=["error", "warning", "duplicate"]).select_related("return_code__section")
    found = sorted(
        (row.kind, f"{row.section_name}/{row.code}", row.return_code.section.name if row.return_code else None)
        for row in rows
    )
    return [*found, *[("unchanged",)] * plan.counts["unchanged"]]


UNCHANGED = ("unchanged",)


@pytest.mark.parametrize(
    ("stored", "retired", "file", "complete", "expected"),
    [
        # In its own section.
        (["P/1", "Q/1"], [], ["P/1", "Q/1"], True, [UNCHANGED, UNCHANGED]),
        (["P/1", "Q/1"], [], ["Q/1"], True, [("retired", "P/1", "P"), UNCHANGED]),
        (["P/1"], ["P/1"], ["P/1"], True, [("restored", "P/1", "P")]),
        # A code that only another table has is new.
        (["P/1"], [], ["P/1", "P/9"], True, [("new", "P/9", None), UNCHANGED]),
        (["P/1"], [], ["P/1", "Elsewhere/9"], True, [("new", "Elsewhere/9", None), UNCHANGED]),
        # It moved: the file is complete, and lists the code once, and the table has it once.
        (["P/1", "Q/2"], [], ["Q/1", "Q/2"], True, [("moved", "Q/1", "P"), UNCHANGED]),
        (["P/1"], [], ["R/1"], True, [("moved", "R/1", "P")]),
        (["P/1"], [], ["R/1"], False, [("new", "R/1", None)]),
        (["P/1"], [], ["P/1", "R/1"], True, [("new", "R/1", None), UNCHANGED]),
        (["P/1"], [], ["R/1", "S/1"], True, [("new", "R/1", None), ("new", "S/1", None), ("retired", "P/1", "P")]),
        (
            ["P/1", "Q/1"],
            [],
            ["R/1"],
            True,
            [("new", "R/1", None), ("retired", "P/1", "P"), ("retired", "Q/1", "Q")],
        ),
        # Of a retired code and a current one, the current one moved.
        (["P/1", "Q/1"], ["P/1"], ["R/1"], True, [("moved", "R/1", "Q")]),
        (["P/1", "Q/1"], ["Q/1"], ["R/1"], True, [("moved", "R/1", "P")]),
        (["P/1", "Q/1"], ["P/1", "Q/1"], ["R/1"], True, [("new", "R/1", None)]),
        (["P/1"], ["P/1"], ["R/1"], True, [("restored", "R/1", "P")]),
        # Rows that do not count leave the code to the row that does.
        (["P/1"], [], ["R/1", "R/1"], True, [("moved", "R/1", "P")]),
        # Only what the table itself still lists is retired.
        (["P/1", "P/2", "P/3"], ["P/3"], ["P/1"], True, [("retired", "P/2", "P"), UNCHANGED]),
        (["P/1", "P/2"], [], ["P/1"], False, [UNCHANGED]),
    ],
)
def test_each_row_of_a_file_with_sections_has_its_code(table, stored, retired, file, complete, expected):
    store(table, *stored, retired=retired)
    assert effects(planned(table, *rows_of(*file), complete=complete)) == expected


@pytest.mark.parametrize(
    ("stored", "retired", "file", "expected"),
    [
        (["P/1", "Q/2"], [], ["/1", "/2"], [UNCHANGED, UNCHANGED]),
        (["P/1", "Q/1"], ["P/1"], ["/1"], [UNCHANGED]),
        (["P/1", "Q/1"], ["Q/1"], ["/1"], [UNCHANGED]),
        (["P/1"], ["P/1"], ["/1"], [("restored", "P/1", "P")]),
        (["P/1"], [], ["/1", "/9"], [("new", "P/9", None), UNCHANGED]),
        (["P/1", "Q/2"], [], ["/9"], [("new", "/9", None)]),
    ],
)
def test_each_row_of_a_file_without_sections_has_its_code(table, stored, retired, file, expected):
    store(table, *stored, retired=retired)
    assert effects(planned(table, *rows_of(*file), sections=False)) == expected


@pytest.mark.parametrize("retired", [[], ["P/1", "Q/1"]])
def test_a_code_of_several_sections_is_not_guessed_without_a_section(table, retired):
    store(table, "P/1", "Q/1", retired=retired)
    (error,) = planned(table, *rows_of("/1"), sections=False).rows.all()
    assert (error.kind, error.return_code) == ("error", None)
    assert "(P, Q)" in error.message


TOO_LONG = {"symbol": "S" * 201}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        # The first row counts, however its code is spelled.
        ([*rows_of("P/7"), *rows_of("P/7")], [("new", 2), ("duplicate", 3)]),
        ([*rows_of("P/0xc1"), *rows_of("P/0XC1")], [("new", 2), ("duplicate", 3)]),
        ([*rows_of("P/7"), *rows_of("P/7"), *rows_of("P/7")], [("new", 2), ("duplicate", 3), ("duplicate", 4)]),
        # The same number in another section, or with zeros, is another code.
        ([*rows_of("P/7"), *rows_of("Q/7")], [("new", 2), ("new", 3)]),
        ([*rows_of("P/7"), *rows_of("P/07")], [("new", 2), ("new", 3)]),
        ([*rows_of("P/7"), *rows_of("P/7"), *rows_of("Q/7")], [("new", 2), ("duplicate", 3), ("new", 4)]),
        ([*rows_of("Q/7"), *rows_of("P/7"), *rows_of("P/7")], [("new", 2), ("new", 3), ("duplicate", 4)]),
        # A row in error is not the first of anything, and stays an error.
        ([*rows_of("P/7", **TOO_LONG), *rows_of("P/7")], [("error", 2), ("new", 3)]),
        ([*rows_of("P/7"), *rows_of("P/7", **TOO_LONG)], [("new", 2), ("error", 3)]),
        (
            [*rows_of("P/7"), *rows_of("P/7"), *rows_of("P/7", **TOO_LONG)],
            [("new", 2), ("duplicate", 3), ("error", 4)],
        ),
        (
            [*rows_of("P/7", **TOO_LONG), *rows_of("P/7"), *rows_of("P/7")],
            [("error", 2), ("new", 3), ("duplicate", 4)],
        ),
    ],
)
def test_only_a_later_row_with_the_same_code_and_section_is_a_duplicate(table, file, expected):
    plan = planned(table, *file)
    assert list(plan.rows.order_by("line").values_list("kind", "line")) == expected


def test_rows_of_a_file_without_sections_stay_duplicates_and_errors(table):
    store(table, "P/1")
    plan = planned(table, *rows_of("/1", "/1"), *rows_of("/1", **TOO_LONG), sections=False)
    assert list(plan.rows.order_by("line").values_list("kind", "line")) == [("duplicate", 3), ("error", 4)]
    assert "201 characters" in plan.rows.get(kind="error").message


def test_a_duplicate_names_the_first_row_of_its_own_section(table):
    plan = planned(table, *rows_of("Q/7", "P/7", "Q/7", "P/7"))
    messages = list(plan.rows.filter(kind="duplicate").order_by("line").values_list("message", flat=True))
    assert messages == [
        "7 appears twice: line 2 is used, not line 4.",
        "7 appears twice: line 3 is used, not line 5.",
    ]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        # The row in error has the code of the table; the code is neither moved, changed nor retired by it.
        ([*rows_of("P/1", **TOO_LONG)], []),
        ([*rows_of("R/1", **TOO_LONG), *rows_of("R/1")], [("moved", "R/1", "P")]),
        ([*rows_of("R/1"), *rows_of("R/1", **TOO_LONG)], [("moved", "R/1", "P")]),
    ],
)
def test_a_row_in_error_has_no_code(table, file, expected):
    store(table, "P/1")
    plan = planned(table, *file, complete=True)
    assert effects(plan) == expected
    assert plan.rows.get(kind="error").message.startswith("The symbol has 201 characters")


ONLY_COMPLETE = "The table has this code in another section, where this file does not move it."


@pytest.mark.parametrize(
    ("stored", "file", "complete", "messages"),
    [
        (["P/1"], ["Q/1"], False, {"Q/1": ONLY_COMPLETE}),
        (["P/1"], ["P/1", "Q/1"], False, {"Q/1": ONLY_COMPLETE}),
        (["P/1"], ["P/1", "Q/1"], True, {"Q/1": "Listed in section P too, on line 2."}),
        ([], ["P/7", "Q/7"], False, {"P/7": "", "Q/7": "Listed in section P too, on line 2."}),
        ([], ["P/7", "Q/8", "P/7"], False, {"P/7": "", "Q/8": ""}),
        ([], ["P/9"], False, {"P/9": ""}),
    ],
)
def test_a_new_code_says_in_which_other_section_it_is(table, stored, file, complete, messages):
    store(table, *stored)
    plan = planned(table, *rows_of(*file), complete=complete)
    assert {f"{row.section_name}/{row.code}": row.message for row in plan.rows.filter(kind="new")} == messages


def test_a_new_code_does_not_name_its_own_section_because_of_a_row_in_error(table):
    plan = planned(table, *rows_of("P/7", **TOO_LONG), *rows_of("P/7"))
    assert plan.rows.get(kind="new").message == ""


def test_a_row_in_error_keeps_its_message_where_the_table_has_its_code(table):
    store(table, "P/1")
    plan = planned(table, *rows_of("Q/1", **TOO_LONG))
    assert plan.rows.get().message.startswith("The symbol has 201 characters")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, []),
        ({"symbol": "S"}, ["symbol"]),
        ({"description": "y"}, ["description"]),
        ({"possible_reasons": "y"}, ["possible_reasons"]),
        ({"suggested_actions": "y"}, ["suggested_actions"]),
        ({"extra": {"level": "high"}}, ["extra"]),
        ({"section": "Q"}, ["section"]),
        ({"section": "New"}, ["section"]),
        ({"code": "0XA"}, ["code"]),
    ],
)
def test_a_row_that_differs_in_one_thing_is_a_change(table, change, fields):
    store(table, "P/0xa", "Q/2")
    line = {"code": "0xa", "section": "P", "description": "x"} | change
    plan = planned(table, row(**line), *rows_of("Q/2"), complete=True)
    assert [row.fields for row in plan.rows.exclude(kind="column")] == ([fields] if fields else [])


def test_extra_columns_are_compared_only_if_the_file_has_some(table):
    store(table, "P/1")
    table.codes.update(extra={"level": "high"})
    assert effects(planned(table, *rows_of("P/1"))) == [UNCHANGED]
    (change,) = planned(table, row("1", section="P", extra={"docs": "y"})).rows.filter(kind="changed")
    assert change.extra == {"level": "high", "docs": "y"}


@pytest.mark.parametrize(
    ("stored", "file", "complete", "places"),
    [
        ([], ["P/8", "P/9"], False, {"8": 0, "9": 1}),
        (["P/1", "P/2"], ["P/2", "P/8", "P/9"], False, {"8": 2, "9": 3}),
        (["P/1", "P/2"], ["P/8", "P/1"], False, {"8": 2}),
        (["P/1", "P/2"], ["P/1", "P/2", "P/8"], True, {"8": 2}),
        (["P/1", "P/2"], ["P/1", "P/8", "P/2"], True, {"8": 1, "2": 2}),
        (["P/1", "P/2", "P/3"], ["P/2", "P/2", "P/1", "P/3"], True, {"2": 0, "1": 1}),
        (["P/1", "P/2"], ["P/2", "R/1", "R/1", "P/3"], True, {"2": 0, "1": 1, "3": 2}),
        (["P/1", "P/2"], ["/2", "/1", "/1", "/3"], True, {"2": 0, "1": 1, "3": 2}),
    ],
)
def test_new_codes_go_behind_the_last_of_their_table_or_where_a_complete_file_has_them(
    table, stored, file, complete, places
):
    store(table, *stored)
    plan = planned(table, *rows_of(*file), complete=complete, sections=file[0][0] != "/")
    rows = plan.rows.exclude(kind="duplicate")
    assert dict(rows.values_list("code", "position")) == places


def test_codes_that_an_error_names_are_not_missing_and_those_of_other_tables_are_never_retired(table):
    store(table, "P/1", "P/2", "P/3")
    broken = [problem("Bad.", 9, value="2"), problem("A warning.", 9, severity="warning", value="3")]
    plan = planned(table, *rows_of("P/1"), complete=True, problems=broken)
    assert effects(plan) == [("retired", "P/3", "P"), UNCHANGED]
    assert not ReturnCode.objects.filter(pk__in=plan.rows.values("return_code"), table__slug="other").exists()
