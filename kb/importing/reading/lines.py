"""Lines between the rows of a table that are no rows: headings, notes, legends, and what stands around a page."""

import re
from collections.abc import Sequence

from kb.importing.reading.code_cells import is_footer
from kb.importing.reading.sheets import Sheet
from kb.text.codes.cells import tidy

_NOTE = re.compile(
    r"[*\u2020\u2021\u203b\u00b9\u00b2\u00b3\u2070-\u2079]|\(\d{1,2}\)"
    r"|(?:notes?|source|legend|hinweis|anmerkung|quelle|remarques?|nota|\u6ce8|\u5907\u6ce8|\u8bf4\u660e|\ube44\uace0)"
    r" {0,2}[:.\uff1a]",
    re.IGNORECASE,
)
"""How a footnote begins."""

_LEGEND = re.compile(
    r"(?:legende?|key|abbreviations|l\u00e9gende|leyenda|legenda|abk\u00fcrzungen|erl\u00e4uterung(?:en)?|zeichenerkl\u00e4rung"
    r"|\u56fe\u4f8b|\u51e1\u4f8b|\ubc94\ub840|\u043b\u0435\u0433\u0435\u043d\u0434\u0430) {0,2}[:\uff1a]?",
    re.IGNORECASE,
)
"""The heading of signs that the table uses."""

_CONTINUED = re.compile(
    r"[^()]{0,200}\((?:continued|cont\.?|cont'd|contd\.?|fortsetzung|suite|suite et fin|\u7eed|\u7e8c)\)", re.I
)
_BLOCK = re.compile("[0-9]{1,8}#{2,8}|#{2,8}")

_MARKED = re.compile(r"\*\*[^*]{1,80}\*\*|={2,4} ?[^=]{1,80}={2,4}|-{2,4} ?[^-]{1,80}-{2,4}|\[[^\[\]\d]{2,80}\]")
"""Words between signs, as people set headings apart in a CSV file."""


def is_heading(sheet: Sheet, cells: Sequence[str | None], width: int) -> bool:
    """Whether a record with a single cell is a heading within the table, rather than a code without a text."""
    text = tidy(cells[0] or "")
    is_full_row = sheet.name or len(cells) == width
    is_words = " " in text or not (text.isascii() or any(map(str.isdigit, text)))
    return bool(is_full_row) and (is_words or bool(_MARKED.fullmatch(text)))


def is_note(text: str) -> bool:
    """Whether a line is a footnote, or what stands at the end of a page or the top of the next."""
    return not _MARKED.fullmatch(text) and bool(_NOTE.match(text) or _CONTINUED.fullmatch(text) or is_footer(text))


def is_legend(text: str) -> bool:
    """Whether a line is the heading of signs that the table uses."""
    return bool(_LEGEND.fullmatch(text))


def is_block(code: str, *, known: bool) -> bool:
    """Whether a cell stands for a block of codes, as `10##` does; `####` only where the table has such blocks."""
    return bool(_BLOCK.fullmatch(code)) and (known or code[0] != "#")
