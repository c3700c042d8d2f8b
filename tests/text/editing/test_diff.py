"""Word-level differences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.editing.diff import words


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
def test_a_diff_has_the_words_that_changed(before, after, pieces):
    assert words(before, after) == pieces


@given(st.text(max_size=300), st.text(max_size=300))
def test_the_pieces_make_both_texts(before, after):
    pieces = words(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


def test_a_huge_text_is_replaced_whole_rather_than_compared():
    before, after = "a " * 50_000, "b " * 50_000
    assert words(before, after) == [("removed", before[:-1]), ("added", after[:-1]), ("same", " ")]


def test_a_small_change_in_a_huge_text_shows_as_such():
    text = "word " * 50_000
    assert words(f"{text}old {text}", f"{text}new {text}")[1:3] == [("removed", "old"), ("added", "new")]


def test_the_longest_texts_that_are_compared_word_by_word():
    """500 words against 500 are compared; with one more, the text is replaced as a whole."""
    middle = "".join(chr(0x4E00 + n) for n in range(498))
    before, after = f"\u7532{middle}\u7532", f"\u4e59{middle}\u4e59"
    kinds = ["removed", "added", "same", "removed", "added"]
    assert [piece.kind for piece in words(before, after)] == kinds
    assert words(before, f"{after}\u4e59") == [("removed", before), ("added", f"{after}\u4e59")]
