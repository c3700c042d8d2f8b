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


def test_a_small_change_in_a_huge_text_shows_as_such():
    text = "word " * 50_000
    assert words(f"{text}old {text}", f"{text}new {text}")[1:3] == [("removed", "old"), ("added", "new")]


@pytest.mark.parametrize(("end", "is_compared"), [("", True), ("三", False)])
def test_texts_of_more_than_500_words_each_are_replaced_whole_rather_than_compared(end, is_compared):
    before, after = "一二" * 250 + end, "二一" * 250
    pieces = words(before, after)
    assert ("same" in {piece.kind for piece in pieces}) == is_compared
    if not is_compared:
        assert pieces == [("removed", before), ("added", after)]


@pytest.mark.parametrize(
    ("before", "after"), [("a b", "a b a b"), ("a b a b", "a b"), ("a", "a a"), ("a a", "a"), ("a b a", "a")]
)
def test_a_word_counts_once_although_both_ends_have_it(before, after):
    pieces = words(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        # Neighbours of one kind are one piece, in the order in which a person reads them.
        ("a b", "x y", [("removed", "a"), ("added", "x"), ("same", " "), ("removed", "b"), ("added", "y")]),
        ("a", "a b c", [("same", "a"), ("added", " b c")]),
        ("a b c", "c", [("removed", "a b "), ("same", "c")]),
        ("don't", "don't-", [("removed", "don't"), ("added", "don't-")]),
        ("한국", "한글", [("same", "한"), ("removed", "국"), ("added", "글")]),
        ("，好", "。好", [("removed", "，"), ("added", "。"), ("same", "好")]),
    ],
)
def test_pieces_are_whole_words_in_reading_order(before, after, pieces):
    assert words(before, after) == pieces
