"""The tables of the index, whichever database holds them. They live outside Django's state."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from types import ModuleType
from typing import Any

from django.db import connection, connections, router

from kb.models import ReturnCode
from kb.searching import postgres, sqlite
from kb.searching.documents import AUDIENCES, BUCKET, Document, keys_of
from kb.searching.tokenizer import stem

LOCK = 7_065_662
"""Names the advisory lock. See `lock`."""

BATCH = 1_000
_PAGE = 400
_LONG_NUMBER = 5


def database() -> ModuleType:
    """Return what differs between the databases."""
    return postgres if connection.vendor == "postgresql" else sqlite


def create() -> None:
    """Create the tables."""
    for statement in database().CREATE:
        run(statement)


def is_there() -> bool:
    """Whether the tables exist: they do not while older migrations are tried."""
    return "kb_search_word" in connection.introspection.table_names()


def drop() -> None:
    """Drop the tables."""
    for name in ("kb_search_0", "kb_search_1", "kb_search_word"):
        run(f"DROP TABLE {name}")
    for statement in database().DROP:
        run(statement)


def lock() -> None:
    """Let no other transaction write to the index until this one ends.

    Two people may edit two notes on one code at once: who builds its document second has to see the first's words.
    """
    settle_references()
    if connection.vendor == "postgresql":
        run("SELECT pg_advisory_xact_lock(%s)", LOCK)


def settle_references() -> None:
    """Have what was written checked against what it refers to now, and not when the transaction ends.

    The check waits for whoever moves or deletes what is referred to. At the end it would wait with the index or the
    feed's counter in hand, for which that person waits in turn.
    """
    if connection.vendor == "postgresql":
        run("SET CONSTRAINTS ALL IMMEDIATE")


def documents_by_key(audience: int, code_ids: Sequence[int]) -> dict[int, Document]:
    """Return the stored documents of codes, by key."""
    found: dict[int, Document] = {}
    for page in _batches([key for pk in code_ids for key in keys_of(pk)], _PAGE):
        marks = ", ".join(["%s"] * len(page))
        key = database().KEY
        rows = rows_of(
            f"SELECT {key}, head, near, body, words FROM kb_search_{audience} WHERE {key} IN ({marks})",  # noqa: S608
            *page,
        )
        found |= {row[0]: Document(*row) for row in rows}
    return found


def orphans(audience: int, limit: int = 1_000) -> list[int]:
    """Return the keys of documents of codes that are not there, a certain number at most."""
    table, key = f"kb_search_{audience}", database().KEY
    gone = f"NOT EXISTS (SELECT 1 FROM kb_returncode AS c WHERE c.id = {table}.{key} %% {BUCKET})"  # noqa: S608
    sql = f"SELECT {key} FROM {table} WHERE {gone} ORDER BY {key} LIMIT %s"  # noqa: S608
    return [found for (found,) in rows_of(sql, limit)]


def counts(audience: int) -> Iterator[tuple[str, int]]:
    """Yield every word of the vocabulary with its count."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT word, codes FROM kb_search_word WHERE audience = %s", [audience])
        while page := cursor.fetchmany(BATCH):
            yield from page


def replace(audience: int, gone: Iterable[Document], new: Sequence[Document]) -> Counter[str]:
    """Store documents in place of others; return by how much the vocabulary's counts move."""
    moved: Counter[str] = Counter()
    gone = list(gone)
    for page in _batches([document.key for document in gone], _PAGE):
        marks = ", ".join(["%s"] * len(page))
        run(f"DELETE FROM kb_search_{audience} WHERE {database().KEY} IN ({marks})", *page)  # noqa: S608
    for page in _batches(new, BATCH):
        sql, parameters = database().insert(audience, page)
        with connection.cursor() as cursor:
            cursor.executemany(sql, parameters)
    for document in new:
        moved.update(vocabulary_words(document))
    for document in gone:
        moved.subtract(vocabulary_words(document))
    return moved


def vocabulary_words(document: Document) -> list[str]:
    """Return the words that the vocabulary counts: "" for the document itself, and no long numbers.

    Those are codes: each stands in one document or two, and nobody wants one corrected to another.
    """
    return ["", *[w for w in document.words.split(" ") if w and not is_long_number(w)]]


def is_long_number(word: str) -> bool:
    """Whether a word is a number that the vocabulary leaves out."""
    return len(word) >= _LONG_NUMBER and word.isdigit()


def count(audience: int, moved: Counter[str]) -> None:
    """Move the vocabulary's counts."""
    rows = [(audience, word, stem(word), by) for word, by in sorted(moved.items()) if by]
    sql = (
        "INSERT INTO kb_search_word (audience, word, stem, codes) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (audience, word) DO UPDATE SET codes = kb_search_word.codes + excluded.codes"
    )
    with connection.cursor() as cursor:
        if rows:
            cursor.executemany(sql, rows)
    if any(by < 0 for by in moved.values()):
        run("DELETE FROM kb_search_word WHERE audience = %s AND codes <= 0", audience)


def clear() -> None:
    """Empty the index."""
    for name in (*(f"kb_search_{n}" for n in AUDIENCES), "kb_search_word"):
        run(f"DELETE FROM {name}")  # noqa: S608


def settle() -> None:
    """Make the index quick after many documents were stored."""
    for audience in AUDIENCES:
        for statement in database().settle(audience):
            run(statement)


def code_ids(audience: int, expression: str) -> tuple[str, list[str]]:
    """Return the query, with its parameters, for the ids of the codes for which an expression holds."""
    key, matches = database().KEY, database().MATCHES.format(audience)
    return f"SELECT {key} %% {BUCKET} FROM kb_search_{audience} WHERE {matches}", [expression]  # noqa: S608


def frequencies(audience: int, stems: Sequence[str]) -> dict[str, int]:
    """Return how many documents have each word, roughly, and under "" how many there are."""
    marks = ", ".join(["%s"] * (len(stems) + 1))
    rows = rows_of(
        f"SELECT stem, sum(codes) FROM kb_search_word WHERE audience = %s AND stem IN ({marks}) GROUP BY stem",  # noqa: S608
        audience,
        "",
        *stems,
    )
    return {word: int(codes) for word, codes in rows}


def beginning_with(audience: int, text: str) -> int:
    """Return how many documents have a word that begins with a text, roughly."""
    sql = "SELECT sum(codes) FROM kb_search_word WHERE audience = %s AND stem >= %s AND stem < %s"
    return int(rows_of(sql, audience, text, text + "\U0010ffff")[0][0] or 0)


def vocabulary(audience: int, first: str, shortest: int, longest: int, limit: int) -> list[tuple[str, int]]:
    """Return words with their counts that begin with a letter and have a certain length, the most frequent first."""
    return rows_of(
        "SELECT word, codes FROM kb_search_word WHERE audience = %s AND word >= %s AND word < %s"
        " AND length(word) BETWEEN %s AND %s ORDER BY codes DESC, word LIMIT %s",
        *(audience, first, first + "\U0010ffff", shortest, longest, limit),
    )


def word_counts(audience: int, words: Sequence[str]) -> list[tuple[str, int]]:
    """Return those of a few hundred words that are in the vocabulary, with their counts."""
    found: list[tuple[str, int]] = []
    for page in _batches(words, _PAGE):
        marks = ", ".join(["%s"] * len(page))
        found += rows_of(
            f"SELECT word, codes FROM kb_search_word WHERE audience = %s AND word IN ({marks})",  # noqa: S608
            audience,
            *page,
        )
    return found


def run(sql: str, *parameters: Any) -> None:
    """Run a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def rows_of(sql: str, *parameters: Any) -> list[Any]:
    """Return the rows of a query, from the database that reads go to."""
    with connections[router.db_for_read(ReturnCode)].cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall()


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page
