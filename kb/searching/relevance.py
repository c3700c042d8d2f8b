"""Which candidate answers best: ours, in Python, so that every database gives one order.

A term counts the more the rarer it is, in the code's description more than in its reasons and actions, a note's title
and the customer's phrasings, and there more than in the rest of a note, which may be about many codes; a term counts
once a document, however often it is there. Words that stand together in the question and in the code's own words count
more.
"""

import math
from collections.abc import Mapping, Sequence

from kb.searching.documents import Document, bucket_of
from kb.searching.query import Alternative, SearchTerm
from kb.searching.tokenizer import NEGATIONS

HEAD, NEAR, BODY = 3.0, 1.5, 0.6
TOGETHER = 0.8
UNKNOWN = 0.02
"""How frequent a word that nobody wrote is taken to be: being the rarest of all, it must not outweigh the others."""

LEAST = 0.2
"""Which part of a question, by rarity, a document has to have: else "no such thing" finds whatever says "no"."""

LIGHT = 0.3
"""What a negation weighs beside another word: what is not the case tells less than what it is about."""

USUAL_LENGTH = 60
"""Characters of a usual description; a shorter one that has the word is more about it."""


def weights(terms: Sequence[SearchTerm], frequencies: Mapping[str, int], begun: int) -> list[float]:
    """Return how rare each term is; `begun` is how many documents have a word that begins like the last one."""
    total = frequencies.get("", 0)
    found = []
    for term in terms:
        own = frequencies.get(term.alternatives[0].stems[0], 0)
        if not own and any(alternative.prefix for alternative in term.alternatives):
            own = begun
        own = own or max((frequencies.get(a.stems[0], 0) for a in term.alternatives), default=0)
        usual = min(own, total) or 1 + total * UNKNOWN
        light = LIGHT if term.alternatives[0].stems[0] in NEGATIONS else 1.0
        found.append(light * math.log(1 + total / (usual + 0.5)) + 0.05)
    return found


def shares(rarity: Sequence[float]) -> list[float]:
    """Return in which part of all documents each term is, roughly: `weights` undone."""
    return [min(1.0, 1 / math.expm1(max(weight, 0.7) - 0.05)) for weight in rarity]


def rank(
    terms: Sequence[SearchTerm], rarity: Sequence[float], candidates: Sequence[Document]
) -> list[tuple[float, Document]]:
    """Return the candidates with their scores, the best first."""
    scored = [(_score(terms, rarity, document), document) for document in candidates]
    scored = [pair for pair in scored if pair[0]]
    return sorted(scored, key=lambda pair: (-pair[0], bucket_of(pair[1].key), pair[1].code_id))


def _score(terms: Sequence[SearchTerm], rarity: Sequence[float], document: Document) -> float:
    head, near, body = f" {document.head} ", f" {document.near} ", f" {document.body} "
    # A description of one word is no more about it than one of three.
    focus = 2.5 / (1.5 + len(head) / USUAL_LENGTH)
    in_head = HEAD * min(max(focus, 0.85), 1.2)
    score = found = 0.0
    for term, weight in zip(terms, rarity, strict=True):
        best = max(
            max(
                in_head * _has(alternative, head),
                NEAR * _has(alternative, near),
                BODY * _has(alternative, body),
            )
            * alternative.weight
            for alternative in term.alternatives
        )
        if best:
            found += weight
            score += weight * best
    part = found / sum(rarity)
    return round((score + _together(terms, rarity, head)) * (0.4 + 0.6 * part), 6) if part >= LEAST else 0.0


def _has(alternative: Alternative, field: str) -> bool:
    *whole, last = alternative.stems
    end = "" if alternative.prefix else " "
    return f" {last}{end}" in field and all(f" {stem} " in field for stem in whole)


def _together(terms: Sequence[SearchTerm], rarity: Sequence[float], head: str) -> float:
    pairs = zip(terms, terms[1:], rarity, rarity[1:], strict=False)
    return sum(
        TOGETHER * min(a, b)
        for one, two, a, b in pairs
        if f" {one.alternatives[0].stems[-1]} {two.alternatives[0].stems[0]} " in head
    )
