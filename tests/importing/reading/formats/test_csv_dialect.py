"""Delimited text as programs and people write it."""

import pytest

from kb.importing.reading.columns import ColumnMap
from kb.importing.reading.formats.csv_text import sniff_delimiter
from tests.importing.files import open_text, read_rows, refusal


def cells(content, **options):
    rows, _ = read_rows(content, **options)
    return [(row.code, *row.texts.values()) for row in rows]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("sep=;\r\nCode;Description\r\nE1;a, b\r\n", [("E1", "a, b")]),
        ('\ufeff"sep=|"\nCode|Description\nE1|a\n', [("E1", "a")]),
        ("SEP=,\nCode,Description\nE1,a;b\n", [("E1", "a;b")]),
        ("Code|Description\nE1|a, b\nE2|c; d\n", [("E1", "a, b"), ("E2", "c; d")]),
        ("Code | Description\nE1   |  a\nE2   |  b\n", [("E1", "a"), ("E2", "b")]),
        ('Code, Description\nE1, "a, b"\n', [("E1", "a, b")]),
        ('Code,Description\nE1," a "\n', [("E1", " a")]),
        ("Code,Description\nE1,  a\n", [("E1", "  a")]),
        ("'Code','Description'\n'E1','a, b'\n'E2','it''s'\n", [("E1", "a, b"), ("E2", "it's")]),
        ("Code,Description\nE1,'a'\nE2,don't\nE3,won't\n", [("E1", "'a'"), ("E2", "don't"), ("E3", "won't")]),
        ('Code,Description\nE1,"say \\"a\\", b"\nE2,"C:\\temp"\n', [("E1", 'say "a", b'), ("E2", "C:\\temp")]),
        ('Code,Description\nE1,"C:\\"\nE2,b\n', [("E1", "C:\\"), ("E2", "b")]),
        ("Code,Description\r\nE1,a\nE2,b\rE3,c\r\n", [("E1", "a"), ("E2", "b"), ("E3", "c")]),
    ],
)
def test_a_dialect_is_known_by_its_first_lines(content, expected):
    assert cells(content) == expected


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("xCod;xTexto\n1;A porta\n2;O papel, ou a tinta\n3;A luz\n", ";"),
        ("1;A porta, aberta\n2;O papel, ou a tinta\n", ";"),
        ("# list, with notes\n1\tA\n2\tB, C\n", "\t"),
        ("1,A;b\n2,C\n3,D\n", ","),
    ],
)
def test_a_delimiter_splits_most_lines_without_known_headers(content, delimiter):
    assert sniff_delimiter(content, ColumnMap({})) == delimiter


def test_lines_count_from_the_first_line_of_the_file():
    rows, _ = read_rows("sep=;\nCode;Description\nE1;a\n")
    assert rows[0].place.line == 3
    assert rows[0].section == ""
    assert "Line 4" in refusal('sep=;\nCode;Description\nE1;a\nE2;"b\n')[1]


def test_commas_of_a_sentence_are_joined_and_told():
    text = "Code,Description\nE1,Door open, close it\nE2,Paper\n"
    source = open_text(text)
    assert [row.texts["description"] for row in source.rows()] == ["Door open, close it", "Paper"]
    assert [(problem.kind, problem.place.line, problem.severity) for problem in source.problems] == [
        ("joined_cells", 2, "warning")
    ]
    assert [(question.kind, question.is_open) for question in source.questions] == [("commas", False)]
    rows, problems = read_rows(text, answers={"commas": "error"})
    assert [row.code for row in rows] == ["E2"]
    assert [problem.kind for problem in problems] == ["ragged_row"]


def test_other_surplus_cells_stay_an_error_until_somebody_joins_them():
    text = "Code,Description,Count\nE1,a,b,5\nE2,c,6\n"
    assert cells(text) == [("E2", "c")]
    assert cells(text, answers={"commas": "join"}) == [("E1", "a,b"), ("E2", "c")]
