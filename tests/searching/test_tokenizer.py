"""Text becomes words, the same everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.searching.tokenizer import MAX_LENGTH, fold, stem, stems_and_words, words_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Room does not exist.", "room does not exist"),
        ("UserID", "user id userid"),
        ("QueryGroupMemberList", "query group member list querygroupmemberlist"),
        ("UserIDs", "user ids userids"),
        ("IsBase64", "is base64 isbase64"),
        ("can't, won’t; user's", "not user"),
        ("don't retry", "not retry"),
        ("ORA-00942", "ora 00942"),
        ("snake_case_name", "snake case name"),
        ("660300001", "660300001"),
        ("e\u0301cole École", "ecole"),
        ("ＲＯＯＭ ½", "room 1 2"),
        ("房间不存在", "房间 间不 不存 存在"),
        ("API返回", "api 返回"),
        ("\x00\ud800 \u202e'\"*", ""),
        ("😀 ok", "ok"),
    ],
)
def test_text_is_split_into_words(text, words):
    assert stems_and_words(text)[1] == words


@pytest.mark.parametrize(
    "forms",
    [
        "expire expired expires expiring expiration",
        "withdraw withdrawn withdrawal withdrawing",
        "authenticate authenticated authentication",
        "kick kicked kicking kicks",
        "deny denied denies",
        "delete deleted deletion deleting",
        "register registered registration",
        "mute muted muting",
        "exceed exceeds exceeded exceeding",
        "address addresses",
        "ban banned banning",
    ],
)
def test_forms_of_a_word_share_a_stem(forms):
    assert len({stem(word) for word in forms.split()}) == 1


@pytest.mark.parametrize("pair", ["user room", "status state", "group owner", "add address", "class clause"])
def test_different_words_have_different_stems(pair):
    one, other = pair.split()
    assert stem(one) != stem(other)


@given(st.text(st.characters(), max_size=200))
def test_no_database_would_split_a_word(text):
    stems, words = stems_and_words(text)
    for word in f"{stems} {words}".split(" "):
        assert word.isalnum() or word == ""
        assert word == word.encode("utf-8").decode()
        assert not any("A" <= c <= "Z" for c in word)
    for word in words_in(fold(text)):
        assert len(word.whole) <= MAX_LENGTH
