"""Tables in the shapes that vendors publish, read whole."""

from collections import Counter

import pytest

from tests.importing.vendor import ZIM, cells, open_table, text


def table(name):
    source = open_table(name)
    return source, list(source.rows())


def contents(rows):
    return [(row.section, row.code, row.texts) for row in rows]


@pytest.mark.parametrize(
    ("name", "count", "columns"),
    [
        ("relay_en_1.csv", 10, 1),
        ("relay_en_2.csv", 8, 1),
        ("relay_en_3.csv", 11, 1),
        ("relay_en_4.csv", 14, 3),
        ("relay_en_5.csv", 14, 3),
        (ZIM.name, 129, 3),
    ],
)
def test_every_state_of_a_table_is_read(name, count, columns):
    source, rows = table(name)
    assert len(rows) == count
    assert {len(row.texts) for row in rows} == {columns}
    assert source.problems == []
    assert [[row.section, row.code, *row.texts.values()] for row in rows] == cells(name)


@pytest.mark.parametrize("name", ["zim_cr_only.csv", "zim_two_sheets.xlsx"])
def test_the_first_table_is_the_same_in_every_form(name):
    source, rows = table(name)
    assert contents(rows) == contents(table(ZIM.name)[1])
    assert source.problems == []


def test_the_first_table_has_as_many_empty_cells_as_published():
    rows = table(ZIM.name)[1]
    assert sum(not row.texts["possible_reasons"] for row in rows) == 59
    assert {row.code for row in rows if not row.texts["suggested_actions"]} == {"0", "660600016"}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("relay_zh.csv", "utf-8"),
        ("relay_zh_bom_semicolon.csv", "utf-8"),
        ("relay_zh_utf16_tab.txt", "utf-16"),
        ("relay_zh_two_sheets.xlsx", ""),
        ("relay_zh_banners.xlsx", ""),
    ],
)
def test_the_chinese_table_is_the_same_in_every_form(name, encoding):
    first, expected = table("relay_zh_gb18030.csv")
    source, rows = table(name)
    assert (first.encoding, source.encoding, len(rows)) == ("gb18030", encoding, 11)
    assert contents(rows) == contents(expected)
    assert source.problems == first.problems == []
    assert Counter(row.section for row in rows) == {"通用返回码": 5, "频道返回码": 6}
    assert rows[6].texts["description"].split("\n") == [
        "- 成员不存在。", "- 成员已退出登录。", "- 仅服务端创建过该成员，成员从未登录。",
    ]  # fmt: skip
    assert [row.code for row in rows if not row.texts["possible_reasons"]] == [
        "0", "910300005", "910300019", "910800052",
    ]  # fmt: skip


def test_several_codes_in_a_cell_are_reported_with_their_lines():
    source, rows = table("switchboard_en.csv")
    assert len(rows) == 10
    assert [(problem.kind, problem.place.line, problem.value, problem.suggestion) for problem in source.problems] == [
        ("several_codes", 9, "1010、5007", ("1010", "5007")),
        ("several_codes", 12, "3001、5000、5001", ("3001", "5000", "5001")),
        ("several_codes", 14, "50006、50007", ("50006", "50007")),
    ]
    assert "possible_reasons" not in rows[0].texts


def test_codes_with_leading_zeros_stay_and_lost_zeros_are_pointed_out():
    states, expected = table("ledger_states.csv")
    book, rows = table("ledger_text.xlsx")
    assert len(rows) == 15
    assert contents(rows) == contents(expected)
    assert [row.extra for row in rows] == [row.extra for row in expected]
    assert book.problems == states.problems == []
    numbers, rows = table("ledger_numbers.xlsx")
    assert [row.code for row in rows[:5]] == ["0", "1000", "0100C", "1008", "08P01"]
    assert [(problem.kind, problem.place.line, problem.suggestion) for problem in numbers.problems] == [
        ("zeros_lost", 2, ("00000",)),
        ("zeros_lost", 3, ("01000",)),
        ("zeros_lost", 5, ("01008",)),
    ]


def test_hexadecimal_codes_stay_as_they_are_written():
    source, rows = table("device_status.csv")
    assert [row.code for row in rows] == [line.split(",")[0] for line in text("device_status.csv").splitlines()[1:]]
    assert (rows[0].code, rows[0].texts["symbol"]) == ("0x00000000", "DEVICE_READY")
    assert source.problems == []


def test_a_wide_table_with_long_cells_is_read():
    source, rows = table("alerts.csv")
    assert [row.code for row in rows] == ["30001", "30002", "30003", "30004"]
    assert max(len(row.extra.get("docs", "")) for row in rows) > 3500
    assert not any("\r" in cell for row in rows for cell in [*row.texts.values(), *row.extra.values()])
    assert rows[2].texts["possible_reasons"] == "* The line is busy.\n* The line is cut."
    assert all(row.texts["description"] for row in rows)
    assert source.columns.extra_headers == [
        "log_level", "secondary_message", "log_type", "docs", "description", "date_created", "last_updated",
    ]  # fmt: skip
    assert [problem.kind for problem in source.problems] == ["same_target"]
    assert Counter(row.section for row in rows) == {"Flow": 2, "Voice": 1, "Text": 1}
