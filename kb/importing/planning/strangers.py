"""Whether a file is of another language, or of another table with the same codes: hardly any words are the same."""

from kb.models import ImportRow, ReturnCode
from kb.models.fields import VENDOR_TEXTS
from kb.text.editing.diff import WORDS

_LEAST_CODES = 5
_LEAST_SHARE = 60
"""Percent of the codes that the file lists."""


def is_strange(row: ImportRow, code: ReturnCode) -> bool:
    """Whether the new texts of a code share no word with its stored ones. Numbers and short words do not count."""
    names = [name for name in VENDOR_TEXTS if name in row.fields and getattr(code, f"vendor_{name}")]
    before = _words(" ".join(getattr(code, f"vendor_{name}") for name in names))
    now = _words(" ".join(getattr(row, name) for name in names))
    return bool(before and now) and len(before & now) * 5 <= min(len(before), len(now))


def _words(text: str) -> set[str]:
    return {word.casefold() for word in WORDS.findall(text) if word.isalpha() and (len(word) > 3 or word > "\u2e80")}


def warning(strange: int, codes: int) -> str:
    """Return the warning about a file in which so many of the codes are strange; "" without one."""
    if strange < _LEAST_CODES or strange * 100 < codes * _LEAST_SHARE:
        return ""
    return (
        f"The texts of {strange} of {codes} codes share hardly a word with the stored ones."
        " Is the file in another language, or of another table?"
    )
