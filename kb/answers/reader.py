"""Read the answers about codes."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connections, router

from kb.answers.build import ADDRESS, EMPTY_CARD, AnswerTexts, build
from kb.models import ReturnCode
from kb.models.finished_answers import SHAPE
from kb.models.ranges import pattern_of
from kb.models.sql import MAX_VALUES, batches, rows
from kb.models.visibility import Reader

COLUMNS = {
    Reader.INTERNAL: ("a.row", "a.card"),
    Reader.PUBLIC: (
        "CASE WHEN a.public_row = '' THEN a.row ELSE a.public_row END",
        "CASE WHEN a.public_card = '' THEN a.card ELSE a.public_card END",
    ),
}
"""The columns with the row and the card for a kind of reader, of a table named `a`."""

_EMPTY_CARD = EMPTY_CARD.encode()
_VISIBLE = {Reader.INTERNAL: "", Reader.PUBLIC: " AND a.public_row IS NOT NULL"}
CURRENT = f"a.shape >= {SHAPE}"
"""The condition that an answer has the shape of this release."""


_RANGE = ("id", "table", "name", "first", "last")


def rows_of(ids: Sequence[int], level: Reader) -> dict[int, bytes]:
    """Return the rows of codes that a kind of reader may read, as JSON, by id. See `complete`."""
    return {pk: row for pk, (row, _) in _read(ids, level, with_card=False).items()}


def whole(ids: Sequence[int], level: Reader) -> dict[int, tuple[bytes, bytes]]:
    """Return the row and the card of codes that a kind of reader may read, as JSON, by id. See `complete`."""
    return _read(ids, level)


def cards_of(ids: Sequence[int], level: Reader) -> dict[int, bytes]:
    """Return the cards of codes with notes or incidents, as JSON, by id. Addresses are incomplete: see `complete`."""
    cards = {pk: card for pk, (_, card) in _read(ids, level, with_row=False).items()}
    return {pk: card for pk, card in cards.items() if card != _EMPTY_CARD}


def ranges_around(ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the ranges around codes that the caller may read, narrowest first, by the code's id.

    A range is as public as its table, and so is a code.
    """
    around: dict[int, list[dict[str, Any]]] = {}
    for batch in batches(ids, MAX_VALUES):
        for code_id, *values in _ranges_around(batch):
            members = dict(zip(_RANGE, values, strict=True))
            around.setdefault(code_id, []).append(members | {"pattern": pattern_of(members["first"], members["last"])})
    return around


def _ranges_around(ids: Collection[int]) -> Iterable[Any]:
    """Return ids of codes, each with a range around it."""
    sql = (
        "SELECT c.id, r.id, t.slug, r.name, r.first, r.last FROM kb_returncode AS c"  # noqa: S608
        " JOIN kb_coderange AS r ON r.table_id = c.table_id AND r.first <= c.number AND r.last >= c.number"
        f" JOIN kb_codetable AS t ON t.id = r.table_id WHERE c.id IN ({', '.join(['%s'] * len(ids))})"
        " ORDER BY r.last - r.first, r.id"
    )
    return rows(sql, *ids, database=connections[router.db_for_read(ReturnCode)])


def complete(answer: bytes, site: str) -> bytes:
    """Return an answer with whole addresses. `site` ends in a slash. See Note [Addresses in answers]."""
    return answer.replace(ADDRESS, b':"' + site.encode())


def _read(
    ids: Sequence[int], level: Reader, with_row: bool = True, with_card: bool = True
) -> dict[int, tuple[bytes, bytes]]:
    if level == Reader.NOTHING or not ids:
        return {}
    row, card = COLUMNS[level]
    marks = ", ".join(["%s"] * len(ids))
    columns = f"{row if with_row else 'NULL'}, {card if with_card else 'NULL'}"
    sql = (
        f"SELECT a.code_id, {columns} FROM kb_finishedanswer AS a"  # noqa: S608
        f" WHERE a.code_id IN ({marks}) AND {CURRENT}{_VISIBLE[level]}"
    )
    stored = rows(sql, *ids, database=connections[router.db_for_read(ReturnCode)])
    found = {pk: ((row or "").encode(), (card or "").encode()) for pk, row, card in stored}
    missing = [pk for pk in ids if pk not in found]
    if missing:
        found |= _unstored(missing, level)
    return found


def _unstored(ids: Sequence[int], level: Reader) -> dict[int, tuple[bytes, bytes]]:
    """Return the answers about codes without a stored one of this shape, as in the middle of an upgrade."""
    codes = ReturnCode.objects.filter(pk__in=ids)
    visible = codes if level == Reader.INTERNAL else codes.public()
    # A hidden code takes as many queries as one that does not exist.
    visible_ids = list(visible.values_list("pk", flat=True))
    return {answer.code_id: _texts(answer, level) for answer in build(visible_ids)} if visible_ids else {}


def _texts(answer: AnswerTexts, level: Reader) -> tuple[bytes, bytes]:
    if level == Reader.INTERNAL:
        return answer.row.encode(), answer.card.encode()
    return (answer.public_row or answer.row).encode(), (answer.public_card or answer.card).encode()
