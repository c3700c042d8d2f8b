"""The pieces of words, as the tokenizer that the model was trained with has them."""

import pytest

from kb.searching import wordpiece
from kb.searching.wordpiece import numbers_of


def pieces_of(text):
    pieces = list(wordpiece._vocabulary())
    return [pieces[number] for number in numbers_of(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("The disk is full.", "the disk is full ."),
        ("don't stop_now", "don ' t stop _ now"),
        ("ERRCODE_DEADLOCK", "er ##rco ##de _ dead ##lock"),
        ("Ünïcödé naïve", "unicode naive"),
        ("0xC0000005", "0 ##x ##c ##00 ##00 ##00 ##5"),
        ("磁盘", "[UNK] [UNK]"),
        ("a\tb\u200bc\x00d", "a bc ##d"),
        ("€5 👍", "€ ##5 [UNK]"),
        ("x" * 101, "[UNK]"),
    ],
)  # fmt: skip
def test_a_text_becomes_the_pieces_of_the_vocabulary(text, expected):
    assert " ".join(pieces_of(text)) == f"[CLS] {expected} [SEP]".replace("  ", " ")


def test_a_long_text_is_cut():
    assert len(numbers_of("disk full " * 1000)) == wordpiece.MAX_PIECES
