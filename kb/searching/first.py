"""The first documents, in the order of keys, that hold some words: what is ranked of a question.

SQLite meets documents in that order and stops. PostgreSQL does so only for words that are everywhere; else its index
gives all that hold them, so it is asked for a few stripes of the documents after another. See Note [Stripes].
"""

import math
from typing import Any

from django.db import connection

from kb.searching import postgres, store
from kb.searching.documents import BUCKET, Document

COMMON = 1 / 8
"""The share of all documents from which on one soon meets a few hundred of them, wherever one starts."""

FEW = 600
"""Documents that are sooner read and sorted than asked for by stripes."""

MOST_STRIPES = 48
"""Stripes that are asked for at once, and..."""

ROUNDS = 3
"""... how often, before the rest is read as it is."""


def matching(audience: int, expression: str, limit: int, share: float, rarest: float) -> list[Document]:
    """Return the first documents, in the order of keys, for which an expression holds.

    `share` is that of all documents for which it holds, roughly, and `rarest` how many have its rarest term.
    """
    if connection.vendor != "postgresql" or share >= COMMON:
        rows = _read(audience, expression, limit, store.database().KEY)
    elif rarest < FEW:
        rows = _read(audience, expression, limit)
    else:
        rows = _by_stripes(audience, expression, limit, share)
    return [Document(key, head, near, body, "") for key, head, near, body in rows]


def _by_stripes(audience: int, expression: str, limit: int, share: float) -> list[Any]:
    """Read stripe after stripe until there is enough; each time as many as what was found so far promises."""
    stripes, codes = _stripes()
    found: list[Any] = []
    at, width = 0, math.ceil(limit / max(share, 1e-9) * len(stripes) / codes)
    for _ in range(ROUNDS):
        asked = stripes[at : at + min(width, MOST_STRIPES)]
        within = postgres.any_of([postgres.stripe(number) for number in asked])
        found += _read(audience, postgres.all_of([expression, within]), limit - len(found))
        at += len(asked)
        if len(found) >= limit or at >= len(stripes):
            return found
        width = 1 + (limit - len(found)) * at // (len(found) + 1)
    return found + _read(audience, expression, limit - len(found), start=stripes[at] * postgres.STRIPE)


def _stripes() -> tuple[list[int], int]:
    """Return the stripes that documents can be in, in the order of keys, and how many codes there are at most."""
    first, last = store.rows_of("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM kb_returncode")[0]
    numbers = range(first // postgres.STRIPE, last // postgres.STRIPE + 1)
    buckets = (bucket * BUCKET // postgres.STRIPE for bucket in range(3))
    return [bucket + number for bucket in buckets for number in numbers], last - first + 1


def _read(audience: int, expression: str, limit: int, order: str = "key + 0", start: int = 0) -> list[Any]:
    """Read documents. By `key + 0`, for which no index will do: PostgreSQL guesses badly how far it would walk one."""
    column, matches = store.database().KEY, store.database().MATCHES.format(audience)
    later = f" AND {column} >= {start}" if start else ""
    sql = f"SELECT {column}, head, near, body FROM kb_search_{audience} WHERE {matches}{later}"  # noqa: S608
    return store.rows_of(f"{sql} ORDER BY {order} LIMIT %s", expression, limit)
