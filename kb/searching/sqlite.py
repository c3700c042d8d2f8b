"""SQL for the index in SQLite: an FTS5 table for each audience, and the vocabulary.

The tokenizer has already split the words, so FTS5's own `ascii` tokenizer only splits at spaces.
"""

from collections.abc import Sequence
from typing import Any

from kb.searching.documents import Document

KEY = "rowid"
COLUMNS = ("rowid", "head", "near", "body", "words")
MATCHES = "kb_search_{0} MATCH %s"


def any_of(expressions: Sequence[str]) -> str:
    """Return the expression that matches if one of the expressions does."""
    return f"({' OR '.join(expressions)})"


def all_of(expressions: Sequence[str]) -> str:
    """Return the expression that matches if all expressions do."""
    return f"({' AND '.join(expressions)})"


def word(stem: str, prefix: bool = False) -> str:
    """Return the expression for a word, or for the beginning of one."""
    return f'"{stem}" *' if prefix else f'"{stem}"'


def line(document: Document) -> tuple[Any, ...]:
    """Return the values of COLUMNS for a document."""
    return document


def settle(audience: int) -> list[str]:
    """Return the statements that keep the index fast after a large write."""
    return [f"INSERT INTO kb_search_{audience}(kb_search_{audience}, rank) VALUES ('merge', 500)"]  # noqa: S608
