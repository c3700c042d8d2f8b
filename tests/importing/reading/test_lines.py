"""Lines between rows that are no codes: legends, ends of pages, blocks of codes, ranges and conditions."""

import pytest

from tests.importing.files import open_text


def reading(content, name="t.csv"):
    """Return the section and code of each row, and the kinds of the problems."""
    source = open_text(content, name)
    return [(row.section, row.code) for row in source.rows()], [problem.kind for problem in source.problems]


@pytest.mark.parametrize("heading", ["Legend:", "Legende:", "Key:", "L\u00e9gende :"])
def test_a_legend_below_the_rows_is_told_and_left_out(heading):
    rows, kinds = reading(f"Code,Level,Text\nP-1,S,Pump\nP-2,H,Fan\n\n{heading},,\nS,stop,\nH,hint,\n")
    assert (rows, kinds) == ([("", "P-1"), ("", "P-2")], ["note_left_out"] * 3)


def test_a_legend_ends_where_codes_like_those_above_follow():
    rows, kinds = reading("Code,Level,Text\nP-1,S,Pump\nLegend:,,\nS,stop,\nP-2,H,Fan\n")
    assert (rows, kinds) == ([("", "P-1"), ("", "P-2")], ["note_left_out"] * 2)


@pytest.mark.parametrize(
    "line",
    ["Page 3 of 9,,", "\u00a9 2031 Example Ltd,,",
     "(c) 2031 Example Ltd,,", "Copyright Example,,", "Stand: 05.06.2031,,Seite 2",
     "Seite 2 von 9,,", "Alarms (continued),,", "Last updated 5 June,x,"],
)  # fmt: skip
def test_what_stands_around_a_page_is_told_and_left_out(line):
    rows, kinds = reading(f"Code,Text,Action\n7,Hot,Wait\n{line}\nCode,Text,Action\n8,Cold,Heat\n")
    assert (rows, kinds) == ([("", "7"), ("", "8")], ["note_left_out"])


@pytest.mark.parametrize("code", ["COPYRIGHT_CLAIM", "copyright-claim", "PAGE_NOT_FOUND", "E#", "C#", "KEY"])
def test_a_code_of_such_words_is_a_code(code):
    assert reading(f"Code,Text\n{code},a\nOTHER_1,b\n") == ([("", code), ("", "OTHER_1")], [])


def test_pages_between_the_rows_do_not_hide_a_column_that_no_header_names():
    pages = "".join(f"Page {n} of 9,,\nAlarm,Meaning,Remedy\n{n}01,Axis {n} stuck,Jog\n" for n in (1, 2, 3))
    rows, kinds = reading(f"Alarm,Meaning,Remedy\n5,Axis slow,Oil\n{pages}")
    assert ([code for _, code in rows], set(kinds)) == (["5", "101", "201", "301"], {"note_left_out"})


def test_a_row_for_a_block_of_codes_is_a_section():
    content = "Code,Text\n70##,Doors\n7001,Open door\n####,**Lamps**\n8001,Dark lamp\n"
    assert reading(content) == ([("Doors", "7001"), ("Lamps", "8001")], [])


@pytest.mark.parametrize("cell", ["P0700 thru P0704", "0x30..0x34", "from 30 to 34", "U10-U14", "30 \u2026 34"])
def test_a_range_is_no_code(cell):
    assert reading(f"Code,Text\n{cell},a\nX9,b\n") == ([("", "X9")], ["several_codes"])


@pytest.mark.parametrize(
    ("cell", "kind"), [("0x30-0x34", "range_codes"), (">= 700", "condition_codes"), ("...", "no_code")]
)
def test_what_may_be_several_codes_is_told(cell, kind):
    assert reading(f"Code,Text\n{cell},a\nX9,b\n") == ([("", cell), ("", "X9")], [kind])


def test_tables_side_by_side_are_read_as_two():
    rows, kinds = reading("Code,Text,,Code,Text\nA1,One,,B1,Two\nA2,Three,,,\n")
    assert (rows, kinds) == ([("", "A1"), ("", "A2"), ("", "B1")], ["side_by_side"])


def test_codes_in_the_first_row_are_read_from_the_columns():
    source = open_text("Code,A1,A2\nDescription,Door is open,Lamp is dark\nAction,Close it,\n")
    rows = [(row.code, *row.texts.values()) for row in source.rows()]
    assert rows == [("A1", "Door is open", "Close it"), ("A2", "Lamp is dark", "")]
    assert [problem.kind for problem in source.problems] == ["turned_table"]
