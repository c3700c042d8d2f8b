"""Zip archives: which kind of document one is, or the only table in it, with limits on what it unpacks to."""

import gzip
import zipfile
import zlib
from io import BytesIO
from pathlib import PurePosixPath

from kb.importing.reading.files import InputFile
from kb.importing.reading.sheets import Limits, unreadable

MAX_PARTS = 5_000
_MIN_UNPACKED = 64 * 2**20
_MIN_UNZIPPED = 8 * 2**20
_PIECE = 1 << 20
_IGNORED = {"readme", "license", "licence", "notice", "changelog", "thumbs", "desktop"}
_KINDS = {
    "word/document.xml": "a Word document. Copy its table into a spreadsheet and save it as XLSX or CSV.",
    "ppt/presentation.xml": "a PowerPoint presentation. Copy its table into a spreadsheet and save it as XLSX or CSV.",
    "xl/workbook.bin": "an Excel file in the binary form (.xlsb). Save it as XLSX or CSV.",
    "Index/Document.iwa": "an Apple Numbers, Pages or Keynote file. In Numbers, choose Export To, then CSV or Excel.",
    "Index.zip": "an Apple Numbers, Pages or Keynote file. In Numbers, choose Export To, then CSV or Excel.",
    "META-INF/container.xml": "a book (EPUB). Copy its table into a spreadsheet and save it as CSV.",
    "META-INF/MANIFEST.MF": "a Java archive. Unpack it and import the file with the codes.",
}
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


def kind_of(input_file: InputFile) -> str:
    """Return "xlsx" or "ods" for a workbook, and "" for another archive. Raises Unreadable for other documents."""
    try:
        with input_file.open() as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()[: MAX_PARTS + 1]
            mimetype = archive.open("mimetype").read(200).strip() if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error):
        # The reader of workbooks says what is wrong.
        return "xlsx"
    if mimetype.startswith(_ODS):
        return "ods"
    for part, kind in _KINDS.items():
        if part in names:
            raise unreadable("binary", f"This is {kind}")
    if mimetype:
        message = "This is an OpenDocument text or presentation. Copy its table into a spreadsheet and save it as CSV."
        raise unreadable("binary", message)
    is_workbook = "[Content_Types].xml" in names or any(name.startswith("xl/") for name in names)
    return "xlsx" if is_workbook or len(names) > MAX_PARTS else ""


def member_of(input_file: InputFile, limits: Limits) -> tuple[InputFile, str]:
    """Return the only file of an archive, and its name. Raises Unreadable unless it has exactly one table."""
    try:
        with input_file.open() as file, zipfile.ZipFile(file) as archive:
            parts = [part for part in archive.infolist() if _is_table(part)]
            if len(parts) != 1:
                names = ", ".join(part.filename[:80] for part in parts[:8])
                more = f" and {len(parts) - 8} more" if len(parts) > 8 else ""
                message = (
                    f"This zip archive has {len(parts)} files: {names}{more}. Unpack it, and import each by itself."
                )
                if not parts:
                    message = "This zip archive has no file with a table."
                raise unreadable("binary", message)
            check(archive, input_file.size, limits)
            if parts[0].file_size > limits.memory:
                name, size = parts[0].filename[:80], parts[0].file_size
                message = f"{name} unpacks to {size} bytes; at most {limits.memory} are allowed."
                raise unreadable("too_large_unpacked", message)
            data = archive.read(parts[0])
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        zlib.error,
    ) as error:
        message = f"This zip archive is broken ({type(error).__name__}). Unpack it and import the file in it."
        raise unreadable("broken_archive", message) from error
    member = InputFile(BytesIO(data), limits)
    if member.is_zip and kind_of(member) == "":
        raise unreadable("binary", "This zip archive does not contain a workbook, but another archive. Unpack it.")
    # The digest and the size are those of the file that somebody gave.
    member.sha256, member.size = input_file.sha256, input_file.size
    return member, PurePosixPath(parts[0].filename).name


def unpacked(input_file: InputFile, name: str, limits: Limits) -> tuple[InputFile, str]:
    """Return the file in a gzip archive, and its name. Raises Unreadable for a broken or large one, or for several."""
    most = min(limits.memory, limits.bytes, max(_MIN_UNZIPPED, limits.unpack_ratio * input_file.size))
    try:
        with input_file.open() as file, gzip.open(file) as archive:
            data = archive.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        message = "This gzip archive is broken. Unpack it and import the file in it, or pack it again."
        raise unreadable("broken_archive", message) from error
    if len(data) > most:
        raise unreadable("too_large_unpacked", f"The file unpacks to more than {most} bytes, the limit.")
    if data[257:262] == b"ustar":
        raise unreadable("binary", "This is a tar archive. Unpack it, and import one of its files.")
    member = InputFile(BytesIO(data), limits)
    member.sha256, member.size = input_file.sha256, input_file.size
    return member, name[:-3] if name.lower().endswith(".gz") else name


def check(archive: zipfile.ZipFile, size: int, limits: Limits) -> None:
    """Unpack everything once without keeping it. Raises Unreadable for too much, or a password."""
    parts = archive.infolist()
    bytes_left = min(max(_MIN_UNPACKED, limits.unpack_ratio * size), max(limits.bytes, _MIN_UNPACKED))
    if len(parts) > MAX_PARTS:
        raise unreadable("too_large_unpacked", f"This archive has {len(parts)} files; at most {MAX_PARTS} are allowed.")
    if any(part.flag_bits & 1 for part in parts):
        raise unreadable("password", "This file is protected by a password. Save it without one.")
    total = sum(part.file_size for part in parts)
    if total > bytes_left:
        message = f"The file has {size} bytes but unpacks to {total}; at most {bytes_left} are allowed."
        raise unreadable("too_large_unpacked", message)
    for part in parts:
        with archive.open(part) as unpacked:
            while piece := unpacked.read(_PIECE):
                bytes_left -= len(piece)
                if bytes_left < 0:
                    message = "The file unpacks to more than it declares. Reading stopped."
                    raise unreadable("too_large_unpacked", message)


def _is_table(part: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(part.filename)
    is_hidden = any(name.startswith((".", "__MACOSX")) for name in path.parts)
    return not part.is_dir() and not is_hidden and path.stem.lower() not in _IGNORED
