"""The index in SQLite: one FTS5 table an audience, and the vocabulary.

FTS5 gets words that are taken apart already: its `ascii` tokeniser splits at spaces and nothing else that they hold.
"""

from collections.abc import Sequence

from kb.searching.documents import Document

KEY = "rowid"
MATCHES = "kb_search_{0} MATCH %s"


def any_of(expressions: Sequence[str]) -> str:
    """Return the expression that holds where one of several does."""
    return f"({' OR '.join(expressions)})"


def all_of(expressions: Sequence[str]) -> str:
    """Return the expression that holds where each of several does."""
    return f"({' AND '.join(expressions)})"


def word(stem: str, prefix: bool = False) -> str:
    """Return the expression for a word, or for the beginning of one."""
    return f'"{stem}" *' if prefix else f'"{stem}"'


def insert(audience: int, documents: Sequence[Document]) -> tuple[str, list[tuple]]:
    """Return the statement that stores documents, and its parameters for each run of it."""
    sql = f"INSERT INTO kb_search_{audience} (rowid, head, near, body, words) VALUES (%s, %s, %s, %s, %s)"  # noqa: S608
    return sql, [(d.key, d.head, d.near, d.body, d.words) for d in documents]


def settle(audience: int) -> list[str]:
    """Return what makes the index quick after many documents were stored."""
    return [f"INSERT INTO kb_search_{audience}(kb_search_{audience}, rank) VALUES ('merge', 500)"]  # noqa: S608
