"""Search by meaning: put the codes that mean what a question means among those that have its words.

Words decide where they can: see `stands`. Elsewhere the score of the words and the likeness of the vectors are added.
Likeness also tells a question about something else: see `ranked`. The figures were measured on questions over nine
tables, with and without words of the tables: `tests/searching/test_meaning.py` has those over five of them.
"""

from collections.abc import Collection, Mapping, Sequence

from kb.models.visibility import Audience
from kb.searching import coverage, nearest, purpose, sentences, store
from kb.searching.documents import PUBLIC, Document
from kb.searching.nearest import Similarities
from kb.searching.query import SearchTerm
from kb.searching.tokenizer import fold, stem, words_in

MOST_OF = 0.9
"""From this share of a question, by rarity, the first hit has its words: no codes without them are added."""

WITH_WORDS, WITHOUT = 1.0, 5.0
"""Weight of the likeness if the first hit has most of the words, and otherwise. The best score of the words weighs 1,
less if its document lacks a part of the question."""

NEAREST = 40
"""Most codes that are added for their meaning alone."""

WORTH_SHOWING = 0.7
"""Least likeness of a code that is added, as a share of that of the nearest one."""

LIKE, USUAL = 1.25, 0.38
"""How much likeness weighs beside the words in telling whether a question is answered, and the likeness of the nearest
code that says nothing: each tenth more is as good as 0.125 more of the question's words, and each tenth less as bad."""

COPIED = 3
"""From so many words, a question that a text has word by word is about it."""

_LONGEST = 500
_FIRST = 5

Ranked = list[tuple[float, Document]]


class Question:
    """What somebody asks, and what was read of it."""

    def __init__(self, text: str, terms: Sequence[SearchTerm], rarity: Sequence[float], corrected: Mapping[str, str]):
        self.text = text[:_LONGEST]
        self.terms, self.rarity, self.corrected = terms, rarity, corrected
        self.more_needed = purpose.more_needed(self.text)
        self.stems = [stem(word.whole) for word in words_in(fold(self.text))]

    def stands(self, ranked: Ranked) -> bool:
        """Whether the order of the words stands: for a code, one word, copied words, or a text that is not English."""
        if not self.text.isascii() or not self.terms:
            return True
        if not ranked:
            return False
        first = ranked[0][1]
        code = first.head.split(" ", 1)[0]
        is_code = any(c.isdigit() for c in code) and code in self.stems
        return len(self.terms) == 1 or is_code or self._is_in(first)

    def is_copied(self, ranked: Ranked) -> bool:
        """Whether one of the first hits has the question word by word: copied text, or a phrasing."""
        return len(self.stems) >= COPIED and any(self._is_in(one) for _, one in ranked[:_FIRST])

    def _is_in(self, document: Document) -> bool:
        phrase = f" {' '.join(self.stems)} "
        return phrase in f" {document.head} " or phrase in f" {document.near} "

    def share(self, ranked: Ranked) -> float:
        """Return the share of the question, by rarity, that the first hit has."""
        if not ranked:
            return 0.0
        text = f" {ranked[0][1].head} {ranked[0][1].near} {ranked[0][1].body} "
        there = sum(weight for term, weight in zip(self.terms, self.rarity, strict=True) if coverage.has(text, term))
        return there / sum(self.rarity)

    def spelt(self) -> str:
        """Return the text with its words corrected."""
        text = self.text.lower() if self.corrected else self.text
        for word, near in self.corrected.items():
            text = text.replace(word, near)
        return text


def ranked(
    question: Question, hits: Ranked, lacking: float, audience: int, tables: Collection[int] | None, total: int
) -> Ranked:
    """Return the hits of a question with the codes that mean the same, the best first; nothing if no code answers it.

    `lacking` is what the words lack for an answer, and `total` the number of the audience's documents.
    """
    if question.stands(hits):
        return hits if lacking <= 0 else []
    likeness = likeness_of(question, hits, audience, tables)
    best = likeness.of[likeness.nearest[0]] if likeness.nearest else USUAL
    if tables is None and likeness.compared < total:
        # The nearest code may be among those that wait for their vectors.
        best = max(best, USUAL)
    is_answered = lacking <= LIKE * (best - USUAL)
    return reordered(question, hits, likeness, audience) if is_answered else []


def likeness_of(question: Question, ranked: Ranked, audience: int, tables: Collection[int] | None) -> Similarities:
    """Return how like the question are its hits, and the nearest codes of these tables, or of all that are visible."""
    if tables is None and audience == PUBLIC:
        sql = "SELECT id FROM kb_codetable WHERE audience = %s"
        tables = [pk for (pk,) in store.rows_of(sql, Audience.PUBLIC)]
    vector = sentences.embed_question(question.spelt())
    return nearest.similarities(vector, tables, [document.code_id for _, document in ranked], NEAREST)


def reordered(question: Question, ranked: Ranked, likeness: Similarities, audience: int) -> Ranked:
    """Return the hits and the nearest codes with new scores, the best first."""
    share = question.share(ranked)
    has_words = bool(ranked) and (share >= MOST_OF or bool(question.corrected))
    added = [] if has_words else _documents(audience, _others(likeness, {one.code_id for _, one in ranked}))
    best = ranked[0][0] if ranked else 1.0
    weight = WITH_WORDS if has_words else WITHOUT
    # A code that waits for its vector may be as like as the nearest.
    most = likeness.of[likeness.nearest[0]] if likeness.nearest else 0.0
    scores = [
        (score / best * share**2 + weight * likeness.of.get(document.code_id, most), document)
        for score, document in [*ranked, *((0.0, document) for document in added)]
    ]
    return sorted(((round(score, 6), one) for score, one in scores), key=lambda pair: (-pair[0], pair[1].key))


def _others(likeness: Similarities, hits: Collection[int]) -> list[int]:
    """Return the nearest codes that are no hits, without far less like ones."""
    least = WORTH_SHOWING * likeness.of[likeness.nearest[0]] if likeness.nearest else 0.0
    return [pk for pk in likeness.nearest if pk not in hits and likeness.of[pk] >= least]


def _documents(audience: int, code_ids: Collection[int]) -> list[Document]:
    """Return the documents of codes for an audience: a code that it may not see has none."""
    return list(store.documents_by_key(audience, sorted(code_ids)).values()) if code_ids else []
