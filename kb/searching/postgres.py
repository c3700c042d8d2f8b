"""The index in PostgreSQL: one table with a `tsvector` an audience, and the vocabulary.

The vectors are made from words that are taken apart already, so no parser or dictionary of the database has a say.
"""

from collections.abc import Sequence

from kb.searching.documents import Document

LATER = ["CREATE INDEX {0} IF NOT EXISTS kb_search_{1}_code ON kb_search_{1} ((key % 1099511627776))"]
"""Made of tables that are there already, with CONCURRENTLY: `store.code_ids` walked the other way round, from a list of
codes to their documents, where a word is in so many that a page is full before all are found."""

CREATE = [
    *(
        f"CREATE TABLE kb_search_{n} (key bigint PRIMARY KEY, head text NOT NULL, near text NOT NULL,"
        " body text NOT NULL, words text NOT NULL, vector tsvector NOT NULL)"
        for n in (0, 1)
    ),
    *(f"CREATE INDEX kb_search_{n}_vector ON kb_search_{n} USING gin (vector)" for n in (0, 1)),
    *(statement.format("", n) for statement in LATER for n in (0, 1)),
    'CREATE TABLE kb_search_word (audience integer NOT NULL, word text COLLATE "C" NOT NULL,'
    ' stem text COLLATE "C" NOT NULL, codes integer NOT NULL, PRIMARY KEY (audience, word))',
    "CREATE INDEX kb_search_stem ON kb_search_word (audience, stem, codes)",
]
KEY = "key"
SORTED = "key + 0"
"""The same order, for which no index will do: PostgreSQL guesses badly how far it would have to walk one."""

MATCHES = "vector @@ %s::tsquery"


def any_of(expressions: Sequence[str]) -> str:
    """Return the expression that holds where one of several does."""
    return f"({' | '.join(expressions)})"


def all_of(expressions: Sequence[str]) -> str:
    """Return the expression that holds where each of several does."""
    return f"({' & '.join(expressions)})"


def word(stem: str, prefix: bool = False) -> str:
    """Return the expression for a word, or for the beginning of one."""
    return f"'{stem}':*" if prefix else f"'{stem}'"


def insert(audience: int, documents: Sequence[Document]) -> tuple[str, list[tuple]]:
    """Return the statement that stores documents, and its parameters for each run of it."""
    sql = (
        f"INSERT INTO kb_search_{audience} (key, head, near, body, words, vector)"  # noqa: S608
        " SELECT d.*, array_to_tsvector(array_remove(string_to_array(concat_ws(' ', head, near, body), ' '), ''))"
        " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[]) AS d(key, head, near, body, words)"
    )
    columns = zip(*((d.key, d.head, d.near, d.body, d.words) for d in documents), strict=True)
    return sql, [tuple(list(column) for column in columns)] if documents else []


def settle(audience: int) -> list[str]:
    """Return what makes the index quick after many documents were stored."""
    return [f"SELECT gin_clean_pending_list('kb_search_{audience}_vector')", f"ANALYZE kb_search_{audience}"]
