"""The words of a curator: how they are read, and which are refused."""

import pytest

from kb.text.detection.context_words import MAX_LENGTH, MAX_WORDS, context_words, word_problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("PayHub", ("payhub",)),
        ("PayHub, pay  hub\r\n gateway ,,\n", ("payhub", "pay hub", "gateway")),
        ("a1, A1", ("a1",)),
    ],
)
def test_words_are_one_a_line_or_with_commas_between_them(text, words):
    assert context_words(text) == words


def test_at_most_a_hundred_words_are_read():
    assert len(context_words("\n".join(f"word{n}" for n in range(MAX_WORDS + 5)))) == MAX_WORDS


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ""),
        ("payhub, pay hub", ""),
        ("x" * MAX_LENGTH, ""),
        ("\n".join(["ab"] * MAX_WORDS), ""),
        ("p", "“p” has 1 characters"),
        ("x" * (MAX_LENGTH + 1), f"has {MAX_LENGTH + 1} characters"),
        ("payhub, 4301", "“4301” has no letter"),
        ("\n".join(["ab"] * (MAX_WORDS + 1)), f"{MAX_WORDS + 1} words and phrases"),
    ],
)
def test_a_word_that_cannot_tell_a_table_is_named(text, problem):
    answer = word_problem(text)
    assert problem in answer
    assert bool(problem) == bool(answer)
