"""Cells that a spreadsheet would run as a formula, made harmless and back without losing a byte.

An export defuses every cell; a read takes the one apostrophe off again. One case cannot be told apart: a vendor's own
cell that begins with an apostrophe followed by one of the marks (`'-x`) loses that apostrophe when it is read from CSV
or XLSX. It is rare, and nothing else is lost.
"""

_MARKS = ("=", "+", "-", "@", "\t", "\r", "'")


def defuse(cell: str) -> str:
    """Return the cell with an apostrophe before it where a spreadsheet might run it; `infuse` takes it off."""
    # The apostrophe is a mark too: a text that has one already must come back with it.
    return f"'{cell}" if cell.startswith(_MARKS) else cell


def infuse(cell: str) -> str:
    """Return the cell as it was before `defuse`."""
    return cell[1:] if cell.startswith("'") and cell.startswith(_MARKS, 1) else cell
