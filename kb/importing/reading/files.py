"""An input file: its size and digest, its kind and its text encoding."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from kb.importing.reading.sheets import Limits, unreadable

KEEP_BAD_BYTES = "kb.importing.mark"
"""Error handler: a byte that the encoding lacks becomes U+DC00 + byte, so that a problem can report its row."""

_ESCAPED = re.compile(rb"\x1b[$(]|~\{[!-w]|\+[A-Za-z0-9/+]{3}")
"""How encodings of seven bits, such as ISO-2022-JP, HZ and UTF-7, begin a letter."""

_FIRST_MARK = 0xDC00
_PIECE = 1 << 20
# The mark of UTF-32 begins with the one of UTF-16, so it comes first.
_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CONTROLS = bytes({*range(1, 32), 127} - set(b"\t\n\r\f"))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTION_MARK = "EncryptedPackage".encode("utf-16-le")
_WORKBOOK_MARKS = ("Workbook\0".encode("utf-16-le"), "Book\0".encode("utf-16-le"))
FORMS = (
    "CSV, XLSX, ODS, XLS, JSON, YAML, TOML, XML, SQL, HTML, Markdown, reStructuredText, AsciiDoc, properties, INI, "
    ".strings, source code, or text in columns or lines; also one such file in a ZIP or gzip archive."
)
"""What a file may be, for people. The forms themselves are in `formats/registry.py`."""

ALLOWED = f"Allowed: {FORMS}"
"""The same, for refusals."""

_COPY = "Copy its table into a spreadsheet and save it as CSV."
_UNPACK = "Unpack it, and import the file with the codes."
_EXPORT = "Export the table with the codes as CSV."
_MAGIC = {
    b"\x89PNG": ("a PNG picture", ""),
    b"\xff\xd8\xff": ("a JPEG picture", ""),
    b"GIF8": ("a GIF picture", ""),
    b"%PDF": ("a PDF document", _COPY),
    b"\x1f\x8b": ("a gzip archive", _UNPACK),
    b"Rar!": ("a RAR archive", _UNPACK),
    b"7z\xbc\xaf": ("a 7z archive", _UNPACK),
    b"BZh": ("a bzip2 archive", _UNPACK),
    b"\xfd7zXZ": ("an xz archive", _UNPACK),
    b"SQLite format 3": ("an SQLite database", _EXPORT),
    b"\x7fELF": ("a program", ""),
    b"MZ\x90": ("a program", ""),
    b"{\\rtf": ("a text document (RTF)", _COPY),
    b"%!PS": ("a PostScript document", _COPY),
    b"PAR1": ("a Parquet file", _EXPORT),
    b"RIFF": ("a picture or a recording", ""),
    b"II*\x00": ("a TIFF picture", ""),
    b"MM\x00*": ("a TIFF picture", ""),
    b"\x00\x01\x00\x00Standard": ("an Access database", _EXPORT),
    b"\xde\x12\x04\x95": ("a compiled file of translations (gettext)", _EXPORT),
    b"\x95\x04\x12\xde": ("a compiled file of translations (gettext)", _EXPORT),
}
"""How files begin that are no text: what they are, and what to do with one that has a table."""


def _mark_bad_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(_FIRST_MARK + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(KEEP_BAD_BYTES, _mark_bad_bytes)


def bad_byte(character: str) -> int | None:
    """Return the byte that `KEEP_BAD_BYTES` turned into this character; None for any other character."""
    value = ord(character) - _FIRST_MARK
    return value if 0 <= value < 256 else None


class InputFile:
    """A file that you can read several times: a path, or a seekable file object, which stays open."""

    def __init__(self, file: BinaryIO | Path, limits: Limits) -> None:
        self._file = file
        with self.open() as stream:
            self.size = _size_of(stream)
            if self.size > limits.bytes:
                message = f"The file has {self.size} bytes; at most {limits.bytes} are allowed."
                raise unreadable("too_many_bytes", message)
            if self.size == 0:
                raise unreadable("empty", "The file is empty.")
            self.head = stream.read(1 << 16)
            stream.seek(0)
            self.sha256, self.not_utf8, self.escaped = _scan(stream)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file, or rewind a file object, and yield it."""
        if isinstance(self._file, Path):
            with self._file.open("rb") as stream:
                yield stream
        else:
            self._file.seek(0)
            yield self._file

    @property
    def is_zip(self) -> bool:
        """Whether the bytes are a zip archive, as every XLSX file is."""
        return self.head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))

    @property
    def is_gzip(self) -> bool:
        """Whether the bytes are a gzip archive."""
        return self.head.startswith(b"\x1f\x8b\x08")

    @property
    def is_old_excel(self) -> bool:
        """Whether the bytes are an Excel file of the old kind (.xls), without a password."""
        return self.head.startswith(_OLE) and self._has(*_WORKBOOK_MARKS) and not self._has(_ENCRYPTION_MARK)

    def _has(self, *marks: bytes) -> bool:
        with self.open() as file:
            data = file.read(64 << 20)
        return any(mark in data for mark in marks)

    def check_is_text(self, name: str) -> None:
        """Raise Unreadable for a file that is not text; the message says what it is."""
        if self.head.startswith(_OLE):
            raise self._old_office()
        for magic, (kind, advice) in _MAGIC.items():
            if self.head.startswith(magic):
                raise unreadable("binary", f"This is {kind}, not a table. {advice} {ALLOWED}".replace("  ", " "))
        head = self._text_head
        nuls = head.count(0)
        is_wide = self.mark or (self.wide_without_mark and nuls < len(self.head))
        if nuls > len(head) // 100 and not is_wide:
            message = f"This is a binary file, not a table. {ALLOWED}"
            if 2 * nuls < len(head) == len(head.translate(None, _CONTROLS)):
                message = f"{nuls} zeros (NUL) stand among the text, as after a broken copy. Export the table again."
            raise unreadable("binary", message)

    def _old_office(self) -> Exception:
        if self._has(_ENCRYPTION_MARK):
            message = "This Excel file is protected by a password. Save it without one."
            return unreadable("password", message)
        return unreadable("old_office", "This is an old Office file without sheets, such as a Word document. " + _COPY)

    @property
    def mark(self) -> str:
        """The encoding that the byte order mark shows; "" without one."""
        return next((encoding for bom, encoding in _BOMS.items() if self.head.startswith(bom)), "")

    @cached_property
    def _text_head(self) -> bytes:
        return without_padding(self.head.decode("latin-1")).encode("latin-1")

    @cached_property
    def wide_without_mark(self) -> str:
        """The encoding of UTF-16 or UTF-32 without a byte order mark; "" for other text.

        Signs and digits have a zero byte in UTF-16, always on the same side, and three in UTF-32.
        """
        zeros = [self._text_head[at::4].count(0) for at in range(4)]
        quarter = max(len(self._text_head) // 4, 1)
        for encoding, pair in (("utf-32-be", zeros[:2]), ("utf-32-le", zeros[2:])):
            if min(pair) > 0.9 * quarter:
                return encoding
        low, high = zeros[0] + zeros[2], zeros[1] + zeros[3]
        if max(low, high) > 0.1 * quarter and min(low, high) < 0.05 * max(low, high):
            encoding = "utf-16-be" if low > high else "utf-16-le"
            # A text with a few zeros has no line break where UTF-16 has one.
            return encoding if "\n" in self._text_head.decode(encoding, "replace") else ""
        return ""

    def text(self, encoding: str, limits: Limits) -> str:
        """Return the entire text, with LF for every line break. Raises Unreadable above `limits.memory`."""
        if self.size > limits.memory:
            message = f"The file has {self.size} bytes; in this format at most {limits.memory} are allowed. Use CSV."
            raise unreadable("too_many_bytes", message)
        with self.open() as file:
            text = file.read().decode(codec_of(encoding), KEEP_BAD_BYTES)
        return without_padding(text.replace("\r\n", "\n").replace("\r", "\n"))


def without_padding(text: str) -> str:
    """Return a text without what DOS writes behind its last line: Ctrl-Z, and zeros up to the end of a block."""
    end = text.rstrip("\x00\x1a")
    return end if "\x1a" in text[len(end) :] and "\x00" not in end else text


def codec_of(encoding: str) -> str:
    """Return the codec of an encoding that also removes a byte order mark."""
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _size_of(file: BinaryIO) -> int:
    size = file.seek(0, 2)
    # Some file objects return nothing from seek.
    size = file.tell() if size is None else size
    file.seek(0)
    return size


def _scan(file: BinaryIO) -> tuple[str, bytes, bytes]:
    """Return the SHA-256 of a file, its first piece that is not UTF-8, and its first piece with escaped letters.

    A piece is b"" if the file has none.
    """
    digest, decoder, not_utf8, escaped, last = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), b"", b"", b""
    while piece := file.read(_PIECE):
        digest.update(piece)
        last = piece
        if not escaped and _ESCAPED.search(piece):
            escaped = piece
        if not not_utf8:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                not_utf8 = piece
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        not_utf8 = not_utf8 or last
    return digest.hexdigest(), not_utf8, escaped
