"""Each limit of a file: met exactly it is read, and one more is refused or reported."""

import zipfile
from io import BytesIO

import pytest

from kb.importing.reading import sources
from kb.importing.reading.formats import xlsx
from kb.importing.reading.header import MAX_HEADER_RECORD
from kb.importing.reading.sheets import MAX_PROBLEMS, Limits, Widths
from tests.importing.files import codes, read_rows, refusal, workbook

WIDE = "code,text\n1,one\n"


def kinds(content, name="table.csv", **limits):
    """Return the kinds of the problems, also of a file that is refused; [] for a file that is read in full."""
    try:
        return [problem.kind for problem in read_rows(content, name, limits=Limits(**limits))[1]]
    except sources.Unreadable as unreadable:
        return [problem.kind for problem in unreadable.problems]


@pytest.mark.parametrize(
    ("limit", "content", "name", "kind"),
    [
        ({"bytes": len(WIDE)}, WIDE, "t.csv", "too_many_bytes"),
        ({"memory": 16}, '[{"code":"123"}] '[:16], "t.json", "too_many_bytes"),
        ({"rows": 3}, "code\n1\n2\n3\n", "t.csv", "too_many_rows"),
        ({"rows": 3}, workbook(("A", [["Code"], ["1"], ["2"]]), ("B", [["Code"], ["3"]])), "t.xlsx", "too_many_rows"),
        ({"columns": 3}, "code,a,b,,\n1,2,3\n", "t.csv", "too_many_columns"),
        ({"columns": 3}, workbook(("A", [["Code", "a", "b", None], [1, 2, 3]])), "t.xlsx", "too_many_columns"),
        (
            {"columns": 3},
            "<table><tr><th>Code<th>a<th>b<tr><td>1<td colspan=2>2</table>",
            "t.html",
            "too_many_columns",
        ),
        ({"cell": 5}, "code,text\n1,12345  \n", "t.csv", "too_long"),
        ({"cell": 5}, "code,other\n1,12345\n", "t.csv", "too_long"),
        ({"cell": 100, "columns": 1}, "code\n" + "x" * 64 + " " * 36, "t.csv", "line_too_long"),
    ],
)
def test_a_limit_that_is_met_exactly_is_not_exceeded_and_one_more_is(limit, content, name, kind):
    assert kinds(content, name, **limit) == []
    (field, value) = next(iter(limit.items()))
    assert kind in kinds(content, name, **limit | {field: value - 1})


@pytest.mark.parametrize("at", [1, 2])
def test_every_column_of_a_row_that_is_too_long_is_named(at):
    rows, problems = read_rows("code,a,b\n1,123456,123456\n", limits=Limits(cell=5))
    assert rows == []
    assert [problem.kind for problem in problems] == ["too_long"] * 2
    assert "ab"[at - 1] in problems[at - 1].message


def test_a_long_cell_is_reported_where_its_row_lacks_another_column():
    content = '[{"code": "1", "a": "123456"}, {"code": "2", "b": "x"}]'
    assert kinds(content, "t.json", cell=5) == ["too_long"]


@pytest.mark.parametrize("code", ["9" * 64, "-" + "9" * 63, "A_" + "9" * 62])
def test_a_code_of_64_characters_is_read_and_one_of_65_is_not(code):
    assert read_rows(f"code\n{code}\n")[1] == []
    rows, problems = read_rows(f"code\n{code}9\n")
    assert (rows, [problem.kind for problem in problems]) == ([], ["too_long"])


def test_a_header_is_found_below_titles_up_to_a_limit():
    assert codes("title\n" * (MAX_HEADER_RECORD - 1) + "code,text\n1,one\n", delimiter=",") == ["1"]
    assert refusal("title\n" * MAX_HEADER_RECORD + "code,foo\n1,one\n", delimiter=",")[0] == ["no_code_column"]


def test_a_header_with_two_known_names_is_found_below_a_cover():
    assert codes("title\n" * 199 + "code,text\n1,one\n", delimiter=",") == ["1"]
    assert refusal("title\n" * 200 + "code,text\n1,one\n", delimiter=",")[0] == ["no_code_column"]


def test_reading_stops_only_when_there_are_more_problems_than_allowed(monkeypatch):
    monkeypatch.setattr(sources, "MAX_PROBLEMS", 3)
    monkeypatch.setattr(sources, "FIRST_PROBLEMS", 2)
    assert kinds("code,text\n1,2\n" + "1,2,3\n" * 3) == ["ragged_row"] * 3
    assert kinds("code,text\n1,2\n" + "1,2,3\n" * 4) == ["too_many_problems", "ragged_row", "ragged_row"]
    assert MAX_PROBLEMS == 10_000


@pytest.mark.parametrize(("digits", "expected"), [(15, []), (16, ["digits_lost"])])
def test_a_number_of_more_than_15_digits_may_have_lost_some(digits, expected):
    file = workbook(("A", [["Code"], [int("1" * digits)]]))
    assert kinds(file, "t.xlsx") == expected
    assert kinds(workbook(("A", [["Code"], ["1" * digits]])), "t.xlsx") == []


def test_a_sheet_has_no_more_rows_than_a_spreadsheet(monkeypatch):
    monkeypatch.setattr(xlsx, "MAX_LINE", 3)
    assert kinds(workbook(("A", [["Code"], ["1"], ["2"]])), "t.xlsx") == []
    assert kinds(workbook(("A", [["Code"], ["1"], ["2"], ["3"]])), "t.xlsx") == ["too_many_rows"]


def test_an_archive_has_at_most_as_many_files_as_allowed(monkeypatch):
    file = workbook(("A", [["Code"], ["1"]]))
    with zipfile.ZipFile(BytesIO(file)) as archive:
        parts = len(archive.namelist())
    monkeypatch.setattr(xlsx, "MAX_PARTS", parts)
    assert kinds(file, "t.xlsx") == []
    monkeypatch.setattr(xlsx, "MAX_PARTS", parts - 1)
    assert kinds(file, "t.xlsx") == ["too_large_unpacked"]


@pytest.mark.parametrize("declared", [True, False])
def test_an_archive_unpacks_to_at_most_what_its_size_allows(monkeypatch, declared):
    file = workbook(("A", [["Code"], ["1"]]))
    with zipfile.ZipFile(BytesIO(file)) as archive:
        total = sum(part.file_size for part in archive.infolist())
    monkeypatch.setattr(xlsx, "_MIN_UNPACKED", total if declared else 0)
    limits = {"unpack_ratio": 0} if declared else {"bytes": total, "unpack_ratio": total}
    assert kinds(file, "t.xlsx", **limits) == []
    if declared:
        monkeypatch.setattr(xlsx, "_MIN_UNPACKED", total - 1)
    assert kinds(file, "t.xlsx", **limits | ({} if declared else {"bytes": total - 1})) == ["too_large_unpacked"]


@pytest.mark.parametrize(
    ("texts", "numbers", "expected"),
    [
        # Two codes show the usual width; a single one does not.
        (["00001", "00002"], ["7", "00"], ["7", "00"]),
        (["00001"], ["7"], []),
        # Nine of ten have the usual width; of fewer, none is narrow.
        (["00001"] * 9 + ["0001"], ["7"], ["7"]),
        (["00001"] * 8 + ["0001"], ["7"], []),
        # A number that is as wide is whole, and a wider one shows that there is no usual width.
        (["00001", "00002"], ["77777", "7777"], ["7777"]),
        (["00001", "00002"], ["777777", "7777"], []),
        # Numbers alone: those of half the width or more may have lost zeros, and a 0 says nothing.
        ([], ["22000"] * 9 + ["1000"], ["1000"]),
        ([], ["220000"] * 9 + ["100"], ["100"]),
        ([], ["220000"] * 9 + ["10"], []),
        ([], ["22000"] * 20 + ["0"], ["0"]),
        ([], ["22000"] * 20 + ["-1"], []),
        ([], ["22000", "22000"], []),
        ([], [], []),
    ],
)
def test_numbers_that_are_narrower_than_the_usual_code_may_have_lost_zeros(texts, numbers, expected):
    widths = Widths()
    for line, code in enumerate(texts + numbers):
        widths.add(line, code, number=line >= len(texts))
    _, narrow = widths.narrow_codes()
    assert narrow == [(line, code) for line, code in enumerate(texts + numbers) if code in expected]
