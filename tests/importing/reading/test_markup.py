"""Tables as vendors published them, where they are at hand; they are no part of the repository."""

from collections import Counter

import pytest

from kb.importing.reading.sources import Limits, open_source
from tests import ROOT

TABLES = ROOT.parent / "shared" / "tables"
pytestmark = pytest.mark.skipif(not TABLES.is_dir(), reason="the vendors' tables are not at hand")


def table(name):
    path = TABLES / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand")
    source = open_source(path, name, limits=Limits())
    return source, list(source.rows())


def contents(rows):
    return [(row.section, row.code, row.texts) for row in rows]


@pytest.mark.parametrize(
    ("date", "count", "columns"),
    [("2025-02-18", 45, 1), ("2025-03-05", 42, 1), ("2025-03-13", 47, 1), ("2025-05-21", 48, 1), ("2025-07-15", 129, 3),
     ("2025-09-04", 129, 3)],
)  # fmt: skip
def test_every_state_of_the_zim_table_is_read(date, count, columns):
    source, rows = table(f"zim_server_en_{date}.csv")
    assert len(rows) == count
    assert {len(row.texts) for row in rows} == {columns}
    assert source.problems == []


@pytest.mark.parametrize("name", ["seed_cr_only_lines.csv", "seed_two_sheets_numeric_codes.xlsx"])
def test_the_first_table_is_the_same_in_every_form(name):
    source, rows = table(name)
    assert contents(rows) == contents(table("zim_server_en_2025-07-15.csv")[1])
    assert source.problems == []


def test_the_first_table_has_as_many_empty_cells_as_published():
    rows = table("zim_server_en_2025-07-15.csv")[1]
    assert sum(not row.texts["possible_reasons"] for row in rows) == 59
    assert {row.code for row in rows if not row.texts["suggested_actions"]} == {"0", "660600016"}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("zim_server_zh_utf16le_bom_tab.txt", "utf-16"),
        ("zim_server_zh_utf8_bom_semicolon.csv", "utf-8"),
        ("zim_server_zh_merged_cells_two_sheets.xlsx", ""),
        ("zim_server_zh_merged_cells_one_sheet_banner_rows.xlsx", ""),
    ],
)
def test_the_chinese_table_is_the_same_in_every_form(name, encoding):
    first, expected = table("zim_server_zh_gb18030.csv")
    source, rows = table(name)
    assert (first.encoding, source.encoding, len(rows)) == ("gb18030", encoding, 133)
    assert contents(rows) == contents(expected)
    assert source.problems == first.problems == []


def test_several_codes_in_a_cell_are_reported_with_their_lines():
    source, rows = table("rtc_server_en.csv")
    assert len(rows) == 130
    lines = (TABLES / "rtc_server_en.csv").read_text(encoding="utf-8").split("\n")
    assert [problem.kind for problem in source.problems] == ["several_codes"] * 5
    for problem in source.problems:
        assert problem.value in lines[problem.place.line - 1]
        assert "、".join(problem.suggestion) == problem.value
    assert "possible_reasons" not in rows[0].texts


def test_codes_with_leading_zeros_stay_and_lost_zeros_are_pointed_out():
    csv, expected = table("postgresql_15.csv")
    text, rows = table("postgresql-15-errcodes_text_codes.xlsx")
    assert len(rows) == 266
    assert contents(rows) == contents(expected)
    assert [row.extra for row in rows] == [row.extra for row in expected]
    assert text.problems == csv.problems == []
    lost, rows = table("postgresql-15-errcodes_leading_zeros_lost.xlsx")
    assert len(rows) == 266
    narrow = [problem for problem in lost.problems if problem.kind == "zeros_lost"]
    assert [problem.place.line - 2 for problem in narrow] == [
        position for position, (now, was) in enumerate(zip(rows, expected, strict=True)) if now.code != was.code
    ]
    assert [problem.suggestion for problem in narrow] == [
        (was.code,) for now, was in zip(rows, expected, strict=True) if now.code != was.code
    ]


def test_hexadecimal_codes_stay_as_they_are_written():
    source, rows = table("windows_ntstatus.csv")
    assert len(rows) == 1792
    assert rows[0].code == "0x00000000"
    assert rows[0].texts["symbol"] == "STATUS_SUCCESS"
    assert source.problems == []


def test_a_wide_table_with_long_cells_is_read():
    source, rows = table("twilio_2023-05-15.csv")
    assert len(rows) == 1953
    assert max(len(row.extra.get("docs", "")) for row in rows) > 3500
    assert not any("\r" in text for row in rows for text in [*row.texts.values(), *row.extra.values()])
    assert all(row.texts["description"] for row in rows)
    assert source.columns.extra_headers == [
        "log_level", "secondary_message", "log_type", "docs", "description", "date_created", "last_updated",
    ]  # fmt: skip
    assert [problem.kind for problem in source.problems] == ["same_target"]
    assert Counter(row.section for row in rows)["Flex"] == 93
