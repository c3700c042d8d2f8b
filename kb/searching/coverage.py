"""Tell a question about something else from one that the hits answer.

A question is refused if no hit has enough of what it is about. A word that no document has counts as the rarest: it
may be what the question is about. A word of other topics counts twice, and one of conversation little.
"""

import math
from collections.abc import Mapping, Sequence

from kb.searching.documents import REPLY, Document
from kb.searching.query import SearchTerm
from kb.searching.relevance import LIGHT, UNKNOWN, rarity_of
from kb.searching.tokenizer import LIGHT_STEMS, OTHER_TOPICS

ENOUGH_OF_ONE, ENOUGH_OF_TENFOLD = 0.127, 0.065
"""The least share of a question that one of the best hits must have: the first for one code in the tables that are
searched, and the second more with every ten times as many, because a question about something else then has more of its
words by chance. They were measured on questions of which many are about something else: see
tests/searching/test_labelled.py."""

LARGE = 300
"""With so many codes, one word that a hit has by chance is no answer to a question with a word that no document has."""

MOST = 0.75
"""The share of a question that a hit has if the words need no help."""

MANY = 4
"""A hit with so many words of a question that are not of conversation answers it, as in a line of a log."""

OTHER_TOPIC = 2.0
"""Weight of a word of other topics; other words weigh 1."""

RARE = 0.005
"""A word of other topics that fewer of all documents have is none of the tables' topics."""

_BEST = 5


def lacking(terms: Sequence[SearchTerm], counts: Mapping[str, int], best: Sequence[Document], codes: int) -> float:
    """Return what the best hits lack to answer a question, as a share of it; 0 or less if they answer it.

    `counts` are the numbers of documents with its words; `codes` is the number of codes in the tables.
    """
    least = ENOUGH_OF_ONE + ENOUGH_OF_TENFOLD * math.log10(max(1, codes))
    if codes > LARGE and _is_chance(terms, counts, best):
        return least
    return least - share(terms, counts, best)


def _is_chance(terms: Sequence[SearchTerm], counts: Mapping[str, int], best: Sequence[Document]) -> bool:
    """Whether no hit has two words of the question, and no document has one of its other words."""
    topics = [term for term in terms if term.alternatives[0].stems[0] not in LIGHT_STEMS]
    if all(any(counts.get(one.stems[0]) for one in term.alternatives) for term in topics):
        return False
    return all(sum(has(text, term) for term in topics) < 2 for text in _texts(best))


def is_whole(terms: Sequence[SearchTerm], counts: Mapping[str, int], best: Document | None) -> bool:
    """Whether the best hit has most of the question."""
    return best is not None and share(terms, counts, [best]) >= MOST


def share(terms: Sequence[SearchTerm], counts: Mapping[str, int], best: Sequence[Document]) -> float:
    """Return the largest share of the question, by weight, that one of the best hits has."""
    weights = [_weights(term, counts) for term in terms]
    return max((_share_in(text, terms, weights) for text in _texts(best)), default=0.0)


def _texts(best: Sequence[Document]) -> list[str]:
    return [f" {hit.head} {hit.near} {hit.body.partition(REPLY)[0]} " for hit in best[:_BEST]]


def _share_in(text: str, terms: Sequence[SearchTerm], weights: Sequence[tuple[float, float]]) -> float:
    there = missing = 0.0
    topics = 0
    for term, (had, lacked) in zip(terms, weights, strict=True):
        if has(text, term):
            there += had
            topics += term.alternatives[0].stems[0] not in LIGHT_STEMS
        else:
            missing += lacked
    return 1.0 if topics >= MANY else there / ((there + missing) or 1.0)


def _weights(term: SearchTerm, counts: Mapping[str, int]) -> tuple[float, float]:
    """Return the weight of a term that a hit has, and of one that it lacks."""
    stem, total = term.alternatives[0].stems[0], counts.get("", 0)
    count = counts.get(stem, 0)
    is_other = stem in OTHER_TOPICS
    weight = rarity_of(count if count or is_other else 1 + total * UNKNOWN, total)
    if stem in LIGHT_STEMS:
        return weight * LIGHT, weight * LIGHT
    if is_other:
        return weight * (LIGHT if count < total * RARE else 1.0), weight * OTHER_TOPIC
    return weight, weight


def has(text: str, term: SearchTerm) -> bool:
    """Whether a document's text, with spaces around it, has a term."""
    return any(
        all(f" {stem} " in text for stem in one.stems[:-1])
        and (f" {one.stems[-1]}" if one.prefix else f" {one.stems[-1]} ") in text
        for one in term.alternatives
    )
