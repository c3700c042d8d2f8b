"""Every format gives the same rows; every problem is named with the line that it is on."""

import json

import pytest

from kb.importing.reading.sources import Limits, SourcePlace, open_source
from tests.importing.files import codes, open_text, read_rows, refusal

HEADER = "section,code,description,possible_reasons,suggested_actions\n"
ROWS = [
    ("Public", "0", "Done.", "", ""),
    ("Public", "-1000", "Failed.", "Bug.", "Retry.\nOr wait."),
    ("B", "X.7", "", "", ""),
]


def as_csv(delimiter=",", newline="\r\n"):
    lines = [HEADER.strip().replace(",", delimiter)]
    lines += [delimiter.join(f'"{cell}"' if "\n" in cell else cell for cell in row) for row in ROWS]
    return newline.join(lines) + newline


def rows_of(found):
    return [(row.section, row.code, *row.texts.values()) for row in found]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_form_of_csv_gives_the_same_rows(encoding, newline, delimiter):
    source = open_text(as_csv(delimiter, newline).replace("Done.", "完成。").encode(encoding))
    found = rows_of(source.rows())
    assert found == [tuple(cell.replace("Done.", "完成。") for cell in row) for row in ROWS]
    assert source.problems == []
    assert (source.format, source.delimiter) == ("csv", delimiter)
    assert source.encoding == encoding.removesuffix("-sig")


def test_a_file_is_described(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Code,Text,Since\n1,One,2020\n")
    source = open_source(path, path.name, limits=Limits())
    assert source.header == ["Code", "Text", "Since"]
    assert source.columns.as_json() == {"Code": "code", "Text": "description", "Since": "extra"}
    assert source.size == 27
    assert len(source.sha256) == 64
    (row,) = source.rows()
    assert row.extra == {"Since": "2020"}
    assert row.texts == {"description": "One"}
    assert list(source.rows()) == [row], "a source can be read twice"


def test_the_limits_come_from_the_settings(settings):
    settings.KB_IMPORT_MAX_BYTES = 10
    kinds, said = refusal("code,text\n1,One\n", limits=None)
    assert kinds == ["too_many_bytes"]
    assert "at most 10" in said


def test_an_absent_column_is_not_an_empty_one():
    (row,), _ = read_rows("code,description,causes\n1,-,None\n")
    assert row.texts == {"description": "", "possible_reasons": ""}


def test_cells_that_a_spreadsheet_would_run_come_back_from_an_export():
    (row,), problems = read_rows("code,description,causes\n'-1000,'=1+1,''quoted'\n")
    assert (row.code, *row.texts.values()) == ("-1000", "=1+1", "'quoted'")
    assert problems == []


def test_a_title_and_headings_between_the_rows_are_sections():
    table = "Public codes\ncode\tdescription\n1\tOne\nBusiness codes\ncode\tdescription\n2\tTwo\n"
    found, problems = read_rows(table, "pasted table")
    assert [(row.section, row.code) for row in found] == [("Public codes", "1"), ("Business codes", "2")]
    assert problems == []


def test_lines_are_counted_as_in_an_editor():
    found, problems = read_rows('code,text\n\n1,"a\nb\nc"\n2\n3,"d"\n,e\n')
    assert [row.place for row in found] == [SourcePlace(3), SourcePlace(7)]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("ragged_row", 6), ("missing_code", 8)]


def test_all_problems_are_found_in_one_pass():
    content = (
        b"code,text\n1,one,more\n1010/1011,two\n-,three\n4,fo\xffur\n5,fi\x00ve\n" + b"6" * 65 + b",six\n7,seven\n"
    )
    found, problems = read_rows(content)
    assert [row.code for row in found] == ["7"]
    assert [(problem.place.line, problem.kind) for problem in problems] == [
        (2, "ragged_row"), (3, "several_codes"), (4, "missing_code"), (5, "undecodable"), (6, "control_character"),
        (7, "too_long"),
    ]  # fmt: skip
    assert all(problem.severity == "error" for problem in problems)
    assert "3 cells, the header has 2" in problems[0].message
    assert problems[1].suggestion == ("1010", "1011")
    assert problems[1].value == "1010/1011"
    assert "0xFF" in problems[3].message
    assert "U+0000" in problems[4].message
    assert "65 characters; at most 64" in problems[5].message
    assert str(problems[0]).startswith("Line 2: ")


def test_a_bad_character_at_the_very_end_is_found():
    found, problems = read_rows(b"code,text\n1,one\n2,tw\xe4")
    assert [row.code for row in found] == ["1"]
    assert [problem.kind for problem in problems] == ["undecodable"]


def test_a_delimiter_behind_every_row_is_no_problem():
    assert read_rows("code,text\n1,one,\n2,two,,\n")[1] == []


@pytest.mark.parametrize("name", ["t.csv", "t.txt"])
def test_a_quotation_mark_out_of_place_is_named_and_the_others_are_read(name):
    found, problems = read_rows('code,text\n1,"one" more\n2,two\n', name)
    assert [row.code for row in found] == ["2"]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("bad_quotes", 2)]


def test_quotation_marks_of_a_pasted_table_stay():
    (row,), problems = read_rows('code\ttext\n1\t"Room" is gone.\n', "pasted table")
    assert row.texts == {"description": '"Room" is gone.'}
    assert problems == []


def test_a_heading_with_a_bad_byte_shows_where_it_was():
    found, problems = read_rows(b"## Pub\xfflic\n\n| Code |\n| --- |\n| 1 |\n", "t.md")
    assert found[0].section == "Pub\ufffdlic"
    assert [(problem.kind, problem.severity) for problem in problems] == [("undecodable", "warning")]


def test_a_quotation_mark_that_is_never_closed_stops_the_reading():
    kinds, said = refusal('code,text\n1,one\n2,"two\n3,three\n')
    assert kinds == ["unclosed_quote"]
    assert "Line 3" in said


def test_without_a_column_for_the_code_the_headers_are_named():
    kinds, said = refusal("Foo,Bar\n1,2\n")
    assert kinds == ["no_code_column"]
    assert "found: Foo, Bar" in said


def test_any_column_can_be_said_to_be_the_code():
    assert codes("Foo,Bar\n1,2\n", columns={"Bar": "code"}) == ["2"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"encoding": "klingon"}, "'klingon'; allowed: utf-8"),
        ({"delimiter": "|"}, "'|'; allowed: comma"),
        ({"columns": {"code": "nonsense"}}, "'nonsense'; allowed: code"),
    ],
)
def test_what_is_chosen_wrongly_is_named_with_what_is_allowed(options, said):
    assert said in refusal("code\n1\n", **options)[1]


def test_an_encoding_and_a_delimiter_can_be_chosen():
    (row,), problems = read_rows(
        "code;text\n1;caf\xe9, late\n".encode("latin-1"), encoding="windows-1252", delimiter=";"
    )
    assert row.texts == {"description": "caf\xe9, late"}
    assert problems == []


@pytest.mark.parametrize("text", ["café.", "für alle Räume", "naïve façade"])
def test_latin_text_in_another_encoding_is_not_taken_for_chinese(text):
    found, problems = read_rows(f"code,text\n1,{text}\n2,plain\n".encode("latin-1"))
    assert [row.code for row in found] == ["2"]
    assert {problem.kind for problem in problems} == {"undecodable"}


def test_utf_16_without_a_mark_is_found_out():
    assert codes("code,text\n1,one\n2,two\n".encode("utf-16-le")) == ["1", "2"]


def test_a_row_too_many_stops_the_reading():
    kinds, said = refusal("code\n1\n2\n3\n", limits=Limits(rows=2))
    assert kinds == ["too_many_rows"]
    assert "more than 2 rows" in said


def test_a_cell_too_long_is_named():
    found, problems = read_rows("code,text\n1,123456\n2,12345\n", limits=Limits(cell=5))
    assert [row.code for row in found] == ["2"]
    assert "text has 6 characters; at most 5" in problems[0].message


def test_columns_too_many_are_refused():
    assert refusal("code,a,b\n", limits=Limits(columns=2))[0] == ["too_many_columns"]


def test_a_header_alone_has_no_rows():
    assert read_rows("code,text\n") == ([], [])


# JSON


@pytest.mark.parametrize(
    "wrap", [lambda rows: rows, lambda rows: {"count": 2, "results": rows}, lambda rows: {"codes": rows}]
)
def test_json_gives_the_same_rows_in_every_wrapper(wrap):
    rows = [{"code": 660000001, "description": "One."}, {"code": "-1000", "description": None, "since": [2020, 2021]}]
    found, problems = read_rows(json.dumps(wrap(rows), indent=1), "t.json")
    assert [(row.code, row.texts["description"]) for row in found] == [("660000001", "One."), ("-1000", "")]
    assert found[1].extra == {"since": "2020\n2021"}
    assert problems == []


def test_json_knows_its_lines_and_leaves_alone_what_an_object_does_not_have():
    found, problems = read_rows('[\n{"code": 1.0, "text": "a"},\n\n{"code": 2},\n{"text": "b"}]', "t.json")
    assert [(row.place.line, row.code, row.texts) for row in found] == [(2, "1", {"description": "a"}), (4, "2", {})]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("missing_code", 5)]


def test_json_is_known_without_its_name():
    assert codes('[{"code": "1"}]', "pasted table") == ["1"]


@pytest.mark.parametrize("name", ["t.ndjson", "t.jsonl", "pasted table"])
def test_json_may_come_in_lines(name):
    found, problems = read_rows('{"code": 1, "text": "a"}\n\n{"code": "2", "since": 3}\n', name)
    assert [(row.place.line, row.code) for row in found] == [(1, "1"), (3, "2")]
    assert problems == []


@pytest.mark.parametrize("content", ['{"code": 1}\n{"code": 2', '{"code": 1}\n[2]', "[]\n", " "])
def test_lines_of_json_that_cannot_be_read_are_refused(content):
    assert refusal(content, "t.ndjson")[1]


@pytest.mark.parametrize(
    "content",
    ["[", "{}", "[1]", '[{"code": 1}', '{"a": [}', "[" * 100_000, '[{"code": ' + "9" * 5000 + "e}]", '"x"', "nul"],
)
def test_json_that_cannot_be_read_is_refused(content):
    assert refusal(content, "t.json")[1]


def test_half_a_surrogate_pair_is_named():
    _, problems = read_rows('[{"code": "1", "text": "\\ud800"}]', "t.json")
    assert [problem.kind for problem in problems] == ["control_character"]


# Web pages and Markdown

PAGE = """<!doctype html><title>Codes</title><h1>Return codes</h1><script>"<table>"</script>
<h2>Public &amp; shared</h2>
<table><thead><tr><th>Code</th><th>Description</th><th>Action</th></tr></thead>
<tr><td>1</td><td>A &lt;b&gt; <b>bold</b><br>move.</td><td><ul><li>Wait.</li><li>Retry.</li></ul></td></tr>
<!-- <tr><td>9</td></tr> -->
<tr><td>2</td><td colspan="2">Merged.</td></tr>
</table>
<h2>Business</h2><table><tr><td>Code<td>Description<tr><td>3<td>Three</table>
<table><tr><th>Other</th></tr></table>"""


def test_the_tables_of_a_web_page_are_read_with_the_headings_above_them():
    found, problems = read_rows(PAGE, "page.html")
    assert [(row.place.line, row.section, row.code, row.texts) for row in found] == [
        (4, "Public & shared", "1", {"description": "A <b> bold\nmove.", "suggested_actions": "- Wait.\n- Retry."}),
        (6, "Public & shared", "2", {"description": "Merged.", "suggested_actions": ""}),
        (8, "Business", "3", {"description": "Three"}),
    ]
    assert [(problem.kind, problem.severity) for problem in problems] == [("sheet_left_out", "warning")]


def test_a_section_that_is_merged_downwards_carries_on():
    page = """<table><tr><th>Section</th><th>Code</th></tr><tr><td rowspan="2">A</td><td>1</td></tr><tr><td>2</td></tr>
    <tr><td></td><td>3</td></tr></table>"""
    found, problems = read_rows(page, "pasted table")
    assert [(row.section, row.code) for row in found] == [("A", "1"), ("A", "2"), ("", "3")]
    assert problems == []


def test_a_merged_section_with_a_bad_byte_shows_where_it_was():
    page = (
        b"""<table><tr><th>Section</th><th>Code</th></tr><tr><td rowspan="2">A\xff</td><td>1</td></tr><tr><td>2</td>"""
    )
    found, problems = read_rows(page, "t.html")
    assert [(row.section, row.code) for row in found] == [("A\ufffd", "2")]
    assert [problem.kind for problem in problems] == ["undecodable"]


def test_a_piece_of_a_page_that_ends_anywhere_is_read():
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
def test_the_tables_of_a_markdown_document_are_read(name):
    found, problems = read_rows(DOCUMENT, name)
    assert [(row.place.line, row.section, row.code, row.texts["description"]) for row in found] == [
        (7, "Public codes", "0", "Done."),
        (8, "Public codes", "1", "a | b\nc < d"),
        (21, "Business codes", "3", "Three"),
        (25, "Business codes", "4", "Four"),
    ]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("ragged_row", 9)]
