"""Degenerate files take time in proportion to their size: to read, to plan and to apply."""

import contextlib
import time
from io import BytesIO

import pytest

from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import
from kb.importing.reading.formats import xlsx
from kb.importing.reading.sources import Limits, Unreadable, open_source
from kb.models import ImportRow
from kb.services.journal import By, Door
from tests import make
from tests.attacks.files import SHEET, changed, sheet
from tests.attacks.shapes import SHAPES, WORKBOOKS, Shape, seconds
from tests.importing.files import read_rows, refusal

SMALL = 20_000
FLOOR = 0.06
"""Seconds of the processor that tell nothing: reading 80,000 bytes takes less, whatever their shape."""

SECONDS_PER_MB = 12
"""The slowest shapes take 2 to 4 on an idle machine."""


def reader(name):
    def read(content):
        with contextlib.suppress(Unreadable):
            for _ in open_source(BytesIO(content), name, limits=Limits()).rows():
                pass

    return read


def grows_too_fast(read, content, size=SMALL):
    """Return the seconds for a size and four times the size, where they are out of proportion; or None."""
    large = seconds(read, content(4 * size), FLOOR)
    if large < FLOOR:
        return None
    small = seconds(read, content(size))
    is_slow = large / (4 * size / 1e6) > SECONDS_PER_MB
    return (small, large) if is_slow or large > 6 * small + FLOOR else None


@pytest.mark.wide
@pytest.mark.parametrize("name", sorted({shape.name for shape in SHAPES}))
def test_reading_a_text_of_any_shape_takes_time_in_proportion_to_it(name):
    slow = {}
    for shape in SHAPES:
        if shape.name == name and (took := grows_too_fast(reader(name), shape.content)):
            slow[shape] = took
    assert slow == {}


@pytest.mark.wide
@pytest.mark.parametrize("name", WORKBOOKS)
def test_reading_a_workbook_of_any_shape_takes_time_in_proportion_to_it(name):
    assert grows_too_fast(reader("t.xlsx"), WORKBOOKS[name]) is None


def test_a_shape_that_is_read_too_slowly_is_seen():
    def pairs(content):
        for at in range(0, len(content), 20):
            content[at:].count(b"x")

    assert grows_too_fast(pairs, Shape("t.csv", "", "x").content, 100_000)


def test_a_header_repeated_in_one_line_is_refused_at_once():
    started = time.process_time()
    assert refusal("x," * 2_400 + "\n1\n")[0] == ["too_many_columns"]
    assert refusal("code," + "x," * 300_000 + "\n1\n")[0] == ["too_many_columns"]
    assert time.process_time() - started < 10


def test_a_row_of_a_million_signs_is_refused_at_once():
    started = time.process_time()
    assert refusal("|" * 1_000_000 + "\n|" + "-|" * 500_000 + "\n", "t.md")[0] == ["no_code_column"]
    kinds, message = refusal("|===\n" + "|" * 1_000_000 + "\n|===\n", "t.adoc")
    assert (kinds, "1000000 cells" in message) == (["too_many_columns"], True)
    assert time.process_time() - started < 10


@pytest.mark.parametrize("digits", ["9" * 5_000, "0" * 5_000 + "65"])
def test_a_reference_of_thousands_of_digits_is_one_unknown_character(digits):
    rows, problems = read_rows(f"<table><tr><th>Code<th>Text<tr><td>1<td>a&#{digits};b</table>", "t.html")
    assert (rows[0].texts, problems) == ({"description": "a\ufffdb"}, [])


def test_cells_that_tags_make_are_limited():
    page = "<table><tr><th>Code" + "<tr><td rowspan=9999 colspan=99>" + "<tr>" * 500
    assert refusal(page, "t.html", limits=Limits(memory=20_000))[0] == ["too_many_cells"]
    document = "| code |\n| --- |\n" + "| 1 |\n" * 500
    assert refusal(document, "t.md", limits=Limits(memory=3_600))[0] == ["too_many_cells"]


def test_codes_that_cells_list_are_limited(monkeypatch):
    content = "code,text\n" + '"100-199,200-299",x\n' * 3
    assert len(read_rows(content)[1]) == 3
    monkeypatch.setattr("kb.importing.reading.sources.MAX_SUGGESTIONS", 500)
    kinds, message = refusal(content)
    assert kinds[0] == "too_many_problems"
    assert "more than 500 codes" in message


def test_tables_of_a_page_have_so_many_columns_together():
    page = "".join(f"<table><tr><th>Code<th>A{n}<tr><td>1<td>2</table>" for n in range(40))
    assert read_rows(page, "t.html", limits=Limits(columns=5))[0]
    assert refusal(page * 1, "t.html", limits=Limits(columns=4))[0] == ["too_many_columns"]


def test_what_a_workbook_may_make_of_few_bytes_is_limited(monkeypatch):
    for name, most, content, message in (
        ("MAX_MERGED", 9, WORKBOOKS["merged cells"](600), "merged cells"),
        ("MAX_STYLE_TAGS", 50, WORKBOOKS["styles"](600), "tags"),
    ):
        assert read_rows(content, "t.xlsx")
        monkeypatch.setattr(xlsx, name, most)
        assert message in refusal(content, "t.xlsx")[1]
        monkeypatch.undo()
    row = b'<row r="%d"><c t="inlineStr"><is><t>Code</t></is></c></row>'
    content = changed(SHEET, sheet(row % 1 + row % 900))
    monkeypatch.setattr(xlsx._Gaps, "__init__", lambda gaps: setattr(gaps, "left", 500))
    assert "skip more than" in refusal(content, "t.xlsx")[1]


SECTIONS, CODES = "section,code,text\n", "code,text\n"
TABLES = {
    "equal codes": ("", SECTIONS, "A,1,x\n", {"duplicate", "new"}),
    "equal codes in many sections": ("", SECTIONS, "S%d,1,x\n", {"new"}),
    "equal codes in sections with signs": ("", SECTIONS, "?%d,1,x\n", {"new"}),
    "equal codes into a table that has the code once": ("A,1,x\n", SECTIONS, "S%d,1,x\n", {"new", "retired"}),
    "equal codes from other sections": ("S%d,1,x\n", SECTIONS, "T%d,1,x\n", {"new", "retired"}),
    "equal codes in another order": ("S%d,1,x\n", SECTIONS, "S-%d,1,y\n", {"changed", "section"}),
    "a code of many sections, without a section": ("S%d,1,x\n", CODES, "1,x\n", {"duplicate", "error", "warning"}),
    "codes of two sections, without a section": ("A,%d,x\nB,%d,x\n", CODES, "%d,x\n", {"error", "warning"}),
    "rows that do not fit": ("A,%d,x\n", "code,symbol\n", "x%d," + "s" * 201 + "\n", {"error", "retired"}),
    "ranges in place of codes": ("A,%d,x\n", CODES, '"%d-999999999,1",x\n', {"error"}),
}
"""What the table has, the header of the file, its row, and the kinds of rows of its plan."""


def _table_of(unit, times):
    table = make.table(f"t{times}")
    if unit:
        content = Shape("t.csv", SECTIONS, unit).content(len(unit) * (times if "%d" in unit else 1))
        by = By(None, Door.IMPORT)
        apply_import(plan_import(table, open_source(BytesIO(content), "t.csv", limits=Limits()), by), by)
    return table


@pytest.mark.django_db(transaction=True)
@pytest.mark.wide
@pytest.mark.parametrize("name", TABLES)
def test_planning_and_applying_take_time_in_proportion_to_the_rows(name):
    held, header, unit, kinds = TABLES[name]
    took, by = [], By(None, Door.IMPORT)
    for times in (700, 2_800):
        table = _table_of(held, times)
        content = Shape("t.csv", header, unit).content(len(unit) * times)
        started = time.process_time()
        plan = plan_import(table, open_source(BytesIO(content), "t.csv", limits=Limits()), by, complete=True)
        assert {kind for kind, count in plan.counts.items() if count} - {"unchanged"} == kinds - {"unchanged"}
        assert (
            ImportRow.objects.filter(table_import=plan).count() == plan.count(*plan.counts) - plan.counts["unchanged"]
        )
        apply_import(plan, by, yes_retire=True, yes_strange=True, skip_errors=True)
        took.append(time.process_time() - started)
    # SQLite runs in this process. What compared each row with each took 20 times as long.
    assert took[1] < 10 * took[0] + 1
