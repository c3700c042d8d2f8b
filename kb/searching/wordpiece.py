"""Split text into the pieces of words that the model of `sentences` knows, by their numbers in its vocabulary.

`wordpiece.txt.gz` has the vocabulary of BERT, uncased, one piece a line in the order of their numbers. Google published
it under the Apache License 2.0, which is in `wordpiece.licence.txt`. The package with the model does not have it.
"""

import gzip
import unicodedata
from functools import lru_cache
from pathlib import Path

MAX_TEXT = 1_000
"""Most characters of a text that are read: more than `MAX_PIECES` of usual words."""

MAX_PIECES = 32
"""Most pieces of a text. The model takes time with each, and with 64 or 256 of them the ranking was a little worse."""

_FILE = Path(__file__).with_name("wordpiece.txt.gz")
_UNKNOWN, _START, _END = "[UNK]", "[CLS]", "[SEP]"
_LONGEST = 100
_CJK = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


def numbers_of(text: str) -> list[int]:
    """Return the numbers of a text's pieces, between the numbers of the start and the end."""
    vocabulary, numbers = _vocabulary(), list[int]()
    for word in _words(text[:MAX_TEXT]):
        numbers += _pieces_of(word)
        if len(numbers) >= MAX_PIECES - 2:
            break
    return [vocabulary[_START], *numbers[: MAX_PIECES - 2], vocabulary[_END]]


@lru_cache(maxsize=20_000)
def _pieces_of(word: str) -> tuple[int, ...]:
    """Return the numbers of the longest known pieces of a word, from its beginning on."""
    vocabulary = _vocabulary()
    pieces, at = list[int](), 0
    while at < len(word) <= _LONGEST:
        mark = "##" if at else ""
        end = next((end for end in range(len(word), at, -1) if mark + word[at:end] in vocabulary), 0)
        if not end:
            break
        pieces.append(vocabulary[mark + word[at:end]])
        at = end
    return tuple(pieces) if at == len(word) else (vocabulary[_UNKNOWN],)


def _words(text: str) -> list[str]:
    """Return the words and punctuation marks of a text, in lower case and without accents."""
    if not text.isascii():
        text = "".join([f" {c} " if _is_cjk(c) else c for c in text])
        text = "".join([c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn"])
    spaced = [
        c if c.isalnum() else f" {c} " if _is_mark(c) else " " if c.isspace() else "" if _is_control(c) else c
        for c in text.lower()
    ]
    return "".join(spaced).split()


def _is_mark(c: str) -> bool:
    return (c.isascii() and c.isprintable() and not c.isspace()) or unicodedata.category(c).startswith("P")


def _is_control(c: str) -> bool:
    return c == "\ufffd" or unicodedata.category(c).startswith("C")


def _is_cjk(c: str) -> bool:
    return any(first <= ord(c) <= last for first, last in _CJK)


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, int]:
    pieces = gzip.decompress(_FILE.read_bytes()).decode().split("\n")
    return {piece: number for number, piece in enumerate(pieces)}
