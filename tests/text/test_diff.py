"""Word-level differences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.diff import words


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("a b c", "a x c", [("same", "a "), ("removed", "b"), ("added", "x"), ("same", " c")]),
        ("", "new", [("added", "new")]),
        ("old", "", [("removed", "old")]),
        ("same", "same", [("same", "same")]),
        ("", "", []),
        ("请稍后重试", "请重试", [("same", "请"), ("removed", "稍后"), ("same", "重试")]),
    ],
)
def test_the_words_that_changed(before, after, pieces):
    assert words(before, after) == pieces


@given(st.text(max_size=300), st.text(max_size=300))
def test_both_texts_can_be_read_back(before, after):
    pieces = words(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


def test_a_huge_text_is_replaced_whole_rather_than_compared():
    before, after = "a " * 50_000, "b " * 50_000
    assert words(before, after) == [("removed", before), ("added", after)]
