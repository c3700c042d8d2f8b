"""Words of a question that name a table by its vendor or product: "twilio message blocked"."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from kb.models.visibility import Audience, Reader
from kb.searching import dictionary, store
from kb.searching.query import SearchTerm
from kb.searching.tokenizer import fold, words_in
from kb.text.word_lists import WordFile

_TABLES = {
    True: "SELECT id, vendor, product, slug FROM kb_codetable ORDER BY id",
    False: f"SELECT id, vendor, product, slug FROM kb_codetable WHERE audience = '{Audience.PUBLIC}' ORDER BY id",  # noqa: S608
}
_COMMON = frozenset(WordFile(Path(__file__).with_name("words.toml")).words("common_in_names"))
_SHORTEST_BEGINNING = 5
"""Least letters of the beginning of a name that counts as the name: postgres for PostgreSQL."""


class NamedTables(NamedTuple):
    """The ids of the tables that a question names, and its other terms."""

    tables: list[int]
    rest: list[SearchTerm]


def named_tables(terms: Sequence[SearchTerm], allowed: str, tables: Collection[int] | None = None) -> NamedTables:
    """Return the tables that the terms name, among those that the reader may see, or among `tables`.

    If the question has no other words, it names none.
    """
    names = _names(tuple(store.rows_of(_TABLES[allowed == Reader.INTERNAL])))
    named: dict[int, None] = {}
    rest = []
    for term in terms:
        own = [pk for pk in _tables_with(term.text, names) if tables is None or pk in tables]
        named.update(dict.fromkeys(own))
        if not own:
            rest.append(term)
    return NamedTables(list(named), rest) if rest else NamedTables([], list(terms))


def _tables_with(word: str, names: dict[str, list[int]]) -> list[int]:
    exact = names.get(word, [])
    if exact or len(word) < _SHORTEST_BEGINNING:
        return exact
    return [pk for name, pks in names.items() if name.startswith(word) for pk in pks]


@lru_cache(maxsize=8)
def _names(rows: tuple[tuple[int, str, str, str], ...]) -> dict[str, list[int]]:
    """Return the tables by each word that names them: the vendor's first word, and words that no dictionary has."""
    names: dict[str, list[int]] = {}
    for pk, vendor, product, slug in rows:
        words = [word.whole for word in words_in(fold(vendor))][:1]
        others = [word.whole for word in words_in(fold(f"{vendor} {product} {slug}"))]
        unusual = (word for word in others if word.isalpha() and word not in _COMMON and not dictionary.has(word))
        for word in dict.fromkeys([*words, *unusual]):
            names.setdefault(word, []).append(pk)
    return names
