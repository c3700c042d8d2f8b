"""The index in PostgreSQL: one table with a `tsvector` an audience, and the vocabulary.

The vectors are made from words that are taken apart already, so no parser or dictionary of the database has a say.

# Note [Stripes]
A word may be in thousands of documents, of which the first few hundred by key are ranked. An index of words gives all
or none, in no order, and reading each document to sort it by key takes longer the more codes there are. So documents
are parted into stripes by key, narrow and wide ones, and each vector holds the names of its stripes as if they were
words: `first.py` asks for a word within the first stripes alone. A few names cost next to nothing, dozens more than
they save; hence the widths. A trigger writes the names, for the servers of the release before, too.
"""

from collections.abc import Sequence

from kb.searching.documents import Document

LEVELS = (13, 16, 19)
"""Stripes are of 2 to the power of this many keys; each vector names one of every level. See Note [Stripes].
The trigger has the same levels: others need a migration."""

KEY = "key"
MATCHES = "vector @@ %s::tsquery"


def stripe(level: int, number: int) -> str:
    """Return the expression for a stripe. See Note [Stripes]."""
    return f"'°{level}.{number}'"


def any_of(expressions: Sequence[str]) -> str:
    """Return the expression that holds where one of several does."""
    return f"({' | '.join(expressions)})"


def all_of(expressions: Sequence[str]) -> str:
    """Return the expression that holds where each of several does."""
    return f"({' & '.join(expressions)})"


def word(stem: str, prefix: bool = False) -> str:
    """Return the expression for a word, or for the beginning of one."""
    return f"'{stem}':*" if prefix else f"'{stem}'"


def insert(audience: int, documents: Sequence[Document]) -> tuple[str, list[tuple]]:
    """Return the statement that stores documents, and its parameters for each run of it."""
    sql = (
        f"INSERT INTO kb_search_{audience} (key, head, near, body, words, vector)"  # noqa: S608
        " SELECT d.*, array_to_tsvector(array_remove(string_to_array(concat_ws(' ', head, near, body), ' '), ''))"
        " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[]) AS d(key, head, near, body, words)"
    )
    columns = zip(*((d.key, d.head, d.near, d.body, d.words) for d in documents), strict=True)
    return sql, [tuple(list(column) for column in columns)] if documents else []


def settle(audience: int) -> list[str]:
    """Return what makes the index quick after many documents were stored."""
    return [f"SELECT gin_clean_pending_list('kb_search_{audience}_vector')", f"ANALYZE kb_search_{audience}"]
