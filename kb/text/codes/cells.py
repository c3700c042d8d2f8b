"""One cell of a vendor's table: whether it is empty, its line breaks, and the codes in it."""

import re

from kb.text.codes.code_ranges import code_span
from kb.text.safety.formula import infuse

EMPTY = frozenset({"", "-", "\u2013", "\u2014", "\uff0d", "N/A", "n/a", "null", "NULL", "None"})
"""Texts that mean an empty cell. Only whole cells count: `- ` before a text is a bullet, and `-1` is a code."""

_ERRORS = "#N/A #REF! #VALUE! #NAME? #DIV/0! #NULL! #NUM! #SPILL! #CALC! #GETTING_DATA #NV #BEZUG! #WERT!".split()
ERROR_CELLS = frozenset([*_ERRORS, *("#" * width for width in range(3, 65))])
"""What a spreadsheet shows where a formula has no value, and where a column is too narrow for a number."""

MAX_RANGE = 100
"""Longest range whose codes are all suggested. For a longer one, only the two ends are."""

MAX_LIST = 2000
"""Longest cell, in characters, that is searched for several codes."""

_DEFUSED = frozenset("'=")
_LONGEST_EMPTY = 8
_MAX_SHOWN = 60
# Breaks that open right before a tag go with it: else the next reading would close them behind the line break.
_OPEN = r"(?:<br\s*+){0,20}+"
_BREAK = re.compile(r"(?:<br\s*+){1,20}+/?>", re.IGNORECASE)
_ITEM = re.compile(rf"{_OPEN}<li>", re.IGNORECASE)
_ITEM_END = re.compile(rf"{_OPEN}(?:</li>|<[uo]l>)", re.IGNORECASE)
_LIST_END = re.compile(rf"{_OPEN}</[uo]l>", re.IGNORECASE)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

# The white space around is left out, because a pattern that begins with white space is slow on long runs of it.
_BETWEEN = re.compile(r"[,;/|&\u3001\uff0c\uff1b\uff0f]|\n|\b(?:and|or)\b|[\u548c\u6216\u53ca\u4e0e]")
_NUMBER_OR_DATE = re.compile(r"\d{1,2}(?:,\d{3}){1,5}|\d{1,2}/\d{1,2}/(?:19|20)\d\d|(?:19|20)\d\d/\d{1,2}/\d{1,2}")
_ONE_CODE = re.compile(r"-?(?=[^\d]*\d)\w[\w.:-]*")


def tidy(cell: str, spreadsheet: bool = False) -> str:
    r"""Return the text of a cell: "" for an empty one, `\n` for every form of line break, no white space at the end.

    With `spreadsheet`, the file may be an export, which defuses formulas.
    """
    if spreadsheet and cell[:1] in _DEFUSED:
        cell = infuse(cell) if cell[0] == "'" else unwrap(cell) if cell.endswith('"') else cell
    if "\r" in cell:
        cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    if "<" in cell:
        cell = breaks(cell)
    cell = cell.rstrip()
    return "" if len(cell) <= _LONGEST_EMPTY and cell.strip() in EMPTY else cell


def unwrap(cell: str) -> str:
    """Return `00942` for `="00942"` and `'00942`, as people keep a spreadsheet from reading a number."""
    if len(cell) > 3 and cell.startswith('="') and cell.endswith('"') and '"' not in cell[2:-1].replace('""', ""):
        return cell[2:-1].replace('""', '"')
    return cell[1:] if cell.startswith("'") and cell[1:2].isalnum() and "'" not in cell[1:] else cell


def shorten(text: str | None) -> str:
    """Return the beginning of a text for a message, with a visible sign for each character that is not allowed."""
    text = fit((text or "")[: _MAX_SHOWN + 1])
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}\u2026"


def error_of(cell: str) -> str:
    """Return what one of `ERROR_CELLS` is, for a message."""
    is_narrow = cell.startswith("##")
    return "what a spreadsheet shows in a column that is too narrow" if is_narrow else "an error of a spreadsheet"


def breaks(cell: str) -> str:
    r"""Return the cell with `<br>` as a line break and `<li>` as a line that begins with `- `; other markup stays."""
    # Split and join, because a pattern that includes white space is slow on long runs of it.
    first, *rest = _BREAK.split(cell)
    cell = "\n".join([first.rstrip(" \t"), *(part.strip(" \t").removeprefix("\n") for part in rest)]) if rest else cell
    before, *items = _ITEM.split(cell)
    if not items:
        return cell
    lines = [_ITEM_END.sub("\n", before).rstrip()]
    for item in items:
        # A line break in place of the tag, so that what is around it never becomes a tag itself.
        text, *after = _LIST_END.split(_ITEM_END.sub("\n", item))
        lines += [f"- {text.strip()}", *(rest.strip() for rest in after)]
    return "\n".join(line for line in lines if line)


def unfit(cell: str) -> str:
    """Return the first character that is not allowed in a text (a control character, half a surrogate pair), or ""."""
    match = _UNFIT.search(cell)
    return match[0] if match else ""


def fit(text: str) -> str:
    """Return the text with a visible sign in place of each character that is not allowed."""
    return _UNFIT.sub("\ufffd", text)


def several_codes(cell: str) -> tuple[str, ...]:
    """Return the codes that a cell seems to list; () for a single code. A person decides about this suggestion."""
    if (cell.isascii() and cell.isalnum()) or len(cell) > MAX_LIST or _NUMBER_OR_DATE.fullmatch(cell):
        return ()
    parts = [part for piece in _BETWEEN.split(cell) if (part := piece.strip())]
    # No-break spaces are between the groups of one number.
    if len(parts) == 1 and cell.isascii() and all(word.isdigit() for word in cell.split()):
        parts = cell.split()
    codes = [code for part in parts for code in _codes_of(part)]
    several = len(codes) > 1 and all(_ONE_CODE.fullmatch(code) for code in codes)
    return tuple(codes) if several else ()


def _codes_of(part: str) -> list[str]:
    """Return every code of a range, or the part itself.

    A wide range of plain numbers that a hyphen joins has a round end: `2110-3127` is a single code. So is
    `0xC1900101-0x20017004`, whose second part is a detail.
    """
    span = code_span(part)
    if not span:
        return [part]
    first, last = span.code(span.first), span.code(span.last)
    is_round = first.endswith(("00", "01")) or last.endswith(("00", "99"))
    is_joined = part == f"{first}-{last}"
    if is_joined and (span.base == 16 or (span.size > MAX_RANGE and not span.prefix and not is_round)):
        return [part]
    if span.size > MAX_RANGE:
        return [first, last]
    return [span.code(value) for value in range(span.first, span.last + 1)]
