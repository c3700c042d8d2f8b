"""Whether a file is of another language or another table with the same codes, or has lost letters.

Such a file would replace good words, so that applying it needs a second yes.
"""

from dataclasses import dataclass

from kb.models import ImportRow, ReturnCode
from kb.models.fields import VENDOR_TEXTS
from kb.text.codes.cells import shorten
from kb.text.editing.diff import WORDS

_LEAST_CODES = 5
_LEAST_SHARE = 60
"""Percent of the codes that the file lists."""

_WRONG_ENCODINGS = ("cp1252", "latin-1", "cp1251", "mac_roman")
"""Those in which UTF-8 is usually misread."""


def is_strange(row: ImportRow, code: ReturnCode) -> bool:
    """Whether the new texts of a code share no word with its stored ones. Numbers and short words do not count."""
    names = [name for name in VENDOR_TEXTS if name in row.fields and getattr(code, f"vendor_{name}")]
    before = _words(" ".join(getattr(code, f"vendor_{name}") for name in names))
    now = _words(" ".join(getattr(row, name) for name in names))
    return bool(before and now) and len(before & now) * 5 <= min(len(before), len(now))


def _words(text: str) -> set[str]:
    return {word.casefold() for word in WORDS.findall(text) if word.isalpha() and (len(word) > 3 or word > "\u2e80")}


def has_lost_letters(before: str, now: str) -> bool:
    """Whether a text is the stored one after a wrong encoding: `TÃ¼r` or `T?r` for `Tür`."""
    if before.isascii() or before == now:
        return False
    if len(before) == len(now):
        return all(a == b or b in "?\ufffd" for a, b in zip(before, now, strict=True))
    if now.isascii():
        return False
    return any(_decoded_twice(now, encoding) == before for encoding in _WRONG_ENCODINGS)


def _decoded_twice(text: str, encoding: str) -> str:
    try:
        return text.encode(encoding).decode()
    except UnicodeError:
        return ""


@dataclass
class Strangers:
    """Counts the codes of a plan whose new texts raise a doubt about the whole file."""

    rewritten: int = 0
    garbled: int = 0
    example: tuple[str, str] = ("", "")

    def look(self, row: ImportRow, code: ReturnCode) -> None:
        """Count a code that changes."""
        self.rewritten += is_strange(row, code)
        pairs = [(getattr(code, f"vendor_{name}"), getattr(row, name)) for name in VENDOR_TEXTS if name in row.fields]
        garbled = [(before, now) for before, now in pairs if has_lost_letters(before, now)]
        if garbled:
            self.garbled += 1
            self.example = self.example if self.garbled > 1 else garbled[0]

    def warnings(self, codes: int) -> list[str]:
        """Return what to say of a file that lists so many codes of the table; [] without a doubt."""
        said = []
        if self.garbled:
            before, now = (shorten(text) for text in self.example)
            some = "1 code" if self.garbled == 1 else f"{self.garbled} codes"
            said.append(
                f"The texts of {some} lost letters, such as {now} for {before}: the file has a wrong encoding."
                " Save it as UTF-8 from where it comes."
            )
        if self.rewritten >= _LEAST_CODES and self.rewritten * 100 >= codes * _LEAST_SHARE:
            said.append(
                f"The texts of {self.rewritten} of {codes} codes share hardly a word with the stored ones."
                " Is the file in another language, or of another table?"
            )
        return said
