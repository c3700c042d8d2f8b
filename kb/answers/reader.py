"""Read the answers about codes."""

from collections.abc import Collection, Sequence

from django.db import connections, router

from kb.answers.build import ADDRESS, EMPTY_CARD, AnswerTexts, build
from kb.models import ReturnCode
from kb.models.sql import rows
from kb.models.visibility import Reader

_COLUMNS = {
    Reader.INTERNAL: ("row", "card"),
    Reader.PUBLIC: (
        "CASE WHEN public_row = '' THEN row ELSE public_row END",
        "CASE WHEN public_card = '' THEN card ELSE public_card END",
    ),
}
_EMPTY_CARD = EMPTY_CARD.encode()
_VISIBLE = {Reader.INTERNAL: "", Reader.PUBLIC: " AND public_row IS NOT NULL"}


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


def rows_by_code(table: str, canonical: Collection[str], level: Reader, limit: int) -> list[tuple[int, bytes]]:
    """Return the ids and rows of a table's codes by their canonical forms, in the vendor's order. One indexed query."""
    if level == Reader.NOTHING or not canonical:
        return []
    row, _ = _COLUMNS[level]
    marks = ", ".join(["%s"] * len(canonical))
    # `+ 0` makes SQLite use the index of the code instead of the index of the table, which has 100,000 codes.
    sql = (
        f"SELECT c.id, {row} FROM kb_returncode AS c JOIN kb_codetable AS t ON t.id = c.table_id + 0"  # noqa: S608
        " JOIN kb_finishedanswer AS a ON a.code_id = c.id"
        f" WHERE c.canonical IN ({marks}) AND t.slug = %s{_VISIBLE[level]}"
        " ORDER BY c.table_id + 0, c.position, c.id LIMIT %s"
    )
    found = rows(sql, *canonical, table, limit, database=connections[router.db_for_read(ReturnCode)])
    return [(pk, text.encode()) for pk, text in found]


def complete(answer: bytes, site: str) -> bytes:
    """Return an answer with whole addresses. `site` ends in a slash. See Note [Addresses in answers]."""
    return answer.replace(ADDRESS, b':"' + site.encode())


def _read(
    ids: Sequence[int], level: Reader, with_row: bool = True, with_card: bool = True
) -> dict[int, tuple[bytes, bytes]]:
    if level == Reader.NOTHING or not ids:
        return {}
    row, card = _COLUMNS[level]
    marks = ", ".join(["%s"] * len(ids))
    columns = f"{row if with_row else 'NULL'}, {card if with_card else 'NULL'}"
    sql = (
        f"SELECT code_id, {columns} FROM kb_finishedanswer"  # noqa: S608
        f" WHERE code_id IN ({marks}){_VISIBLE[level]}"
    )
    stored = rows(sql, *ids, database=connections[router.db_for_read(ReturnCode)])
    found = {pk: ((row or "").encode(), (card or "").encode()) for pk, row, card in stored}
    missing = [pk for pk in ids if pk not in found]
    if missing:
        found |= _unstored(missing, level)
    return found


def _unstored(ids: Sequence[int], level: Reader) -> dict[int, tuple[bytes, bytes]]:
    """Return the answers about codes without a stored one, as in the middle of an upgrade."""
    codes = ReturnCode.objects.filter(pk__in=ids)
    visible = codes if level == Reader.INTERNAL else codes.public()
    # A hidden code takes as many queries as one that does not exist.
    visible_ids = list(visible.values_list("pk", flat=True))
    return {answer.code_id: _texts(answer, level) for answer in build(visible_ids)} if visible_ids else {}


def _texts(answer: AnswerTexts, level: Reader) -> tuple[bytes, bytes]:
    if level == Reader.INTERNAL:
        return answer.row.encode(), answer.card.encode()
    return (answer.public_row or answer.row).encode(), (answer.public_card or answer.card).encode()
