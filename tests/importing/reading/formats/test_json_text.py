"""JSON gives the same rows in every form, and broken JSON is refused."""

import json

import pytest

from kb.importing.reading.sheets import Unreadable
from tests.importing.files import codes, read_rows, refusal


@pytest.mark.parametrize(
    "wrapper",
    [lambda items: items, lambda items: {"count": 2, "results": items}, lambda items: {"codes": items}],
)
def test_json_gives_the_same_rows_in_every_wrapper(wrapper):
    items = [
        {"code": 660000001, "description": "One."},
        {"code": "-1000", "description": None, "since": [2020, 2021]},
    ]
    rows, problems = read_rows(json.dumps(wrapper(items), indent=1), "t.json")
    assert [(row.code, row.texts["description"]) for row in rows] == [("660000001", "One."), ("-1000", "")]
    assert rows[1].extra == {"since": "2020\n2021"}
    assert problems == []


def test_json_rows_have_line_numbers_and_only_the_columns_of_their_object():
    rows, problems = read_rows('[\n{"code": 1.0, "text": "a"},\n\n{"code": 2},\n{"text": "b"}]', "t.json")
    assert [(row.place.line, row.code, row.texts) for row in rows] == [(2, "1", {"description": "a"}), (4, "2", {})]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("missing_code", 5)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.0", "1"), ("-3.00", "-3"), ("1.50", "1.50"), ("1e3", "1e3"), ("NaN", "NaN"), ("true", "true"), ("null", ""),
        ("[1, [2, true], null]", "1\n2\ntrue\n"), ('{"a": "é"}', "é"), ("1" * 20, "1" * 20),
    ],
)  # fmt: skip
def test_a_value_of_json_is_kept_as_it_is_written(value, text):
    (row,), _ = read_rows('[{"code": "1", "text": ' + value + "}]", "t.json")
    assert row.texts["description"] == text.rstrip()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"E_DOOR": 101, "E_PAPER": 102}', [("101", "E_DOOR"), ("102", "E_PAPER")]),
        ('{"errorCodes": {"door_open": 101, "noPaper": 102}}', [("101", "door_open"), ("102", "noPaper")]),
        ('{"E_DOOR": "0x1A", "E_PAPER": "0x1B"}', [("0x1A", "E_DOOR"), ("0x1B", "E_PAPER")]),
        ('{"port": 8080, "timeout": 30}', None),
        ('{"E_DOOR": 101, "E_PAPER": 101}', None),
    ],
)  # fmt: skip
def test_a_map_from_names_to_numbers_has_the_numbers_as_codes(document, expected):
    if expected:
        assert [(row.code, row.texts["symbol"]) for row in read_rows(document, "t.json")[0]] == expected
    else:
        assert refusal(document, "t.json")[0] == ["no_list"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"ids": [9, 8], "codes": [{"code": 1}]}', ["1"]),
        ('{"page": {"codes": [{"code": 9}]}, "codes": [{"code": 1}], "more": [{"code": 8}]}', ["9", "1", "8"]),
        ('{"total" : 2 , "codes" : [ {"code": 1} , {"code": 2} ] , "next": null}', ["1", "2"]),
        (' [ {"code": 1} ] ', ["1"]),
        ('{"codes":[{"code":1},{"code":2}]}', ["1", "2"]),
        ("[]", []),
    ],
)
def test_every_list_of_objects_is_read(document, expected):
    if expected:
        assert codes(document, "t.json") == expected
    else:
        assert refusal(document, "t.json")[0] == ["no_code_column"]


@pytest.mark.parametrize(
    ("content", "name", "kind", "line"),
    [
        ('[\n{"code": 1},\n2]', "t.json", "no_object", 3),
        ('[\n{"code": 1}\n{"code": 2}]', "t.json", "broken_json", 3),
        ('{"code": 1}\n\n[2]', "t.ndjson", "no_object", 3),
        ('{"code": 1}\n{"code": 2', "t.ndjson", "broken_json", 2),
        ('"x"', "t.json", "no_list", 1),
        ('{"a": 1}', "t.json", "no_list", 1),
    ],
)
def test_broken_json_is_refused_with_its_line(content, name, kind, line):
    with pytest.raises(Unreadable) as error:
        read_rows(content, name)
    assert [(problem.kind, problem.place.line) for problem in error.value.problems] == [(kind, line)]


def test_broken_json_says_what_is_wrong():
    assert "nested too deeply" in refusal("[" * 100_000, "t.json")[1]
    assert "Line 1: This is not valid JSON at column 14" in refusal('[{"code": 1} 2]', "t.json")[1]


def test_json_is_recognised_without_a_file_name():
    assert codes('[{"code": "1"}]', "pasted table") == ["1"]


@pytest.mark.parametrize("name", ["t.ndjson", "t.jsonl", "pasted table"])
def test_json_lines_are_read(name):
    rows, problems = read_rows('{"code": 1, "text": "a"}\n\n{"code": "2", "since": 3}\n', name)
    assert [(row.place.line, row.code) for row in rows] == [(1, "1"), (3, "2")]
    assert problems == []


@pytest.mark.parametrize("content", ['{"code": 1}\n{"code": 2', '{"code": 1}\n[2]', "[]\n", " "])
def test_broken_json_lines_are_refused(content):
    assert refusal(content, "t.ndjson")[1]


@pytest.mark.parametrize(
    "content",
    ["[", "{}", "[1]", '[{"code": 1}', '{"a": [}', "[" * 100_000, '[{"code": ' + "9" * 5000 + "e}]", '"x"', "nul"],
)
def test_broken_json_is_refused(content):
    assert refusal(content, "t.json")[1]


def test_half_a_surrogate_pair_is_reported():
    _, problems = read_rows('[{"code": "1", "text": "\\ud800"}]', "t.json")
    assert [problem.kind for problem in problems] == ["control_character"]
