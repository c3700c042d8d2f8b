"""Web pages: their tables, or the codes that they have as headings, lists and terms."""

import re
from email import policy
from email.parser import BytesParser

from kb.importing.reading.files import KEEP_BAD_BYTES
from kb.importing.reading.formats.entries import CODE, Entry, sheet_of
from kb.importing.reading.formats.grids import CellBudget, Grid, code_header, sheets_of, tell
from kb.importing.reading.formats.html_blocks import HtmlBlocks
from kb.importing.reading.formats.html_tables import HtmlTables
from kb.importing.reading.formats.prose import entries_of
from kb.importing.reading.sheets import Sheet, unreadable
from kb.importing.reading.source_file import SourceFile

_DOCUMENT = re.compile(r"<(?:html|body)\b", re.IGNORECASE)
_TAG = re.compile(r"<(?:div|span|p|body|script|app-root)\b", re.IGNORECASE)


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the tables of a web page, or of a part of one. Raises Unreadable where it has no codes."""
    return page_sheets(source_file.text, source_file)


def read_archive(source_file: SourceFile) -> list[Sheet]:
    """Return the tables of a page that a browser stored as one file (.mhtml). Raises Unreadable."""
    return page_sheets(_page_of(source_file), source_file)


def document_sheets(grids: list[Grid], entries: list[Entry], source_file: SourceFile) -> list[Sheet]:
    """Return the tables of a document, and a table of the codes in its text: in doubt if other tables have codes."""
    has_codes = [code_header(grid.records, source_file.columns) >= 0 for grid in grids]
    sheets = sheets_of(grids, source_file)
    if not any(has and not sheet.doubt for has, sheet in zip(has_codes, sheets, strict=True)):
        return [*sheets, sheet_of(entries, source_file.limits)] if entries else sheets
    cells = {cell for grid in grids for _, row in grid.records for cell in row if cell} if entries else set()
    others = [
        entry for entry in entries if entry.texts[CODE] not in cells and any(map(str.isdigit, entry.texts[CODE] or ""))
    ]
    if others:
        names = ", ".join(entry.texts[CODE] or "" for entry in others[:5])
        sheet = sheet_of(others, source_file.limits)
        sheet.doubt = f"is a list in the text between the tables, with {len(others)} codes ({names[:200]}),"
        sheets.append(sheet)
    return sheets


def page_sheets(text: str, source_file: SourceFile) -> list[Sheet]:
    """Return the tables of HTML, or the codes in its text. Raises Unreadable without any."""
    grids = _grids(text, source_file)
    sheets = document_sheets(grids, entries_of(HtmlBlocks().blocks_of(text)), source_file)
    if not sheets:
        reason = "This page has no table, and no list or headings with codes"
        if len(_TAG.findall(text)) > 20 or "<div" in text.lower():
            reason += "; it may show its codes in other elements, or load them by a script"
        message = f"{reason}. Copy the codes into a spreadsheet and save it as CSV, or look for a table of the vendor."
        raise unreadable("no_table", message)
    return sheets


def _grids(text: str, source_file: SourceFile) -> list[Grid]:
    """Return the tables of a page; the inner ones where the outer ones only lay out the page: no codes, fewer rows."""
    tables = HtmlTables(source_file.limits, CellBudget(source_file.limits))
    grids = tables.grids_of(text)
    if tables.is_open and _DOCUMENT.search(text):
        message = "The page ends inside a table, as if it was cut off. Rows may be missing."
        tell(source_file, tables.line, message)
    if not any(code_header(grid.records, source_file.columns) >= 0 for grid in grids):
        inner = HtmlTables(source_file.limits, CellBudget(source_file.limits))
        inner.only_inner = True
        inner_grids = inner.grids_of(text)
        if _most_rows(inner_grids) > _most_rows(grids):
            return [grid for grid in inner_grids if grid.records]
    return grids


def _most_rows(grids: list[Grid]) -> int:
    return max((sum(sum(map(bool, cells)) > 1 for _, cells in grid.records) for grid in grids), default=0)


def _page_of(source_file: SourceFile) -> str:
    """Return the page of an archive of messages (RFC 2557), in the encoding that its part names."""
    if source_file.file.size > source_file.limits.memory:
        message = f"This page has {source_file.file.size} bytes; at most {source_file.limits.memory} are allowed."
        raise unreadable("too_many_bytes", message)
    with source_file.file.open() as file:
        data = file.read()
    if data.count(b"\n--") > 20_000:
        raise unreadable("broken_page", "This page has more than 20000 parts, the limit.")
    try:
        for part in BytesParser(policy=policy.compat32).parsebytes(data).walk():
            if part.get_content_type() == "text/html":
                content = part.get_payload(decode=True)
                encoding = part.get_content_charset() or "utf-8"
                text = content.decode(encoding, KEEP_BAD_BYTES) if isinstance(content, bytes) else ""
                source_file.encoding = encoding
                return text.replace("\r\n", "\n").replace("\r", "\n")
    except (LookupError, ValueError, RecursionError, AssertionError) as error:
        message = "This stored page (.mhtml) is broken. Save the page as HTML."
        raise unreadable("broken_page", message) from error
    raise unreadable("broken_page", "This stored page (.mhtml) contains no HTML. Save the page as HTML.")
