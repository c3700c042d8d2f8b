"""Word-level differences between two texts."""

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

# CJK has no spaces between words: each of its characters is a word of its own.
_WORDS = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]|[\w'-]+|\s+|.", re.DOTALL)
_MAX_WORDS = 2000


class Piece(NamedTuple):
    """A run of text that both sides have, or only one of them."""

    kind: Literal["same", "removed", "added"]
    text: str


def words(before: str, after: str) -> list[Piece]:
    """Return the pieces that lead from one text to the other, in reading order.

    Texts of more than 2,000 words are shown as replaced whole where they differ: the comparison is quadratic.
    """
    if before == after:
        return [Piece("same", before)] if before else []
    a, b = _WORDS.findall(before), _WORDS.findall(after)
    pieces: list[Piece] = []
    if len(a) > _MAX_WORDS or len(b) > _MAX_WORDS:
        a, b = [before], [after]
    for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(a[i:j])))
            continue
        if i < j:
            pieces.append(Piece("removed", "".join(a[i:j])))
        if k < m:
            pieces.append(Piece("added", "".join(b[k:m])))
    return pieces
