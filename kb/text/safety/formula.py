"""Defuse cells that a spreadsheet would run as a formula, and restore them exactly.

An export to CSV defuses every cell; an import removes the added apostrophe. The cells of XLSX have a type, so a text
is never run there and gets no apostrophe; only one that an import would remove is doubled. One rare case is ambiguous:
a vendor's own cell that begins with an apostrophe and what begins a formula (`'-x`) loses that apostrophe in an import
from CSV or XLSX. Nothing else is lost.
"""

import re

# Some spreadsheets ignore white space and invisible characters before a formula, and read full-width signs as signs.
_INVISIBLE = r"[\s\x00-\x1f\x7f\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
_FORMULA = re.compile(_INVISIBLE + r"*+[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]")
_MARKS = ("\t", "\r", "'")


def _may_run(cell: str, at: int = 0) -> bool:
    return cell.startswith(_MARKS, at) or _FORMULA.match(cell, at) is not None


def defuse(cell: str) -> str:
    """Return the cell with an apostrophe before it if a spreadsheet might run it; `infuse` removes it."""
    # The apostrophe is a mark, too, so that a text that begins with one keeps it.
    return f"'{cell}" if _may_run(cell) else cell


def infuse(cell: str) -> str:
    """Return the cell as it was before `defuse`."""
    return cell[1:] if cell.startswith("'") and _may_run(cell, 1) else cell


def mark_apostrophe(cell: str) -> str:
    """Return the cell with one more apostrophe before it if an import would remove its own, or unwrap `="00942"`."""
    return f"'{cell}" if infuse(cell) != cell or cell.startswith('="') else cell
