"""The first rows that a check finds, and their names in a sentence."""

import re
from collections.abc import Sequence
from typing import Any

from kb.models.sql import rows

MAX_LISTED = 5
"""Most rows that a sentence names. It says "and more" for the rest."""


def first_rows(sql: str) -> list[Any]:
    """Return the first MAX_LISTED rows of a query, and one more. The query has no LIMIT."""
    return rows(f"{sql} LIMIT {MAX_LISTED + 1}")


_PLURALS = {"is": "are", "was": "were", "has": "have", "exists": "exist", "differs": "differ"}
_PLURALS |= {"its": "their", "row": "rows"}


def sentence_about(noun: str, ids: Sequence[Any], rest: str) -> str:
    """Return a sentence about some objects of a noun. `rest` is its end for a single one."""
    if len(ids) == 1:
        return f"{noun.capitalize()} {ids[0]} {rest}."
    rest = re.sub(r"[a-z]+", lambda word: _PLURALS.get(word[0], word[0]), rest)
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{plural.capitalize()} {listing(ids)} {rest}."


def listing(items: Sequence[Any]) -> str:
    """Return items as one text with commas; at most MAX_LISTED of them."""
    more = " and more" if len(items) > MAX_LISTED else ""
    return ", ".join(str(item) for item in items[:MAX_LISTED]) + more
