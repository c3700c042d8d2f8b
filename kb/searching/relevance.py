"""Rank documents by relevance, in Python, so that every database gives the same order.

A rare term counts more than a frequent one, and a synonym no more than its own rarity. A term counts most in the code's
description, less in its reasons and actions, a note's title and the customer's phrasings, less in the rest of a note,
which may be about many codes, and least in a customer reply. The name of a vendor or product adds to that, because then
its codes are meant. A term counts once per document. Words that are adjacent both in the question and in the code's
description count more.
"""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kb.searching.documents import REPLY, TABLE, Document
from kb.searching.query import SearchTerm
from kb.searching.tokenizer import LIGHT_STEMS

HEAD, NEAR, BODY, REPLY_WORDS = 3.0, 1.5, 0.6, 0.2
OF_TABLE = 1.2
"""What a word of the table's vendor or product adds: codes of a product that the question names come first."""

TOGETHER = 0.8
UNKNOWN = 0.02
"""Assumed share of documents with an unknown word. With its real share, 0, it would outweigh all other words."""

LEAST = 0.2
"""Least share of a question, by rarity, that a document must have. Otherwise "no such thing" would find every "no"."""

LIGHT = 0.3
"""Weight of a negation or of a word of conversation; others weigh 1. The topic of a question says more."""

Sought = list[tuple[float, str, list[str]]]
"""A weight, the text that a field must have, and others that it must have too."""

USUAL_LENGTH = 60
"""Characters of a typical description. A word counts more in a shorter one."""


def weights(terms: Sequence[SearchTerm], frequencies: Mapping[str, int], prefix_count: int) -> list[float]:
    """Return how rare each term is; `prefix_count` is the number of documents with a word that begins like the last."""
    total = frequencies.get("", 0)
    result = []
    for term in terms:
        own = frequencies.get(term.alternatives[0].stems[0], 0)
        if not own and any(alternative.prefix for alternative in term.alternatives):
            own = prefix_count
        own = own or max((frequencies.get(a.stems[0], 0) for a in term.alternatives), default=0)
        usual = min(own, total) or 1 + total * UNKNOWN
        light = LIGHT if term.alternatives[0].stems[0] in LIGHT_STEMS else 1.0
        result.append(light * rarity_of(usual, total) + 0.05)
    return result


def rarity_of(count: float, total: int) -> float:
    """Return how rare a word is that so many of all documents have."""
    return math.log(1 + total / (count + 0.5))


def shares(rarity: Sequence[float]) -> list[float]:
    """Return the rough share of all documents that has each term: the inverse of `weights`."""
    return [min(1.0, 1 / math.expm1(max(weight, 0.7) - 0.05)) for weight in rarity]


def rank(
    terms: Sequence[SearchTerm],
    rarity: Sequence[float],
    candidates: Sequence[Document],
    frequencies: Mapping[str, int] = MappingProxyType({}),
) -> list[tuple[float, Document]]:
    """Return the candidates with their scores, the best first. Equal ones come in the order of their keys."""
    wanted = [(weight, _sought(term, weight, frequencies)) for term, weight in zip(terms, rarity, strict=True)]
    total, pairs = sum(rarity), _neighbours(terms, rarity)
    scores = [(-_score(wanted, total, pairs, document), document.key, document) for document in candidates]
    # As tuples, which are sorted in half the time that a function for the key takes.
    return [(-score, document) for score, _, document in sorted(scores) if score]


def _sought(term: SearchTerm, own: float, frequencies: Mapping[str, int]) -> Sought:
    """Return the texts that a field with the term has, by alternative, the heaviest first."""
    sought, total = [], frequencies.get("", 0)
    for alternative in term.alternatives:
        *whole, last = alternative.stems
        texts = [f" {last}" if alternative.prefix else f" {last} ", *(f" {stem} " for stem in whole)]
        count = 0 if whole or alternative.prefix else frequencies.get(last, 0)
        share = min(1.0, rarity_of(count, total) / own) if count else 1.0
        sought.append((alternative.weight * share, texts[0], texts[1:]))
    return sorted(sought, key=lambda one: -one[0])


def _neighbours(terms: Sequence[SearchTerm], rarity: Sequence[float]) -> list[tuple[str, float]]:
    """Return the text of each two adjacent terms, and what it adds to the score of a document that has it."""
    pairs = zip(terms, terms[1:], rarity, rarity[1:], strict=False)
    return [
        (f" {one.alternatives[0].stems[-1]} {two.alternatives[0].stems[0]} ", TOGETHER * min(a, b))
        for one, two, a, b in pairs
    ]


def _score(
    wanted: Sequence[tuple[float, Sought]], total: float, neighbours: Sequence[tuple[str, float]], document: Document
) -> float:
    _, head, near, body, _ = document
    head, near, body = f" {head} ", f" {near} ", f" {body} "
    focus = 2.5 / (1.5 + len(head) / USUAL_LENGTH)
    # Limited, because a description of one word is not more relevant than one of three.
    in_head = HEAD * (1.2 if focus > 1.2 else 0.85 if focus < 0.85 else focus)
    score = matched = 0.0
    for weight, sought in wanted:
        best = _best(sought, in_head, head, near, body)
        if best:
            matched += weight
            if sought[0][1] in body and _names_table(sought, body):
                best += OF_TABLE
            score += weight * best
    part = matched / total
    if part < LEAST:
        return 0.0
    together = sum([bonus for text, bonus in neighbours if text in head]) if neighbours else 0.0
    return round((score + together) * (0.4 + 0.6 * part), 6)


def _best(sought: Sought, in_head: float, head: str, near: str, body: str) -> float:
    """Return the value of a term: of its best alternative, in the best field that has this one."""
    best = 0.0
    for share, first, others in sought:
        if in_head * share <= best:
            break
        if first in head and not (others and _lacks(head, others)):
            value = in_head
        elif first in near and not (others and _lacks(near, others)):
            value = NEAR
        elif first in body and not (others and _lacks(body, others)):
            value = _in_body(body, first, others)
        else:
            continue
        best = max(best, value * share)
    return best


def _lacks(text: str, others: Sequence[str]) -> bool:
    return any(other not in text for other in others)


def _in_body(body: str, first: str, others: Sequence[str]) -> float:
    """Return the value of words of a body: less if only its customer replies have them."""
    own = body.partition(f" {REPLY} ")[0] + " "
    return BODY if first in own and all(text in own for text in others) else REPLY_WORDS


def _names_table(sought: Sought, body: str) -> bool:
    """Whether the vendor or product of a body's table has the words of the heaviest alternative."""
    _, first, others = sought[0]
    names, mark, _ = body.partition(f" {TABLE}")
    names += " "
    return bool(mark) and first in names and all(text in names for text in others)
