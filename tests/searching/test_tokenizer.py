"""Text becomes words, the same everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.searching.tokenizer import MAX_LENGTH, MAX_TEXT, each_once, fold, stem, stems_and_words, words_in


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
    assert each_once(stems_and_words(text)[1]) == words


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


STEMS = {
    "a short word stays": "tie die bus fly age use red bed a1s sms ate été",
    "only words of letters have one": "abc1s=abc1s 123s=123s cafés=cafés",
    "an end of ies or ied": "ties=tie dies=die tries=try denied=deny",
    "an end of es after a hiss": "boxes=box passes=pass matches=match dishes=dish",
    "an end of s": "rooms=room this=this pass=pass status=status process=process abcs=abc",
    "an end of ing or ed behind a vowel": "kicked=kick sing=sing string=string ring=ring being=being used=used",
    "no end of eed": "agreed=agreed feed=feed exceed=exceed",
    "a doubled letter": "banned=ban running=run falling=fall telling=tell passing=pass",
    "an end of tion or sion": "deletion=delet session=sess option=option nation=nation vision=vision",
    "an end of ly": "rapidly=rapid early=early reply=reply daily=daily",
    "an end of e": "code=cod relate=relat",
    "an end of at in a long word": "generate=gener formate=format updat=updat format=format",
}


@pytest.mark.parametrize("rule", STEMS)
def test_the_stem_of_a_word(rule):
    for pair in STEMS[rule].split():
        word, _, expected = pair.partition("=")
        assert stem(word) == (expected or word)


def test_so_many_letters_of_a_word_and_of_a_text_are_read():
    assert stems_and_words("x" * (MAX_LENGTH + 1))[1] == ["x" * MAX_LENGTH]
    assert stems_and_words(f"{' ' * (MAX_TEXT - 1)}ab")[1] == ["a"]
    assert stems_and_words(f"{' ' * (MAX_TEXT - 2)}éb")[1] == ["eb"]


@pytest.mark.parametrize("pair", ["user room", "status state", "group owner", "add address", "class clause"])
def test_different_words_have_different_stems(pair):
    one, other = pair.split()
    assert stem(one) != stem(other)


@given(st.text(st.characters(), max_size=200))
def test_no_database_would_split_a_word(text):
    stems, words = stems_and_words(text)
    for word in " ".join([stems, *words]).split(" "):
        assert word.isalnum() or word == ""
        assert word == word.encode("utf-8").decode()
        assert not any("A" <= c <= "Z" for c in word)
    for word in words_in(fold(text)):
        assert len(word.whole) <= MAX_LENGTH


@given(st.lists(st.one_of(st.text(st.characters(max_codepoint=127), max_size=60), st.text(max_size=60)), max_size=3))
def test_the_words_of_texts_are_those_of_each_text(texts):
    words = [form for text in texts for word in words_in(fold(text)) for form in (*word.parts, word.whole)]
    stems, found = stems_and_words(*texts)
    assert (stems, " ".join(found)) == (" ".join(map(stem, words)), " ".join(words))
    assert each_once(found) == " ".join(dict.fromkeys(words))
