"""XLSX: sheets, banners, merged cells, numbers, and archives that are no workbook."""

import datetime
import zipfile
from io import BytesIO

import pytest

from kb.importing.reading.sources import Limits, SourcePlace
from tests.importing.files import open_text, read_rows, refusal, workbook

HEADER = ["Code", "Description"]


def test_sheets_are_sections_and_numbers_are_digits_again():
    file = workbook(("Public", [HEADER, [0, "Done."], [1.0, "-"]]), ("Business", [HEADER, [660000001.0, "Failed."]]))
    found, problems = read_rows(file, "t.xlsx")
    assert [(row.section, row.code, row.texts["description"]) for row in found] == [
        ("Public", "0", "Done."), ("Public", "1", ""), ("Business", "660000001", "Failed."),
    ]  # fmt: skip
    assert found[2].place == SourcePlace(2, "Business")
    assert problems == []


def test_one_sheet_alone_is_no_section():
    source = open_text(workbook(("Sheet1", [HEADER, [1, "One"]])), "t.xlsx")
    assert [row.section for row in source.rows()] == [""]
    assert (source.format, source.sheets) == ("xlsx", ["Sheet1"])


def test_banner_rows_are_sections():
    rows = [
        ["Public codes"],
        HEADER,
        [0, "Done."],
        [7],
        [],
        ["Business codes"],
        HEADER,
        [5, "Five"],
        ["More codes"],
        [6, "Six"],
    ]
    found, problems = read_rows(workbook(("Sheet1", rows), merged=["A1:B1"]), "t.xlsx")
    assert [(row.section, row.code, row.place.line) for row in found] == [
        ("Public codes", "0", 3), ("Public codes", "7", 4), ("Business codes", "5", 8), ("More codes", "6", 10),
    ]  # fmt: skip
    assert problems == []


def test_a_merged_section_carries_on_and_an_empty_one_does_not():
    rows = [["Section", "Code"], ["A", 1], [None, 2], [None, 3], ["B", 4]]
    found, _ = read_rows(workbook(("Sheet1", rows), merged=["A2:A3"]), "t.xlsx")
    assert [(row.section, row.code) for row in found] == [("A", "1"), ("A", "2"), ("", "3"), ("B", "4")]


def test_a_merged_section_carries_on_from_a_row_with_an_error():
    rows = [["Section", "Code"], ["A", 1], ["B", "2, 3"], [None, 4], ["C", 5, "more"], [None, 6]]
    found, problems = read_rows(workbook(("Sheet1", rows), merged=["A3:A4", "A5:A6"]), "t.xlsx")
    assert [(row.section, row.code) for row in found] == [("A", "1"), ("B", "4"), ("C", "6")]
    assert [problem.kind for problem in problems] == ["several_codes", "ragged_row"]


def test_the_text_of_merged_cells_stands_in_the_first():
    file = workbook(("Sheet1", [[*HEADER, "Action"], [1, "Both", None]]), merged=["B2:C2"])
    (row,), _ = read_rows(file, "t.xlsx")
    assert row.texts == {"description": "Both", "suggested_actions": ""}


def test_zeros_that_may_be_lost_are_pointed_out():
    rows = [HEADER, [1000, "a"], ["0100C", "b"], ["42P01", "c"], [22000, "d"]]
    found, problems = read_rows(workbook(("Sheet1", rows)), "t.xlsx")
    assert [row.code for row in found] == ["1000", "0100C", "42P01", "22000"]
    assert [(p.kind, p.severity, p.place.line, p.suggestion) for p in problems] == [
        ("zeros_lost", "warning", 2, ("01000",))
    ]


def test_numbers_of_all_widths_have_lost_nothing():
    rows = [HEADER, [0, "a"], [1, "b"], *[[660000000 + n, "c"] for n in range(20)]]
    assert read_rows(workbook(("Sheet1", rows)), "t.xlsx")[1] == []


def test_zeros_that_the_sheet_shows_are_the_vendors():
    (row,), problems = read_rows(workbook(("Sheet1", [HEADER, [42, "a"]]), formats={"A2": "00000"}), "t.xlsx")
    assert row.code == "00042"
    assert problems == []


def test_a_code_that_became_a_date_or_lost_digits_is_named():
    rows = [HEADER, [datetime.date(2025, 1, 2), "a"], [12345678901234567890, "b"]]
    found, problems = read_rows(workbook(("Sheet1", rows)), "t.xlsx")
    assert [problem.kind for problem in problems] == ["date_code", "digits_lost"]
    assert len(found) == 1


def test_a_cell_beyond_the_header_is_named_with_its_row():
    _, problems = read_rows(workbook(("My sheet", [HEADER, [1, "One", "more"]])), "t.xlsx")
    assert str(problems[0]).startswith("Sheet “My sheet”, row 2: This row has 3 cells, the header has 2")


def test_hidden_sheets_and_sheets_without_codes_are_left_out_and_said_so():
    file = workbook(
        ("A", [HEADER, [1, "One"]]), ("Old", [HEADER, [2, "Two"]]), ("Info", [["Made by", "us"]]), hidden=["Old"]
    )
    found, problems = read_rows(file, "t.xlsx")
    assert [(row.section, row.code) for row in found] == [("", "1")]
    assert [(problem.kind, problem.value) for problem in problems] == [
        ("sheet_left_out", "Old"),
        ("sheet_left_out", "Info"),
    ]


def changed(file, name, change):
    """Return an archive with one of its parts changed."""
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(file)) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.namelist():
            after.writestr(part, change(before.read(part)) if part == name else before.read(part))
    return made.getvalue()


PLAIN = workbook(("Sheet1", [HEADER, [1, "One"]]))
SHEET = "xl/worksheets/sheet1.xml"


def test_an_archive_that_unpacks_to_far_more_than_it_weighs_is_refused():
    bomb = changed(PLAIN, SHEET, lambda data: data + b" " * 80_000_000)
    assert len(bomb) < 200_000
    kinds, said = refusal(bomb, "t.xlsx")
    assert kinds == ["too_large_unpacked"]
    assert "unpacks to" in said


def test_an_archive_that_lies_about_its_sizes_is_refused():
    data = changed(PLAIN, SHEET, lambda data: data + b" " * 5_000_000)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        size = archive.getinfo(SHEET).file_size
    assert refusal(data.replace(size.to_bytes(4, "little"), b"\x10\x00\x00\x00"), "t.xlsx")[0] == ["broken_xlsx"]


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels"])
@pytest.mark.parametrize(
    "declared",
    [
        b'<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>',
    ],
)
def test_entities_are_refused_before_the_xml_is_parsed(part, declared):
    def change(data):
        return declared + data[data.index(b"?>") + 2 :] if data.startswith(b"<?xml") else declared + data

    assert refusal(changed(PLAIN, part, change), "t.xlsx")[0] == ["broken_xlsx"]


def test_a_document_type_in_an_encoding_that_hides_it_is_refused():
    hidden = changed(PLAIN, SHEET, lambda data: ("<!DOCTYPE x [<!ENTITY a 'a'>]>" + data.decode()).encode("utf-16"))
    assert refusal(hidden, "t.xlsx")[0] == ["broken_xlsx"]


@pytest.mark.parametrize(
    ("content", "name", "kind", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "t.xls", "old_excel", "old kind (.xls)"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "t.xlsx",
            "password",
            "password",
        ),
        (PLAIN[: len(PLAIN) // 2], "t.xlsx", "broken_xlsx", "broken"),
        (b"PK\x05\x06" + bytes(18), "t.xlsx", "binary", "zip archive"),
    ],
)
def test_what_is_no_workbook_is_named(content, name, kind, said):
    kinds, message = refusal(content, name)
    assert kinds == [kind]
    assert said in message


def test_rows_far_down_and_columns_far_right_cost_nothing():
    far = workbook(("Sheet1", [HEADER, [1, "One"]]), formats={"XFD1048576": "0"})
    assert [row.code for row in read_rows(far, "t.xlsx")[0]] == ["1"]


def test_more_columns_than_allowed_are_refused():
    assert refusal(workbook(("S", [["Code", *"abc"]])), "t.xlsx", limits=Limits(columns=3))[0] == ["too_many_columns"]
