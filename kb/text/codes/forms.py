"""Canonical forms of return codes, and the ways that people write them.

A code is text and is stored as the vendor wrote it. Three forms are derived from it:

identity   equal for two spellings of one code in a section. It ignores width, case and outer space, but not leading
           zeros (`00000` is not `0`).
canonical  the form that look-ups compare. It also ignores leading zeros, and hexadecimal has its unsigned value,
           so `ORA-942` finds `ORA-00942` and `3221225477` finds `0xC0000005`.
sort_key   ASCII text whose plain order is the natural order (2 before 100000000), in every collation.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

MAX_LENGTH = 64
"""Longest code, in characters. The longest seen in a real table has 24."""

MAX_NUMBER = 2**63 - 1
"""Largest number that a database's signed 64-bit column holds."""

NO_NUMBER = "1"
"""Sort keys from this one on are those of codes without a number."""

WITHOUT_0X = "hexadecimal without 0x"
"""How eight digits are read without a sign that they are hexadecimal."""

NAMED_NUMBER = "the number behind a name"
"""How `sql 4060` is read if no code is written like this."""

EXCEPTION = "the name of its exception"
"""How `NotEnoughReplicasException` is read if no code has it."""

_PERCENT = re.compile("%(2[0-9A-F]|3[A-F]|5[BD]|7[BD])")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad]")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_DASHES_IN_CODES = re.compile("(?<=[A-Za-z0-9])[\u2010-\u2015\u2212](?=[0-9A-Z])")
_SPACES = re.compile(r"[\s_]+")
_HEXADECIMAL = re.compile(r"0+X0*([0-9A-F]{1,16})\Z")
_LONG_HEXADECIMAL = re.compile(r"0++X0*+([0-9A-F]{17,})\Z")
_BARE_HEXADECIMAL = re.compile(r"(?=[0-9]*[A-F])[0-9A-F]{8}\Z")
_HEXADECIMAL_DIGITS = re.compile(r"8[0-9]{7}\Z")
"""A failure of Windows, such as 80070005, whose digits are all decimal."""
_DECIMAL = re.compile(r"[+-]?[0-9]+\Z")
_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,17})\Z")
_DIGITS = re.compile(r"[0-9]+")
_CANONICAL = re.compile(r"(?!0+X)(?>[A-Z.]+|0(?![0-9])|[1-9][0-9]*+|(?<!\A)-(?!\Z))*+\Z")
"""Most texts that stay as they are. Others may, too."""
_CHUNKS = re.compile(r"[0-9]+|[^0-9]")
_GROUPED = re.compile(r"[0-9]{1,3}([ ,.'_])[0-9]{3}(?:\1[0-9]{3}){0,5}\Z")
_LABELLED = re.compile(r"(?:ERR|ERROR|CODE|RC|RET|RETCODE|ERROR[ _-]?CODE|E|MY)[ _-]{0,2}(-?[0-9]{3,20})\Z")
_CAST = re.compile(r"\([A-Z][A-Z ]{0,19}\)\s?(?=[-0]|&H)", re.IGNORECASE)
_HEXADECIMAL_SIGNS = (
    (re.compile(r"(?:&[Hh]|(?<!\w)16#|\\[Xx])(?=[0-9A-Fa-f])|(?<!\w)[HhXx]'(?=[0-9A-Fa-f]+')"), "0x"),
    (re.compile(r"(0[Xx][0-9A-Fa-f]{1,8})_([0-9A-Fa-f]{1,8})(?!\w)"), r"\1\2"),
    (re.compile(r"(0[Xx][0-9A-Fa-f]{1,16})[UuLl]{1,3}(?!\w)"), r"\1"),
    (re.compile(r"(?<![\w.])([0-9][0-9A-Fa-f]{3,15}|[Cc][0-9A-Fa-f]{7})[Hh](?!\w)"), r"0x\1"),
    (re.compile(r"(?<![\w.])(?:0[Xx])?[Ff]{8}([0-9A-Fa-f]{8})(?!\w)"), r"0x\1"),
)
"""What other languages and programs write for `0x`, and behind a hexadecimal number."""
TWO_PARTS = re.compile(r"([0-9]{3})([.-])([0-9]{1,3})\Z")
"""A status and its sub status, such as `404.13`, which people also write as `404-13`."""

_EDIT_LEAST, _EDIT_LIMIT = 3, 20


@dataclass(frozen=True)
class CodeForms:
    """The stored forms of one code."""

    code: str
    identity: str
    canonical: str
    number: int | None
    sort_key: str


class CodeReading(NamedTuple):
    """One way to read a typed code: the canonical form to look for, and how the text was read."""

    canonical: str
    how: str


def clean(raw: str) -> str:
    """Return the code as the vendor wrote it, without invisible characters and outer white space."""
    return _INVISIBLE.sub("", raw).strip()


def identity(raw: str) -> str:
    """Return the form that is equal for two spellings of one code in a section."""
    if _PLAIN.match(raw):
        # Most codes need no normalising, and this shortcut is ten times faster.
        return raw
    text = ascii_digits(unicodedata.normalize("NFKC", _INVISIBLE.sub("", raw)).strip())
    # Upper-casing can leave text that NFKC composes differently, so it is normalised once more.
    return unicodedata.normalize("NFKC", _DASHES.sub("-", text).upper()).strip()


def canonical(raw: str) -> str:
    """Return the form that look-ups compare; applying it twice changes nothing."""
    if _PLAIN.match(raw):
        return raw
    text = _SPACES.sub("-", identity(raw))
    value = _hexadecimal(text)
    if value is not None:
        return str(value)
    if _DECIMAL.match(text):
        return _plain(text)
    long = _LONG_HEXADECIMAL.match(text)
    if long:
        return f"0X{long[1]}"
    return _DIGITS.sub(lambda run: run[0].lstrip("0") or "0", text)


def number(raw: str) -> int | None:
    """Return the numeric value of a decimal or hexadecimal code; None if it has no value in 64 bits."""
    text = canonical(raw)
    if not _DECIMAL.match(text) or len(text) > 20:
        return None
    value = int(text)
    return value if abs(value) <= MAX_NUMBER else None


def sort_key(raw: str) -> str:
    """Return ASCII text whose plain order is the natural order of codes: numbers first, by value."""
    value = number(raw)
    if value is not None:
        return f"0{value + MAX_NUMBER + 1:020d}"
    # Only 0-9 and a-f are used, so that every database collation orders the keys in the same way.
    return "1" + "".join(_chunk_key(chunk) for chunk in _CHUNKS.findall(canonical(raw)))


def forms(raw: str) -> CodeForms:
    """Return every stored form of a code. An empty code has empty forms."""
    if _PLAIN.match(raw):
        value = int(raw)
        return CodeForms(raw, raw, raw, value, f"0{value + MAX_NUMBER + 1:020d}")
    return CodeForms(clean(raw), identity(raw), canonical(raw), number(raw), sort_key(raw))


def readings(query: str) -> list[CodeReading]:
    """Return the ways to read a typed text as a code, the literal one first; [] if it cannot be a code."""
    if len(query) < 10 and _PLAIN.match(query) and not _HEXADECIMAL_DIGITS.match(query):
        # A plain number below 2**31 has one reading, and most codes are such numbers.
        return [CodeReading(query, "as written")]
    text = identity(query)
    if not text or len(text) > MAX_LENGTH:
        return []
    ways = {canonical(query): "as written"}
    for value, how in _other_values(text):
        ways.setdefault(str(value), how)
    return [CodeReading(form, how) for form, how in ways.items()]


def could_be(query: str, form: str) -> bool:
    """Whether a canonical form is one of the readings of a text as it stands."""
    return any(reading.canonical == form for reading in readings(query))


def ascii_digits(text: str) -> str:
    """Return text of the same length with ASCII digits for those of every script, and hyphens for dashes in codes."""
    if text.isascii():
        return text
    text = _DASHES_IN_CODES.sub("-", text)
    return "".join(str(unicodedata.digit(sign)) if sign.isdecimal() and not sign.isascii() else sign for sign in text)


def without_percent_encoding(text: str) -> str:
    """Return text of the same length with the signs for which an address or a header of gRPC has `%20` or `%28`."""
    return _PERCENT.sub(lambda sign: chr(int(sign[1], 16)).center(3), text) if text.count("%") > 1 else text


def plain_text(raw: str) -> str:
    """Return a typed text without invisible characters and casts, with one kind of hyphen and of hexadecimal number."""
    text = ascii_digits(unicodedata.normalize("NFKC", _INVISIBLE.sub("", raw)).strip())
    text = _CAST.sub("", _DASHES.sub("-", text))
    for pattern, plain in _HEXADECIMAL_SIGNS:
        text = pattern.sub(plain, text)
    return text


def bare(query: str) -> str:
    """Return the number in a text with groups of three digits or a label: `660 300 001`, `ERR_660300001`.

    Return "" for other texts. Try this last, because a vendor may use such a text as a code.
    """
    text = identity(query)[: 2 * MAX_LENGTH].replace("\u2019", "'")
    labelled = _LABELLED.match(text)
    if labelled:
        return labelled[1]
    return re.sub("[^0-9]", "", text) if _GROUPED.match(text) else ""


def with_other_sign(parts: re.Match[str]) -> str:
    """Return a match of TWO_PARTS with a hyphen for its dot, or the other way round."""
    return f"{parts[1]}{'.' if parts[2] == '-' else '-'}{parts[3]}"


def one_edit_variants(raw: str, shared: Callable[[str], int] | None = None) -> dict[str, set[str]]:
    """Return the canonical texts of codes one edit (replace, drop, insert, swap) away from a code.

    Each has the texts that a code must be written like, or none if the canonical text itself is one edit away:
    `000000001` is near `600000001`, and `1` is not.

    Nine digits have around 200 variants, so near codes cost one indexed query, whatever the table's size. Codes of more
    than 20 characters have none, to keep that query small. Codes of fewer than 3 have none, because every short code
    would be near them.

    `shared` tells how many first characters of a text any code has at most. Variants that keep more of them are left
    out: a word has 600 variants, and few codes begin like it. It is only called for texts without digits, because
    a digit can change the characters before it.
    """
    text = canonical(raw)
    if not _EDIT_LEAST <= len(text) <= _EDIT_LIMIT:
        return {}
    letters = "0123456789" if _DECIMAL.match(text) else "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-."
    last = shared(text) if shared and text.isascii() and not _DIGITS.search(text) else len(text)
    cuts = [(text[:i], text[i:]) for i in range(min(last, len(text)) + 1)]
    variants = {a + b[1:] for a, b in cuts if b}
    variants |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    variants |= {a + letter + b[1:] for a, b in cuts if b for letter in letters}
    variants |= {a + letter + b for a, b in cuts for letter in letters}
    return _by_canonical(variants - {text, "", "-"}, text)


def _by_canonical(variants: set[str], text: str) -> dict[str, set[str]]:
    """Return texts by their canonical forms; without those that only their own form leads to."""
    other = {v: form for v in variants if not _CANONICAL.match(v) and (form := canonical(v)) != v}
    near: dict[str, set[str]] = {v: set() for v in variants if v not in other}
    written: dict[str, set[str]] = {}
    for v, form in other.items():
        if form not in near and form not in {text, "", "-"}:
            written.setdefault(form, set()).add(v)
    return near | written


def difference(code: str, near: str) -> list[tuple[str, bool]]:
    """Split `near` into (text, differs) pieces, so that a page can mark what differs from `code`."""
    form = identity(code)
    width = min(len(form), len(near))
    start = next((i for i in range(width) if form[i] != near[i].upper()), width)
    end = 0
    while end < width - start and form[-1 - end] == near[-1 - end].upper():
        end += 1
    pieces = [(near[:start], False), (near[start : len(near) - end], True), (near[len(near) - end :], False)]
    return [piece for piece in pieces if piece[0]]


def _hexadecimal(text: str) -> int | None:
    match = _HEXADECIMAL.match(text)
    if not match:
        return None
    value = int(match[1], 16)
    # 64-bit systems print a 32-bit status with its sign extended: 0xFFFFFFFFC0000005.
    extended = len(match[1]) == 16 and value >> 31 == 0x1FFFFFFFF
    return value & 0xFFFFFFFF if extended else value


def _plain(text: str) -> str:
    sign = "-" if text.startswith("-") else ""
    digits = text.lstrip("+-").lstrip("0") or "0"
    return digits if digits == "0" else sign + digits


def _other_values(text: str) -> list[tuple[int, str]]:
    """Return the other integers with the same 32 bits, each with how the text was read."""
    value = number(text)
    if value is not None:
        source = "hexadecimal" if _hexadecimal(text) is not None else "decimal"
        if -(2**31) <= value < 0:
            return [(value + 2**32, f"{source}, read as unsigned 32-bit")]
        if 2**31 <= value < 2**32:
            return [(value - 2**32, f"{source}, read as signed 32-bit")]
        if _HEXADECIMAL_DIGITS.match(text):
            value = int(text, 16)
            return [(value, WITHOUT_0X), (value - 2**32, f"{WITHOUT_0X}, read as signed 32-bit")]
    elif _BARE_HEXADECIMAL.match(text):
        value = int(text, 16)
        signed = [(value - 2**32, f"{WITHOUT_0X}, read as signed 32-bit")] if value >> 31 else []
        return [(value, WITHOUT_0X), *signed]
    return []


def _chunk_key(chunk: str) -> str:
    if chunk[0] in "0123456789":
        return f"3{len(chunk):02d}{chunk}"
    point = ord(chunk)
    return f"{point:02x}" if 0x20 <= point < 0x7F else f"f{point:06x}"
