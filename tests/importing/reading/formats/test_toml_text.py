"""TOML is read like JSON: tables of codes, lists of them, and keys with a text."""

import pytest

from tests.importing.files import read_rows, refusal

DOOR, PAPER = ("E101", "Door is open"), ("E102", "No paper")
DOCUMENTS = {
    "tables": '[E101]\ndescription = "Door is open"\n[E102]\ndescription = "No paper"\n',
    "tables in a table": '[errors.E101]\ntext = "Door is open"\n[errors.E102]\ntext = "No paper"\n',
    "a list": '[[errors]]\ncode = "E101"\ntext = "Door is open"\n[[errors]]\ncode = "E102"\ntext = "No paper"\n',
    "keys": 'E101 = "Door is open"\nE102 = "No paper"\n',
    "maps": 'E101 = { text = "Door is open" }\nE102 = { text = "No paper" }\n',
}


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("name", ["t.toml", "t.txt"])
def test_codes_of_toml_are_read(kind, name):
    rows, problems = read_rows(DOCUMENTS[kind], name)
    assert [(row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER]
    assert problems == []


@pytest.mark.parametrize(("kind", "lines"), [("tables", [1, 3]), ("a list", [1, 4]), ("keys", [1, 2])])
def test_a_row_has_the_line_of_its_key(kind, lines):
    rows, _ = read_rows(DOCUMENTS[kind], "t.toml")
    assert [row.place.line for row in rows] == lines


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('E101 = "Door', "broken_toml"),
        ("a = " + "[" * 3000, "broken_toml"),
        ("a." * 3000 + "b = 1", "too_deep"),
        ("port = 80\nhost = 'x'\n", "no_list"),
    ],
)
def test_other_toml_is_refused(text, kind):
    assert refusal(text, "t.toml")[0] == [kind]


def test_numbers_keep_the_digits_that_the_vendor_wrote():
    text = '[[e]]\ncode = 0x80 # 1_0\ntext = \'a = 0x1 \'\n[[e]]\ncode = 1_000\ntext = """b\nn = 0o7\n"""\n'
    rows, _ = read_rows(text, "t.toml")
    assert [(row.code, row.texts["description"]) for row in rows] == [("0x80", "a = 0x1"), ("1_000", "b\nn = 0o7")]
