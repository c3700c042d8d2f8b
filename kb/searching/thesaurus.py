"""Words of nearly the same meaning, for questions that the words of a table do not answer as they stand."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from kb.searching.query import Alternative, SearchTerm, Stems, synonyms_of
from kb.text.word_lists import WordFile

RELATED = 0.6
"""Weight of a word of nearly the same meaning; the word itself weighs 1, and a curator's synonym 0.7."""


def widened(terms: Sequence[SearchTerm]) -> list[SearchTerm]:
    """Return the terms with words of nearly the same meaning as further alternatives."""
    return [_widened(term) for term in terms]


def _widened(term: SearchTerm) -> SearchTerm:
    there = {alternative.stems for alternative in term.alternatives}
    related = _related().get(term.alternatives[0].stems, [])
    others = [Alternative(stems, RELATED) for stems in related if stems not in there]
    return replace(term, alternatives=(*term.alternatives, *others)) if others else term


@cache
def _related() -> dict[Stems, list[Stems]]:
    return synonyms_of(tuple(WordFile(Path(__file__).with_name("thesaurus.toml")).words("groups")))
