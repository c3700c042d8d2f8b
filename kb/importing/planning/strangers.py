"""Whether a file is of another language or another table with the same codes, or was damaged on its way.

Such a file would replace good words, so that applying it needs a second yes.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from kb.importing.planning.twins import Doubt
from kb.models import ImportRow, ReturnCode, sql
from kb.models.fields import LABELS, VENDOR_TEXTS
from kb.text.codes.cells import shorten
from kb.text.editing.diff import WORDS

_LEAST = 3
"""Least codes with one mistake: fewer may be what the vendor means."""

_LEAST_CODES = 5
_LEAST_SHARE = 50
"""Percent of the codes that the file lists."""

_LEAST_KEPT, _LEAST_CUT = 20, 10
"""Least characters that a cut text keeps, and loses."""

_WRONG_ENCODINGS = ("cp1252", "latin-1", "cp1251", "mac_roman")
"""Those in which UTF-8 is usually misread."""

_MIXED_SCRIPTS = re.compile(
    r"[a-z\u00df-\u024f][\u0370-\u1dff\u2e80-\ua71f\uac00-\ud7a3\uf900-\ufaff]{1,2}[a-z\u00df-\u024f]"
)
"""Letters of another script within a Latin word. Signs, modifiers, ligatures and wide letters are none of it."""

_TOUCHING_SCRIPTS = re.compile(r"[A-Za-z][\u0370-\u1dff]|[\u0370-\u1dff][A-Za-z]|" + _MIXED_SCRIPTS.pattern)


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
        pairs = [(a, b) for a, b in zip(before, now, strict=True) if a != b]
        if all(b in "?\ufffd" or _is_other_script(a, b) for a, b in pairs):
            # A better encoding mends what the last one did.
            return not _TOUCHING_SCRIPTS.search(before)
    return is_garbled(now) and not is_garbled(before)


def _is_other_script(before: str, now: str) -> bool:
    """Whether a letter that is not ASCII became one of another script, and is no other form of the same letter."""
    if before.isascii() or now.isascii() or unicodedata.normalize("NFKC", now) == unicodedata.normalize("NFKC", before):
        return False
    return before.isalpha() and _script(before) != _script(now)


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _decoded_twice(text: str, encoding: str) -> str:
    try:
        return text.encode(encoding).decode()
    except UnicodeError:
        return ""


def is_garbled(text: str) -> bool:
    """Whether a text was read in a wrong encoding, whatever is stored: no language has `TÃ¼r` or `Tьr`."""
    if text.isascii():
        return False
    return bool(_MIXED_SCRIPTS.search(text)) or any(
        _decoded_twice(text, encoding) not in ("", text) for encoding in _WRONG_ENCODINGS
    )


def new_garbled(ords: Iterable[int]) -> list[Doubt]:
    """Return what to say of those of some garbled rows that are new; `Strangers` has those that change."""
    marks = (", ".join(map(str, batch)) for batch in sql.batches(ords, 500))
    query = "SELECT code FROM kb_staging WHERE kind = 'new' AND ord IN ({}) ORDER BY ord"
    codes = [code for batch in marks for (code,) in sql.rows(query.format(batch))]
    if not codes:
        return []
    message = (
        f"The texts of {_codes(len(codes))}, such as of {codes[0]}, seem read in a wrong encoding, such as Ã¼ for ü."
    )
    return [(len(codes), message)]


def is_cut(before: str, now: str) -> bool:
    """Whether a text is the stored one up to the middle of a word: `The door of the cen` of `... center is open`."""
    size = len(now)
    return (
        _LEAST_KEPT <= size <= len(before) - _LEAST_CUT
        and now[-1].isalnum()
        and before[size].isalnum()
        and before.startswith(now)
    )


@dataclass
class Strangers:
    """Counts the codes of a plan whose new texts raise a doubt about the whole file."""

    rewritten: int = 0
    garbled: int = 0
    cut: int = 0
    example: tuple[str, str] = ("", "")
    changed: set[str] = field(default_factory=set)
    """The texts that change."""
    cleared: Counter[str] = field(default_factory=Counter)
    """How many codes lose each text."""
    swapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many codes have in a text the words of another text, by the names of both."""

    def look(self, row: ImportRow, code: ReturnCode) -> None:
        """Count a code that changes."""
        names = [name for name in VENDOR_TEXTS if name in row.fields]
        if not names:
            return
        self.changed.update(names)
        self.rewritten += is_strange(row, code)
        stored = {name: getattr(code, f"vendor_{name}") for name in VENDOR_TEXTS}
        pairs = [(stored[name], getattr(row, name)) for name in names]
        garbled = [(before, now) for before, now in pairs if has_lost_letters(before, now)]
        if garbled:
            self.garbled += 1
            self.example = self.example if self.garbled > 1 else garbled[0]
        self.cut += any(is_cut(before, now) for before, now in pairs)
        for name, (_, now) in zip(names, pairs, strict=True):
            self.cleared[name] += not now
            if now and now in stored.values():
                self.swapped[name, next(other for other in VENDOR_TEXTS if stored[other] == now)] += 1

    def doubts(self, codes: int) -> list[Doubt]:
        """Return what to say of a file that lists so many codes of the table; [] without a doubt."""
        said = []
        if self.garbled:
            before, now = (shorten(text) for text in self.example)
            message = f"The texts of {_codes(self.garbled)} lost letters, such as {now} for {before}: the file has a"
            said.append((self.garbled, f"{message} wrong encoding. Save it as UTF-8 from where it comes."))
        if self.rewritten >= _LEAST_CODES and self.rewritten * 100 >= codes * _LEAST_SHARE:
            message = f"The texts of {self.rewritten} of {codes} codes share hardly a word with the stored ones."
            said.append((self.rewritten, f"{message} Is the file in another language, or of another table?"))
        if self.cut:
            message = f"The texts of {_codes(self.cut)} end in the middle of a word of the stored ones. Were they cut?"
            said.append((self.cut, message))
        for name, count in self.cleared.items():
            if count >= _LEAST and count * 2 >= (full := _with_text(name)):
                message = f"The file clears the {LABELS[name].lower()} of {count} of {full} codes. Did it lose them?"
                said.append((count, message))
        for (name, other), count in self.swapped.items():
            if count >= _LEAST and count * 2 >= codes:
                texts = f"as {LABELS[name].lower()} what was their {LABELS[other].lower()}"
                said.append((count, f"{count} of {codes} codes get {texts}. Are the columns swapped?"))
        return said


def _codes(number: int) -> str:
    return f"{number} code{'' if number == 1 else 's'}"


def _with_text(name: str) -> int:
    """Return how many codes that the file lists have a text."""
    count: int = sql.value(
        f"SELECT count(*) FROM kb_staging AS s JOIN kb_returncode AS c ON c.id = s.code_id WHERE c.vendor_{name} <> ''"  # noqa: S608
    )
    return count
