"""Words in a text, in their order."""

import re

import pytest

from kb.text.accents import fold_case
from kb.text.phrases import pattern

TEXT = "Multimedia message, get redirect: café «ÜBUNG» seats_taken. Don't stop 100% of 房间不存在 or room5"


@pytest.mark.parametrize(
    ("words", "has_them"),
    [
        ("message get", True),
        ("MESSAGE  get!", True),
        ("get message", False),
        ("message redirect", False),
        ("essage get", False),
        ("cafe", True),
        ("café ubung", True),
        ("seats taken", True),
        ("seats_taken", True),
        ("taken don’t", True),
        ("don", False),
        ("stop 100 of", True),
        ("间不存", True),
        ("房 间", True),
        ("of房间", True),
        ("of 间", False),
        ("存在 or", True),
        ("room", False),
        ("...", False),
    ],
)
def test_words_stand_in_their_order_with_no_other_between_them(words, has_them):
    assert bool(re.search(pattern(words), fold_case(TEXT))) is has_them


@pytest.mark.parametrize(("text", "has_it"), [("'room'", True), ("l'room", False), ("room's", False), ("''room", True)])
def test_an_apostrophe_between_letters_belongs_to_their_word(text, has_it):
    assert bool(re.search(pattern("room"), text)) is has_it
