"""Tables of web pages and Markdown documents are read with the headings above them."""

import pytest

from tests.importing.files import codes, read_rows

PAGE = """<!doctype html><title>Codes</title><h1>Return codes</h1><script>"<table>"</script>
<h2>Public &amp; shared</h2>
<table><thead><tr><th>Code</th><th>Description</th><th>Action</th></tr></thead>
<tr><td>1</td><td>A &lt;b&gt; <b>bold</b><br>move.</td><td><ul><li>Wait.</li><li>Retry.</li></ul></td></tr>
<!-- <tr><td>9</td></tr> -->
<tr><td>2</td><td colspan="2">Merged.</td></tr>
</table>
<h2>Business</h2><table><tr><td>Code<td>Description<tr><td>3<td>Three</table>
<table><tr><th>Other</th></tr></table>"""


def test_tables_of_a_web_page_are_read_with_the_headings_above_them():
    rows, problems = read_rows(PAGE, "page.html")
    assert [(row.place.line, row.section, row.code, row.texts) for row in rows] == [
        (4, "Public & shared", "1", {"description": "A <b> bold\nmove.", "suggested_actions": "- Wait.\n- Retry."}),
        (6, "Public & shared", "2", {"description": "Merged.", "suggested_actions": ""}),
        (8, "Business", "3", {"description": "Three"}),
    ]
    assert [(problem.kind, problem.severity) for problem in problems] == [("sheet_left_out", "warning")]


def test_a_merged_section_applies_to_the_rows_it_covers():
    page = """<table><tr><th>Section</th><th>Code</th></tr><tr><td rowspan="2">A</td><td>1</td></tr><tr><td>2</td></tr>
    <tr><td></td><td>3</td></tr></table>"""
    rows, problems = read_rows(page, "pasted table")
    assert [(row.section, row.code) for row in rows] == [("A", "1"), ("A", "2"), ("", "3")]
    assert problems == []


def test_a_bad_byte_in_a_merged_section_becomes_a_replacement_character():
    page = (
        b"""<table><tr><th>Section</th><th>Code</th></tr><tr><td rowspan="2">A\xff</td><td>1</td></tr><tr><td>2</td>"""
    )
    rows, problems = read_rows(page, "t.html")
    assert [(row.section, row.code) for row in rows] == [("A\ufffd", "2")]
    assert [problem.kind for problem in problems] == ["undecodable"]


def test_an_incomplete_page_is_read():
    assert codes("<table><tr><th>Code<th>Text<tr><td>1<td>one<tr><td>2<td>two", "pasted table") == ["1", "2"]


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
        (21, "Business codes", "3", "Three"),
        (25, "Business codes", "4", "Four"),
    ]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("ragged_row", 9)]
