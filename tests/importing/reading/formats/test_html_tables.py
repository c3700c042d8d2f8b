"""Tables of web pages and Markdown documents are read with the headings above them."""

import pytest

from tests.importing.files import codes, open_text, read_rows, refusal

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
    assert problems[0].message.startswith("A table of the file has no column for the code")


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
    # The byte is a letter or a space in other encodings: somebody has to say which.
    assert [question.kind for question in open_text(page, "t.html").questions] == ["encoding"]
    rows, problems = read_rows(page, "t.html", encoding="utf-8")
    assert [(row.section, row.code) for row in rows] == [("A\ufffd", "2")]
    assert [problem.kind for problem in problems] == ["undecodable"]


def test_an_incomplete_page_is_read():
    assert codes("<table><tr><th>Code<th>Text<tr><td>1<td>one<tr><td>2<td>two", "pasted table") == ["1", "2"]


HEADER = "<tr><th>Code<th>Text"
T1 = f"<table>{HEADER}<tr><td>1<td>one</table>"
T2 = f"<table>{HEADER}<tr><td>2<td>two</table>"
ONE, TWO = ("", "1", "one"), ("", "2", "two")
SPANS = [ONE, ("", "2", "one"), ("", "3", "x")]
LIST = "a<ul><li>b</li><li></li></ul>c"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        # What is outside of a table, or in a table within a cell, is no row.
        (f"<tr><td>8<td>out{T1}<tr><td>9<td>out", [ONE]),
        (f"<table>{HEADER}<tr><td>1<td>a<table><tr><td>b</table><tr><td>2<td>two</table>", [("", "1", "a\nb"), TWO]),
        (f"</table>{T1}", [ONE]),
        (f"{T1}</table>{T2}", [ONE, TWO]),
        # A heading is a section, unless it is the only one of the first level: then it is the title.
        (f"<h1>Codes</h1>{T1}", [ONE]),
        (f"<h2>Codes</h2>{T1}", [("Codes", "1", "one")]),
        (
            f"<h1>A</h1>{T1}<h1>B</h1>{T2}",
            [("A", "1", "one"), ("B", "2", "two")],
        ),
        (f"{T1}<h2>B</h2>{T2}", [ONE, ("B", "2", "two")]),
        (f"<h2>A</h2>words<h3>B <b>c</b></h3>words{T1}", [("B c", "1", "one")]),
        (f"<h2>A{T1}", [ONE]),
        (f"<h2>A</h2><table>{HEADER}<tr><td>1<td><h3>one</h3></table>{T2}", [("A", "1", "one"), ("A", "2", "two")]),
        # The caption of a table is its section, a caption elsewhere is nothing.
        (f"<h2>A</h2><table><caption>B <i>c</i></caption>{HEADER}<tr><td>1<td>one</table>", [("B c", "1", "one")]),
        (f"<h2>A</h2><caption>B</caption>{T1}", [("A", "1", "one")]),
        (f"<h1>A</h1><table><caption>B</caption>{HEADER}<tr><td>1<td>one</table>", [("B", "1", "one")]),
        # Cells that span rows and columns cover exactly these.
        (f"<table>{HEADER}<tr><td>1<td rowspan=2>one<tr><td>2<tr><td>3<td>x</table>", SPANS),
        (f"<table>{HEADER}<tr><td>1<td rowspan=1>one<tr><td>2<td>two</table>", [ONE, TWO]),
        (f"<table>{HEADER}<tr><td>1<td rowspan=0 colspan=0>one<tr><td>2<td>two</table>", [ONE, TWO]),
        (f"<table>{HEADER}<tr><td>1<td rowspan=9>one</table>{T2}", [ONE, TWO]),
        (f"<table>{HEADER}<th>A<tr><td>1<td colspan=2 rowspan=2>one<tr><td>2<tr><td>3<td>x<td>y</table>", SPANS),
        (f"<table>{HEADER}<tr><td>1<td ROWSPAN='2'>one<tr><td>2</table>", [ONE, ("", "2", "one")]),
        # Lines and lists of a cell; what no reader of the page sees is left out.
        (f"<table>{HEADER}<tr><td>1<td>a<br>b<p>c</p><div>d</div>e</table>", [("", "1", "a\nb\nc\nd\ne")]),
        (f"<table>{HEADER}<tr><td>1<td>{LIST}</table>", [("", "1", "a\n- b\nc")]),
        (f"<table>{HEADER}<tr><td>1<td>a <script>x</script><!-- > --><style>w</style>b</table>", [("", "1", "a b")]),
        (f"<table>{HEADER}<tr><td>1<button>Copy</button><td>a</table>", [("", "1", "a")]),
        (f"<table>{HEADER}<tr><td>1<td>1 < 2 &amp;&lt; 3\n  4</table>", [("", "1", "1 < 2 &< 3 4")]),
        (f"<table>{HEADER}<tr><td>1<td>one<tr></tr><tr><td>2<td>two", [ONE, TWO]),
        (f"<?xml version='1'?><!doctype html><table>{HEADER}<tbody><tr><td>1<td>one</td></tr></tbody></table>", [ONE]),
    ],
)  # fmt: skip
def test_a_table_of_a_web_page_is_read_as_a_browser_shows_it(page, expected):
    rows, problems = read_rows(page, "page.html")
    assert [(row.section, row.code, row.texts["description"]) for row in rows] == expected
    assert problems == []


def test_rows_of_a_web_page_have_the_line_on_which_they_begin():
    page = f"<table>\n{HEADER}\n<tr>\n<td>1<td>a\n\n<tr><td>2<td>b</table>"
    assert [(row.code, row.place.line) for row in read_rows(page, "page.html")[0]] == [("1", 3), ("2", 6)]


def test_tables_that_only_lay_out_a_page_give_way_to_the_one_inside():
    inner = f"<table>{HEADER}<tr><td>1<td>one<tr><td>2<td>two</table>"
    page = f"<table><tr><td>Logo<td>Menu<tr><td colspan=2>{inner}<tr><td>Imprint<td>Help</table>"
    assert codes(page, "t.html") == ["1", "2"]
    assert codes(f"<table><tr><td>Menu<td><table><tr><td>{inner}</table></table>", "t.html") == ["1", "2"]


def test_a_page_that_ends_inside_a_table_says_so():
    _, problems = read_rows(f"<html><body><table>{HEADER}<tr><td>1<td>one</td></tr>\n<tr><td>2<td>tw", "page.html")
    assert [(problem.place.line, problem.kind) for problem in problems] == [(2, "left_out")]


@pytest.mark.parametrize("head", ["diff --git a/codes.csv b/codes.csv\n", "--- codes.csv\n+++ codes.csv\n"])
def test_a_difference_between_two_files_is_refused(head):
    assert refusal(f"{head}@@ -1,2 +1,2 @@\n Code,Text\n-1,one\n+1,two\n", "codes.csv")[0] == ["diff"]
