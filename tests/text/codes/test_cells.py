"""One cell: empty or not, its line breaks, and whether it lists several codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.codes.cells import MAX_RANGE, several_codes, tidy, unfit
from kb.text.safety.formula import defuse, mark_apostrophe


@pytest.mark.parametrize("cell", ["", "  ", "-", " - ", "—", "–", "N/A", "n/a", "null", "None", "\r\n", "\n\n  "])
def test_signs_for_no_value_make_an_empty_cell(cell):
    assert tidy(cell) == ""


@pytest.mark.parametrize(
    "cell", ["- a bullet", "-1", "0", "None of these.", "nullable", "--", "  indented", "<Enqueue>"]
)
def test_other_cells_stay_byte_for_byte(cell):
    assert tidy(cell) == cell


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a<br>b<br/>c <BR /> d", "a\nb\nc\nd"),
        ("a<br>\r\nb", "a\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("Check:<ul>\n  <li> a </li>\n  <li>b</li>\n</ul>Then retry.", "Check:\n- a\n- b\nThen retry."),
        ("text \t\n ", "text"),
    ],
)
def test_every_line_break_has_one_form(cell, text):
    assert tidy(cell) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [("'-1000", "-1000"), ("'=1+1", "=1+1"), ("''quoted'", "'quoted'"), ("'-1", "-1"), ("'hello'", "'hello'")],
)
def test_defused_cells_are_restored_only_from_a_spreadsheet(cell, text):
    assert tidy(cell, spreadsheet=True) == text
    assert tidy(cell) == cell


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("1010、5007", ("1010", "5007")),
        ("3001、5000、5001", ("3001", "5000", "5001")),
        ("451, 550", ("451", "550")),
        ("1001/1002", ("1001", "1002")),
        ("1001 1002", ("1001", "1002")),
        ("1001\n1002", ("1001", "1002")),
        ("451 and 550", ("451", "550")),
        ("1001-1005", ("1001", "1002", "1003", "1004", "1005")),
        ("0998~1001", ("0998", "0999", "1000", "1001")),
        ("7, 10–12", ("7", "10", "11", "12")),
        ("-32000, -32001", ("-32000", "-32001")),
        ("ORA-00001；ORA-00002", ("ORA-00001", "ORA-00002")),
        ("100000-999999", ("100000", "999999")),
    ],
)
def test_several_codes_in_a_cell_are_suggested(cell, codes):
    assert several_codes(cell) == codes


@pytest.mark.parametrize(
    "cell",
    ["0", "660300001", "-1000", "X.7.1", "ORA-00001", "0xC0000005", "0x80-0x81", "404-13", "5-1", "HTTP 404", "E/1001",
     "42P01", "SUCCESS", "not found", "a,b", "", " " * 100_000, ", " * 100_000],
)  # fmt: skip
def test_a_single_code_is_not_split(cell):
    assert several_codes(cell) == ()


def test_a_long_range_gives_its_two_ends():
    assert len(several_codes(f"1000-{999 + MAX_RANGE}")) == MAX_RANGE
    assert several_codes(f"1000-{1000 + MAX_RANGE}") == ("1000", str(1000 + MAX_RANGE))


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\udc80"])
def test_characters_that_no_text_may_hold_are_found(character):
    assert unfit(f"a{character}b") == character
    assert unfit("tab\tand\nlines 中文") == ""


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("3140-5127", ()),
        ("3100-5199", ("3100", "5199")),
        ("3140 - 5127", ("3140", "5127")),
        ("3140-3142", ("3140", "3141", "3142")),
    ],
)
def test_two_groups_of_four_digits_are_one_code_unless_they_are_the_ends_of_a_range(cell, codes):
    assert several_codes(cell) == codes


PIECES = [
    "<br>",
    "<br",
    "/>",
    ">",
    "<",
    "<li>",
    "</li>",
    "</ul>",
    "<ul>",
    "'",
    "-",
    "=",
    "\n",
    "\r",
    " ",
    "a",
    "N/A",
    "\xa0",
]


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_a_text_that_was_read_stays_the_same_when_it_is_read_again(cell):
    for spreadsheet in (False, True):
        text = tidy(cell, spreadsheet)
        assert tidy(text) == text
        assert tidy(defuse(text), spreadsheet=True) == text
        assert tidy(mark_apostrophe(text), spreadsheet=True) == text


def test_an_empty_cell_is_empty_behind_an_apostrophe_too():
    assert tidy("'-", spreadsheet=True) == tidy("-          ") == ""
