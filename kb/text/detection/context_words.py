"""The words that a curator gives a table: near a code, they tell that it is of this table."""

import re

MAX_WORDS = 100
"""Most words and phrases of one table."""

MAX_LENGTH = 60
"""Longest word or phrase, in characters."""

_BETWEEN = re.compile(r"[,\r\n]")
_SPACE = re.compile(r"\s+")


def context_words(text: str) -> tuple[str, ...]:
    """Return the words and phrases of a text, in lower case and in order: one a line, or with commas between them."""
    words = (_SPACE.sub(" ", part.strip()).lower() for part in _BETWEEN.split(text))
    return tuple(dict.fromkeys(word for word in words if word))[:MAX_WORDS]


def word_problem(text: str) -> str:
    """Return what is wrong with a text of context words, as a message for people; "" if nothing is."""
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    if len(parts) > MAX_WORDS:
        return f"These are {len(parts)} words and phrases; a table has at most {MAX_WORDS}."
    for part in parts:
        if not 2 <= len(part) <= MAX_LENGTH:
            return f"“{part[:MAX_LENGTH]}” has {len(part)} characters; a word or phrase has 2 to {MAX_LENGTH}."
        if not any(sign.isalpha() for sign in part):
            return f"“{part}” has no letter: a number is no context word."
    return ""
