"""The anchors of vendors' messages: they lead from the words of a text to the codes whose messages it may have.

A code has at most one row in `kb_search_message`. See `kb.text.detection.templates` for what an anchor is.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import orjson
from django.db import connections, router

from kb.models import ReturnCode
from kb.models.codes import PUBLISHED
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
    """Store the anchors of codes in place of their old ones."""
    gone, new = [], []
    for pk, text, is_public, *stored in _stored(code_ids):
        fresh = anchor(text)
        if [fresh or None, is_public if fresh else None] != stored:
            gone += [pk] if stored[0] else []
            new += [(pk, fresh, is_public)] if fresh else []
    for page in batches(gone, _PAGE):
        run(f"DELETE FROM kb_search_message WHERE code_id IN ({marks(page)})", *page)  # noqa: S608
    if new:
        insert("kb_search_message", ("code_id", "anchor", "is_public"), new)


def clear() -> None:
    """Forget all anchors."""
    run("DELETE FROM kb_search_message")


def with_anchors(anchors: Sequence[int], user: Person | None) -> list[Message]:
    """Return the messages that a user may read and that have one of some anchors, by one query.

    Codes that the reader may not read do not count: they must not change what the public gets.
    """
    level = reader(user)
    if not anchors or level == Reader.NOTHING:
        return []
    database = connections[router.db_for_read(ReturnCode)]
    sql = f"""
        SELECT m.anchor, c.id, {_MESSAGE} FROM kb_returncode AS c JOIN kb_codetable AS t ON t.id = c.table_id + 0
        JOIN kb_search_message AS m ON m.code_id = c.id
        WHERE c.id {_among_ids(is_postgres(database), "" if level == Reader.INTERNAL else "AND o.is_public = 1")}
        AND {condition(level, "t.audience")} AND {PUBLISHED} ORDER BY c.id
    """  # noqa: S608
    values = [*anchors] if is_postgres(database) else orjson.dumps([*anchors]).decode()
    return [Message(*row) for row in rows(sql, values, database=database)]


def _among_ids(on_postgres: bool, readable: str) -> str:
    """Return the condition that an id is of a code with one of the anchors, which few codes share.

    Each anchor is asked for by the index, and no more than MAX_SHARED of its codes are counted: the size of the tables
    does not matter. Without LATERAL or CROSS JOIN, the databases might read the table of anchors instead.
    """
    one = f"FROM kb_search_message AS o WHERE o.anchor = v.value {readable} LIMIT {MAX_SHARED + 1}"
    is_rare = f"(SELECT count(*) FROM (SELECT 1 {one}) AS shared) <= {MAX_SHARED}"  # noqa: S608
    if on_postgres:
        source = f"unnest(%s::integer[]) AS v (value) CROSS JOIN LATERAL (SELECT o.code_id {one}) AS a"
        return f"= ANY (ARRAY(SELECT a.code_id FROM {source} WHERE {is_rare} LIMIT {MAX_MESSAGES}))"  # noqa: S608
    ids = f"SELECT o.code_id FROM json_each(%s) AS v CROSS JOIN kb_search_message AS o WHERE {is_rare}"  # noqa: S608
    return f"IN ({ids} AND o.anchor = v.value {readable} LIMIT {MAX_MESSAGES})"


def differences(code_ids: Sequence[int]) -> Iterator[str]:
    """Yield the differences between the stored anchors of codes and new ones, as sentences."""
    for pk, text, is_public, *stored in _stored(code_ids):
        fresh = anchor(text)
        if [fresh or None, is_public if fresh else None] != stored:
            yield f"code {pk}: the anchor of its message is missing or out of date"


def orphans(limit: int = 1_000) -> Iterator[str]:
    """Yield the anchors without a code, as sentences, `limit` at most."""
    sql = (
        "SELECT code_id FROM kb_search_message AS m WHERE NOT EXISTS (SELECT 1 FROM kb_returncode AS c WHERE c.id ="
        " m.code_id) ORDER BY code_id LIMIT %s"
    )
    for (pk,) in rows_of(sql, limit):
        yield f"code {pk}: has the anchor of a message and should have none"


def _stored(code_ids: Sequence[int]) -> list[tuple[int, str, int, int | None, int | None]]:
    """Return the ids and messages of codes, whether they are public, and what is stored of each; in order."""
    if not code_ids:
        return []
    where, values = among("c.id", code_ids)
    sql = (
        f"SELECT c.id, {_MESSAGE}, CASE t.audience WHEN 'public' THEN 1 ELSE 0 END, m.anchor, m.is_public"  # noqa: S608
        " FROM kb_returncode AS c JOIN kb_codetable AS t ON t.id = c.table_id + 0"
        f" LEFT JOIN kb_search_message AS m ON m.code_id = c.id WHERE {where} ORDER BY c.id"
    )
    ids = set(code_ids)
    return [row for row in rows(sql, *values) if row[0] in ids]
