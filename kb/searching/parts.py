"""Parts of the codes' texts, three characters or longer: which codes have them, in any case.

Each text has a row in `kb_search_part`, without accents, width and case. Both databases find a part by the sets of
three characters that it consists of, and then compare the text itself. SQLite has an index of them in FTS5, PostgreSQL
an array of numbers for each text: an index of the extension `pg_trgm` leaves out Chinese in many databases, and needs a
right that few have.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

from django.db import connections, router
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from kb.models import ReturnCode
from kb.models.fields import VENDOR_TEXTS
from kb.models.sql import among, batches, insert, is_postgres, marks, rows, run
from kb.searching.store import rows_of
from kb.text import phrases
from kb.text.accents import fold_case

MIN_PART = 3
"""Characters of the shortest part that the index finds."""

_FIELDS = 256
NUMBERS = {name: crc32(name.encode()) % _FIELDS for name in VENDOR_TEXTS}
"""The number of each field in a key. It does not depend on the order of the fields."""

_MOST_GRAMS = 100
"""Most sets of three characters that the index is asked for. The comparison of the text finds out the rest."""

_PAGE = 2_000

Texts = dict[int, str]
"""Folded texts by key: the code's id times `_FIELDS`, plus the field's number."""


def has_length(text: str) -> bool:
    """Whether a part is long enough for the index."""
    return len(fold_case(text)) >= MIN_PART


def refresh(code_ids: Sequence[int], is_new: bool = False) -> None:
    """Store the texts of codes in place of their old ones. Of codes that are new, none is stored."""
    for page in batches(code_ids, _PAGE):
        fresh, stored = _fresh(page), {} if is_new else _stored(page)
        _remove([key for key, text in stored.items() if fresh.get(key) != text])
        _add([(key, text) for key, text in fresh.items() if stored.get(key) != text])


def clear() -> None:
    """Forget all texts."""
    run("DELETE FROM kb_search_part")
    if not is_postgres():
        run("INSERT INTO kb_search_gram(kb_search_gram) VALUES ('delete-all')")


def settle() -> None:
    """Keep the index fast after a large write."""
    if is_postgres():
        run("SELECT gin_clean_pending_list('kb_search_part_grams')")
        run("ANALYZE kb_search_part")
    else:
        run("INSERT INTO kb_search_gram(kb_search_gram, rank) VALUES ('merge', 500)")


def ids_with_part(field: str, text: str, limit: int) -> list[int] | None:
    """Return the ids of the codes whose field contains a text, by the index; None if there are more than `limit`."""
    part = fold_case(text)
    own = f"%% {_FIELDS} = {NUMBERS[field]}"
    if is_postgres(connections[router.db_for_read(ReturnCode)]):
        source = f"key FROM kb_search_part WHERE grams @> %s::integer[] AND key {own} AND strpos(text, %s) > 0"
        parameters = (f"{{{','.join(sorted(_grams(part))[:_MOST_GRAMS])}}}", part)
    else:
        source = f"rowid FROM kb_search_gram WHERE kb_search_gram MATCH %s AND rowid {own} AND instr(text, %s) > 0"
        parameters = (_expression(part), part)
    # Not within a query of codes: SQLite would find all of them first.
    keys = [key for (key,) in rows_of(f"SELECT {source} LIMIT %s", *parameters, limit + 1)]
    return [key // _FIELDS for key in keys] if len(keys) <= limit else None


def having_part(codes: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    """Return the codes whose field contains a text, code by code: for a text that many codes have."""
    at = "strpos" if is_postgres(connections[router.db_for_read(ReturnCode)]) else "instr"
    # Not EXISTS: PostgreSQL might read all texts first. The table has no other name in a list's query.
    sql = (
        f"coalesce((SELECT {at}(p.text, %s) > 0 FROM kb_search_part AS p"  # noqa: S608
        f" WHERE p.key = kb_returncode.id * {_FIELDS} + {NUMBERS[field]}), false)"
    )
    return codes.filter(RawSQL(sql, [fold_case(text)], BooleanField()))  # noqa: S611 - texts are parameters


def having_words(codes: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    """Return the codes whose field contains the words of a text in their order, code by code."""
    matches = "~" if is_postgres(connections[router.db_for_read(ReturnCode)]) else "REGEXP"
    # A text that is too short for the index may be a Chinese word.
    sql = (
        f"coalesce((SELECT p.text {matches} %s FROM kb_search_part AS p"  # noqa: S608
        f" WHERE p.key = kb_returncode.id * {_FIELDS} + {NUMBERS[field]}), kb_returncode.{field} {matches} %s)"
    )
    words = phrases.pattern(text)
    return codes.filter(RawSQL(sql, [words, words], BooleanField()))  # noqa: S611 - words are parameters


def differences(code_ids: Sequence[int]) -> Iterator[str]:
    """Yield the differences between the stored texts of codes and new ones, as sentences."""
    for page in batches(code_ids, _PAGE):
        fresh, stored = _fresh(page), _stored(page)
        ids = {key // _FIELDS for key in fresh.keys() | stored.keys() if fresh.get(key) != stored.get(key)}
        yield from (f"code {pk}: the parts of its texts are missing or out of date" for pk in sorted(ids))


def orphans(limit: int = 1_000) -> Iterator[str]:
    """Yield the texts without a code, as sentences, `limit` at most."""
    sql = (
        f"SELECT DISTINCT key / {_FIELDS} AS code_id FROM kb_search_part AS p WHERE NOT EXISTS"  # noqa: S608
        f" (SELECT 1 FROM kb_returncode AS c WHERE c.id = p.key / {_FIELDS}) ORDER BY code_id LIMIT %s"
    )
    for (pk,) in rows_of(sql, limit):
        yield f"code {pk}: has parts of texts and should have none"


def _fresh(code_ids: Sequence[int]) -> Texts:
    """Return the texts of codes as they should be stored: those in which a part can be."""
    where, values = among("id", code_ids)
    sql = f"SELECT id, {', '.join(VENDOR_TEXTS)} FROM kb_returncode WHERE {where}"  # noqa: S608
    texts, ids, numbers = {}, {*code_ids}, [*NUMBERS.values()]
    for pk, *row in rows(sql, *values):
        if pk in ids:
            folded = (
                (pk * _FIELDS + number, fold_case(text)) for number, text in zip(numbers, row, strict=True) if text
            )
            texts.update({key: text for key, text in folded if len(text) >= MIN_PART})
    return texts


def _stored(code_ids: Collection[int]) -> Texts:
    if not code_ids:
        return {}
    first, last, ids = min(code_ids), max(code_ids), {*code_ids}
    if last - first < 2 * len(code_ids):
        where, keys = "BETWEEN %s AND %s", [first * _FIELDS, last * _FIELDS + _FIELDS - 1]
    else:
        keys = [pk * _FIELDS + number for pk in code_ids for number in NUMBERS.values()]
        where = f"IN ({marks(keys)})"
    stored = rows(f"SELECT key, text FROM kb_search_part WHERE key {where}", *keys)  # noqa: S608
    return {key: text for key, text in stored if key // _FIELDS in ids}


def _remove(keys: Sequence[int]) -> None:
    for page in batches(keys, _PAGE):
        condition = f"FROM kb_search_part WHERE key IN ({marks(page)})"
        if not is_postgres():
            gone = f"SELECT 'delete', key, text {condition}"
            run(f"INSERT INTO kb_search_gram(kb_search_gram, rowid, text) {gone}", *page)
        run(f"DELETE {condition}", *page)


def _add(texts: Sequence[tuple[int, str]]) -> None:
    if not texts:
        return
    if is_postgres():
        # As text, because psycopg takes longer to write a list than the database to index it.
        lines = ((key, text, f"{{{','.join(_grams(text))}}}") for key, text in texts)
        insert("kb_search_part", ("key", "text", "grams"), lines)
        return
    insert("kb_search_part", ("key", "text"), texts)
    insert("kb_search_gram", ("rowid", "text"), texts)


@lru_cache(maxsize=100_000)
def _number(gram: str) -> str:
    return str(crc32(gram.encode()) - (1 << 31))


def _grams(text: str) -> set[str]:
    """Return a number for each set of three characters in a text. Few sets share one."""
    return {*map(_number, {text[at : at + MIN_PART] for at in range(len(text) - MIN_PART + 1)})}


def _expression(part: str) -> str:
    grams = dict.fromkeys(part[at : at + MIN_PART] for at in range(len(part) - MIN_PART + 1))
    return " AND ".join('"' + gram.replace('"', '""') + '"' for gram in list(grams)[:_MOST_GRAMS])
