"""Read and write the tables of the index, on either database. Django's migrations state does not include them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import is_
from typing import Any, Protocol

from django.db import connection, connections, router

from kb.models import ReturnCode
from kb.models.sql import among, batches, insert, is_postgres, rows, run, run_each
from kb.searching import postgres, sqlite
from kb.searching.documents import AUDIENCES, BUCKET, BUCKETS, NOTES, Document
from kb.searching.tokenizer import stem

LOCK = 7_065_662
"""Key of PostgreSQL's advisory lock. See `lock`."""

BATCH = 1_000
_PAGE = 1_000
_LONG_NUMBER = 5
MOST_BEGUN = 16
"""Most words for which asking for each is faster than asking for all words that begin with a text."""


class IndexDatabase(Protocol):
    """The names that `sqlite` and `postgres` both define."""

    COLUMNS: tuple[str, ...]
    KEY: str
    MATCHES: str

    def any_of(self, expressions: Sequence[str]) -> str:
        """See `sqlite.any_of`."""

    def all_of(self, expressions: Sequence[str]) -> str:
        """See `sqlite.all_of`."""

    def word(self, stem: str, prefix: bool = False) -> str:
        """See `sqlite.word`."""

    def line(self, document: Document) -> tuple[Any, ...]:
        """See `sqlite.line`."""

    def settle(self, audience: int) -> list[str]:
        """See `sqlite.settle`."""


def database() -> IndexDatabase:
    """Return the module with the SQL for the current database."""
    return postgres if is_postgres() else sqlite


def is_there() -> bool:
    """Whether the tables exist. They do not before their migration has run."""
    return "kb_search_word" in connection.introspection.table_names()


def lock() -> None:
    """Block other transactions from writing to the index until this one ends.

    If two people edit two notes on one code at once, the second document must include the first edit.
    """
    settle_references()
    if is_postgres():
        run("SELECT pg_advisory_xact_lock(%s)", LOCK)


def settle_references() -> None:
    """Check foreign keys now instead of at the end of the transaction.

    The check waits for other transactions that change or delete the referenced row. At the end, this transaction holds
    the locks of the index and the feed's counter, and the other one would wait for those: a deadlock.
    """
    if is_postgres():
        run("SET CONSTRAINTS ALL IMMEDIATE")


def documents_by_key(audience: int, code_ids: Sequence[int]) -> dict[int, Document]:
    """Return the stored documents of codes, or of notes, by key."""
    documents: dict[int, Document] = {}
    wanted, key = set(code_ids), database().KEY
    for page in batches(code_ids, _PAGE):
        parts = [among(key, [pk + bucket * BUCKET for pk in page]) for bucket in BUCKETS]
        sql = f"SELECT {key}, head, near, body, words FROM kb_search_{audience} WHERE "  # noqa: S608
        found = rows_of(
            " UNION ALL ".join(sql + condition for condition, _ in parts), *[pk for _, keys in parts for pk in keys]
        )
        documents |= {row[0]: Document(*row) for row in found if row[0] % BUCKET in wanted}
    return documents


def orphans(audience: int, limit: int = 1_000) -> list[int]:
    """Return the keys of documents whose code or note does not exist, `limit` at most."""
    table, key = f"kb_search_{audience}", database().KEY
    owner = "kb_troubleshootingnote" if audience == NOTES else "kb_returncode"
    condition = f"NOT EXISTS (SELECT 1 FROM {owner} AS o WHERE o.id = {table}.{key} %% {BUCKET})"  # noqa: S608
    sql = f"SELECT {key} FROM {table} WHERE {condition} ORDER BY {key} LIMIT %s"  # noqa: S608
    return [key for (key,) in rows_of(sql, limit)]


def counts(audience: int) -> Iterator[tuple[str, int]]:
    """Yield every word of the vocabulary with its count."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT word, codes FROM kb_search_word WHERE audience = %s", [audience])
        while page := cursor.fetchmany(BATCH):
            yield from page


def vocabulary_of(documents: Sequence[Document]) -> dict[str, int]:
    """Return how many documents have each word of the vocabulary, and under "" how many there are.

    Long numbers are left out. They are codes: each is in one or two documents, and must not be corrected to another.
    """
    if not documents:
        return {}
    words = Counter(chain.from_iterable(document.words.split() for document in documents))
    return {word: n for word, n in words.items() if not is_long_number(word)} | {"": len(documents)}


def replace(
    audience: int,
    gone: Iterable[Document],
    new: Sequence[Document],
    words_of: Callable[[Sequence[Document]], Mapping[str, int]] = vocabulary_of,
) -> Counter[str]:
    """Store documents in place of others; return the changes to the vocabulary's counts.

    `words_of` is `vocabulary_of`, or a memory of it.
    """
    changes: Counter[str] = Counter()
    gone = list(gone)
    for page in batches([document.key for document in gone], _PAGE):
        marks = ", ".join(["%s"] * len(page))
        run(f"DELETE FROM kb_search_{audience} WHERE {database().KEY} IN ({marks})", *page)  # noqa: S608
    if new:
        insert(f"kb_search_{audience}", database().COLUMNS, map(database().line, new))
    changes.update(words_of(new))
    changes.subtract(vocabulary_of(gone))
    return changes


class LastVocabulary:
    """The vocabulary of the last documents. Both audiences have the same ones of a page, unless there are notes."""

    def __init__(self) -> None:
        """Begin without documents."""
        self._documents: Sequence[Document] = []
        self._words: Mapping[str, int] = {}

    def of(self, documents: Sequence[Document]) -> Mapping[str, int]:
        """Return what `vocabulary_of` returns, at once for the same objects."""
        if len(documents) != len(self._documents) or not all(map(is_, documents, self._documents)):
            self._documents, self._words = documents, vocabulary_of(documents)
        return self._words


def is_long_number(word: str) -> bool:
    """Whether a word is a number that the vocabulary omits."""
    return len(word) >= _LONG_NUMBER and word.isdigit()


def count(audience: int, changes: Counter[str]) -> None:
    """Add changes to the vocabulary's counts."""
    counts = [(audience, word, stem(word), by) for word, by in sorted(changes.items()) if by]
    sql = (
        "INSERT INTO kb_search_word (audience, word, stem, codes) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (audience, word) DO UPDATE SET codes = kb_search_word.codes + excluded.codes"
    )
    if counts:
        run_each(sql, counts)
    if any(by < 0 for by in changes.values()):
        run("DELETE FROM kb_search_word WHERE audience = %s AND codes <= 0", audience)


def clear() -> None:
    """Empty the index."""
    for name in (*(f"kb_search_{n}" for n in (*AUDIENCES, NOTES)), "kb_search_word"):
        run(f"DELETE FROM {name}")  # noqa: S608


def settle() -> None:
    """Keep the index fast after a large write."""
    for audience in AUDIENCES:
        for statement in database().settle(audience):
            run(statement)


def code_ids(audience: int, expression: str) -> tuple[str, list[str]]:
    """Return the query, with its parameters, for the ids of the codes whose documents match an expression."""
    key, matches = database().KEY, database().MATCHES.format(audience)
    return f"SELECT {key} %% {BUCKET} FROM kb_search_{audience} WHERE {matches}", [expression]  # noqa: S608


def frequencies(audience: int, stems: Sequence[str]) -> dict[str, int]:
    """Return the rough number of documents with each stem, and of all documents under ""."""
    marks = ", ".join(["%s"] * (len(stems) + 1))
    sums = rows_of(
        f"SELECT stem, sum(codes) FROM kb_search_word WHERE audience = %s AND stem IN ({marks}) GROUP BY stem",  # noqa: S608
        audience,
        "",
        *stems,
    )
    return {word: int(codes) for word, codes in sums}


def beginning_with(audience: int, text: str) -> int:
    """Return the rough number of documents with a word that begins with a text."""
    sql = "SELECT sum(codes) FROM kb_search_word WHERE audience = %s AND stem >= %s AND stem < %s"
    return int(rows_of(sql, audience, text, text + "\U0010ffff")[0][0] or 0)


def words_begun(audience: int, text: str) -> list[str]:
    """Return the stems that begin with a text, if the index asks faster for these; else [], as for many stems."""
    if is_postgres() or text.isdigit():
        # The vocabulary omits long numbers.
        return []
    sql = "SELECT DISTINCT stem FROM kb_search_word WHERE audience = %s AND stem >= %s AND stem < %s LIMIT %s"
    stems = [stem for (stem,) in rows_of(sql, audience, text, text + "\U0010ffff", MOST_BEGUN + 1)]
    return stems if len(stems) <= MOST_BEGUN else []


def vocabulary(audience: int, first: str, shortest: int, longest: int, limit: int) -> list[tuple[str, int]]:
    """Return words by first letter and length, with their counts, the most frequent first."""
    return rows_of(
        "SELECT word, codes FROM kb_search_word WHERE audience = %s AND word >= %s AND word < %s"
        " AND length(word) BETWEEN %s AND %s ORDER BY codes DESC, word LIMIT %s",
        *(audience, first, first + "\U0010ffff", shortest, longest, limit),
    )


def word_counts(audience: int, words: Sequence[str]) -> list[tuple[str, int]]:
    """Return the words that are in the vocabulary, with their counts. `words` are a few hundred at most."""
    counts: list[tuple[str, int]] = []
    for page in batches(words, _PAGE):
        marks = ", ".join(["%s"] * len(page))
        counts += rows_of(
            f"SELECT word, codes FROM kb_search_word WHERE audience = %s AND word IN ({marks})",  # noqa: S608
            audience,
            *page,
        )
    return counts


def rows_of(sql: str, *parameters: Any) -> list[Any]:
    """Return the rows of a query, from the database of the current request."""
    return rows(sql, *parameters, database=connections[router.db_for_read(ReturnCode)])


def size(tables: Sequence[int], most: int) -> int:
    """Return the number of codes of some tables, but no more than `most`."""
    marks = ", ".join(["%s"] * len(tables))
    sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM kb_returncode WHERE table_id IN ({marks}) LIMIT %s) AS codes"  # noqa: S608
    ((count,),) = rows_of(sql, *tables, most)
    return int(count)
