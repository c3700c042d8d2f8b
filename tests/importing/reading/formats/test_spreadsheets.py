"""OpenDocument, old Excel files and archives with one table are read; what unpacks to too much is refused."""

import gzip
import struct
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from kb.importing.reading.sources import Limits
from tests.importing.files import read_rows, refusal, workbook

XLS = Path(__file__).with_name("codes.xls").read_bytes()
MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
)


MANIFEST = f"""<?xml version="1.0"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIMETYPE}"/>
</manifest:manifest>"""


def archive(parts):
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            # As the standard wants it: first, and not packed.
            made.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return file.getvalue()


def cell(value):
    if value == "":
        return "<table:table-cell/>"
    kind = "string" if isinstance(value, str) else f'float" office:value="{value}'
    return f'<table:table-cell office:value-type="{kind}"><text:p>{value}</text:p></table:table-cell>'


TRUE = (
    '<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>WAHR</text:p></table:table-cell>'
)


def row_of(values):
    return values if isinstance(values, str) else f"<table:table-row>{''.join(map(cell, values))}</table:table-row>"


def ods(*sheets, hidden=(), extra=""):
    tables = ""
    for name, rows in sheets:
        style = ' table:style-name="hidden"' if name in hidden else ""
        tables += f'<table:table table:name="{name}"{style}>{"".join(map(row_of, rows))}</table:table>'
    style = '<style:style style:name="hidden" style:family="table"><style:table-properties table:display="false"/>'
    content = f"""<?xml version="1.0"?>{extra}<office:document-content {NAMES}><office:automatic-styles>{style}
    </style:style></office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>
    </office:document-content>"""
    return archive({"mimetype": MIMETYPE, "content.xml": content, "META-INF/manifest.xml": MANIFEST})


HEADER = ["Code", "Description"]


def test_true_and_false_of_an_opendocument_file_are_told():
    row = f"<table:table-row>{TRUE}{cell('Door')}</table:table-row>"
    rows, problems = read_rows(ods(("Doors", [HEADER, row, ["E2", "Open"]])), "t.ods")
    assert [row.code for row in rows] == ["TRUE", "E2"]
    assert [problem.kind for problem in problems] == ["logical_codes"]


def test_formulas_without_a_value_in_an_opendocument_file_are_told():
    formula = '<table:table-cell table:formula="of:=[.A1]" {}><text:p>Door</text:p></table:table-cell>'
    value = 'office:value-type="string"'
    for about, kinds in ((value, []), ("", ["formula_without_value"])):
        row = f"<table:table-row>{cell('E1')}{formula.format(about)}</table:table-row>"
        _, problems = read_rows(ods(("Doors", [HEADER, row])), "t.ods")
        assert [problem.kind for problem in problems] == kinds


def test_an_opendocument_file_is_read_with_the_digits_of_its_numbers():
    doors = ("Doors", [HEADER, [101, "Door"], [102.0, "Open"], [103.5, "Shut"]])
    rows, problems = read_rows(ods(doors, ("Paper", [HEADER, ["007", "None"]])), "t.ods")
    assert [(row.place.sheet, row.code, row.place.line) for row in rows] == [
        ("Doors", "101", 2), ("Doors", "102", 3), ("Doors", "103.5", 4), ("Paper", "007", 2),
    ]  # fmt: skip
    assert {row.section for row in rows} == {"Doors", "Paper"}
    assert problems == []


def test_a_hidden_sheet_is_named():
    rows, problems = read_rows(ods(("A", [HEADER, ["1", "x"]]), ("B", [HEADER, ["2", "y"]]), hidden=("B",)), "t.ods")
    assert [row.code for row in rows] == ["1"]
    assert [(problem.kind, problem.value) for problem in problems] == [("sheet_left_out", "B")]


def test_a_cover_is_named():
    rows, problems = read_rows(ods(("Info", [["Codes"], ["Version 3"]]), ("A", [HEADER, ["1", "x"]])), "t.ods")
    assert [row.code for row in rows] == ["1"]
    assert [(problem.kind, problem.value) for problem in problems] == [("sheet_left_out", "Info")]


def test_empty_cells_to_the_end_of_the_sheet_are_nothing():
    empty = (
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/>'
        "</table:table-row>"
    )
    assert [row.code for row in read_rows(ods(("A", [HEADER, ["1", "x"], empty])), "t.ods")[0]] == ["1"]


BOMBS = {
    "a cell far away": '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    f'<table:table-row><table:table-cell table:number-columns-repeated="16000"/>{cell("x")}</table:table-row>',
    "a row many times": f'<table:table-row table:number-rows-repeated="1000000">{cell("x") * 20}</table:table-row>',
    "a cell many times": "<table:table-row table:number-rows-repeated='10000'>"
    "<table:table-cell table:number-columns-repeated='16000' office:value-type='string'><text:p>x</text:p>"
    "</table:table-cell></table:table-row>",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_small_file_that_reaches_far_is_refused(kind):
    kinds, message = refusal(ods(("A", [HEADER, BOMBS[kind]])), "t.ods")
    assert kinds[0] in ("too_many_cells", "broken_workbook")
    assert "ave it as CSV" in message


def test_entities_and_broken_files_are_refused():
    declared = ods(("A", [HEADER, ["1", "&a;"]]), extra='<!DOCTYPE x [<!ENTITY a "b">]>')
    assert refusal(declared, "t.ods")[0] == ["broken_workbook"]
    assert refusal(archive({"mimetype": MIMETYPE, "content.xml": "<a><b>"}), "t.ods")[0] == ["broken_workbook"]
    assert refusal(archive({"mimetype": MIMETYPE}), "t.ods")[0] == ["broken_workbook"]
    assert refusal(archive({"mimetype": MIMETYPE, "content.xml": " " * 70_000_000}), "t.ods")[0] == [
        "too_large_unpacked"
    ]


@pytest.mark.parametrize("name", ["codes.xls", "codes.txt", "codes.xlsx"])
def test_an_old_excel_file_is_read(name):
    rows, problems = read_rows(XLS, name)
    assert [(row.code, row.texts["description"], row.place.line) for row in rows] == [
        ("E101", "Door is open", 2), ("E102", "No paper", 3), ("E103", "Too hot", 4),
    ]  # fmt: skip
    assert problems == []


def test_a_larger_file_than_memory_may_hold_is_refused():
    assert refusal(XLS, "t.xls", limits=Limits(memory=len(XLS) // 2))[0] == ["too_many_bytes"]
    assert refusal(ods(("A", [["Code"], *[["x" * 30]] * 90])), "t.ods", limits=Limits(memory=2_000))[0] == [
        "too_many_cells"
    ]


@pytest.mark.parametrize("end", [600, 2_000, len(XLS) // 2])
def test_half_an_old_excel_file_is_refused(end):
    assert refusal(XLS[:end], "t.xls")[0][0] in ("broken_workbook", "old_office")


def test_a_chain_of_sectors_that_bites_its_tail_ends():
    table = 512 * (struct.unpack_from("<I", XLS, 76)[0] + 1)
    looped = XLS[:table] + struct.pack("<128I", *([0] * 128)) + XLS[table + 512 :]
    assert refusal(looped, "t.xls")[0] == ["broken_workbook"]


CSV = "code,description\nE101,Door\nE102,Paper\n"


@pytest.mark.parametrize(
    "parts",
    [
        {"codes.csv": CSV},
        {
            "folder/codes.csv": CSV,
            "folder/": "",
            "__MACOSX/folder/._codes.csv": "x",
            ".DS_Store": "x",
            "README.md": "words",
        },
        {"codes.md": "| Code | Description |\n|-|-|\n| E101 | Door |\n| E102 | Paper |\n", "LICENSE.txt": "words"},
        {"codes.json": '{"E101": "Door a", "E102": "Paper b"}'},
        {"codes.xlsx": workbook(("A", [HEADER, ["E101", "Door"], ["E102", "Paper"]]))},
        {"codes.ods": ods(("A", [HEADER, ["E101", "Door"], ["E102", "Paper"]]))},
        {"codes.xls": XLS},
    ],
)
def test_the_only_table_of_an_archive_is_read(parts):
    assert [row.code for row in read_rows(archive(parts), "t.zip")[0]][:2] == ["E101", "E102"]


@pytest.mark.parametrize(
    ("parts", "kind", "word"),
    [
        ({"a.csv": CSV, "b.csv": CSV}, "binary", "a.csv, b.csv"),
        ({}, "binary", "no file"),
        ({"README": "x"}, "binary", "no file"),
        ({"a.zip": archive({"b.csv": CSV})}, "binary", "another archive"),
        ({"a.csv": "x" * 70_000_000}, "too_large_unpacked", "bytes"),
        ({"word/document.xml": "<x/>", "[Content_Types].xml": "<x/>"}, "binary", "a Word document"),
        ({"Index/Document.iwa": "x"}, "binary", "Apple Numbers"),
        ({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}, "binary", "OpenDocument text"),
        ({"xl/workbook.bin": "x", "[Content_Types].xml": "<x/>"}, "binary", ".xlsb"),
        ({"mimetype": "application/epub+zip", "META-INF/container.xml": "<x/>"}, "binary", "EPUB"),
    ],
)
def test_other_archives_are_refused_by_their_kind(parts, kind, word):
    kinds, message = refusal(archive(parts), "t.zip")
    assert kinds == [kind]
    assert word in message


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"{\\rtf1\\ansi Code}", "RTF"), (b"PAR1" + bytes(90), "Parquet"), (b"II*\x00" + bytes(90), "TIFF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le"), "Word document"),
    ],
)  # fmt: skip
def test_other_documents_are_refused_by_their_kind(content, word):
    assert word in refusal(content, "t.doc")[1]


def test_a_file_in_a_gzip_archive_is_read_and_a_bomb_is_not():
    rows, problems = read_rows(gzip.compress(b"| Code | Text |\n|--|--|\n| E1 | Door |\n"), "codes.md.gz")
    assert ([row.code for row in rows], problems) == (["E1"], [])
    rows, _ = read_rows(gzip.compress(ods(("A", [HEADER, ["E1", "Door"]]))), "codes.ods.gz")
    assert [row.code for row in rows] == ["E1"]
    assert refusal(gzip.compress(bytes(3_000)), "t.csv.gz", limits=Limits(memory=2_000))[0] == ["too_large_unpacked"]
    assert refusal(gzip.compress(b"code\n1\n")[:-4], "t.csv.gz")[0] == ["broken_archive"]
    tar = BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("codes.csv"), BytesIO(b""))
    assert "tar archive" in refusal(tar.getvalue(), "t.tar.gz")[1]
