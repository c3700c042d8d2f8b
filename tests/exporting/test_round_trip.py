"""A file that was exported reads as the same rows, in every format and whatever the texts are."""

import csv
import io
import json
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.exporting.csv_text import DELIMITERS, CsvForm
from kb.exporting.tables import export_table, write_rows
from kb.exporting.xlsx import ExportRefused
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import, precedent_of
from kb.importing.reading.sources import Limits, ReadingChoices, open_source
from kb.models.fields import VENDOR_TEXTS
from kb.text.codes.cells import ERROR_CELLS, tidy
from tests import make
from tests.importing.tables import by, kinds

CSV_FORMS = [CsvForm(delimiter, bom) for delimiter in DELIMITERS for bom in (False, True)]
FORMS = [*[("csv", form) for form in CSV_FORMS], *[(form, CsvForm()) for form in ("xlsx", "json", "ndjson")]]
HOSTILE = [
    *(
        "-5",
        '="007"',
        "=1+1",
        "'=x",
        "''",
        "'-",
        "@x",
        "+1",
        " \t=1",
        "'quoted'",
        "\uff1d1",
        "\u200b=1",
        '=1+1,"x";y\tz',
    ),
    *("_x000D_", "_x0041_", "_x005F_x000D_", "a_x0007__x0008_", "_xD83D_", "\ufffe", "\uffff", "\x85", "\u2028"),
    *("  before", "\tbefore", "after\u200b", "a\nb", "\n\nb", "a\tb", 'say "x"', '"', ";;", ",,", "a | b", "\\", "\\n"),
    *(
        "00942",
        "1-2",
        "1.0",
        "6.603E+08",
        "TRUE",
        "false",
        "#N/A in a text",
        "NaN",
        "2025-07-15",
        "12:30",
        "0x1F",
        "1,5",
    ),
    *(
        "\U0001f600",
        "\u05e9\u05dc\u05d5\u05dd",
        "\u202eabc\u202c",
        "e\u0301",
        "房间不存在",
        "\ufeffx",
        "\xa0x",
        "x" * 9_000,
    ),
    *(
        "<b>x</b>",
        "a <br\n> b",
        "&amp;",
        "{code}",
        "sep=;",
        "null and none",
        "N/A?",
        "--",
        "- first\n- second",
        "x" * 9_000,
        "",
    ),
]
CODES = [
    *("-5", "=1+1", "'=x", "@x", "+1", "_x000D_", "_x0041_", "00942", "6.603E+08", "TRUE", "#N", "1.0", "0", "1e5"),
    *("\U0001f600", "\u05e9\u05dc\u05d5\u05dd", 'say "x"', "it's", "''x", "a\\b", "x;y", "x\ty", "\uff1d1", "_"),
]
PIECES = [
    "_x000D_",
    "_x",
    "005F_",
    "_",
    "'",
    '"',
    "=",
    "-",
    "@",
    " ",
    "\t",
    "\n",
    "\r",
    "<br>",
    "<br",
    ">",
    "<li>",
    "</li>",
]
PIECES += [
    ",",
    ";",
    "a",
    "1",
    ".0",
    "N/A",
    "\xa0",
    "\u200b",
    "\ufeff",
    "\ufffe",
    "\U0001f600",
    "\\",
    "`",
    "*",
    "|",
    "#",
]
WHOLE = st.sampled_from([*HOSTILE, "#N/A", "#REF!"])
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(max_size=20) | WHOLE


EXTRA = ["-x", "=1+1", "'=y", "level", "a,b;c", "_x000D_", "\U0001f600", "1", "@SUM", "Column 3", "N/A", "x|y"]


def stored(text):
    """Return a text as an import stores it."""
    fit = "".join(sign for sign in text if sign >= " " or sign in "\n\t")
    return tidy(fit.replace("\x7f", "").encode("utf-8", "ignore").decode())


def read_again(ending, body):
    source = open_source(
        io.BytesIO(body), f"table.{ending}", ReadingChoices(answers={"damage": "keep"}), limits=Limits()
    )
    rows = [[row.section, row.code, *map(row.texts.get, VENDOR_TEXTS), row.extra] for row in source.rows()]
    return rows, [str(problem) for problem in source.problems if problem.severity == "error"], source.open_questions


@st.composite
def tables(draw):
    """A header and rows, as an export has them."""
    extra = draw(st.lists(st.sampled_from(EXTRA), max_size=3, unique=True))
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=5, unique=True))
    sections = [" ".join(stored(" ".join(stored(draw(TEXTS)).split())).split()) for _ in range(2)]
    texts = [[stored(draw(TEXTS)) for _ in [*VENDOR_TEXTS, *extra]] for _ in codes]
    rows = [[draw(st.sampled_from(sections)), code, *cells] for code, cells in zip(codes, texts, strict=True)]
    return ["section", "code", *VENDOR_TEXTS, *extra], rows


@pytest.mark.parametrize(("ending", "form"), FORMS)
@given(table=tables())
@settings(deadline=None, max_examples=30)
def test_hostile_cells_come_back_as_they_are(ending, form, table):
    """All but an error of a spreadsheet, which counts as not there, so that it never replaces a text."""
    header, rows = table
    body = b"".join(write_rows(header, iter(rows), ending, form))
    width = 2 + len(VENDOR_TEXTS)
    rows = [[*row[:2], *(None if cell in ERROR_CELLS else cell for cell in row[2:])] for row in rows]
    extras = [{name: cell for name, cell in zip(header[width:], row[width:], strict=True) if cell} for row in rows]
    expected = [[*row[:width], extra] for row, extra in zip(rows, extras, strict=True)]
    assert read_again(ending, body) == (expected, [], [])


def workbook_xml(body):
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("rows", [0, 1, 150])
def test_the_header_of_a_workbook_stays_in_view_and_filters_its_rows(rows):
    body = b"".join(write_rows(["code", "b", "c"], iter([[str(n), "", "x"] for n in range(rows)]), "xlsx", CsvForm()))
    sheet = openpyxl.load_workbook(io.BytesIO(body)).active
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", f"A1:C{rows + 1}")


def test_a_workbook_has_texts_as_they_are_and_no_formula():
    body = b"".join(write_rows(["code", "-x"], iter([["-5", "=1+1"], ["#N/A", "TRUE"]]), "xlsx", CsvForm()))
    sheet = openpyxl.load_workbook(io.BytesIO(body)).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells] == ["code", "-x", "-5", "=1+1", "#N/A", "TRUE"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert "<f>" not in workbook_xml(body)


@pytest.mark.parametrize(
    ("text", "xml"),
    [
        ("_x000D_", "_x005F_x000D_"),
        ("_x0041_x0042_", "_x005F_x0041_x005F_x0042_"),
        ("a\x07", "a_x0007_"),
        ("\ufffe", "_xFFFE_"),
        ("_x00", "_x00"),
        ("_x0041\x07", "_x005F_x0041_x0007_"),
        ("'=x", "''=x"),
        ('="007"', '\'="007"'),
        ("it's", "it's"),
    ],
)
def test_a_workbook_escapes_what_it_would_read_as_something_else(text, xml):
    body = b"".join(write_rows(["code"], iter([[text]]), "xlsx", CsvForm()))
    assert f">{xml}</t>" in workbook_xml(body).replace("&quot;", '"')


def test_a_text_that_grows_too_long_by_escaping_is_refused_and_not_cut():
    with pytest.raises(ExportRefused, match="32,7"):
        write_rows(["code"], iter([["_x000D_" * 4_681]]), "xlsx", CsvForm())


def test_a_table_with_more_rows_than_a_sheet_is_refused(monkeypatch):
    monkeypatch.setattr("kb.exporting.xlsx._ROWS", 3)
    assert write_rows(["code"], iter([["1"], ["2"]]), "xlsx", CsvForm())
    with pytest.raises(ExportRefused, match="more codes"):
        write_rows(["code"], iter([["1"], ["2"], ["3"]]), "xlsx", CsvForm())


def test_csv_has_the_delimiter_and_the_mark_that_were_chosen():
    def csv_text(delimiter, bom):
        rows = iter([["1", "房间", " x"], ["2", "a;b", "a\tb"]])
        return b"".join(write_rows(["code", "text", "more"], rows, "csv", CsvForm(delimiter, bom)))

    assert csv_text("comma", False).decode() == 'code,text,more\r\n"1","房间"," x"\r\n2,a;b,a\tb\r\n'
    assert csv_text("semicolon", True).decode() == '\ufeffcode;text;more\r\n"1";"房间";" x"\r\n2;"a;b";a\tb\r\n'
    assert list(csv.reader(io.StringIO(csv_text("tab", False).decode()), delimiter="\t"))[2] == ["2", "a;b", "a\tb"]


def test_a_byte_order_mark_is_written_once_in_a_long_file():
    rows = ([str(number), "x" * 1_000] for number in range(500))
    body = b"".join(write_rows(["code", "text"], rows, "csv", CsvForm(bom=True)))
    assert body.startswith(b"\xef\xbb\xbfcode")
    assert body.count(b"\xef\xbb\xbf") == 1


def planned(table, ending, body):
    # Some of these codes look as if a spreadsheet had damaged them.
    choices = ReadingChoices(answers={"damage": "keep"})
    source = open_source(io.BytesIO(body), f"table.{ending}", choices, precedent=precedent_of(table), limits=Limits())
    return plan_import(table, source, by(), complete=True, file_name="table")


@pytest.mark.django_db
def test_an_import_of_an_export_changes_nothing():
    table = make.table()
    old = [{"section": "Gone", "code": code, "description": "x"} for code in ("-7", "'=gone")]
    texts = iter([stored(text) for text in HOSTILE] * 4)
    rows = [
        {"section": stored(HOSTILE[at % 9]), "code": code, "-x": next(texts), "N/A": next(texts), "'=y": next(texts)}
        | {name: next(texts) for name in VENDOR_TEXTS}
        for at, code in enumerate(CODES)
    ]
    for objects in (old, rows):
        plan = planned(table, "json", json.dumps(objects).encode())
        apply_import(plan, by(), yes_retire=True)
    assert table.codes.current().count() == len(CODES)
    for ending, form in FORMS:
        plan = planned(table, ending, b"".join(export_table(table, ending, csv_form=form)))
        rows = {kind: number for kind, number in kinds(plan).items() if kind != "warning"}
        assert (rows, plan.questions) == ({"unchanged": len(CODES)}, []), (ending, form)
