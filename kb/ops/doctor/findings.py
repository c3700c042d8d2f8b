"""The first rows that a check finds, and their names in a sentence."""

from collections.abc import Sequence
from typing import Any

from kb.models.sql import rows

MAX_LISTED = 5
"""Most rows that a sentence names. It says "and more" for the rest."""


def first_rows(sql: str) -> list[Any]:
    """Return the first MAX_LISTED rows of a query, and one more. The query has no LIMIT."""
    return rows(f"{sql} LIMIT {MAX_LISTED + 1}")


def listing(items: Sequence[Any]) -> str:
    """Return items as one text with commas; at most MAX_LISTED of them."""
    more = " and more" if len(items) > MAX_LISTED else ""
    return ", ".join(str(item) for item in items[:MAX_LISTED]) + more
