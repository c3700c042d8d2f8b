"""The numbers of a text that change, with the units that they belong to. Numbers in links do not count.

changed("At most 64 bytes, 10 times/second.", "At most 256 bytes, 20 times/second.")
-> [NumberChange("64", "256", "bytes"), NumberChange("10", "20", "times/second")]
"""

import re
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from kb.text.editing.cosmetic import plain
from kb.text.word_lists import WordFile

_GROUPS = r"\d{1,3}(?:[ '\u2019]\d{3})++(?!\d)"
_PIECE = re.compile(rf"(?<![^\W_])(?:[vV]|-)?(?:{_GROUPS}|\d++(?:[.,:/-]\d++)*+)|[^\W\d_]++|\d++|[^\w\s]")
_UNIT = re.compile(r"\s{0,2}(%|\u00b0?(?:[\u3040-\u9fff\uac00-\ud7a3]{1,3}|[^\W\d_]{1,20}(?:/[^\W\d_]{1,20})?))")
_GROUPED = re.compile(r"(v?-?)(\d{1,3}(?:([.,' \u2019])\d{3})(?:\3\d{3})*+)", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_BETWEEN_GROUPS = re.compile(r"[.,' \u2019]")
_UNITS = {
    word: name
    for name, words in WordFile(Path(__file__).with_suffix(".toml")).groups("units").items()
    for word in words
}
_NUMBER = "0"
"""What stands for each number where texts are compared."""

_MAX_PIECES = 500


class NumberChange(NamedTuple):
    """A number before and after, and the word behind it; "" without one."""

    before: str
    after: str
    unit: str

    def __str__(self) -> str:
        return f"{self.before} → {self.after} {self.unit}".rstrip()


def changed(before: str, after: str) -> list[NumberChange]:
    """Return the numbers that another one replaces in the same place, in reading order; [] where words moved, too.

    A number that is only written in another way, such as `1,000` for `1000`, is the same; with another unit, it is not.
    """
    before, after = plain(before), plain(after)
    if not (_DIGIT.search(before) and _DIGIT.search(after)):
        return []
    pieces, others = list(_PIECE.finditer(before)), list(_PIECE.finditer(after))
    if max(len(pieces), len(others)) > _MAX_PIECES:
        return []
    a, b = [piece[0] for piece in pieces], [piece[0] for piece in others]
    if _facts(a) == _facts(b):
        return []
    result = []
    # Numbers look alike here, so that the words around them say which one became which.
    shape_a, shape_b = list(map(_shape, a)), list(map(_shape, b))
    for start, other_start, size in SequenceMatcher(None, shape_a, shape_b, autojunk=False).get_matching_blocks():
        for i, j in zip(range(start, start + size), range(other_start, other_start + size), strict=True):
            if shape_a[i] == _NUMBER:
                unit, other = _unit(before, pieces[i]), _unit(after, others[j])
                if _value(a[i]) != _value(b[j]):
                    result.append(NumberChange(a[i], b[j], other))
                elif _is_other_unit(unit, other):
                    result.append(NumberChange(f"{a[i]} {unit}", b[j], other))
    return result


def _facts(pieces: list[str]) -> list[str]:
    """Return the numbers and units of a text: most texts that change keep them."""
    return [_value(text) for text in pieces if text[-1].isdigit() or text.lower() in _UNITS]


def _unit(text: str, piece: re.Match[str]) -> str:
    match = _UNIT.match(text, piece.end())
    return match[1] if match else ""


def _is_other_unit(unit: str, other: str) -> bool:
    names = [_UNITS.get(word.lower()) for word in (unit, other)]
    return None not in names and names[0] != names[1]


def _value(text: str) -> str:
    """Return a number in one spelling: without signs between groups of three digits, and with a point."""
    grouped = _GROUPED.fullmatch(text)
    return f"{grouped[1]}{_BETWEEN_GROUPS.sub('', grouped[2])}" if grouped else text.replace(",", ".")


def _shape(text: str) -> str:
    return _NUMBER if text[-1].isdigit() else text
