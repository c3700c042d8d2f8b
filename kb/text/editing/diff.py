"""Word-level differences between two texts."""

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

# CJK has no spaces between words: each of its characters is a word of its own.
WORDS = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]|[\w'-]+|\s+|.", re.DOTALL)
_MAX_PAIRS = 250_000
"""Most pairs of words that are compared: around 20 ms."""


class DiffPiece(NamedTuple):
    """A run of text that both sides have, or only one of them."""

    kind: Literal["same", "removed", "added"]
    text: str


def words(before: str, after: str) -> list[DiffPiece]:
    """Return the pieces of both texts, in reading order.

    The common beginning and end are set aside first. If the rest is long (500 words against 500), it counts as replaced
    as a whole, because the comparison takes time for each pair of words.
    """
    if before == after:
        return [DiffPiece("same", before)] if before else []
    a, b = WORDS.findall(before), WORDS.findall(after)
    head, tail = _common(a, b)
    start, end = a[:head], a[len(a) - tail :]
    a, b = a[head : len(a) - tail], b[head : len(b) - tail]
    if len(a) * len(b) > _MAX_PAIRS:
        a, b = ["".join(a)], ["".join(b)]
    middle = _pieces(a, b)
    return _join([DiffPiece("same", "".join(start)), *middle, DiffPiece("same", "".join(end))])


def _common(a: list[str], b: list[str]) -> tuple[int, int]:
    """Return how many words both texts have in common at the beginning, and at the end."""
    shorter, head, tail = min(len(a), len(b)), 0, 0
    while head < shorter and a[head] == b[head]:
        head += 1
    while tail < shorter - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    return head, tail


def _join(pieces: list[DiffPiece]) -> list[DiffPiece]:
    """Return the pieces without empty ones; adjacent pieces of one kind are joined."""
    result: list[DiffPiece] = []
    for piece in pieces:
        if piece.text and result and result[-1].kind == piece.kind:
            result[-1] = DiffPiece(piece.kind, result[-1].text + piece.text)
        elif piece.text:
            result.append(piece)
    return result


def _pieces(a: list[str], b: list[str]) -> list[DiffPiece]:
    pieces: list[DiffPiece] = []
    for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(DiffPiece("same", "".join(a[i:j])))
            continue
        if i < j:
            pieces.append(DiffPiece("removed", "".join(a[i:j])))
        if k < m:
            pieces.append(DiffPiece("added", "".join(b[k:m])))
    return pieces
