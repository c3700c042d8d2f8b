"""What two texts have to have in common to say the same."""

import pytest

from kb.text.editing.cosmetic import is_cosmetic
from kb.text.editing.numbers import changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Wait  a minute", "Wait a minute."),
        ("See [the guide](https://a.example/1).", "See [the guide](https://b.example/2)."),
        ("See https://a.example/1", "See https://a.example/2"),
        ('Read <a href="/x">this</a>', "Read this"),
        ("The recieved packet", "The received packet"),
        ("Wrong adress", "Wrong address"),
        ("You can not log in", "You cannot log in"),
        ("Use `retry` later", "Use retry later"),
        ("服务器错误。", "服务器错误"),
        ("Ｆｕｌｌ", "Full"),
    ],
)
def test_spelling_punctuation_space_and_links_are_cosmetic(before, after):
    assert is_cosmetic(before, after)
    assert is_cosmetic(after, before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "Retry."),
        ("At most 64 bytes", "At most 256 bytes"),
        ("Version 1.5", "Version 15"),
        ("Room is valid", "Room is invalid"),
        ("It is allowed", "It is not allowed"),
        ("a < b", "a > b"),
        ("Send a POST", "Send a PORT"),
        ("Give <roomId>", "Give <userId>"),
        ("支持", "不支持"),
        ("Fails at -5", "Fails at 5"),
        ("Enable it", "Disable it"),
    ],
)
def test_other_words_numbers_and_signs_are_no_cosmetics(before, after):
    assert not is_cosmetic(before, after)
    assert not is_cosmetic(after, before)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("At most 64 bytes.", "At most 256 bytes.", ["64 → 256 bytes"]),
        ("64 bytes, 10 times/second", "256 bytes, 20 times/second", ["64 → 256 bytes", "10 → 20 times/second"]),
        ("最多64字节", "最多256字节", ["64 → 256 字节"]),
        ("Up to 5% of calls", "Up to 10% of calls", ["5 → 10 %"]),
        ("In 1.5 s", "In 1.5 seconds", []),
        ("Retry in 5 s", "Contact us", []),
        ("Retry", "Retry", []),
    ],
)
def test_numbers_that_change_are_named(before, after, expected):
    assert [str(change) for change in changed(before, after)] == expected
