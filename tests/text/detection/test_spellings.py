"""What somebody types for a code: the texts to read, and which of them comes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.codes.forms import canonical, readings
from kb.text.codes.symbols import looks_like_a_symbol, symbol_names
from kb.text.detection.spellings import MAX_TYPED, forms_of, spellings, subject, words
from tests.work import grows_faster_than_the_text


def texts(query):
    return [query, *(one.text for one in spellings(query))]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("#5150", "5150"), ("`5150`", "5150"), ("(5150)", "5150"), ("5150,", "5150"), ("5150!", "5150"),
        ("\u2013 5150", "5150"), ("\u201c5150\u201d", "5150"), ("**5150**", "5150"), ("<0x80040201>", "0x80040201"),
        ("0x80040201L", "0x80040201"), ("&H80040201", "0x80040201"), ("h'80040201'", "0x80040201"),
        ("16#80040201", "0x80040201"), ("\\x80040201", "0x80040201"), ("80040201h", "0x80040201"),
        ("(HRESULT)0x80040201L", "0x80040201"), ("0x8004_0201", "0x80040201"), ("ffffffff80040201", "0x80040201"),
        ("(int) -2147220991", "-2147220991"), ("TNS12500", "TNS12500"),
        ("Error 5150", "Error 5150"), ("- -42", "-42"),
    ],
)  # fmt: skip
def test_the_signs_around_a_code_are_left_out(query, text):
    assert text in texts(query)


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("Error 5150!", "5150"), ("what is 5150", "5150"), ("what does 5150 mean?", "5150"),
        ("how to fix 5150", "5150"),
        ("acme 5150", "5150"), ("5150 error", "5150"), ("SQLSTATE[58P01]", "58P1"), ("SQLSTATE: 58P01", "58P1"),
        ("TNS-12500: the listener failed", "TNS-12500"), ("tns12500", "TNS-12500"), ("got TNS 12500", "TNS-12500"),
        ('{"code": 5150}', "5150"), ("https://acme.example/errors?code=5150", "5150"),
        ("https://acme.example/docs/errors/5150", "5150"), ("err\u30005150", "5150"),
        ("\u9519\u8bef\u78015150", "5150"),
        ("n\u00b0 5150", "5150"), ("552 5.2.3", "5.2.3"), ("#5.2.3", "5.2.3"), ("403.17", "403-17"), ("401-9", "401.9"),
        ("acme 2140-0033", "2140-33"), ("-2147220991 (0x80040201)", canonical("0x80040201")), ("51,500", "51500"),
    ],
)  # fmt: skip
def test_a_code_among_other_words_is_read(query, form):
    assert form in {reading.canonical for text in texts(query) for reading in readings(text)}


@pytest.mark.parametrize(
    "query",
    [
        "room does not exist", "3 users cannot join", "calls drop after 3000 ms", "video freezes since 10 minutes",
        "cannot log in from 10.11.12.13", "since v5.1.8 the app is slow on Android", "room", "", "!",
        "x" * (MAX_TYPED + 1),
        "the list of 5150 names of our customers does not load",
    ],
)  # fmt: skip
def test_words_with_numbers_that_are_no_codes_cost_no_query(query):
    assert [one for one in spellings(query) if any(character.isdigit() for character in one.text) and one.rank] == []


def test_a_query_with_words_alone_has_nothing_to_look_up():
    assert forms_of("room does not exist") == (["ROOM-DOES-NOT-EXIST"], []) or forms_of("room does not exist") == (
        [],
        [],
    )


@pytest.mark.parametrize(
    ("query", "text"), [("#5151", "5151"), ("what is 5151", "5151"), ("5151", "5151"), ("my room", "my room")]
)
def test_codes_near_a_query_are_near_the_number_in_it(query, text):
    assert subject(query) == text


def test_words_that_may_name_a_table_are_those_that_say_something():
    assert words("What does Acme error 5150 mean?") == {"acme"}


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("NOT_FOUND", "NOT_FOUND"), ("not_found", "NOT_FOUND"), ("NotFound", "NOT_FOUND"),
        ("ERR_NOT-FOUND", "NOT_FOUND"),
        ("ERRCODE_NOT_FOUND", "NOT_FOUND"), ("not_found", "ERRCODE_NOT_FOUND"), ("ETIMEDOUT", "ETIMEDOUT"),
        ("HTTPNotFound", "HTTP_NOT_FOUND"),
    ],
)  # fmt: skip
def test_a_symbol_is_found_in_any_case_and_without_its_prefix(word, name):
    assert name in symbol_names(word)
    assert symbol_names(word)[0] == word.upper()


@pytest.mark.parametrize("word", ["room", "Room", "OK", "a-b", "sign-in", "5150", "_", "x_", "\u00c4_B", "A_" * 150])
def test_other_words_are_no_symbols(word):
    assert not looks_like_a_symbol(word)
    assert symbol_names(word) == ()


@given(st.text(max_size=80))
def test_any_text_can_be_typed(query):
    forms, names = forms_of(query)
    assert all(isinstance(form, str) and form for form in [*forms, *names])
    assert len(spellings(query)) <= 20


@pytest.mark.parametrize("unit", ["1", "-", "0x", "code ", "A_", "1.", "&H", "(int) "])
def test_reading_takes_no_longer_than_the_text(unit):
    assert not grows_faster_than_the_text(lambda text: spellings(text[:MAX_TYPED]), unit)
