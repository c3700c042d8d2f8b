"""Cells are defused for a spreadsheet, and come back without losing a byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.safety.formula import defuse, infuse

CELLS = st.text() | st.text("=+-@\t\r'a ", max_size=6)


@given(CELLS)
def test_defused_cells_are_restored(cell):
    assert infuse(defuse(cell)) == cell


@given(CELLS)
def test_no_defused_cell_is_a_formula(cell):
    assert not defuse(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("cell", "defused"),
    [("-1000", "'-1000"), ("=1+1", "'=1+1"), ("'quoted'", "''quoted'"), ("plain", "plain"), ("", ""), ("a=b", "a=b")],
)
def test_only_cells_that_might_run_get_an_apostrophe(cell, defused):
    assert defuse(cell) == defused


@pytest.mark.parametrize("sign", "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212")
@pytest.mark.parametrize(
    "before", ["", " ", "\u3000", "\xa0", "\n", "\x00", "\u200b", "\ufeff", " \u200b\t ", "\u202e"]
)
def test_signs_that_a_spreadsheet_may_read_are_defused_also_behind_what_nobody_sees(before, sign):
    cell = f"{before}{sign}1+1"
    assert defuse(cell) == f"'{cell}"
    assert infuse(defuse(cell)) == cell


@pytest.mark.parametrize("cell", ["'hello'", "it's", "'", "' a=1"])
def test_a_vendors_own_apostrophe_stays(cell):
    assert infuse(cell) == cell
