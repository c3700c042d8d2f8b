"""XLSX: sheets, banners, merged cells, numbers, and archives that are not workbooks."""

import datetime
import zipfile
from io import BytesIO

import pytest
from openpyxl import load_workbook

from kb.importing.reading.formats import xlsx
from kb.importing.reading.sources import Limits, SourcePlace
from tests.importing.files import open_text, read_rows, refusal, workbook

HEADER = ["Code", "Description"]


def test_sheets_are_sections_and_numbers_become_digits():
    file = workbook(("Public", [HEADER, [0, "Done."], [1.0, "-"]]), ("Business", [HEADER, [660000001.0, "Failed."]]))
    rows, problems = read_rows(file, "t.xlsx")
    assert [(row.section, row.code, row.texts["description"]) for row in rows] == [
        ("Public", "0", "Done."), ("Public", "1", ""), ("Business", "660000001", "Failed."),
    ]  # fmt: skip
    assert rows[2].place == SourcePlace(2, "Business")
    assert problems == []


def test_a_single_sheet_is_not_a_section():
    source = open_text(workbook(("Sheet1", [HEADER, [1, "One"]])), "t.xlsx")
    assert [row.section for row in source.rows()] == [""]
    assert (source.format, source.sheets) == ("xlsx", ["Sheet1"])


def test_banner_rows_are_sections():
    table = [
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
    rows, problems = read_rows(workbook(("Sheet1", table), merged=["A1:B1"]), "t.xlsx")
    assert [(row.section, row.code, row.place.line) for row in rows] == [
        ("Public codes", "0", 3), ("Public codes", "7", 4), ("Business codes", "5", 8), ("More codes", "6", 10),
    ]  # fmt: skip
    assert problems == []


def test_a_merged_section_applies_below_and_an_empty_one_does_not():
    table = [["Section", "Code"], ["A", 1], [None, 2], [None, 3], ["B", 4]]
    rows, _ = read_rows(workbook(("Sheet1", table), merged=["A2:A3"]), "t.xlsx")
    assert [(row.section, row.code) for row in rows] == [("A", "1"), ("A", "2"), ("", "3"), ("B", "4")]


def test_a_merged_section_applies_below_a_row_with_an_error():
    table = [["Section", "Code"], ["A", 1], ["B", "2, 3"], [None, 4], ["C", 5, "more"], [None, 6]]
    rows, problems = read_rows(workbook(("Sheet1", table), merged=["A3:A4", "A5:A6"]), "t.xlsx")
    assert [(row.section, row.code) for row in rows] == [("A", "1"), ("B", "4"), ("C", "6")]
    assert [problem.kind for problem in problems] == ["several_codes", "ragged_row"]


def test_the_text_of_merged_cells_belongs_to_the_first():
    file = workbook(("Sheet1", [[*HEADER, "Action"], [1, "Both", None]]), merged=["B2:C2"])
    (row,), _ = read_rows(file, "t.xlsx")
    assert row.texts == {"description": "Both", "suggested_actions": ""}


def test_possibly_lost_zeros_are_reported():
    table = [HEADER, [1000, "a"], ["0100C", "b"], ["42P01", "c"], [22000, "d"]]
    rows, problems = read_rows(workbook(("Sheet1", table)), "t.xlsx")
    assert [row.code for row in rows] == ["1000", "0100C", "42P01", "22000"]
    assert [(p.kind, p.severity, p.place.line, p.suggestion) for p in problems] == [
        ("zeros_lost", "warning", 2, ("01000",))
    ]


def test_numbers_of_all_widths_have_no_lost_zeros():
    rows = [HEADER, [0, "a"], [1, "b"], *[[660000000 + n, "c"] for n in range(20)]]
    assert read_rows(workbook(("Sheet1", rows)), "t.xlsx")[1] == []


def test_zeros_of_a_number_format_are_kept():
    (row,), problems = read_rows(workbook(("Sheet1", [HEADER, [42, "a"]]), formats={"A2": "00000"}), "t.xlsx")
    assert row.code == "00042"
    assert problems == []


def test_a_code_that_became_a_date_or_lost_digits_is_reported():
    table = [HEADER, [datetime.date(2025, 1, 2), "a"], [12345678901234567890, "b"]]
    rows, problems = read_rows(workbook(("Sheet1", table)), "t.xlsx")
    assert [problem.kind for problem in problems] == ["date_code", "digits_lost"]
    assert len(rows) == 1


def test_a_cell_beyond_the_header_is_reported_with_its_row():
    _, problems = read_rows(workbook(("My sheet", [HEADER, [1, "One", "more"]])), "t.xlsx")
    assert str(problems[0]).startswith("Sheet “My sheet”, row 2: This row has 3 cells, the header has 2")


def test_hidden_sheets_and_sheets_without_codes_are_left_out_with_a_warning():
    file = workbook(
        ("A", [HEADER, [1, "One"]]), ("Old", [HEADER, [2, "Two"]]), ("Info", [["Made by", "us"]]), hidden=["Old"]
    )
    rows, problems = read_rows(file, "t.xlsx")
    assert [(row.section, row.code) for row in rows] == [("", "1")]
    assert [(problem.kind, problem.value) for problem in problems] == [
        ("sheet_left_out", "Old"),
        ("sheet_left_out", "Info"),
    ]


@pytest.mark.parametrize(("state", "expected"), [("visible", ["1", "2"]), ("hidden", ["1"]), ("veryHidden", ["1"])])
def test_only_visible_sheets_are_read(state, expected):
    book = load_workbook(BytesIO(workbook(("A", [HEADER, [1, "One"]]), ("B", [HEADER, [2, "Two"]]))))
    book["B"].sheet_state = state
    file = BytesIO()
    book.save(file)
    rows, problems = read_rows(file.getvalue(), "t.xlsx")
    assert [row.code for row in rows] == expected
    assert [problem.value for problem in problems] == ([] if state == "visible" else ["B"])


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (True, None, "TRUE"), (2.5, None, "2.5"), (3.0, None, "3"), (-4, None, "-4"),
        (12, "0", "12"), (12, "000", "012"),
        (-12, "000", "-12"), (1.5, "000", "1.5"), (12, "0.00", "12"), (1234, "000", "1234"),
        (datetime.date(2025, 1, 2), None, "2025-01-02 00:00:00"), (datetime.time(1, 2), None, "01:02:00"),
        ("'=1+1", None, "=1+1"),
        ("a_x0041_b", None, "aAb"), ("a_x000D_\nb", None, "a\nb"), ("a_xyz_b", None, "a_xyz_b"), (None, None, ""),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_it_is_shown(value, number_format, text):
    formats = {"B2": number_format} if number_format else None
    (row,), _ = read_rows(workbook(("A", [HEADER, ["1", value]]), formats=formats), "t.xlsx")
    assert row.texts["description"] == text


def test_merged_cells_cover_exactly_their_rows():
    sections = ["A", None, None, "B", None, "C", None, None]
    table = [["Section", "Code"], *([section, str(n)] for n, section in enumerate(sections))]
    rows, _ = read_rows(workbook(("Sheet1", table), merged=["A2:A3", "A5:A6", "A7:A7"]), "t.xlsx")
    assert [row.section for row in rows] == ["A", "A", "", "B", "B", "C", "", ""]


def test_a_merged_cell_says_nothing_of_the_column_before():
    table = [["Section", "Text", "Code"], ["A", "one", "1"], [None, None, "2"]]
    rows, _ = read_rows(workbook(("Sheet1", table), merged=["B2:B3"]), "t.xlsx")
    assert [row.section for row in rows] == ["A", ""]


def test_a_title_above_the_header_of_a_sheet_is_no_section():
    file = workbook(("A", [["Room codes"], HEADER, [1, "x"]]), ("B", [HEADER, [2, "y"]]))
    assert [row.section for row in read_rows(file, "t.xlsx")[0]] == ["A", "B"]


def test_a_text_that_is_merged_over_rows_belongs_to_each_of_their_codes():
    table = [[*HEADER, "Action"], ["1", "Both", None], ["2", None, None], ["3", "c", "d"]]
    rows, _ = read_rows(workbook(("Sheet1", table), merged=["B2:C3"]), "t.xlsx")
    assert [row.texts for row in rows] == [
        {"description": "Both", "suggested_actions": ""},
        {"description": "Both", "suggested_actions": ""},
        {"description": "c", "suggested_actions": "d"},
    ]


def change_part(file, name, edit):
    """Return a copy of an archive with one of its parts edited."""
    output = BytesIO()
    with zipfile.ZipFile(BytesIO(file)) as before, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.namelist():
            after.writestr(part, edit(before.read(part)) if part == name else before.read(part))
    return output.getvalue()


def archive_of(*names):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return file.getvalue()


PLAIN = workbook(("Sheet1", [HEADER, [1, "One"]]))
SHEET = "xl/worksheets/sheet1.xml"


def test_an_archive_that_unpacks_to_far_more_than_its_size_is_refused():
    bomb = change_part(PLAIN, SHEET, lambda data: data + b" " * 80_000_000)
    assert len(bomb) < 200_000
    kinds, text = refusal(bomb, "t.xlsx")
    assert kinds == ["too_large_unpacked"]
    assert "unpacks to" in text


def test_an_archive_with_false_sizes_is_refused():
    data = change_part(PLAIN, SHEET, lambda data: data + b" " * 5_000_000)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        size = archive.getinfo(SHEET).file_size
    assert refusal(data.replace(size.to_bytes(4, "little"), b"\x10\x00\x00\x00"), "t.xlsx")[0] == ["broken_xlsx"]


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels"])
@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>',
    ],
)
def test_entities_are_refused_before_the_xml_is_parsed(part, declaration):
    def change(data):
        return declaration + data[data.index(b"?>") + 2 :] if data.startswith(b"<?xml") else declaration + data

    assert refusal(change_part(PLAIN, part, change), "t.xlsx")[0] == ["broken_xlsx"]


@pytest.mark.parametrize("piece", [16, 100])
def test_a_declaration_and_a_merged_cell_are_found_where_pieces_meet(piece, monkeypatch):
    monkeypatch.setattr(xlsx, "_PIECE", piece)
    monkeypatch.setattr(xlsx, "_OVERLAP", max(piece, 9))
    for shift in range(16):
        declared = change_part(PLAIN, SHEET, lambda data, n=shift: b" " * n + b"<!DOCTYPE x>" + data)
        assert refusal(declared, "t.xlsx")[0] == ["broken_xlsx"]
    if piece == 100:
        table = [["Section", "Code"], ["A", "1"], [None, "2"]]
        for shift in range(0, 100, 9):
            merged = workbook(("S" + "x" * (shift % 9), table), merged=["A2:A3"])
            moved = change_part(
                merged, SHEET, lambda data, n=shift: data.replace(b"<mergeCells", b" " * n + b"<mergeCells")
            )
            assert [row.section for row in read_rows(moved, "t.xlsx")[0]] == ["A", "A"]


def test_zeros_are_allowed_in_pictures_and_not_in_xml():
    assert refusal(change_part(PLAIN, SHEET, lambda data: data + b"\x00"), "t.xlsx")[0] == ["broken_xlsx"]
    picture = BytesIO(PLAIN)
    with zipfile.ZipFile(picture, "a") as archive:
        archive.writestr("xl/media/image1.png", b"\x00" * 9)
    assert [row.code for row in read_rows(picture.getvalue(), "t.xlsx")[0]] == ["1"]


def test_dimensions_that_a_sheet_declares_wrongly_are_ignored():
    narrow = change_part(PLAIN, SHEET, lambda data: data.replace(b'ref="A1:B2"', b'ref="A1:A1"'))
    assert narrow != PLAIN
    (row,), _ = read_rows(narrow, "t.xlsx")
    assert (row.code, row.texts) == ("1", {"description": "One"})


def test_an_archive_with_a_password_is_refused():
    at = PLAIN.index(b"PK\x01\x02") + 8
    locked = PLAIN[:at] + b"\x01\x00" + PLAIN[at + 2 :]
    kinds, message = refusal(locked, "t.xlsx")
    assert kinds == ["password"]
    assert "password" in message


def test_a_document_type_in_utf_16_is_refused():
    hidden = change_part(PLAIN, SHEET, lambda data: ("<!DOCTYPE x [<!ENTITY a 'a'>]>" + data.decode()).encode("utf-16"))
    assert refusal(hidden, "t.xlsx")[0] == ["broken_xlsx"]


@pytest.mark.parametrize(
    ("content", "name", "kind", "text"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "t.xls", "old_office", "old Office file"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "t.xlsx",
            "password",
            "password",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "t.doc", "old_office", "old Office file"),
        (PLAIN[: len(PLAIN) // 2], "t.xlsx", "broken_xlsx", "broken"),
        (b"PK\x05\x06" + bytes(18), "t.xlsx", "binary", "zip archive"),
        (archive_of("xl/workbook.xml"), "t.xlsx", "binary", "zip archive"),
        (archive_of("[Content_Types].xml"), "t.xlsx", "binary", "zip archive"),
    ],
)
def test_a_file_that_is_not_a_workbook_is_refused_by_its_kind(content, name, kind, text):
    kinds, message = refusal(content, name)
    assert kinds == [kind]
    assert text in message


def test_a_distant_empty_cell_is_skipped():
    far = workbook(("Sheet1", [HEADER, [1, "One"]]), formats={"XFD1048576": "0"})
    assert [row.code for row in read_rows(far, "t.xlsx")[0]] == ["1"]


def test_more_columns_than_allowed_are_refused():
    assert refusal(workbook(("S", [["Code", *"abc"]])), "t.xlsx", limits=Limits(columns=3))[0] == ["too_many_columns"]


def test_a_formula_without_a_stored_value_is_told_and_empties_no_text():
    # openpyxl stores no values, as other programs that write workbooks.
    rows, problems = read_rows(
        workbook(("A", [["code", "text", "cause"], ["E1", '="a"&"b"', "x"], ["E2", "y", "=1+1"]])), "t.xlsx"
    )
    assert [(row.code, row.texts) for row in rows] == [
        ("E1", {"possible_reasons": "x"}),
        ("E2", {"description": "y"}),
    ]
    assert [(problem.kind, problem.severity, problem.place.line) for problem in problems] == [
        ("formula_without_value", "warning", 2)
    ]
    assert "B2, C3" in problems[0].message


def test_hidden_rows_and_columns_are_read_and_told():
    book = load_workbook(BytesIO(workbook(("A", [["code", "text"], ["E1", "x"], ["E2", "y"]]))))
    page = book["A"]
    page.row_dimensions[3].hidden = True
    page.column_dimensions["B"].hidden = True
    file = BytesIO()
    book.save(file)
    rows, problems = read_rows(file.getvalue(), "t.xlsx")
    assert [row.code for row in rows] == ["E1", "E2"]
    assert [problem.kind for problem in problems] == ["hidden_cells"]
    assert "row 3 and column B" in problems[0].message


@pytest.mark.parametrize(
    ("value", "number_format", "code"),
    [
        (42, "0000", "0042"),
        (42, '"E"000', "E042"),
        (42, "\\E000", "E042"),
        (5.1, "0.00", "5.10"),
        (5.25, "0.0", "5.25"),
        (5, "0.00", "5"),
        (660300001, "#,##0", "660300001"),
        ("_x005F_x000D_", "@", "_x000D_"),
        ("-5", "@", "-5"),
    ],
)
def test_a_number_has_the_digits_that_its_format_shows(value, number_format, code):
    rows, _ = read_rows(workbook(("A", [["code"], [value]]), formats={"A2": number_format}), "t.xlsx")
    assert [row.code for row in rows] == [code]


def test_a_cover_of_one_column_is_left_out_and_named():
    file = workbook(("Info", [["Codes"], ["Version 3"]]), ("A", [["Code", "Text"], ["1", "one"]]))
    rows, problems = read_rows(file, "t.xlsx")
    assert [row.code for row in rows] == ["1"]
    assert [(problem.kind, problem.value) for problem in problems] == [("sheet_left_out", "Info")]


def shared(file, *texts):
    """Return a workbook whose sheets share these texts, as Excel writes them, instead of having each inline."""
    with zipfile.ZipFile(BytesIO(file)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    for number, text in enumerate(texts):
        inline = f't="inlineStr"><is><t>{text}</t></is>'
        parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(inline, f't="s"><v>{number}</v>')
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{space}">{items}</sst>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace("</Types>", override)
    rebuilt = BytesIO()
    with zipfile.ZipFile(rebuilt, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return rebuilt.getvalue()


def test_a_text_that_excel_protected_is_read_as_somebody_typed_it():
    table = [["code", "text"], ["_x005F_x000D_", "0x005F_A"], ["7", "_x0041_b"]]
    file = shared(workbook(("A", table)), "_x005F_x000D_", "0x005F_A", "_x0041_b")
    rows, problems = read_rows(file, "t.xlsx")
    assert [(row.code, row.texts["description"]) for row in rows] == [("_x000D_", "0x005F_A"), ("7", "Ab")]
    assert problems == []
