"""The anchors of vendors' messages: they lead from the words of a text to the codes whose messages it may have.

A code has at most one row in `kb_search_message`. See `kb.text.detection.templates` for what an anchor is.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import orjson
from django.db import connections, router

from kb.models import ReturnCode
from kb.models.sql import among, batches, insert, is_postgres, marks, rows, run
from kb.models.visibility import Person, Reader, condition, reader
from kb.searching.store import rows_of
from kb.text.detection.templates import MAX_MESSAGE, anchor

MAX_SHARED = 200
"""An anchor of more codes leads to none: it tells nothing, and a table could make every text slow."""

MAX_MESSAGES = 5_000
"""Most messages that one text is compared with."""

_PAGE = 1_000
_MESSAGE = (
    f"substr(CASE WHEN c.vendor_description = '' THEN c.description ELSE c.vendor_description END, 1, {MAX_MESSAGE})"
)
"""The vendor's words. Support's are no message of a log, unless the vendor has none."""


class Message(NamedTuple):
    """The beginning of a description whose anchor a text has."""

    anchor: int
    code_id: int
    text: str


def refresh(code_ids: Sequence[int]) -> None:
    """Store the anchors of codes, of which there is at least one, in place of their old ones."""
    gone, new = [], []
    for pk, text, stored in _stored(code_ids):
        fresh = anchor(text)
        if fresh != stored:
            gone += [pk] if stored else []
            new += [(pk, fresh)] if fresh else []
    for page in batches(gone, _PAGE):
        run(f"DELETE FROM kb_search_message WHERE code_id IN ({marks(page)})", *page)  # noqa: S608
    if new:
        insert("kb_search_message", ("code_id", "anchor"), new)


def clear() -> None:
    """Forget all anchors."""
    run("DELETE FROM kb_search_message")


def with_anchors(anchors: Sequence[int], user: Person | None) -> list[Message]:
    """Return the messages that a user may read and that have one of some anchors, by one query."""
    if not anchors or reader(user) == Reader.NOTHING:
        return []
    database = connections[router.db_for_read(ReturnCode)]
    source, values = (
        ("unnest(%s::integer[]) AS v (value)", [*anchors])
        if is_postgres(database)
        else ("json_each(%s) AS v", orjson.dumps([*anchors]).decode())
    )
    # CROSS JOIN, so that SQLite starts with the anchors. The count of an anchor's codes stops at the limit.
    sql = f"""
        SELECT m.anchor, c.id, {_MESSAGE} FROM {source} CROSS JOIN kb_search_message AS m
        CROSS JOIN kb_returncode AS c CROSS JOIN kb_codetable AS t
        WHERE (
            SELECT count(*) FROM (SELECT 1 FROM kb_search_message AS o WHERE o.anchor = v.value LIMIT %s) AS shared
        ) <= %s
        AND m.anchor = v.value AND c.id = m.code_id AND t.id = c.table_id AND {condition(reader(user), "t.audience")}
        ORDER BY c.id LIMIT %s
    """  # noqa: S608
    codes = rows(sql, values, MAX_SHARED + 1, MAX_SHARED, MAX_MESSAGES, database=database)
    return [Message(*row) for row in codes]


def differences(code_ids: Sequence[int]) -> Iterator[str]:
    """Yield the differences between the stored anchors of codes and new ones, as sentences."""
    for pk, text, stored in _stored(code_ids):
        if anchor(text) != (stored or 0):
            yield f"code {pk}: the anchor of its message is missing or out of date"


def orphans(limit: int = 1_000) -> Iterator[str]:
    """Yield the anchors without a code, as sentences, `limit` at most."""
    sql = (
        "SELECT code_id FROM kb_search_message AS m WHERE NOT EXISTS (SELECT 1 FROM kb_returncode AS c WHERE c.id ="
        " m.code_id) ORDER BY code_id LIMIT %s"
    )
    for (pk,) in rows_of(sql, limit):
        yield f"code {pk}: has the anchor of a message and should have none"


def _stored(code_ids: Sequence[int]) -> list[tuple[int, str, int | None]]:
    """Return the ids, messages and stored anchors of codes, in order."""
    if not code_ids:
        return []
    where, values = among("c.id", code_ids)
    sql = (
        f"SELECT c.id, {_MESSAGE}, m.anchor FROM kb_returncode AS c LEFT JOIN kb_search_message AS m"  # noqa: S608
        f" ON m.code_id = c.id WHERE {where} ORDER BY c.id"
    )
    ids = set(code_ids)
    return [row for row in rows(sql, *values) if row[0] in ids]
