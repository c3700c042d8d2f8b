"""Defuse cells that a spreadsheet would run as a formula, and restore them exactly.

An export defuses every cell; an import removes the added apostrophe. One rare case is ambiguous: a vendor's own cell
that begins with an apostrophe and one of the marks (`'-x`) loses that apostrophe in an import from CSV or XLSX.
Nothing else is lost.
"""

_MARKS = ("=", "+", "-", "@", "\t", "\r", "'")


def defuse(cell: str) -> str:
    """Return the cell with an apostrophe before it if a spreadsheet might run it; `infuse` removes it."""
    # The apostrophe is a mark, too, so that a text that begins with one keeps it.
    return f"'{cell}" if cell.startswith(_MARKS) else cell


def infuse(cell: str) -> str:
    """Return the cell as it was before `defuse`."""
    return cell[1:] if cell.startswith("'") and cell.startswith(_MARKS, 1) else cell
