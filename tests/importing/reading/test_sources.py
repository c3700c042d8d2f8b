"""Every form of CSV gives the same rows, and every problem is reported with its line."""

from io import BytesIO

import pytest

from kb.importing.reading.encodings import find_encoding
from kb.importing.reading.files import InputFile, bad_byte
from kb.importing.reading.sources import Limits, SourcePlace, Unreadable, open_source
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
    assert [row.place for row in rows] == [SourcePlace(3), SourcePlace(6), SourcePlace(7)]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("short_row", 6), ("missing_code", 8)]


def test_one_pass_reports_all_problems():
    content = (
        b"code,text\n1,one,more\n1010/1011,tw\xc3\xb6 \xe2\x82\xac\n-,three\n4,fo\xffur\n5,fi\x00ve\n"
        + b"6" * 65
        + b",six\n7,seven\n"
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
    rows, problems = read_rows(b"code,text\n1,sm\xc3\xb6rg\xc3\xa5s\n2,tw\xe4")
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
    rows, problems = read_rows(b"## Pub\xfflic\n\n| Code |\n| --- |\n| 1\xe2\x82\xac\xe2\x82\xac |\n", "t.md")
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
        ({"delimiter": "^"}, "'^'. Allowed: comma"),
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
    assert [row.texts["description"] for row in rows] == [text, "plain"]
    assert problems == []


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


def test_a_file_with_a_header_alone_says_that_it_has_no_rows():
    rows, problems = read_rows("code,text\n")
    assert (rows, [(problem.kind, problem.severity) for problem in problems]) == ([], [("no_rows", "warning")])


BOM8, LE, BE = b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"


@pytest.mark.parametrize(
    ("prefix", "codec", "choice", "expected"),
    [
        (b"", "utf-8", "", "utf-8"), (BOM8, "utf-8", "", "utf-8"), (BOM8, "utf-8", "UTF-8", "utf-8"),
        (BOM8, "utf-8", "gb18030", "gb18030"), (b"", "gb18030", "", "gb18030"), (b"", "gb18030", "GBK", "gb18030"),
        (LE, "utf-16-le", "", "utf-16"), (BE, "utf-16-be", "", "utf-16"), (LE, "utf-16-le", "UTF-16-LE", "utf-16"),
        (b"", "utf-16-le", "", "utf-16-le"), (b"", "utf-16-be", "", "utf-16-be"),
        (b"", "utf-16-le", "utf-16", "utf-16-le"), (b"", "utf-16-be", "Utf-16", "utf-16-be"),
        (LE, "utf-16-le", "utf-8", "utf-8"), (b"", "shift_jis", "Shift_JIS", "cp932"),
    ],
)  # fmt: skip
def test_the_encoding_is_the_choice_or_what_the_bytes_show(prefix, codec, choice, expected):
    # Mostly Latin letters, because UTF-16 without a mark shows by its zeros.
    text = "code,text\n" + "1,waiting 完成\n" * 3
    file = InputFile(BytesIO(prefix + text.encode(codec)), Limits())
    assert find_encoding(file, choice)[0] == expected
    if choice != "gb18030" and prefix + choice.encode() != LE + b"utf-8":
        assert file.text(expected, Limits()) == text


@pytest.mark.parametrize(
    ("rest", "reason"),
    [(b"", ""), (b"\x00", "11 zeros"), (b"\x00\x01", "binary file"), (b"\x00" * 700, "binary file")],
)
def test_a_text_may_have_a_few_zeros(rest, reason):
    file = InputFile(BytesIO(b"a" * (990 - len(rest)) + b"\x00" * 10 + rest), Limits())
    if not reason:
        assert file.check_is_text("t.csv") is None
    else:
        with pytest.raises(Unreadable, match=reason):
            file.check_is_text("t.csv")


@pytest.mark.parametrize(
    ("name", "content", "delimiter", "expected"),
    [
        ("t.csv", "<h1>,code\nx,1", "", "csv"), ("T.TSV", "code\n1", "", "csv"), ("t.tab", "code\n1", "", "csv"),
        ("t.JSON", '[{"code": 1}]', "", "json"), ("t.json", "code;x\n1;2", ";", "csv"),
        ("t.ndjson", '{"code": 1}', "", "ndjson"), ("t.jsonl", '{"code": 1}', "", "ndjson"),
        ("t.html", "<p><table><tr><td>Code", "", "html"), ("t.htm", "<p><table><tr><td>Code", "", "html"),
        ("t.md", "|Code|\n|-|\n", "", "markdown"), ("t.mdx", "|Code|\n|-|\n", "", "markdown"),
        ("t.markdown", "|Code|\n|-|\n", "", "markdown"),
        # By the beginning, where the name says nothing.
        ("t.txt", '[{"code": 1}]', "", "json"), ("t", '{"codes": [{"code": 1}]}', "", "json"),
        ("t", '{"code": 1}\n{"code": 2}', "", "ndjson"), ("t", "\ufeff[{\"code\": 1}]", "", "json"),
        ("t", " <table><tr><td>Code", "", "html"), ("t", "<!DOCTYPE html><table><tr><td>Code", "", "html"),
        ("t", "Codes\n\nCode | Text\n--- | ---\n", "", "markdown"), ("t", "words\n<TABLE><tr><td>Code", "", "markdown"),
        ("t", "code;text\n1;a", "", "csv"), ("csv", "code\n1", "", "csv"), ("json", '[{"code": 1}]', "", "json"),
        ("t", "code,text\n[1],x", "", "csv"), ("t", "code,text\n-,-", "", "csv"),
    ],
)  # fmt: skip
def test_the_format_follows_from_the_name_or_else_from_the_beginning(name, content, delimiter, expected):
    assert open_text(content, name, delimiter=delimiter).format == expected


def test_each_delimiter_is_found_by_its_headers_and_columns():
    assert open_text("code;a,b;c,d\n").delimiter == ";"
    assert open_text("a,b,c;code\n").delimiter == ";"
    assert open_text("title, with, commas\ncode\ttext\n").delimiter == "\t"
    assert open_text("code\n1\n").delimiter == ","


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # A heading in the first cell of a full row, or alone before the header again, is a section.
        ("code,text\nRoom codes,\n1,a\n", [("Room codes", "1")]),
        ("code,text\nRoom codes\ncode,text\n1,a\n", [("Room codes", "1")]),
        ("code,text\n频道,\n1,a\n", [("频道", "1")]),
        ("code,text\nRoom codes,\n,\ncode,text\n1,a\n", [("Room codes", "1")]),
        ("Room codes, \ncode,text\n1,a\n", [("", "1")]),
        # A code without a text is not.
        ("code,text\n频道1,\n1,a\n", [("", "频道1"), ("", "1")]),
        ("code,text\nEBUSY,\n1,a\n", [("", "EBUSY"), ("", "1")]),
        ("code,text\n1,a\nEBUSY,\n", [("", "1"), ("", "EBUSY")]),
        ("code\nERR ONE\n1\n", [("", "ERR ONE"), ("", "1")]),
        ("code,section\nERR ONE,\n1,a\n", [("", "ERR ONE"), ("a", "1")]),
        ("code,text\nERR ONE,a\n1,a\n", [("", "ERR ONE"), ("", "1")]),
        # The header again is left out, a code that is spelled like it is not.
        ("code,text\n1,a\ncode,text\n2,b\n", [("", "1"), ("", "2")]),
        ("code,text\ncode,The code.\n2,b\n", [("", "code"), ("", "2")]),
        # White space alone is no cell.
        ("code,text\n1,a, \n ,  ,\n2,b\n \n", [("", "1"), ("", "2")]),
    ],
)
def test_headings_codes_and_headers_are_told_apart(content, expected):
    rows, problems = read_rows(content, "table.csv")
    assert [(row.section, row.code) for row in rows] == expected
    assert problems == []


@pytest.mark.parametrize("code", ["None", "null", "NULL", "-", "\u2014", "N/A", "", " \u200b "])
def test_a_code_that_means_an_empty_cell_is_missing(code):
    rows, problems = read_rows(f"code,text\n{code},x\n")
    assert (rows, [problem.kind for problem in problems]) == ([], ["missing_code"])


def test_every_cell_that_cannot_be_stored_is_named_with_its_column():
    _, problems = read_rows(b"code,a,b\n1,x\x01 \xc3\xa9\xc3\xa9,y\xff\n")
    assert [(problem.kind, problem.message) for problem in problems] == [
        ("control_character", "The column a has the control character U+0001."),
        ("undecodable", "The column b has the byte 0xFF, which is not UTF-8."),
    ]


def test_extra_columns_have_no_empty_cells():
    rows, _ = read_rows("code,a,b\n1,-,x\n2,,\n")
    assert [row.extra for row in rows] == [{"b": "x"}, {}]


def test_cells_that_a_row_lacks_at_its_end_are_not_there_and_a_warning_says_so():
    rows, problems = read_rows("section,code,text\nA,1,x\nB,2\nC\n,3,y\n")
    assert [(row.section, row.code, row.texts) for row in rows] == [
        ("A", "1", {"description": "x"}), ("B", "2", {}), ("", "3", {"description": "y"}),
    ]  # fmt: skip
    assert [(problem.kind, problem.value) for problem in problems] == [("short_row", "2"), ("ragged_row", "")]


@pytest.mark.parametrize(
    ("content", "kind"),
    [("code,text\nRoom codes\n1,a\n", "ragged_row"), ("section,code,text\nERR ONE,,\nA,1,a\n", "missing_code")],
)
def test_words_that_may_not_be_a_heading_are_reported(content, kind):
    rows, problems = read_rows(content)
    assert ([row.code for row in rows], [problem.kind for problem in problems]) == (["1"], [kind])


def test_a_code_alone_in_the_last_row_has_its_line():
    assert [row.place.line for row in read_rows("code,text\n1,a\nEBUSY,\n")[0]] == [2, 3]


@pytest.mark.parametrize(("delimiter", "expected"), [("", "1"), (",", "1"), (";", "3")])
def test_a_chosen_delimiter_comes_before_the_likely_one(delimiter, expected):
    assert codes("code,note;code\n1,2;3\n", delimiter=delimiter) == [expected]


def test_a_line_that_is_too_long_is_named():
    with pytest.raises(Unreadable) as error:
        read_rows("code\n1\n" + "x" * 101, limits=Limits(cell=100, columns=1))
    assert error.value.problems[0].place.line == 3


@pytest.mark.parametrize(("value", "byte"), [(0xDBFF, None), (0xDC00, 0), (0xDCFF, 255), (0xDD00, None), (0x61, None)])
def test_a_mark_of_a_bad_byte_has_its_value(value, byte):
    assert bad_byte(chr(value)) == byte


def test_a_control_character_is_reported_in_every_encoding():
    for encoding in ("utf-8", "utf-16", "gb18030"):
        rows, problems = read_rows("code,text\n1,a\x01\n2,完成\n".encode(encoding))
        assert ([row.code for row in rows], [problem.kind for problem in problems]) == (["2"], ["control_character"])


def test_chinese_text_in_utf_8_with_one_bad_byte_is_still_utf_8():
    source = open_text("code,text\n1,请求成功。\n2,请求失败".encode() + b"\xff\n")
    assert ([row.code for row in source.rows()], source.encoding) == (["1"], "utf-8")


@pytest.mark.parametrize("end", ["\x1a", "\x1a" + "\0" * 300, "\n\x1a\0"])
@pytest.mark.parametrize("name", ["t.csv", "t.md"])
def test_what_dos_writes_behind_a_text_is_left_off(end, name):
    text = "| code | text |\n| - | - |\n| 1 | one |" if name == "t.md" else "code,text\n1,one"
    assert codes(text + end, name) == ["1"]


@pytest.mark.parametrize("sign", [">", "> "])
@pytest.mark.parametrize("name", ["t.csv", "t.txt"])
def test_a_table_in_a_mail_that_somebody_forwards_is_read(sign, name):
    text = "".join(f"{sign}{line}\n" for line in ("code;text", "1;one", "2;two > one"))
    rows, problems = read_rows(text, name)
    assert ([(row.code, row.texts["description"]) for row in rows], problems) == (
        [("1", "one"), ("2", "two > one")],
        [],
    )


def test_a_header_may_lack_the_last_name():
    rows, problems = read_rows("code,text\n1,one,a\n2,two,b\n3,three,c\n")
    assert [(row.code, row.extra) for row in rows] == [
        ("1", {"Column 3": "a"}),
        ("2", {"Column 3": "b"}),
        ("3", {"Column 3": "c"}),
    ]
    assert [problem.kind for problem in problems] == ["unnamed_column"]
    rows, _ = read_rows("code,text\n1,one, two\n2,two, three\n3,three, four\n")
    assert [row.texts["description"] for row in rows] == ["one, two", "two, three", "three, four"]


def test_a_last_row_that_ends_early_without_a_line_break_is_left_out_as_cut_off():
    content = "code,description,action\n1,The door is open,Close it\n2,There is no pa"
    source = open_text(content)
    assert [row.code for row in source.rows()] == ["1"]
    assert [(problem.kind, problem.place.line, problem.value) for problem in source.problems] == [("cut_off", 3, "2")]
    # A line break ends the row, and some programs leave the last cells out.
    for whole in (content + "\n", "code,description,action\n1,Open\n2,There is no pa"):
        source = open_text(whole)
        assert [row.code for row in source.rows()] == ["1", "2"]
        assert {problem.kind for problem in source.problems} == {"short_row"}
