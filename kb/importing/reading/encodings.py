"""The encodings that vendors use, and the ones in which a file is likely to be.

Evidence, from the best: a byte order mark, valid UTF-8, zeros of UTF-16, what a page declares, and then how likely the
letters are in each encoding and in the languages that it writes, compared with the stored texts of the table.
charset-normalizer was tried on files of 3 to 20 rows: it read many more of them wrong than these letters do.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from kb.importing.reading.choices import FileQuestion, Offer
from kb.importing.reading.files import KEEP_BAD_BYTES, InputFile, bad_byte
from kb.importing.reading.letters import ASCII, Letters, basic_letters, is_latin, languages
from kb.importing.reading.precedent import Precedent
from kb.importing.reading.sheets import unreadable


class Encoding(NamedTuple):
    """One encoding: Python's codec, its label, the languages that it writes, how usual it is, and its other names.

    An encoding without languages is never proposed: its bytes show it, or somebody chooses it.
    """

    codec: str
    label: str
    languages: str = ""
    usual: float = -3.0
    names: str = ""


_WEST = "en de fr es pt it nl sv da nb fi is ca ga sq"
_CENTRE = "en pl cs sk hu ro hr sl sq de"
_CYRILLIC = "ru uk bg sr mk be"
ENCODING_TABLE = (
    Encoding("utf-8", "Unicode (UTF-8)", names="utf-8-sig utf8"),
    Encoding("utf-16", "Unicode (UTF-16)", names="utf16 unicode"),
    Encoding("utf-16-le", "Unicode (UTF-16, little-endian)"),
    Encoding("utf-16-be", "Unicode (UTF-16, big-endian)"),
    Encoding("utf-32", "Unicode (UTF-32)", names="utf32"),
    Encoding("utf-32-le", "Unicode (UTF-32, little-endian)"),
    Encoding("utf-32-be", "Unicode (UTF-32, big-endian)"),
    Encoding("utf-7", "Unicode (UTF-7)", names="utf7 utf_7"),
    Encoding("cp1252", "Western (Windows-1252)", _WEST, 1.5, "windows-1252 iso-8859-1 latin-1 latin1 us-ascii ascii"),
    Encoding("iso8859-15", "Western (ISO-8859-15)", _WEST + " et", -1, "iso-8859-15 latin-9 latin9"),
    Encoding("mac-roman", "Western (Mac Roman)", _WEST, names="mac_roman macintosh macroman"),
    Encoding("cp850", "Western (DOS 850)", _WEST, names="ibm850"),
    Encoding("cp858", "Western (DOS 858)", _WEST, -3.5, "ibm858"),
    Encoding("cp437", "Western (DOS 437)", "en de fr es it nl sv fi", names="ibm437"),
    Encoding("cp860", "Portuguese (DOS 860)", "pt", -4, "ibm860"),
    Encoding("cp865", "Nordic (DOS 865)", "da nb", -4, "ibm865"),
    Encoding("iso8859-10", "Nordic (ISO-8859-10)", "is sv fi lt", names="iso-8859-10"),
    Encoding("iso8859-14", "Celtic (ISO-8859-14)", "cy ga", names="iso-8859-14"),
    Encoding("iso8859-3", "Southern European (ISO-8859-3)", "eo", names="iso-8859-3"),
    Encoding("cp1250", "Polish/Central European (Windows-1250)", _CENTRE, 0.5, "windows-1250"),
    Encoding("iso8859-2", "Polish/Central European (ISO-8859-2)", _CENTRE, -1, "iso-8859-2 latin-2 latin2"),
    Encoding("iso8859-16", "South-Eastern European (ISO-8859-16)", "pl hu ro hr sl", -5, "iso-8859-16"),
    Encoding("cp852", "Polish/Central European (DOS 852)", _CENTRE, names="ibm852"),
    Encoding("mac-latin2", "Polish/Central European (Mac)", "pl cs sk hu hr sl", names="mac_latin2 x-mac-ce"),
    Encoding("cp1251", "Cyrillic (Windows-1251)", _CYRILLIC, 1, "windows-1251"),
    Encoding("koi8-r", "Russian (KOI8-R)", "ru", -2),
    Encoding("koi8-u", "Ukrainian (KOI8-U)", "uk ru be"),
    Encoding("iso8859-5", "Cyrillic (ISO-8859-5)", _CYRILLIC, -1, "iso-8859-5"),
    Encoding("cp866", "Cyrillic (DOS 866)", "ru bg be", names="ibm866"),
    Encoding("cp855", "Cyrillic (DOS 855)", "ru bg sr mk", names="ibm855"),
    Encoding("mac-cyrillic", "Cyrillic (Mac)", _CYRILLIC, names="mac_cyrillic x-mac-cyrillic"),
    Encoding("kz1048", "Kazakh (KZ-1048)", "kk", names="strk1048"),
    Encoding("cp1253", "Greek (Windows-1253)", "el", 0, "windows-1253"),
    Encoding("iso8859-7", "Greek (ISO-8859-7)", "el", -1, "iso-8859-7 greek"),
    Encoding("cp737", "Greek (DOS 737)", "el", names="ibm737"),
    Encoding("cp869", "Greek (DOS 869)", "el", names="ibm869"),
    Encoding("mac-greek", "Greek (Mac)", "el", names="mac_greek"),
    Encoding("cp1254", "Turkish (Windows-1254)", "tr az", 0, "windows-1254 iso-8859-9 iso8859-9 latin-5 latin5"),
    Encoding("cp857", "Turkish (DOS 857)", "tr", names="ibm857"),
    Encoding("mac-turkish", "Turkish (Mac)", "tr", names="mac_turkish"),
    Encoding("cp1255", "Hebrew (Windows-1255)", "he", 0, "windows-1255 iso-8859-8-i"),
    Encoding("iso8859-8", "Hebrew (ISO-8859-8)", "he", -1, "iso-8859-8 hebrew"),
    Encoding("cp862", "Hebrew (DOS 862)", "he", names="ibm862"),
    Encoding("cp1256", "Arabic (Windows-1256)", "ar fa", 0, "windows-1256"),
    Encoding("iso8859-6", "Arabic (ISO-8859-6)", "ar", -1, "iso-8859-6 arabic"),
    Encoding("cp720", "Arabic (DOS 720)", "ar"),
    Encoding("cp864", "Arabic (DOS 864)", names="ibm864"),
    Encoding("cp1257", "Baltic (Windows-1257)", "et lv lt", 0, "windows-1257"),
    Encoding("iso8859-13", "Baltic (ISO-8859-13)", "et lv lt", -1, "iso-8859-13"),
    Encoding("iso8859-4", "Baltic (ISO-8859-4)", "et lv lt", names="iso-8859-4 latin-4"),
    Encoding("cp775", "Baltic (DOS 775)", "et lv lt", names="ibm775"),
    Encoding("cp1258", "Vietnamese (Windows-1258)", "vi", 0, "windows-1258"),
    Encoding("cp874", "Thai (cp874)", "th", 0, "windows-874 tis-620 iso-8859-11 iso8859-11"),
    Encoding("cp932", "Japanese (Shift_JIS)", "ja", 1, "shift_jis sjis shift-jis ms932 windows-31j x-sjis"),
    Encoding("euc_jp", "Japanese (EUC-JP)", "ja", -0.5, "euc-jp eucjp x-euc-jp"),
    Encoding("euc_jis_2004", "Japanese (EUC-JIS-2004)", "ja", names="euc-jis-2004"),
    Encoding("shift_jis_2004", "Japanese (Shift_JIS-2004)", names="shift-jis-2004"),
    Encoding("iso2022_jp_ext", "Japanese (ISO-2022-JP)", names="iso2022_jp iso-2022-jp"),
    Encoding("iso2022_kr", "Korean (ISO-2022-KR)", names="iso-2022-kr"),
    Encoding("cp949", "Korean (cp949)", "ko", 1, "euc-kr euc_kr uhc ks_c_5601-1987 windows-949"),
    Encoding("johab", "Korean (Johab)", "ko", names="cp1361"),
    Encoding("gb18030", "Simplified Chinese (GB18030)", "zh_hans", 1, "gbk gb2312 cp936 x-gbk"),
    Encoding("hz", "Simplified Chinese (HZ)", names="hz-gb-2312 hz_gb_2312"),
    Encoding("cp950", "Traditional Chinese (Big5)", "zh_hant", 1, "big5 big-5 x-x-big5"),
    Encoding("big5hkscs", "Traditional Chinese (Big5, Hong Kong)", "zh_hant", -1, "big5-hkscs"),
)  # fmt: skip
"""Every encoding that a file may have. Where one encoding contains another, one entry stands for both."""

ENCODINGS = {name: encoding.codec for encoding in ENCODING_TABLE for name in (encoding.codec, *encoding.names.split())}
"""The codec of each name that you may choose."""

LABELS = {encoding.codec: encoding.label for encoding in ENCODING_TABLE}
"""The label of each codec."""

SURE, LIKELY = 8.0, 3.0
"""How much likelier the best encoding must be than one that reads the file differently."""

_STRANGE = -7.5
"""Likelihood of a letter below which no encoding of the table seems right: right readings have -7 or more."""

_RARE = re.compile("[\0-\t\x0b-\x1f\x7f-\x9f\u3400-\u4dff\ud800-\uf8ff\ufff0-\uffff]")
"""What a wrong reading has: control characters, letters without a meaning, and Chinese ones that nobody uses."""

_DECLARED, _STORED_LANGUAGE, _LAST_FILE = 12.0, 2.0, 4.0
_MAX_OFFERS, _MAX_SAMPLE = 5, 60
_MAX_EVIDENCE = 1200
_DECLARATION = re.compile(
    rb"""<meta\s[^<>]{0,200}?charset\s{0,3}=\s{0,3}["']?([\w.:-]{2,40})|<\?xml\s[^<>?]{0,99}?encoding\s?=\s?["']([\w.:-]{2,40})"""
    rb"""|^content-type:[^\n]{0,99}?charset\s?=\s?["']?([\w.:-]{2,40})|coding[:=][ \t]?([\w.-]{2,40})""",
    re.IGNORECASE | re.MULTILINE,
)
_ESCAPES = {
    b"\x1b$)C": "iso2022_kr",
    b"\x1b$B": "iso2022_jp_ext",
    b"\x1b$@": "iso2022_jp_ext",
    b"\x1b(I": "iso2022_jp_ext",
}
_HZ = re.compile(rb"~\{(?:[!-w][!-~]){1,200}~\}")
_UTF_7 = re.compile(rb"\+[A-Za-z0-9/+]{3,400}+-?")
_MOST_ESCAPES = 200


def find_encoding(
    file: InputFile, choice: str = "", precedent: Precedent | None = None
) -> tuple[str, FileQuestion | None]:
    """Return the encoding of a text, and a question unless it is sure. Raises Unreadable for an unknown choice."""
    codec = chosen_codec(choice)
    if file.mark and (not codec or codec.startswith(file.mark)):
        return file.mark, None
    if codec in ("utf-16", "utf-32"):
        return file.wide_without_mark or f"{codec}-le", None
    if codec or file.wide_without_mark:
        return codec or file.wide_without_mark, None
    if not file.not_utf8 or _is_utf8_with_flaws(file.not_utf8):
        return _escaped_encoding(file.escaped) if file.escaped.isascii() else ("utf-8", None)
    evidence = EncodingEvidence(file.not_utf8, precedent or Precedent(), _declared_codec(file.head))
    return evidence.codec, evidence.question


def chosen_codec(name: str) -> str:
    """Return the codec of a name; "" for no name. Raises Unreadable for an unknown one."""
    if name and name.lower() not in ENCODINGS:
        message = f"There is no encoding {name!r}. Allowed: {', '.join(LABELS)}."
        raise unreadable("unknown_encoding", message, value=name)
    return ENCODINGS.get(name.lower(), "")


def _declared_codec(head: bytes) -> str:
    """Return the encoding that a page, an XML file or a saved mail declares in its first bytes; "" for none."""
    match = _DECLARATION.search(head[:4096])
    name = next(filter(None, match.groups()), b"") if match else b""
    return ENCODINGS.get(name.decode("ascii", "replace").lower(), "")


def _escaped_encoding(piece: bytes) -> tuple[str, FileQuestion | None]:
    """Return the encoding of ASCII in which letters are escaped, and a question where they may be plain text."""
    if codec := next((codec for escape, codec in _ESCAPES.items() if escape in piece), ""):
        return codec, None
    for codec, run_form in (("hz", _HZ), ("utf-7", _UTF_7)):
        # A word without a capital, such as a telephone number, is none of UTF-7.
        runs = [
            run[0]
            for run in islice(run_form.finditer(piece), _MOST_ESCAPES)
            if codec == "hz" or run[0].lower() != run[0]
        ]
        text = b"\n".join(runs).decode(codec, "replace")
        if runs and not _RARE.search(text):
            readings = {codec: text.replace("\n", " "), "utf-8": b" ".join(runs).decode()}
            offers = [
                Offer(f"{LABELS[name]}: {letters[:_MAX_SAMPLE]}", {"encoding": name})
                for name, letters in readings.items()
            ]
            message = f"The file seems to be in {LABELS[codec]}. Are its letters right?"
            return codec, FileQuestion(
                "encoding", message, tuple(offers), offers[0].label if len(set(runs)) > 1 else ""
            )
    return "utf-8", None


def _is_utf8_with_flaws(piece: bytes) -> bool:
    """Whether bytes that are not UTF-8 are UTF-8 with a few flaws: half of the characters are whole."""
    characters = [character for character in piece.decode("utf-8", KEEP_BAD_BYTES) if character > "\x7f"]
    return 2 * sum(bad_byte(character) is not None for character in characters) <= len(characters)


class _Reading(NamedTuple):
    encoding: Encoding
    text: str
    likelihood: float

    @property
    def is_strange(self) -> bool:
        """Whether the letters are rare in every language that the encoding writes."""
        count = sum(not character.isascii() for character in self.text)
        return self.likelihood - self.encoding.usual - ASCII * (len(self.text) - count) < _STRANGE * count


@dataclass
class EncodingEvidence:
    """The encodings in which some bytes that are not UTF-8 may be, and what is asked about them."""

    sample: bytes
    precedent: Precedent
    declaration: str = ""

    @property
    def codec(self) -> str:
        """The likeliest encoding."""
        return self.readings[0].encoding.codec if self.readings else "utf-8"

    @cached_property
    def readings(self) -> list[_Reading]:
        """The likeliest encoding for each different reading of the bytes, the likeliest first."""
        lines = _evidence(self.sample)
        evidence, counts = b"\n".join(lines), basic_letters(b"\n".join(lines))
        history = Letters.of_text(self.precedent.letters) if not self.precedent.letters.isascii() else None
        best: dict[str, _Reading] = {}
        for encoding in ENCODING_TABLE:
            text = evidence.decode(encoding.codec, KEEP_BAD_BYTES) if encoding.languages else ""
            marks = sum(bad_byte(character) is not None for character in text)
            if not encoding.languages or marks > 2 + len(evidence) // 100:
                continue
            likelihood = max(self._likelihoods(encoding, text, counts, history)) + encoding.usual
            likelihood += _DECLARED * (encoding.codec == self.declaration) + _LAST_FILE * (
                encoding.codec == self.precedent.encoding
            )
            if text not in best or likelihood > best[text].likelihood:
                best[text] = _Reading(encoding, text, likelihood)
        return sorted(best.values(), key=lambda reading: -reading.likelihood)

    def _likelihoods(
        self, encoding: Encoding, text: str, counts: dict[str, int], history: Letters | None
    ) -> Iterator[float]:
        known, plain = languages(), languages()["en"]
        language = self.precedent.language.lower().replace("-", "_")
        for name in encoding.languages.split():
            letters = known[name]
            tilt = letters.tilt(counts, plain) if is_latin(letters) else 0.0
            is_stored = language != "en" and language[:2] == name[:2]
            yield letters.likelihood(text) + tilt + (_STORED_LANGUAGE if is_stored else 0.0)
        if history:
            yield history.likelihood(text) + (history.tilt(counts, plain) if is_latin(history) else 0.0)

    @property
    def question(self) -> FileQuestion | None:
        """What somebody is asked: None where the encoding is sure; open where it is not even likely."""
        if not self.readings:
            return None
        best = self.readings[0]
        ahead = best.likelihood - self.readings[1].likelihood if len(self.readings) > 1 else SURE
        if ahead >= SURE and not best.is_strange:
            return None
        offers = _offers(self.readings[:_MAX_OFFERS])
        if ahead >= LIKELY and not best.is_strange:
            message = f"The file seems to be in {best.encoding.label}. Are its letters right?"
            return FileQuestion("encoding", message, offers, offers[0].label)
        message = "The encoding of the file is not sure. Which of these lines has the right letters?"
        return FileQuestion("encoding", message, offers)


def _evidence(sample: bytes) -> list[bytes]:
    """Return lines that are not ASCII: each one that has a new byte, and others from all over the sample."""
    lines = [line.strip()[: 2 * _MAX_EVIDENCE] for line in sample.splitlines() if not line.isascii()]
    step = max(1, sum(map(len, lines)) // _MAX_EVIDENCE)
    # Two encodings may differ in one letter that a few lines have.
    evidence, size, seen = [], 0, set(range(128))
    for number, line in enumerate(lines):
        is_new = not seen.issuperset(line)
        if (is_new and size < 10 * _MAX_EVIDENCE) or (number % step == 0 and size < 2 * _MAX_EVIDENCE):
            evidence.append(line)
            size += len(line)
            seen.update(line)
    return evidence


def _offers(readings: Sequence[_Reading]) -> tuple[Offer, ...]:
    """Return an offer for each reading, with the line in which it differs most from the first one."""
    lines = [reading.text.split("\n") for reading in readings]
    at = max(range(min(map(len, lines))), key=lambda i: len({line[i] for line in lines}))
    return tuple(
        Offer(f"{reading.encoding.label}: {_excerpt(line[at])}", {"encoding": reading.encoding.codec})
        for reading, line in zip(readings, lines, strict=True)
    )


def _excerpt(line: str) -> str:
    text = "".join("\ufffd" if bad_byte(sign) is not None or not sign.isprintable() else sign for sign in line)
    first = next((at for at, sign in enumerate(text) if not sign.isascii()), 0)
    start = max(0, first - _MAX_SAMPLE // 3)
    return text[start : start + _MAX_SAMPLE].strip()
