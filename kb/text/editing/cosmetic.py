"""Whether two texts say the same: they differ only in spelling, punctuation, white space or links.

    is_cosmetic("Retry  later", "Retry later.")                 -> True
    is_cosmetic("See [docs](http://a)", "See [docs](http://b)") -> True
    is_cosmetic("Recieved too late", "Received too late")       -> True
    is_cosmetic("At most 64 bytes", "At most 256 bytes")        -> False
    is_cosmetic("Room is valid", "Room is invalid")             -> False

In doubt, a change is one of words: people then look at it.
"""

import re
import unicodedata
from functools import lru_cache

_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,1000}\)")
_URL = re.compile(r"https?://[^\s<>\"')\]\u3002\uff0c\uff09]{1,1000}+")
_TAG = re.compile(r"</?(?:a|b|i|u|em|strong|code|span|p|br|li|ul|ol|sup|sub)(?:\s[^<>]{0,1000})?/?>", re.IGNORECASE)
_NUMBER = re.compile(r"(?:(?<![^\W_])-)?\d++(?:[.,:]\d++)*+")
_SIGNS = re.compile(r"!=|[<>=+%°$€£¥≤≥≠≈±×÷]")
_WORD = re.compile(r"[^\W\d_]++")
_LETTERS = re.compile(r"[\W_]++")
_INSERTED, _REPLACED = 5, 6
"""Least letters of a word in which a letter more or less, or another one, is a matter of spelling."""
_LAST_ALPHABET = "\u052f"
"""The last Cyrillic letter. Further scripts have words of one character, where each one counts."""


def is_cosmetic(before: str, after: str) -> bool:
    """Whether two different texts have the same words, numbers and signs, spelling aside."""
    if not before or not after:
        return False
    a, b = plain(before), plain(after)
    if _NUMBER.findall(a) != _NUMBER.findall(b) or _SIGNS.findall(a) != _SIGNS.findall(b):
        return False
    if _LETTERS.sub("", a).casefold() == _LETTERS.sub("", b).casefold():
        return True
    words, others = _WORD.findall(a), _WORD.findall(b)
    return len(words) == len(others) and all(map(_is_spelling, words, others))


@lru_cache(maxsize=16)
def plain(text: str) -> str:
    """Return a text without tags and the addresses of links, with letters and digits of usual width."""
    text = _TAG.sub(" ", _LINK.sub(r"\1", text))
    return unicodedata.normalize("NFKC", _URL.sub(" ", text))


def _is_spelling(word: str, other: str) -> bool:
    """Whether two words are one, or one of them is the other misspelt by a letter: not the first, which may negate."""
    a, b = word.casefold(), other.casefold()
    if a == b:
        return True
    if a[0] != b[0] or max(a + b) > _LAST_ALPHABET or not (_is_lower(word) and _is_lower(other)):
        return False
    short, long = sorted((a, b), key=len)
    head = next((i for i, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]), len(short))
    if len(long) == len(short) + 1:
        return len(long) > _INSERTED and short[head:] == long[head + 1 :]
    if len(long) != len(short) or len(long) < _INSERTED:
        return False
    is_swapped = short[head : head + 2] == long[head : head + 2][::-1] and short[head + 2 :] == long[head + 2 :]
    return is_swapped or (len(long) >= _REPLACED and short[head + 1 :] == long[head + 1 :])


def _is_lower(word: str) -> bool:
    """Whether a word is one of a sentence: `userIds` and `POST` are names, in which each letter counts."""
    return word[1:].islower()
