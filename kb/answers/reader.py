"""Read the answers about codes."""

from collections.abc import Sequence

from django.db import connections, router

from kb.answers.build import ADDRESS, Answer, build
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
_VISIBLE = {Reader.INTERNAL: "", Reader.PUBLIC: " AND public_row IS NOT NULL"}


def rows_of(ids: Sequence[int], level: Reader) -> dict[int, bytes]:
    """Return the rows of codes that a kind of reader may read, as JSON, by id. See `complete`."""
    return {pk: row for pk, (row, _) in _read(ids, level, with_card=False).items()}


def whole(ids: Sequence[int], level: Reader) -> dict[int, tuple[bytes, bytes]]:
    """Return the row and the card of codes that a kind of reader may read, as JSON, by id. See `complete`."""
    return _read(ids, level, with_card=True)


def complete(answer: bytes, site: str) -> bytes:
    """Return an answer with whole addresses. `site` ends in a slash. See Note [Addresses in answers]."""
    return answer.replace(ADDRESS, b':"' + site.encode())


def _read(ids: Sequence[int], level: Reader, with_card: bool) -> dict[int, tuple[bytes, bytes]]:
    if level == Reader.NOTHING or not ids:
        return {}
    row, card = _COLUMNS[level]
    marks = ", ".join(["%s"] * len(ids))
    sql = (
        f"SELECT code_id, {row}, {card if with_card else 'NULL'} FROM kb_codeanswer"  # noqa: S608
        f" WHERE code_id IN ({marks}){_VISIBLE[level]}"
    )
    stored = rows(sql, *ids, database=connections[router.db_for_read(ReturnCode)])
    found = {pk: (row.encode(), (card or "").encode()) for pk, row, card in stored}
    missing = [pk for pk in ids if pk not in found]
    if missing:
        # Not stored yet: made in the middle of an upgrade, or hidden from this reader.
        found |= {answer.code_id: _texts(answer, level) for answer in build(missing) if _shows(answer, level)}
    return found


def _shows(answer: Answer, level: Reader) -> bool:
    return level == Reader.INTERNAL or answer.public_row is not None


def _texts(answer: Answer, level: Reader) -> tuple[bytes, bytes]:
    if level == Reader.INTERNAL:
        return answer.row.encode(), answer.card.encode()
    return (answer.public_row or answer.row).encode(), (answer.public_card or answer.card).encode()
