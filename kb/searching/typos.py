"""Correct words that neither a document nor the dictionary has.

Corrections come from documents that the reader may read.
"""

from collections.abc import Sequence

from kb.searching import dictionary, store
from kb.searching.query import Alternative, SearchTerm
from kb.searching.tokenizer import stem

CORRECTION = 0.9
"""Weight of a corrected word; a word of the question weighs 1."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST, _LONGEST = 4, 24
_SIMILAR = 0.4
_MAX_COMPARISONS = 1_500


def correct(
    audience: int, terms: Sequence[SearchTerm], counts: dict[str, int]
) -> tuple[list[SearchTerm], dict[str, str]]:
    """Return the terms, with unknown words replaced by the nearest known word, and these corrections by word.

    `counts` are the numbers of documents with the terms' words.
    """
    result, corrections = [], {}
    for term in terms:
        near = "" if _is_known(audience, term, counts) else _nearest(audience, term.text)
        if near:
            corrections[term.text] = near
            term = SearchTerm(near, (Alternative((stem(near),), CORRECTION),))
        result.append(term)
    return result, corrections


def _is_known(audience: int, term: SearchTerm, counts: dict[str, int]) -> bool:
    if any(counts.get(a.stems[0]) for a in term.alternatives) or not _may_be_wrong(term.text):
        return True
    if dictionary.has(term.text):
        return True
    return any(a.prefix and store.beginning_with(audience, a.stems[0]) for a in term.alternatives)


def _may_be_wrong(word: str) -> bool:
    return _SHORTEST <= len(word) <= _LONGEST and word.isascii() and word.isalpha()


def _nearest(audience: int, word: str) -> str:
    counts = dict(store.word_counts(audience, sorted(_one_edit_away(word))))
    if not counts:
        vocabulary = store.vocabulary(audience, word[0], len(word) - 2, len(word) + 2, _MAX_COMPARISONS)
        counts = {near: codes for near, codes in vocabulary if near.isalpha() and _similarity(word, near) >= _SIMILAR}
    return min(counts, key=lambda near: (near[0] != word[0], -_similarity(word, near), -counts[near], near), default="")


def _one_edit_away(word: str) -> set[str]:
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    words = {a + b[1:] for a, b in cuts if b}
    words |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    words |= {a + letter + b[1:] for a, b in cuts if b for letter in _LETTERS}
    return words | {a + letter + b for a, b in cuts for letter in _LETTERS}


def _similarity(word: str, near: str) -> float:
    """Return the share of the trigrams of two words that is in both."""
    one, two = _trigrams(word), _trigrams(near)
    return len(one & two) / len(one | two)


def _trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}
