"""Every form of CSV gives the same rows, and every problem is reported with its line."""

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


def as_tuples(rows):
    return [(row.section, row.code, *row.texts.values()) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_form_of_csv_gives_the_same_rows(encoding, newline, delimiter):
    source = open_text(as_csv(delimiter, newline).replace("Done.", "完成。").encode(encoding))
    rows = as_tuples(source.rows())
    assert rows == [tuple(cell.replace("Done.", "完成。") for cell in row) for row in ROWS]
    assert source.problems == []
    assert (source.format, source.delimiter) == ("csv", delimiter)
    assert source.encoding == encoding.removesuffix("-sig")


def test_a_source_has_the_header_columns_size_and_digest_of_its_file(tmp_path):
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
    kinds, message = refusal("code,text\n1,One\n", limits=None)
    assert kinds == ["too_many_bytes"]
    assert "at most 10" in message


def test_an_absent_column_is_not_an_empty_one():
    (row,), _ = read_rows("code,description,causes\n1,-,None\n")
    assert row.texts == {"description": "", "possible_reasons": ""}


def test_defused_formulas_of_an_export_are_restored():
    (row,), problems = read_rows("code,description,causes\n'-1000,'=1+1,''quoted'\n")
    assert (row.code, *row.texts.values()) == ("-1000", "=1+1", "'quoted'")
    assert problems == []


def test_a_title_and_headings_between_rows_are_sections():
    table = "Public codes\ncode\tdescription\n1\tOne\nBusiness codes\ncode\tdescription\n2\tTwo\n"
    rows, problems = read_rows(table, "pasted table")
    assert [(row.section, row.code) for row in rows] == [("Public codes", "1"), ("Business codes", "2")]
    assert problems == []


def test_line_numbers_are_those_of_an_editor():
    rows, problems = read_rows('code,text\n\n1,"a\nb\nc"\n2\n3,"d"\n,e\n')
    assert [row.place for row in rows] == [SourcePlace(3), SourcePlace(7)]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("ragged_row", 6), ("missing_code", 8)]


def test_one_pass_reports_all_problems():
    content = (
        b"code,text\n1,one,more\n1010/1011,two\n-,three\n4,fo\xffur\n5,fi\x00ve\n" + b"6" * 65 + b",six\n7,seven\n"
    )
    rows, problems = read_rows(content)
    assert [row.code for row in rows] == ["7"]
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


def test_a_bad_character_at_the_end_of_the_file_is_reported():
    rows, problems = read_rows(b"code,text\n1,one\n2,tw\xe4")
    assert [row.code for row in rows] == ["1"]
    assert [problem.kind for problem in problems] == ["undecodable"]


def test_extra_delimiters_at_the_end_of_rows_are_ignored():
    assert read_rows("code,text\n1,one,\n2,two,,\n")[1] == []


@pytest.mark.parametrize("name", ["t.csv", "t.txt"])
def test_a_misplaced_quotation_mark_is_reported_and_other_rows_are_read(name):
    rows, problems = read_rows('code,text\n1,"one" more\n2,two\n', name)
    assert [row.code for row in rows] == ["2"]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("bad_quotes", 2)]


def test_quotation_marks_of_a_pasted_table_stay():
    (row,), problems = read_rows('code\ttext\n1\t"Room" is gone.\n', "pasted table")
    assert row.texts == {"description": '"Room" is gone.'}
    assert problems == []


def test_a_bad_byte_in_a_heading_becomes_a_replacement_character():
    rows, problems = read_rows(b"## Pub\xfflic\n\n| Code |\n| --- |\n| 1 |\n", "t.md")
    assert rows[0].section == "Pub\ufffdlic"
    assert [(problem.kind, problem.severity) for problem in problems] == [("undecodable", "warning")]


def test_an_unclosed_quotation_mark_stops_reading():
    kinds, message = refusal('code,text\n1,one\n2,"two\n3,three\n')
    assert kinds == ["unclosed_quote"]
    assert "Line 3" in message


def test_a_file_without_a_code_column_is_refused_with_its_headers():
    kinds, message = refusal("Foo,Bar\n1,2\n")
    assert kinds == ["no_code_column"]
    assert "Found: Foo, Bar" in message


def test_any_column_can_be_chosen_as_the_code():
    assert codes("Foo,Bar\n1,2\n", columns={"Bar": "code"}) == ["2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoding": "klingon"}, "'klingon'. Allowed: utf-8"),
        ({"delimiter": "|"}, "'|'. Allowed: comma"),
        ({"columns": {"code": "nonsense"}}, "'nonsense'. Allowed: code"),
    ],
)
def test_a_wrong_choice_is_refused_with_the_allowed_values(options, message):
    assert message in refusal("code\n1\n", **options)[1]


def test_an_encoding_and_a_delimiter_can_be_chosen():
    (row,), problems = read_rows(
        "code;text\n1;caf\xe9, late\n".encode("latin-1"), encoding="windows-1252", delimiter=";"
    )
    assert row.texts == {"description": "caf\xe9, late"}
    assert problems == []


@pytest.mark.parametrize("text", ["café.", "für alle Räume", "naïve façade"])
def test_latin_text_in_another_encoding_is_not_read_as_chinese(text):
    rows, problems = read_rows(f"code,text\n1,{text}\n2,plain\n".encode("latin-1"))
    assert [row.code for row in rows] == ["2"]
    assert {problem.kind for problem in problems} == {"undecodable"}


def test_utf_16_without_a_byte_order_mark_is_recognised():
    assert codes("code,text\n1,one\n2,two\n".encode("utf-16-le")) == ["1", "2"]


def test_more_rows_than_allowed_stop_reading():
    kinds, message = refusal("code\n1\n2\n3\n", limits=Limits(rows=2))
    assert kinds == ["too_many_rows"]
    assert "more than 2 rows" in message


def test_a_cell_that_is_too_long_is_reported():
    rows, problems = read_rows("code,text\n1,123456\n2,12345\n", limits=Limits(cell=5))
    assert [row.code for row in rows] == ["2"]
    assert "text has 6 characters; at most 5" in problems[0].message


def test_more_columns_than_allowed_are_refused():
    assert refusal("code,a,b\n", limits=Limits(columns=2))[0] == ["too_many_columns"]


def test_a_file_with_a_header_alone_has_no_rows():
    assert read_rows("code,text\n") == ([], [])
