"""What two texts have to have in common to say the same."""

import pytest

from kb.text.editing.cosmetic import is_cosmetic


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
        ("Waits 10 s for E-101", "Waits 10s for E101"),
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
        ("See E101", "See E102"),
        ("The flag is 0x10", "The flag is 0x20"),
        ("Uses IPv4", "Uses IPv6"),
    ],
)
def test_other_words_numbers_and_signs_are_no_cosmetics(before, after):
    assert not is_cosmetic(before, after)
    assert not is_cosmetic(after, before)
