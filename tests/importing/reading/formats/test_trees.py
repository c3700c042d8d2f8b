"""JSON and YAML give the same codes in every shape: maps, nested maps, lists of lists, languages; never settings."""

import json

import pytest
import yaml

from tests.importing.files import open_text, read_rows, refusal

DOOR, PAPER = ("", "E101", "Door"), ("", "E102", "Paper")
SHAPES = {
    "a map of texts": ({"E101": "Door", "E102": "Paper"}, [DOOR, PAPER]),
    "a map of objects": ({"E101": {"message": "Door"}, "E102": {"message": "Paper"}}, [DOOR, PAPER]),
    "a map of both": ({"E101": "Door", "E102": {"message": "Paper"}}, [DOOR, PAPER]),
    "a map in a wrapper": ({"version": "2", "errors": {"E101": "Door", "E102": "Paper"}}, [DOOR, PAPER]),
    "sections": (
        {"auth": {"codes": {"E101": "Door"}}, "disk": {"codes": {"E102": "Paper"}}},
        [("auth", "E101", "Door"), ("disk", "E102", "Paper")],
    ),
    "sections of objects": (
        {"auth": {"E101": {"message": "Door"}}, "disk": [{"code": "E102", "message": "Paper"}]},
        [("auth", "E101", "Door"), ("disk", "E102", "Paper")],
    ),
    "lists": ([["Code", "Message"], ["E101", "Door"], ["E102", "Paper"]], [DOOR, PAPER]),
    "lists in a wrapper": ({"rows": [["Code", "Message"], ["E101", "Door"], ["E102", "Paper"]]}, [DOOR, PAPER]),
    "objects in objects": (
        [{"code": "E101", "error": {"message": "Door"}}, {"code": "E102", "error": {"message": "Paper"}}],
        [DOOR, PAPER],
    ),
    "languages": (
        [
            {"code": "E101", "de": {"message": "Tür"}, "en": {"message": "Door"}},
            {"code": "E102", "de": {"message": "Papier"}, "en": {"message": "Paper"}},
        ],
        [DOOR, PAPER],
    ),
    "languages of a text": (
        {"E101": {"message": {"en": "Door", "fr": "Porte"}}, "E102": {"message": {"en": "Paper", "fr": "Papier"}}},
        [DOOR, PAPER],
    ),
    "names as keys": (
        {"DOOR_OPEN": {"code": "E101", "message": "Door"}, "NO_PAPER": {"code": "E102", "message": "Paper"}},
        [DOOR, PAPER],
    ),
    "a status that repeats": (
        {"E101": {"status code": "400", "message": "Door"}, "E102": {"status code": "400", "message": "Paper"}},
        [DOOR, PAPER],
    ),
    "another number in each object": (
        {"E101": {"error_code": "7", "message": "Door"}, "E102": {"error_code": "8", "message": "Paper"}},
        [DOOR, PAPER],
    ),
    "names of codes": (
        {"auth/invalid-email": "The email is wrong", "auth/no-user": "There is no user"},
        [("", "auth/invalid-email", "The email is wrong"), ("", "auth/no-user", "There is no user")],
    ),
    "words as codes": (
        {"errors": {"timeout": "It took too long", "forbidden": "You may not"}},
        [("", "timeout", "It took too long"), ("", "forbidden", "You may not")],
    ),
    "several texts": ({"E101": ["Door", "Close it"], "E102": []}, [("", "E101", "Door\nClose it"), ("", "E102", "")]),
    "a single object": ({"code": "E101", "message": "Door"}, [DOOR]),
}


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_every_shape_gives_its_codes(kind, ending):
    value, expected = SHAPES[kind]
    content = json.dumps(value, indent=1) if ending == "json" else yaml.safe_dump(value, allow_unicode=True)
    rows, problems = read_rows(content, f"t.{ending}")
    found = sorted((row.section, row.code, row.texts.get("description")) for row in rows)
    assert found == sorted(expected)
    assert [problem for problem in problems if problem.severity == "error"] == []


SETTINGS = {
    "a package": {"name": "app", "version": "1.0.2", "scripts": {"build": "make all", "test": "make test"}},
    "settings": {"host": "example.com", "port": 80, "log": {"level": "info"}},
    "words": {"title": "My page", "subtitle": "All about it"},
    "numbers": [1, 2, 3],
    "a text": {"a": 1},
}


@pytest.mark.parametrize("kind", SETTINGS)
@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_settings_are_no_codes(kind, ending):
    content = json.dumps(SETTINGS[kind]) if ending == "json" else yaml.safe_dump(SETTINGS[kind])
    assert refusal(content, f"t.{ending}")[0] == ["no_list"]


def test_a_key_twice_is_a_code_twice():
    assert [row.code for row in read_rows('{"E1": "a b", "E1": "c d"}', "t.json")[0]] == ["E1", "E1"]


def test_rows_have_the_line_of_their_key():
    rows, _ = read_rows('{\n"errors": {\n "E1": "a",\n\n "E2": {\n"message": "b"}}}', "t.json")
    assert [row.place.line for row in rows] == [3, 5]
    rows, _ = read_rows("errors:\n  E1: a\n\n  # words\n  E2:\n    message: b\n", "t.yaml")
    assert [row.place.line for row in rows] == [2, 5]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('// one\n{"E1": "a // b", /* two */ "E2": "c",}', [1, 2]),
        ('[\n{"code": "E1"},\n{"code": "E2"},\n]\n', [3]),
        ('{"E1": "a",\n# no\n"E2": "b"}', None),
        ('{"E1": "a\\", // b", "E2": "/* c"}//', [1]),
    ],
)
def test_comments_and_trailing_commas_of_json_are_read_and_named(text, lines):
    if lines is None:
        assert "at column 1" in refusal(text, "t.json")[1]
        return
    rows, problems = read_rows(text, "t.json")
    assert [row.code for row in rows] == ["E1", "E2"]
    assert [problem.place.line for problem in problems] == lines


@pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.txt", "t.csv"])
@pytest.mark.parametrize("text", ['{"code": "E1"}\n{"code": "E2"}\n', '[{"code": "E1"},\n{"code": "E2"}]'])
def test_json_is_known_under_every_ending(name, text):
    assert [row.code for row in read_rows(text, name)[0]] == ["E1", "E2"]


@pytest.mark.parametrize(
    ("text", "name", "where"),
    [
        ('[{"code": 1},\n {"code" 2}]', "t.json", "Line 2: This is not valid JSON at column 10"),
        ('{"code": 1}\n{"code": 2,, "a": 1}', "t.ndjson", "Line 2: This is not valid JSON at column 12"),
        ("a:\n  - b: [1\nc: 2\n", "t.yaml", "Line 3: This is not valid YAML at column"),
        ("a: *b\n", "t.yaml", "Line 1: The alias b"),
    ],
)
def test_what_is_broken_is_named_with_line_and_column(text, name, where):
    assert refusal(text, name)[1].startswith(where)


@pytest.mark.parametrize("text", ["code: '0101'", "code: 0101", "code: 0x1F", "code: NO", "code: 1_000", "code: 1.10"])
def test_a_value_of_yaml_is_kept_as_it_is_written(text):
    (row,), _ = read_rows(f"- {text}\n  message: a\n", "t.yaml")
    assert row.code == text.removeprefix("code: ").strip("'")


def test_yaml_of_several_documents_with_anchors_is_read():
    text = "---\n- &a {code: E1, message: one}\n- {<<: *a, code: E2}\n"
    rows, _ = read_rows(text, "t.yml")
    assert [(row.code, row.texts) for row in rows] == [("E1", {"description": "one"}), ("E2", {"description": "one"})]


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (LAUGHS, "too_many_values"),
        ("[" * 1_000, "too_deep"),
        ("a: &a\n  b: *a\n", "broken_yaml"),
        ("!!python/object/apply:os.system ['true']\n", "no_list"),
    ],
)
def test_hostile_yaml_is_refused(text, kind):
    assert refusal(text, "t.yaml")[0] == [kind]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("- code: !!python/name:os.system E1\n  text: one\n", "python/name:os.system"),
        ("E1: one word\nE1: two words\n", "E1"),
    ],
)
def test_strange_tags_and_keys_that_repeat_are_told(text, word):
    _, problems = read_rows(text, "t.yaml")
    assert word in [problem.value for problem in problems]


def test_keys_that_are_merged_give_way_to_those_of_the_map_itself():
    text = "base: &b {text: one word, level: low}\nmore: &m {level: high}\n"
    rows, _ = read_rows(text + "codes:\n  E1: {<<: [*b, *m], text: two words}\n  E2: {<<: *b}\n", "t.yaml")
    assert [(row.code, row.texts["description"], row.extra) for row in rows] == [
        ("E1", "two words", {"level": "low"}), ("E2", "one word", {"level": "low"}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.yaml", "E1:\n  text: a b\n  text: b c\nE2: {text: c d}\nE1: {text: d e}\n"),
        ("t.json", '{"E1": {"text": "a b",\n "text": "b c"}, "E2": {"text": "c d"}, "E1": {"text": "d e"}}'),
        ("t.ndjson", '{"code": "E1", "text": "a b", "text": "b c"}\n{"E1": 1, "code": "E2", "E1": 2}'),
    ],
)
def test_each_key_that_a_map_has_twice_is_named(name, text):
    _, problems = read_rows(text, name)
    (message,) = [problem.message for problem in problems]
    assert "text" in message
    assert "E1" in message


def test_languages_are_no_codes():
    source = open_text(
        '{"7": {"en_US": "Door is open", "vi_VN": "Cua mo"}, "8": {"en_US": "No paper", "vi_VN": "Het"}}', "t.json"
    )
    assert [row.code for row in source.rows()] == ["7", "8"]
    assert [question.kind for question in source.open_questions] == ["columns"]
