"""Rows with more cells than the header, because a text has the delimiter and no quotation marks around it."""

from collections.abc import Sequence

from kb.importing.reading.choices import FileQuestion, ask
from kb.importing.reading.evidence import is_code_like
from kb.importing.reading.sheets import Record
from kb.importing.reading.table_rows import SheetPart


def question_about_surplus(part: SheetPart, rows: Sequence[Record]) -> FileQuestion | None:
    """Return what to ask about rows whose surplus cells may be the end of a text.

    They are joined by default where a space follows each delimiter, as in a sentence.
    """
    width = len(part.header)
    long = [(line, cells) for line, cells in rows if len(cells) > width and any(cells[width:])]
    if "commas" in part.ways or not part.sheet.delimiter or not part.texts_at or not long:
        return None
    if not all(is_code_like(cells[part.code_at] or "") for _, cells in long):
        return None
    lines = ", ".join(str(line) for line, _ in long[:5]) + (" ..." if len(long) > 5 else "")
    is_prose = all((cell or " ").startswith(" ") for _, cells in long for cell in cells[width:])
    message = f"Rows have more cells than the header, as if a text had {part.sheet.delimiter!r} in it: line {lines}."
    return ask("commas", message, "join" if is_prose else "error")
