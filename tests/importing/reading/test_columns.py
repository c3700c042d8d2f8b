"""Columns get their targets by their headers, in two languages, or by an explicit map."""

import json

import pytest

from kb.importing.reading.columns import (
    TARGETS,
    ColumnMap,
    check_column_map,
    find_columns,
    is_header,
    label_headers,
    positions,
)
from kb.importing.reading.sheets import Unreadable
from tests.importing.files import open_text

NOTHING = ColumnMap()


def targets_of(*headers, **column_map):
    columns, problems = find_columns(headers, ColumnMap(column_map))
    return columns.as_json(), problems


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("Code", "code"), ("Return code", "code"), ("error_code", "code"), ("errorCode", "code"), ("hex_code", "code"),
        ("**Code**", "code"), ("`code`", "code"), ("Error Code (int)", "code"), ("CODES", "code"),
        ("返回码", "code"), ("错误码", "code"), ("返回码（code）", "code"), ("\ufeffcode", "code"),
        ("Return\ncode", "code"), ("_code_", "code"), ("(code)", "code"), ("[x] code (y)", "code"),
        ("ＣＯＤＥ", "code"),
        ("Status", "extra"), ("Value", "extra"), ("Bus code", "extra"),
        ("Description", "description"), ("Message", "description"), ("描述", "description"), ("说明", "description"),
        ("Possible reasons", "possible_reasons"), ("Causes", "possible_reasons"), ("可能原因", "possible_reasons"),
        ("Suggested actions", "suggested_actions"), ("Solutions", "suggested_actions"), ("Action", "suggested_actions"),
        ("Handling suggestions", "suggested_actions"), ("处理建议", "suggested_actions"),
        ("Section", "section"), ("Product", "section"), ("Category", "section"), ("分类", "section"),
        ("Name", "symbol"), ("Macro", "symbol"), ("Symbol", "symbol"), ("Constants", "symbol"),
        ("HTTP status code", "extra"), ("", "extra"),
    ],
)  # fmt: skip
def test_a_header_has_a_target(header, target):
    columns, problems = find_columns([header], NOTHING)
    assert list(columns.targets.values()) == [target]
    assert problems == []


def test_the_better_match_wins_and_a_warning_names_both():
    columns, problems = targets_of("Error code", "Code", "Text")
    assert columns == {"Error code": "code", "Code": "extra", "Text": "description"}
    (problem,) = problems
    assert problem.severity == "warning"
    assert "Error code" in problem.message
    assert "Code" in problem.message


def test_a_message_is_the_description_where_a_file_has_both():
    columns, problems = targets_of("code", "description", "message")
    assert columns == {"code": "code", "description": "extra", "message": "description"}
    assert len(problems) == 1


def test_an_explicit_map_decides():
    columns, problems = targets_of("code", "message", "description", "notes", description="description", notes="ignore")
    assert columns == {"code": "code", "message": "extra", "description": "description", "notes": "ignore"}
    assert problems == []


def test_several_columns_may_be_left_out_or_kept_as_extra_columns():
    columns, problems = targets_of("code", "a", "b", "c", "d", a="ignore", b="ignore", c="extra", d="extra")
    assert list(columns.values()) == ["code", "ignore", "ignore", "extra", "extra"]
    assert problems == []


def test_headers_after_one_that_the_map_has_get_their_targets_by_name():
    assert targets_of("notes", "Code", "x", "Text", notes="ignore", x="extra")[0] == {
        "notes": "ignore", "Code": "code", "x": "extra", "Text": "description",
    }  # fmt: skip


def test_of_equally_good_headers_the_first_wins():
    columns, problems = targets_of("Code", "Text", "text", "TEXT")
    assert columns == {"Code": "code", "Text": "description", "text": "extra", "TEXT": "extra"}
    assert [problem.value for problem in problems] == ["text", "TEXT"]


def test_columns_have_their_texts_by_position():
    columns, _ = find_columns(["Since", "Solutions", "Code", "Text"], NOTHING)
    assert positions(columns) == {"description": 3, "suggested_actions": 1}


def test_a_long_header_is_cut():
    assert label_headers(["x" * 200, "y" * 201, "y" * 201]) == ["x" * 200, "y" * 200, "y" * 200 + " (2)"]


def test_a_header_that_the_map_does_not_have_gets_its_target_by_its_name():
    columns, _ = targets_of("Return code", "Causes", Code="code", Causes="possible_reasons")
    assert columns == {"Return code": "code", "Causes": "possible_reasons"}


def test_the_same_target_for_two_columns_is_an_error():
    _, problems = targets_of("a", "b", a="code", b="code")
    assert [(problem.kind, problem.severity) for problem in problems] == [("same_target", "error")]


def test_an_unknown_target_is_refused_with_the_allowed_ones():
    with pytest.raises(Unreadable) as error:
        check_column_map({"Code": "number"})
    assert "'number'" in str(error.value)
    assert all(target in str(error.value) for target in TARGETS)


def test_a_map_is_restored_from_json():
    columns, _ = find_columns(["Code", "Text", "Since"], NOTHING)
    again = check_column_map(json.loads(json.dumps(columns.as_json())))
    assert again == columns
    assert again.has("code")
    assert not again.has("section")
    assert again.extra_headers == ["Since"]


def test_repeated_and_empty_headers_get_unique_labels():
    assert label_headers(["**Code**", "`Text`"]) == ["Code", "Text"]
    assert label_headers(["Code", "", "Code", None, "a\n b"]) == ["Code", "Column 2", "Code (2)", "Column 4", "a b"]


def test_the_second_of_two_equal_headers_is_an_extra_column():
    columns, problems = targets_of("Code", "Code")
    assert columns == {"Code": "code", "Code (2)": "extra"}
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("cells", "expected"),
    [(["Code", "Text"], True), (["1001", "Code of the room"], False), ([], False), ([None], False)],
)
def test_a_record_with_a_header_of_a_code_is_a_header(cells, expected):
    assert is_header(cells, NOTHING) is expected


def test_a_map_decides_whether_a_record_is_a_header():
    assert is_header(["ID"], ColumnMap({"ID": "code"}))
    assert not is_header(["Code"], ColumnMap({"Code": "ignore"}))


def test_a_column_whose_first_text_is_far_below_is_told():
    rows = [f"{number},Some words of the code," for number in range(2_100)]
    source = open_text("code,text,zzz\n" + "\n".join([*rows, "9001,More words,Restart it", "9002,b,Wait"]))
    assert len(list(source.rows())) == 2_102
    assert [(problem.kind, problem.place.line) for problem in source.problems] == [("late_column", 2_102)]
    source = open_text("code,text,zzz\n" + "\n".join([*rows, "9001,a,b c"]), columns={"zzz": "extra"})
    assert list(source.rows())[-1].extra == {"zzz": "b c"}
    assert source.problems == [], "somebody has chosen"
