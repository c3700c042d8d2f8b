"""Ranges of codes as tables write them: `10-19`, `P0100 thru P0104`, `0x05..0x0F`, `from 10 to 19`."""

import re
from typing import NamedTuple

# The white space around is left out, because a pattern that begins with white space is slow on long runs of it.
_BETWEEN = (
    r"\s*(?:[-~\u2013\u2014\uff5e\u2026]|\.{2,3}|\b(?:to|thru|through|until|bis|a|\u00e0|hasta|at\u00e9|\u0434\u043e|tot|do)\b"
    r"|[\u81f3\u5230])\s*"
)
_FROM = r"(?:(?:from|von|van|de|du|od|\u043e\u0442|\u0441)\s{1,3})?"
_DECIMAL = re.compile(rf"{_FROM}((?:[A-Za-z]{{1,8}}[-_]?)?)(\d{{1,18}}){_BETWEEN}\1(\d{{1,18}})")
_HEX = re.compile(rf"{_FROM}(0[xX])([0-9A-Fa-f]{{1,16}}){_BETWEEN}0[xX]([0-9A-Fa-f]{{1,16}})")


class CodeSpan(NamedTuple):
    """The ends of a range as numbers, and how its codes are written: what stands before, their base, their width."""

    first: int
    last: int
    prefix: str
    base: int
    digits: str

    @property
    def size(self) -> int:
        """The number of codes in the range."""
        return self.last - self.first + 1

    def code(self, value: int) -> str:
        """Return a code of the range as the table would write it."""
        letters = "x" if self.digits != self.digits.upper() else "X"
        number = f"{value:{letters}}" if self.base == 16 else str(value)
        return f"{self.prefix}{number.zfill(len(self.digits))}"


def code_span(text: str) -> CodeSpan | None:
    """Return the range that a text is; None for another text.

    Both ends have the same width and the same letters before them: `ORA-00001` and `404-13` are single codes.
    """
    match, base = _HEX.fullmatch(text), 16
    if not match:
        match, base = _DECIMAL.fullmatch(text), 10
    if not match or len(match[2]) != len(match[3]):
        return None
    first, last = int(match[2], base), int(match[3], base)
    return CodeSpan(first, last, match[1], base, match[3] if match[2].isdigit() else match[2]) if first < last else None
