"""Sheets that are the cover of a workbook: a single column, beside sheets with several."""

from collections.abc import Sequence
from itertools import islice

from kb.importing.reading.sheets import Problem, Sheet

_LOOK = 200


def mark_covers(sheets: Sequence[Sheet]) -> None:
    """Give each cover a doubt, so that it is left out unless somebody chooses it."""
    if len(sheets) < 2:
        return
    narrow = [sheet for sheet in sheets if _is_narrow(sheet)]
    for sheet in narrow if len(narrow) < len(sheets) else ():
        sheet.doubt = "has a single column, as a cover has,"


def _is_narrow(sheet: Sheet) -> bool:
    return all(sum(map(bool, cells)) < 2 for _, cells in islice(sheet.records(_ignore), _LOOK))


def _ignore(problem: Problem) -> None:
    """Say nothing: the sheet is read again."""
