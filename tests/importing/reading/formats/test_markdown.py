"""Pipe tables and HTML tables of Markdown documents are read with the headings above them; the rest is named."""

import pytest

from tests.importing.files import open_text, read_rows

DOCUMENT = """# Return codes

## Public codes

| Code | Description | Action |
| --- | :---: | --- |
| `0` | Done. | - |
| 1 | a \\| b<br>c &lt; d | - Wait. |
| 2 | too few |

```
| Code | Description |
| --- | --- |
| 9 | an example |
```

## Business **codes**

Code | Description
--- | ---
3 | Three

<table>
<tr><td>Code</td><td>Description</td></tr>
<tr><td>4</td><td>Four</td></tr>
</table>
"""


@pytest.mark.parametrize("name", ["codes.md", "pasted table"])
def test_tables_of_a_markdown_document_are_read(name):
    rows, problems = read_rows(DOCUMENT, name)
    assert [(row.place.line, row.section, row.code, row.texts["description"]) for row in rows] == [
        (7, "Public codes", "0", "Done."),
        (8, "Public codes", "1", "a | b\nc < d"),
        (9, "Public codes", "2", "too few"),
        (21, "Business codes", "3", "Three"),
        (25, "Business codes", "4", "Four"),
    ]
    assert ("left_out", 12) in [(problem.kind, problem.place.line) for problem in problems if problem.place]


HEADER = "<tr><th>Code<th>Text"
T1 = f"<table>{HEADER}<tr><td>1<td>one</table>"
T2 = f"<table>{HEADER}<tr><td>2<td>two</table>"
ONE, TWO, EMPTY = ("", "1", "one"), ("", "2", "two"), ("", "2", "")

TABLE = "| Code | Text |\n| --- | --- |\n"
M1 = f"{TABLE}| 1 | one |"
M2 = f"{TABLE}| 2 | two |"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (f"{M1}", [ONE]),
        (f"{M1}\n\n{M2}\n", [ONE, TWO]),
        ("Code | Text\n:-: | -\n1 | one", [ONE]),
        # A divider may have other cells than the header.
        (f"| Code | Text |\n| --- |\n| 2 | two |\n\n{M1}", [TWO, ONE]),
        (f"| Code | Text | |\n| --- | --- |\n| 2 | two |\n\n{M1}", [TWO, ONE]),
        # A heading that is underlined is a heading.
        (f"Words\n---\n{M1}", [("Words", "1", "one")]),
        (f"> {TABLE}".replace("\n|", "\n> |") + "> | 1 | one |", [ONE]),
        # Headings: up to six signs and a space, with at most three spaces before.
        (f"# A\n## B\n{M1}", [("B", "1", "one")]),
        (f"# A\n{M1}", [ONE]),
        (f"# A\n{M1}\n\n# B\n{M2}", [("A", "1", "one"), ("B", "2", "two")]),
        (f"##B\n{M1}", [("B", "1", "one")]),
        (f"#B\n{M1}", [ONE]),
        (f"   ## B ##\n{M1}", [("B", "1", "one")]),
        (f"    ## B\n{M1}", [ONE]),
        (f"####### B\n{M1}", [ONE]),
        (f"## The *room* [codes](x.md) `a` &amp; <b>b</b> {{#id}}\n{M1}", [("The room codes a & b", "1", "one")]),
        (f"~~~ text\n## A\n~~~\n{M1}", [ONE]),
        # Signs in a cell.
        (f"{TABLE}| **1** | a \\| b |\n| `2` | *c\\|", [("", "1", "a | b"), ("", "2", "*c|")]),
        (f"{TABLE}1 | one\n| 2 | two", [ONE, TWO]),
        # A table of HTML has the heading of the document, and may be open at its end.
        (f"## A\n<TABLE>{HEADER}\n<tr><td>1<td>one</TABLE>\n## B\n{M2}", [("A", "1", "one"), ("B", "2", "two")]),
        (f"## A\n<table>{HEADER}\n<tr><td>1<td>one\n", [("A", "1", "one")]),
    ],
)  # fmt: skip
def test_a_table_of_a_markdown_document_is_read_as_its_readers_see_it(document, expected):
    rows, problems = read_rows(document, "codes.md")
    assert [(row.section, row.code, row.texts["description"]) for row in rows] == expected
    assert problems == []


@pytest.mark.parametrize(
    ("document", "expected", "problems"),
    [
        # Rows behind other lines are rows of the table above.
        (f"{M1}\nwords\n| 2 | two |", [ONE, TWO], [(5, "1 rows below the table")]),
        (f"{M1}\n\n| 2 | two |\n| 3 | x |", [ONE, TWO, ("", "3", "x")], [(5, "2 rows below the table")]),
        # A table may have no divider.
        (f"Code | Text\n2 | two\n\n{M1}", [TWO, ONE], [(1, "no line of dashes")]),
        # The header of a table in Jira.
        ("h2. A\n||Code||Text||\n|1|one|", [("A", "1", "one")], [(2, "no line of dashes")]),
        # Other lines are named.
        (f"{M1}\n\n| Code |", [ONE], [(5, "A line with | outside a table")]),
        (f"a | b\n{M1}", [ONE], [(1, "A line with | outside a table")]),
        (
            f"a | b\nc\n\nd `|` \\| e\n\n## A\n| x | y |\n| z |\n\n{M1}",
            [("A", "1", "one")],
            [(1, "A line"), (7, "2 lines")],
        ),
        # A fence ends only with as many of its own signs; a table inside is an example.
        (f"```\n{TABLE}| 9 | no |\n```\n{M1}", [ONE], [(2, "inside a code block")]),
        (f"```\n~~~\n{TABLE}| 9 | no |\n```\n{M1}", [ONE], [(2, "inside a code block")]),
        (f"````\n```\n{TABLE}| 9 | no |\n````\n{M1}", [ONE], [(2, "inside a code block")]),
        (f"```\n{TABLE}| 9 | no |\n````\n{M1}", [ONE], [(2, "inside a code block")]),
        # Parameters and limits are no codes.
        (f"| Parameter | Value | Default |\n|-|-|-|\n| size | 64 | 32 |\n\n{M1}", [ONE], [(1, "parameters or limits")]),
    ],
)
def test_what_is_no_plain_table_is_read_or_named_with_its_line(document, expected, problems):
    rows, told = read_rows(document, "codes.md")
    assert [(row.section, row.code, row.texts["description"]) for row in rows] == expected
    assert [problem.place.line for problem in told] == [line for line, _ in problems]
    assert [word for _, word in problems if not any(word in problem.message for problem in told)] == []


def test_a_document_that_a_browser_sends_has_other_line_breaks():
    rows, _ = read_rows(DOCUMENT.replace("\n", "\r\n"), "pasted table")
    assert [row.code for row in rows] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("cell", "code", "remark"),
    [
        ("[E101](#e101)", "E101", ""), ('<a id="e101"></a>`E101`', "E101", ""), ("E101[^1]", "E101", ""),
        ("~~E101~~", "E101", "struck out"), ("`E101` (deprecated)", "E101", "deprecated"),
        ("E101<sup>1</sup>", "E101", ""),
        ("**E101** *Deprecated*", "E101", "Deprecated"), ("ERR\\_DOOR", "ERR_DOOR", ""), ("E101 {#e101}", "E101", ""),
        ("E101 \u2020", "E101", ""), ("[`E101`](../e101.md)", "E101", ""), ("deprecated", "deprecated", ""),
        ("*", "*", ""),
        ("E101 （已废弃）", "E101", "已废弃"), ("a_b_c", "a_b_c", ""), ("5*", "5", ""),
        ("✅ `E101`", "E101", "✅"), ("'E101'", "E101", ""), ("\"E101\"", "E101", ""),
        ("`E101` *(new in 3.2)*", "E101", "new in 3.2"), ("**`E101`** (removed)", "E101", "removed"),
        ("NEW_USER", "NEW_USER", ""),
    ],
)  # fmt: skip
def test_marks_around_a_code_are_taken_off_and_its_remarks_kept(cell, code, remark):
    (row,), _ = read_rows(f"| Text | Code |\n|-|-|\n| {cell} | {cell} |", "codes.md")
    assert (row.code, row.extra.get("Remark", "")) == (code, remark)


def test_types_of_errors_are_asked_about():
    source = open_text("|Type|Text|\n|-|-|\n|urn:x:bad-name|one|\n|urn:x:badDate|two|\n", "t.md")
    assert [question.is_open for question in source.questions] == [True]
    assert [row.code for row in source.rows()] == ["urn:x:bad-name", "urn:x:badDate"]


def test_a_parameter_that_is_called_code_is_no_header():
    table = "|Name|Type|Description|\n|-|-|-|\n|`code`|`int`|Zero is good|\n|`msg`|`string`|Words|\n\n"
    rows, _ = read_rows(table + "|Code|Text|\n|-|-|\n|1|one|\n", "t.md")
    assert [row.code for row in rows] == ["1"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("Lens **blocked** now", "Lens blocked now"), ("*all* of **the two**", "all of the two"),
        ("a * b * c", "a * b * c"),
        ("`**x**` and **y**", "`**x**` and y"), ("5** and 6**", "5** and 6**"), ("*.log and *.txt", "*.log and *.txt"),
        (r"\*kept\* and \**x*", "*kept* and **x*"), ("2**3**4", "2**3**4"), ("_x000D_ __a__", "_x000D_ __a__"),
    ],
)  # fmt: skip
def test_marks_of_emphasis_are_no_text(cell, text):
    rows, _ = read_rows(f"| Code | Text |\n|--|--|\n| E1 | {cell} |\n", "t.md")
    assert rows[0].texts["description"] == text


def test_two_asterisks_behind_a_code_are_its_wildcards():
    rows, problems = read_rows("| Code | Text |\n|--|--|\n| 81** | a |\n| 82* | b |\n", "t.md")
    assert [row.code for row in rows] == ["81**", "82"]
    assert [problem.kind for problem in problems] == ["wildcard_codes"]
