"""Read the first documents, by key, that have some words: these are the ones to rank.

SQLite reads documents in order of keys and stops when it has enough. PostgreSQL does so only for very frequent words.
For others, its index returns all documents with the words, so the search reads a few stripes of documents at a time.
See Note [Stripes].
"""

from typing import Any

from kb.models.sql import is_postgres
from kb.searching import postgres, store
from kb.searching.documents import BUCKET, NOTES, Document

COMMON = 1 / 8
"""From this share of all documents, reading in order of keys soon reaches a few hundred matches."""

FEW, MANY = 500, 20_000
"""Below these numbers of documents with all terms, and with the rarest term, reading and sorting all is faster."""

STRIPES, ROUNDS = 8, 3
"""Most stripes in one query, and most queries. After these, all remaining documents are read at once."""

SLACK = 1.25
"""Factor for the estimated width of the stripes, because a second query costs more than wide stripes."""

CAUTION = 1 / 32
"""Largest part of all documents in a first query for several words, which occur together more often than by chance."""


def matching(audience: int, expression: str, limit: int, share: float, rarest: float, total: int) -> list[Document]:
    """Return the first documents, in the order of keys, that match an expression.

    `share` is the rough share of documents that match, `rarest` the rough share with the rarest term, and `total` the
    number of documents.
    """
    if not is_postgres() or share >= COMMON:
        rows = _read(audience, expression, limit, store.database().KEY)
    elif audience == NOTES or (share * total < FEW and rarest * total < MANY):
        # Stripes are those of the codes' ids, and notes have others.
        rows = _read(audience, expression, limit)
    else:
        part = SLACK * limit / (share * total)
        rows = _by_stripes(audience, expression, limit, part if share == rarest else min(part, CAUTION))
    return [Document(key, head, near, body, "") for key, head, near, body in rows]


def _by_stripes(audience: int, expression: str, limit: int, part: float) -> list[Any]:
    """Return the first rows. Read documents part by part; the rows so far determine the size of the next part."""
    first, last = store.rows_of("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM kb_returncode")[0]
    spans = [(first + bucket * BUCKET, last + bucket * BUCKET) for bucket in range(3)]
    rows: list[Any] = []
    width, at, keys_behind = (last - first + 1) * 3, first, 0
    for _ in range(ROUNDS):
        level = next((level for level in postgres.LEVELS if STRIPES << level >= part * width), postgres.LEVELS[-1])
        numbers = [n for a, b in spans for n in range(max(a, at) >> level, (b >> level) + 1) if b >= at]
        count = min(STRIPES, 1 + (int(part * width) >> level), len(numbers))
        within = postgres.any_of([postgres.stripe(level, number) for number in numbers[:count]])
        rows += _read(audience, postgres.all_of([expression, within]), limit - len(rows), start=at)
        if len(rows) >= limit or len(numbers) == count:
            return rows
        at = numbers[count] << level
        keys_behind += count << level
        part = SLACK * (limit - len(rows)) * keys_behind / width / (len(rows) + 1)
    return rows + _read(audience, expression, limit - len(rows), start=at)


def _read(audience: int, expression: str, limit: int, order: str = "key + 0", start: int = 0) -> list[Any]:
    """Return the rows that match an expression, from a key on.

    The order is `key + 0`, so that PostgreSQL does not use the index of keys: it misjudges how far it has to read.
    """
    column, matches = store.database().KEY, store.database().MATCHES.format(audience)
    condition = f" AND {column} + 0 >= {start}" if start else ""
    sql = f"SELECT {column}, head, near, body FROM kb_search_{audience} WHERE {matches}{condition}"  # noqa: S608
    return store.rows_of(f"{sql} ORDER BY {order} LIMIT %s", expression, limit)
