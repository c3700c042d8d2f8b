"""Tell a question about something else from one that the hits answer.

A question is refused if no hit has enough of what it is about. A word that no document has counts as the rarest: it
may be what the question is about. A word of other topics counts twice, and one of conversation little. What a question
is for decides how much is enough: see `purpose`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kb.searching.documents import REPLY, Document
from kb.searching.query import SearchTerm
from kb.searching.relevance import LIGHT, UNKNOWN, rarity_of
from kb.searching.tokenizer import LIGHT_STEMS, OTHER_TOPICS

ENOUGH_OF_ONE, ENOUGH_OF_TENFOLD = 0.14, 0.065
"""The least share of a question that one of the best hits must have: the first for one code in the tables that are
searched, and the second more with every ten times as many, because a question about something else then has more of its
words by chance. They were measured on questions of which many are about something else: see
tests/searching/test_labelled.py."""

MOST = 0.75
"""The share of a question that a hit has if the words need no help."""

LEAST_NEEDED, MOST_NEEDED = 0.16, 0.9
"""However a question is asked, it needs a hit with at least so much of it, and none with more."""

MANY = 4
"""A hit with so many words of a question that are not of conversation answers it, as in a line of a log."""

OTHER_TOPIC = 2.0
"""Weight of a word of other topics; other words weigh 1."""

LONG = 80
"""With so many words, the reasons and actions of a code have any word of other topics by chance."""

RARE = 0.005
"""A word of other topics that fewer of all documents have is none of the tables' topics."""

_BEST = 5


class _Weight(NamedTuple):
    """What a term of a question weighs if a hit has it, and if it lacks it."""

    there: float
    missing: float
    is_other: bool = False
    """Whether it is a word of other topics, and of none of the tables'."""


def lacking(
    terms: Sequence[SearchTerm], counts: Mapping[str, int], best: Sequence[Document], codes: int, more: float = 0.0
) -> float:
    """Return what the best hits lack to answer a question, as a share of it; 0 or less if they answer it.

    `counts` are the numbers of documents with its words, `codes` is the number of codes in the tables, and `more` is
    what `purpose.more_needed` returns.
    """
    least = ENOUGH_OF_ONE + ENOUGH_OF_TENFOLD * math.log10(max(1, codes)) + more
    return min(max(least, LEAST_NEEDED), MOST_NEEDED) - share(terms, counts, best)


def is_whole(terms: Sequence[SearchTerm], counts: Mapping[str, int], best: Document | None) -> bool:
    """Whether the best hit has most of the question."""
    return best is not None and share(terms, counts, [best]) >= MOST


def share(terms: Sequence[SearchTerm], counts: Mapping[str, int], best: Sequence[Document]) -> float:
    """Return the largest share of the question, by weight, that one of the best hits has."""
    weights = [_weight(term, counts) for term in terms]
    return max((_share_in(hit, terms, weights) for hit in best[:_BEST]), default=0.0)


def _share_in(hit: Document, terms: Sequence[SearchTerm], weights: Sequence[_Weight]) -> float:
    own, near = hit.body.partition(REPLY)[0], hit.near
    text = f" {hit.head} {near} {own} "
    words = text.split() if near.count(" ") < LONG else f"{hit.head} {own}".split()
    there = missing = 0.0
    topics = 0
    for term, weight in zip(terms, weights, strict=True):
        if _is_about(words, text, term) if weight.is_other else has(text, term):
            there += weight.there
            topics += term.alternatives[0].stems[0] not in LIGHT_STEMS
        else:
            missing += weight.missing
    return 1.0 if topics >= MANY else there / ((there + missing) or 1.0)


def _is_about(words: Sequence[str], text: str, term: SearchTerm) -> bool:
    """Whether a document has a word of other topics, or another for it, and not only in a name such as `InvoiceTag`."""
    own, *others = term.alternatives
    return any(word == own.stems[0] and not _begins_name(words, place) for place, word in enumerate(words)) or any(
        has(text, SearchTerm(term.text, (other,))) for other in others if not other.prefix
    )


def _begins_name(words: Sequence[str], place: int) -> bool:
    """Whether the parts of a name begin at a place: after the parts comes the name as one word."""
    own = words[place]
    return any(word.startswith(own) and len(word) > len(own) + 2 for word in words[place + 1 : place + 4])


def _weight(term: SearchTerm, counts: Mapping[str, int]) -> _Weight:
    stem, total = term.alternatives[0].stems[0], counts.get("", 0)
    count = counts.get(stem, 0)
    is_topic = stem in OTHER_TOPICS
    weight = rarity_of(count if count or is_topic else 1 + total * UNKNOWN, total)
    if stem in LIGHT_STEMS:
        return _Weight(weight * LIGHT, weight * LIGHT)
    is_other = is_topic and count < total * RARE
    return _Weight(weight * (LIGHT if is_other else 1.0), weight * (OTHER_TOPIC if is_topic else 1.0), is_other)


def has(text: str, term: SearchTerm) -> bool:
    """Whether a document's text, with spaces around it, has a term."""
    return any(
        all(f" {stem} " in text for stem in one.stems[:-1])
        and (f" {one.stems[-1]}" if one.prefix else f" {one.stems[-1]} ") in text
        for one in term.alternatives
    )
