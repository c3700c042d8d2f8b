"""The first documents, in the order of keys, that hold some words: what is ranked of a question.

SQLite meets documents in that order and stops. PostgreSQL does so only for words that are everywhere; else its index
gives all that hold them, so it is asked for a few stripes of the documents after another. See Note [Stripes].
"""

from typing import Any

from kb.models.sql import is_postgres
from kb.searching import postgres, store
from kb.searching.documents import BUCKET, Document

COMMON = 1 / 8
"""The share of all documents from which on one soon meets a few hundred of them, wherever one starts."""

FEW, MANY = 500, 20_000
"""Documents that are sooner read and sorted than met by stripes: so few hold all terms, so few the rarest of them."""

STRIPES, ROUNDS = 8, 3
"""How many stripes are asked for at once at most, and how often, before the rest is read as it is."""

SLACK = 1.25
"""How much wider than guessed stripes are asked for: asking again costs more."""

CAUTION = 1 / 32
"""The part of all documents that several words are first looked for in: together they are in more than one guesses."""


def matching(audience: int, expression: str, limit: int, share: float, rarest: float, total: int) -> list[Document]:
    """Return the first documents, in the order of keys, for which an expression holds.

    `share` is that of all documents for which it holds, `rarest` that which has its rarest term, both roughly, and
    `total` how many documents there are.
    """
    if not is_postgres() or share >= COMMON:
        rows = _read(audience, expression, limit, store.database().KEY)
    elif share * total < FEW and rarest * total < MANY:
        rows = _read(audience, expression, limit)
    else:
        part = SLACK * limit / (share * total)
        rows = _by_stripes(audience, expression, limit, part if share == rarest else min(part, CAUTION))
    return [Document(key, head, near, body, "") for key, head, near, body in rows]


def _by_stripes(audience: int, expression: str, limit: int, part: float) -> list[Any]:
    """Read a part of all documents, and as much more as what was found promises, until there is enough."""
    first, last = store.rows_of("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM kb_returncode")[0]
    spans = [(first + bucket * BUCKET, last + bucket * BUCKET) for bucket in range(3)]
    found: list[Any] = []
    width, at, passed = (last - first + 1) * 3, first, 0
    for _ in range(ROUNDS):
        level = next((level for level in postgres.LEVELS if STRIPES << level >= part * width), postgres.LEVELS[-1])
        numbers = [n for a, b in spans for n in range(max(a, at) >> level, (b >> level) + 1) if b >= at]
        count = min(STRIPES, 1 + (int(part * width) >> level), len(numbers))
        within = postgres.any_of([postgres.stripe(level, number) for number in numbers[:count]])
        found += _read(audience, postgres.all_of([expression, within]), limit - len(found), start=at)
        if len(found) >= limit or len(numbers) == count:
            return found
        at = numbers[count] << level
        passed += count << level
        part = SLACK * (limit - len(found)) * passed / width / (len(found) + 1)
    return found + _read(audience, expression, limit - len(found), start=at)


def _read(audience: int, expression: str, limit: int, order: str = "key + 0", start: int = 0) -> list[Any]:
    """Read documents, from a key on.

    By `key + 0`, for which no index will do: PostgreSQL guesses badly how far it would walk one.
    """
    column, matches = store.database().KEY, store.database().MATCHES.format(audience)
    later = f" AND {column} + 0 >= {start}" if start else ""
    sql = f"SELECT {column}, head, near, body FROM kb_search_{audience} WHERE {matches}{later}"  # noqa: S608
    return store.rows_of(f"{sql} ORDER BY {order} LIMIT %s", expression, limit)
