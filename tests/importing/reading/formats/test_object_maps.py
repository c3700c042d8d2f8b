"""Maps of codes in JavaScript and Python, and texts of Apple, are read; nothing of them is run."""

import pytest

from tests.importing.files import read_rows, refusal

DOOR, PAPER = ("E101", "Door is open"), ("E102", "No paper")
FILES = {
    "words": ("t.js", 'export const ERRORS = {\n  E101: "Door is open", // why\n  E102: \'No paper\',\n};\n'),
    "texts": ("t.ts", "const map: Record<string, string> = {\n 'E101': 'Door ' + 'is open', 'E102': 'No paper' };\n"),
    "maps": ("t.mjs", "export default {\n E101: { text: 'Door is open', run: () => ({}) },\n"
        " E102: { text: 'No paper' } }\n"),
    "other names": ("t.js", "module.exports = {\n [Err.E101]: 'Door is open',\n ...more,\n [Err.E102]: 'No paper' }"),
    "a list": ("t.js", "const errors = {list: [\n{code: 'E101', text: 'Door is open'},\n"
        " {code: 'E102', text: 'No paper'}]}"),
    "python": ("t.py", '"""x"""\nERRORS = {\n    "E101": "Door is open",  # don\'t\n    "E102": "No " "paper",\n}\n'),
    "python maps": ("t.py", 'E = {"E101": {"text": "Door is open"},\n     Err.E102: {"text": "No paper"}}\n'),
    "python names": ("t.py", 'import os\nE_DOOR = "E101"  # Door is open\nclass E:\n'
        '    PAPER = ("E102", "No paper")\n'),
    "apple": ("Localizable.strings", '/* one */\n"E101" = "Door is open";\n// two\n"E102" = "No paper";\n'),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_maps_of_codes_are_read(kind):
    name, text = FILES[kind]
    rows, _ = read_rows(text, name)
    assert [(row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER]


def test_numbers_are_codes_and_a_row_has_the_line_of_its_key():
    rows, _ = read_rows("const e = {\n  404: 'Not found',\n\n  500: 'No server', }\n", "t.js")
    assert [(row.code, row.place.line) for row in rows] == [("404", 2), ("500", 4)]


def test_escapes_of_apple_are_the_signs_that_it_shows():
    rows, _ = read_rows('"E1" = "T\\U00fcr \\"auf\\"";\n"E2" = "zu mit\\nKette";\n', "t.strings")
    assert [row.texts["description"] for row in rows] == ['Tür "auf"', "zu mit\nKette"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.js", "const options = { port: 80, host: 'here' }\n"),
        ("t.js", "const a = {" + "a: {" * 3000),
        ("t.js", "x = {a: (" * 3000),
        ("t.py", "PORTS = {'http': 80}\n"),
        ("t.py", "a = " + "(" * 3000),
        ("t.py", "import os\nos.remove('x')\n"),
        ("t.strings", '"width" = "80";\n"height" = "20";\n'),
    ],
)
def test_other_code_is_refused(name, text):
    assert refusal(text, name)[0][0] in ("no_list", "broken_source")
