"""Finished answers about codes: a look-up is one indexed read and a join of bytes.

build.py    makes the answers of codes from their rows, notes and incidents
plain.py    has the database make those of plain codes
writer.py   keeps them current: `refresh`, `rebuild`
number_order.py  keeps whether a table is in the order of its numbers: `note_order`
reader.py   reads them: `rows_of`, `cards_of`, `whole`, `ranges_around`
"""

from kb.answers.number_order import note_order
from kb.answers.reader import cards_of, complete, ranges_around, rows_of, whole
from kb.answers.writer import codes_about, differences, lag, prepare, rebuild, refresh

__all__ = [
    "cards_of",
    "codes_about",
    "complete",
    "differences",
    "lag",
    "note_order",
    "prepare",
    "ranges_around",
    "rebuild",
    "refresh",
    "rows_of",
    "whole",
]
