"""The numbers of a text that change, with the words that they belong to.

changed("At most 64 bytes, 10 times/second.", "At most 256 bytes, 20 times/second.")
-> [NumberChange("64", "256", "bytes"), NumberChange("10", "20", "times/second")]
"""

import re
from difflib import SequenceMatcher
from typing import NamedTuple

_PIECE = re.compile(r"(?<![^\W_])-?\d++(?:[.,:]\d++)*+|[^\W\d_]++|\d++|[^\w\s]")
_UNIT = re.compile(r"\s{0,2}(%|[^\W\d_]{1,20}(?:/[^\W\d_]{1,20})?)")
_MAX_PIECES = 500


class NumberChange(NamedTuple):
    """A number before and after, and the word behind it; "" without one."""

    before: str
    after: str
    unit: str

    def __str__(self) -> str:
        return f"{self.before} → {self.after} {self.unit}".rstrip()


def changed(before: str, after: str) -> list[NumberChange]:
    """Return the numbers that another one replaces in the same place, in reading order; [] where words moved, too."""
    pieces, others = list(_PIECE.finditer(before)), list(_PIECE.finditer(after))
    if max(len(pieces), len(others)) > _MAX_PIECES:
        return []
    a, b = [piece[0] for piece in pieces], [piece[0] for piece in others]
    if _numbers(a) == _numbers(b):
        return []
    result = []
    # Numbers look alike here, so that the words around them say which one became which.
    shape_a, shape_b = [_shape(text) for text in a], [_shape(text) for text in b]
    for tag, start, end, other_start, _ in SequenceMatcher(None, shape_a, shape_b, autojunk=False).get_opcodes():
        for i in range(start, end) if tag == "equal" else ():
            j = other_start + i - start
            if a[i] != b[j] and _is_number(a[i]):
                unit = _UNIT.match(after, others[j].end())
                result.append(NumberChange(a[i], b[j], unit[1] if unit else ""))
    return result


def _is_number(text: str) -> bool:
    return text[-1].isdigit()


def _shape(text: str) -> str:
    return "0" if _is_number(text) else text


def _numbers(pieces: list[str]) -> list[str]:
    return [text for text in pieces if _is_number(text)]
