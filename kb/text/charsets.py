"""Texts as bytes: a log in any character set that a program names, or that its first bytes prove."""

import codecs
import json
import re
import unicodedata
from encodings.aliases import aliases

_MARKS = (
    (codecs.BOM_UTF8, "utf_8_sig"),
    (codecs.BOM_UTF32_LE, "utf_32"),
    (codecs.BOM_UTF32_BE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
"""Byte order marks; those of UTF-32 come first, because one of them begins like one of UTF-16."""

_SAFE = {
    *("utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be", "ascii"),
    *(f"cp{page}" for page in (437, 850, 852, 855, 858, 866, 874, 932, 936, 949, 950, *range(1250, 1259))),
    *("latin_1", *(f"iso8859_{part}" for part in range(2, 17) if part != 12)),
    *("gb2312", "gbk", "gb18030", "hz", "big5", "big5hkscs", "shift_jis", "shift_jis_2004", "euc_jp", "iso2022_jp"),
    *("euc_kr", "johab", "iso2022_kr", "koi8_r", "koi8_u", "mac_roman", "mac_cyrillic", "tis_620"),
}
"""Character sets that only decode letters. Python also knows codecs that unpack or run escapes."""

NAMES = "utf-8, utf-16le, utf-16be, windows-1252, iso-8859-1, gb18030, big5, shift_jis, euc-jp, euc-kr, koi8-r"
"""Examples for people."""

_WHITE = "\t\n\v\f\r\x1b\x85"
_NULS = re.compile(rb"\x00{4,}")
_SAMPLE = 2**16
_ODDS = 4
_RARE = 100


class NotDecoded(ValueError):
    """The bytes are no text in a known character set. The message says what to send."""


def decode_log(data: bytes, charset: str = "") -> str:
    """Return a log as text; bytes that are wrong are replaced, so that the rest is read. Raises NotDecoded.

    A byte order mark decides, then the charset that the sender names. Without both it is UTF-8, unless its bytes prove
    that it is UTF-16.
    """
    return data.decode(_marked(data) or _named(charset) or _likely(data), "replace")


def decode_json(data: bytes, charset: str = "") -> str:
    """Return a JSON document as text. Raises NotDecoded, and UnicodeDecodeError for wrong bytes.

    JSON begins with ASCII, so its first zero bytes tell UTF-16 and UTF-32 without a mark.
    """
    return data.decode(_marked(data) or _named(charset) or json.detect_encoding(data))


def is_known(charset: str) -> bool:
    """Whether a name is that of a charset that logs may have."""
    return _python_name(charset) in _SAFE


def _python_name(charset: str) -> str:
    """Return Python's name of a charset. It asks no registry of codecs, which would keep every unknown name."""
    key = re.sub("[^a-z0-9]+", "_", charset.lower()[:40]).strip("_")
    return aliases.get(key, key)


def _marked(data: bytes) -> str:
    return next((name for mark, name in _MARKS if data.startswith(mark)), "")


def _named(charset: str) -> str:
    if charset and not is_known(charset):
        raise NotDecoded(
            f"“{charset[:40]}” is not a character set that this site reads. Allowed are {NAMES} and others."
        )
    return _python_name(charset)


def _likely(data: bytes) -> str:
    """Return the encoding of bytes that nothing names: a zero byte is a half of a letter in UTF-16, and else rare."""
    if 0 not in data:
        return "utf_8"
    # A crash leaves long blocks of zero bytes in a log. No text in UTF-16 has them.
    even, odd = data[::2].count(0), data[1::2].count(0)
    name = "utf_16_le" if odd > even else "utf_16_be"
    if max(even, odd) > _ODDS * min(even, odd) and _is_plausible(data, name):
        return name
    rest = _NULS.sub(b"", data)
    if rest.count(0) * _RARE <= len(rest):
        return "utf_8"
    raise NotDecoded(
        "The text has zero bytes, as UTF-16 has, but is not certainly that. Send it in UTF-8, or name its charset."
    )


def _is_plausible(data: bytes, name: str) -> bool:
    text = data[:_SAMPLE].decode(name, "replace")
    strange = sum(unicodedata.category(letter) in ("Cc", "Cn", "Cs", "Co") and letter not in _WHITE for letter in text)
    return strange * _RARE <= len(text)
