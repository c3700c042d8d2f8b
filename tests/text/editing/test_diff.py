"""Word-level differences."""

import time

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


def test_long_chinese_texts_do_not_stall_a_page():
    started = time.process_time()
    for n in range(20):
        words("一二" * 990 + str(n), "二一" * 990)
    assert time.process_time() - started < 5
