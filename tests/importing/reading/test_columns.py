"""Columns are found by their headers, in two languages, or read as somebody says."""

import json

import pytest

from kb.importing.reading.columns import TARGETS, ColumnMap, find_columns, label_headers, map_given, names_code
from kb.importing.reading.sheets import Unreadable

NOTHING = ColumnMap()


def found(*headers, **given):
    columns, problems = find_columns(headers, ColumnMap(given))
    return columns.as_json(), problems


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("Code", "code"), ("Return code", "code"), ("error_code", "code"), ("errorCode", "code"), ("hex_code", "code"),
        ("Value", "code"), ("**Code**", "code"), ("`code`", "code"), ("Error Code (int)", "code"), ("CODES", "code"),
        ("返回码", "code"), ("错误码", "code"), ("返回码（code）", "code"), ("\ufeffcode", "code"),
        ("Return\ncode", "code"),
        ("Description", "description"), ("Message", "description"), ("描述", "description"), ("说明", "description"),
        ("Possible reasons", "possible_reasons"), ("Causes", "possible_reasons"), ("可能原因", "possible_reasons"),
        ("Suggested actions", "suggested_actions"), ("Solutions", "suggested_actions"), ("Action", "suggested_actions"),
        ("Handling suggestions", "suggested_actions"), ("处理建议", "suggested_actions"),
        ("Section", "section"), ("Product", "section"), ("Category", "section"), ("分类", "section"),
        ("Name", "symbol"), ("Macro", "symbol"), ("Symbol", "symbol"), ("Constants", "symbol"),
        ("HTTP status code", "extra"), ("", "extra"),
    ],
)  # fmt: skip
def test_a_header_is_understood(header, target):
    columns, problems = find_columns([header], NOTHING)
    assert list(columns.targets.values()) == [target]
    assert problems == []


def test_the_better_match_wins_and_both_are_named():
    columns, problems = found("Value", "Code", "Text")
    assert columns == {"Value": "extra", "Code": "code", "Text": "description"}
    (problem,) = problems
    assert problem.severity == "warning"
    assert "Value" in problem.message
    assert "Code" in problem.message


def test_a_message_is_the_description_where_both_are_there():
    columns, problems = found("code", "description", "message")
    assert columns == {"code": "code", "description": "extra", "message": "description"}
    assert len(problems) == 1


def test_what_is_said_about_a_column_stands():
    columns, problems = found("code", "message", "description", "notes", description="description", notes="ignore")
    assert columns == {"code": "code", "message": "extra", "description": "description", "notes": "ignore"}
    assert problems == []


def test_a_header_that_a_remembered_map_does_not_know_is_found_by_its_name():
    columns, _ = found("Return code", "Causes", Code="code", Causes="possible_reasons")
    assert columns == {"Return code": "code", "Causes": "possible_reasons"}


def test_one_target_chosen_for_two_columns_is_an_error():
    _, problems = found("a", "b", a="code", b="code")
    assert [(problem.kind, problem.severity) for problem in problems] == [("same_target", "error")]


def test_a_target_that_there_is_not_is_refused_with_what_is_allowed():
    with pytest.raises(Unreadable) as refused:
        map_given({"Code": "number"})
    assert "'number'" in str(refused.value)
    assert all(target in str(refused.value) for target in TARGETS)


def test_a_map_is_remembered_as_json():
    columns, _ = find_columns(["Code", "Text", "Since"], NOTHING)
    again = map_given(json.loads(json.dumps(columns.as_json())))
    assert again == columns
    assert again.has("code")
    assert not again.has("section")
    assert again.extra_headers == ["Since"]


def test_headers_are_told_apart():
    assert label_headers(["Code", "", "Code", None, "a\n b"]) == ["Code", "Column 2", "Code (2)", "Column 4", "a b"]


def test_the_second_of_two_headers_that_are_the_same_is_kept_as_an_extra():
    columns, problems = found("Code", "Code")
    assert columns == {"Code": "code", "Code (2)": "extra"}
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("cells", "is_header"),
    [(["Code", "Text"], True), (["1001", "Code of the room"], False), ([], False), ([None], False)],
)
def test_a_header_names_a_code(cells, is_header):
    assert names_code(cells, NOTHING) is is_header


def test_a_header_may_be_known_by_the_map_alone():
    assert names_code(["ID"], ColumnMap({"ID": "code"}))
    assert not names_code(["Code"], ColumnMap({"Code": "ignore"}))
