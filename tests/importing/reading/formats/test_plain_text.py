"""Plain text of many forms is read: pipes, boxes, aligned columns, properties and lines with a code and a sign."""

import pytest

from tests.importing.files import read_rows, refusal

DOOR, PAPER = ("E101", "Door is open"), ("E102", "No paper")
TEXTS = {
    "pipes": "Code|Description\nE101|Door is open\nE102|No paper\n",
    "outer pipes": "| Code | Description |\n| E101 | Door is open |\n| E102 | No paper |\n",
    "a box": "+------+--------------+\n| code | description  |\n+------+--------------+\n| E101 | Door is open |\n"
    "| E102 | No paper     |\n+------+--------------+\n2 rows in set (0.00 sec)\n",
    "psql": " code | description  \n------+--------------\n E101 | Door is open\n E102 | No paper\n(2 rows)\n",
    "lines of a box": "┌──────┬──────────────┐\n│ Code │ Description  │\n├──────┼──────────────┤\n"
    "│ E101 │ Door is open │\n│ E102 │ No paper     │\n└──────┴──────────────┘\n",
    "spaces": "Code    Description\nE101    Door is open\nE102    No paper\n",
    "spaces with dashes": "Code  Description\n----  ------------\nE101  Door is open\nE102  No paper\n",
    "spaces over lines": "Code    Description\nE101    Door is\n        open\nE102    No paper\n",
    "single spaces": "CODE DESCRIPTION\nE101 Door is open\nE102 No paper\n",
    "a table of Jira": "||Code||Description||\n|E101|Door is open|\n|E102|No paper|\n",
    "a header in a comment": "#\n# Codes of 2024\n#  code    message\n#\n\n"
    "E101    Door is open\n# words\nE102    No paper\n",
    "equals signs": "E101=Door is open\nE102=No paper\n",
    "colons": "E101: Door is open\nE102 : No paper\n",
    "colons at once": "E101:Door is open\nE102: No paper\n",
    "items": "Codes of the box\n\n- E101 - Door is open\n- E102 - No paper\n\n12\n",
    "codes above their texts": "Of the box\n\nE101\n\nDoor is open\n\nE102\n\nNo paper\n\nE103\n\nx\n\nE104\n\nx\n",
    "the same words before": "BOX FAULT: E101\tDoor is open\nBOX FAULT: E102\tNo paper\nBOX FAULT: E103\tx\n",
    "aligned right": " E101  Door is open\n E102  No paper\nEF103  No ink\n",
    "records": "Fault code: E101\nLevel: 3\nMessage: Door is open\n\nFault code: E102\nLevel: 3\nMessage: No paper\n",
    "records in cells": 'Fault code;E101\nMessage;"Door is open"\n;\nFault code;E102\nMessage;No paper\n',
    "mediawiki": '{| class="wikitable"\n! Code !! Description\n|-\n| E101 || Door is open\n|-\n'
    "| style=\"a\" | E102\n| ''No paper''\n|}\n",
    "dashes": "E101 - Door is open\n\nE102 \u2013 No paper\n",
    "words before": "Error E101: Door is open\nError E102: No paper\n",
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["t.txt", "pasted table"])
def test_a_table_of_plain_text_is_read(kind, breaks, name):
    rows, problems = read_rows(TEXTS[kind].replace("\n", breaks), name)
    assert [(row.code, row.texts["description"]) for row in rows][:2] == [DOOR, PAPER]
    assert [problem for problem in problems if problem.kind != "left_out"] == []


@pytest.mark.parametrize("text", ["EDOOR   7  Door is open\nE_BOX  12  No paper\nEIO  13  Bad\n",
                                  "7   EDOOR   Door is open\n12  E_BOX   No paper\n13  EIO     Bad\n"])  # fmt: skip
def test_a_name_in_capitals_beside_a_number_is_the_symbol(text):
    rows, problems = read_rows(text, "t.txt")
    assert [(row.code, row.texts["symbol"], row.texts["description"]) for row in rows[:2]] == [
        ("7", "EDOOR", "Door is open"), ("12", "E_BOX", "No paper"),
    ]  # fmt: skip
    assert problems == []


def test_numbers_before_words_are_codes_where_each_item_has_its_own():
    text = "Answers\n" + "".join(f"- {number} Answer of the box\n" for number in (7, 12, 31, 40))
    assert [row.code for row in read_rows(text, "t.txt")[0]] == ["7", "12", "31", "40"]
    with_list = text + "- 50, 51 - Two of them\n"
    assert [problem.suggestion for problem in read_rows(with_list, "t.txt")[1] if problem.suggestion] == [("50", "51")]


def test_a_single_code_below_a_heading_is_named():
    rows, problems = read_rows("Doors\n01: one\n02: two\nPaper\n03: three\n", "t.txt")
    assert [row.code for row in rows] == ["01", "02"]
    assert [(problem.place.line, "03: three" in problem.message) for problem in problems] == [(1, False), (5, True)]


@pytest.mark.parametrize("head", ["Code  Message\n", "Of the box\n"])
def test_the_number_of_a_page_is_no_code(head):
    sign = "  " if "Message" in head else ": "
    rows, problems = read_rows(
        f"{head}E1{sign}Door is open\nE2{sign}No paper\n\n42\n\nE3{sign}No ink\nE4{sign}x\n", "t.txt"
    )
    assert [row.code for row in rows] == ["E1", "E2", "E3", "E4"]
    assert [problem.value for problem in problems if problem.value == "42"] == ["42"]


def test_pages_of_a_manual_around_the_table_are_named():
    head = "Box Manual        Page 3\n\nContents ..... 1\n" + "\n" * 30
    rows, problems = read_rows(
        f"{head}Code  Message\n\nE1  Door is open\n\nE2  No paper\nBox Manual        Page 4\nE3  No ink\n", "t.txt"
    )
    assert [row.code for row in rows] == ["E1", "E2", "E3"]
    assert any("Box Manual" in problem.message for problem in problems)


def test_headings_between_aligned_rows_are_sections():
    text = "Code    Level    Message\n\nDoors of the house\n\n10  W  one\n11  E  two\n"
    rows, _ = read_rows(text, "t.txt")
    assert [(row.section, row.code, row.texts["description"]) for row in rows] == [
        ("Doors of the house", "10", "one"), ("Doors of the house", "11", "two"),
    ]  # fmt: skip


def test_headings_between_lines_are_sections_and_named():
    rows, problems = read_rows("Doors\n01: one\n02: two\n  and more\nPaper\n03: three\n04: four\n", "t.txt")
    assert [(row.section, row.code, row.texts["description"]) for row in rows] == [
        ("Doors", "01", "one"), ("Doors", "02", "two\nand more"), ("Paper", "03", "three"), ("Paper", "04", "four"),
    ]  # fmt: skip
    assert [(problem.place.line, problem.kind) for problem in problems] == [(1, "left_out")]


PROPERTIES = {
    "comments": "# words\n! words\n\nE101=Door is open\n  E102 : No paper\n",
    "lines that go on": "E101 = Door \\\n       is open\nE102=No paper\n",
    "escapes": "E101=Door\\u0020is open\nE10\\u0032=No paper\n",
    "fields": "E101.message=Door is open\nE101.solution=Close it\nE102.message=No paper\n",
    "a prefix": "error.E101=Door is open\nerror.E102=No paper\n",
    "a prefix and fields": "app.error.E101.message=Door is open\napp.error.E102.message=No paper\n",
}


@pytest.mark.parametrize("kind", PROPERTIES)
def test_properties_are_read(kind):
    rows, _ = read_rows(PROPERTIES[kind], "t.properties")
    assert [(row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER]


def test_groups_of_an_ini_file_are_sections():
    rows, _ = read_rows("[doors]\nE101=Door is open\n; words\n[paper]\nE102=No paper\n", "t.ini")
    assert [(row.section, row.code, row.place.line) for row in rows] == [("doors", "E101", 2), ("paper", "E102", 5)]


def test_a_prefix_that_is_taken_off_is_named():
    _, problems = read_rows(PROPERTIES["a prefix"], "t.properties")
    assert [(problem.place.line, problem.value) for problem in problems] == [(1, "error.")]


@pytest.mark.parametrize("text", ["server.port=8080\nserver.host=localhost\n", "a=b\nc=d\n", "# nothing\n"])
def test_settings_are_no_codes(text):
    assert refusal(text, "t.properties")[0] == ["no_list"]


SCRIPTS = {
    "sql with comments": "-- codes\n/* of\n * 2024\n */\n\nCREATE TABLE codes (code text, description text);\n",
    "gettext": 'msgid ""\nmsgstr ""\n\nmsgid "E101"\nmsgstr "Door"\n',
}


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("name", ["t.txt", "t.csv", "pasted table"])
def test_scripts_and_translations_are_refused_by_their_kind(kind, name):
    kinds, message = refusal(SCRIPTS[kind], name)
    assert kinds == [kind.split()[0]]
    assert "CSV" in message


@pytest.mark.parametrize(("name", "kind"), [("t.sql", "sql"), ("t.po", "gettext"), ("t.pot", "gettext")])
def test_scripts_and_translations_are_refused_by_their_ending(name, kind):
    assert refusal("E101\n", name)[0] == [kind]


@pytest.mark.parametrize(
    "text",
    ["code,description\nE101,Door: open\n", "code;description\nE101;a | b\n", "code\tdescription\nE101\tDoor - open\n"],
)
def test_csv_without_a_name_stays_csv(text):
    rows, problems = read_rows(text, "t.txt")
    assert [row.code for row in rows] == ["E101"]
    assert problems == []


@pytest.mark.parametrize("text", ["Dear team,\n\nthe code of the door: see below.\n\nBye\n", "Lorem ipsum\ndolor\n"])
def test_a_letter_is_no_table(text):
    assert refusal(text, "t.txt")


def test_a_table_of_dokuwiki_has_its_header_between_carets():
    text = "== Codes ==\n\n^ Code ^ Description ^\n| E101 | Door is open |\n| E102 | No paper |\n"
    rows, _ = read_rows(text, "t.txt")
    assert [(row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER]


def test_two_columns_without_a_header_are_codes_and_texts():
    text = "EXIT STATUS\n\n   E101   Door is\n          open\n   E102   No paper\n\n   -1     All is\n          lost\n"
    rows, problems = read_rows(text, "t.txt")
    assert [(row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER, ("-1", "All is lost")]
    assert [problem.value for problem in problems] == ["EXIT STATUS"]


def test_columns_of_words_are_no_codes():
    refusal("name   of the house\nroof   red or brown\ndoor   one of two\n", "t.txt")


def test_a_table_of_jira_has_its_header_between_two_bars():
    rows, problems = read_rows("||Code||Description||\n|E101|Door is open|\n|E102|No paper|\n", "t.txt")
    assert ([(row.code, row.texts["description"]) for row in rows], problems) == ([DOOR, PAPER], [])
