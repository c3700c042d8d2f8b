"""Words that nobody wrote: what was probably meant, from the words that this reader's documents have."""

from collections.abc import Sequence

from kb.searching import store
from kb.searching.query import Alternative, SearchTerm
from kb.searching.tokenizer import stem

CORRECTED = 0.9
"""What a word that was probably meant weighs beside one that was written."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST, _LONGEST = 4, 24
_MOST_COMPARED = 1_500


def correct(audience: int, terms: Sequence[SearchTerm], had: dict[str, int]) -> tuple[list[SearchTerm], dict[str, str]]:
    """Return the terms with each one that nothing has replaced by the nearest known word, and what was replaced.

    `had` is how many documents have the terms' words.
    """
    result, replaced = [], {}
    for term in terms:
        near = "" if _is_known(audience, term, had) else _nearest(audience, term.text)
        if near:
            replaced[term.text] = near
            term = SearchTerm(near, (Alternative((stem(near),), CORRECTED),))
        result.append(term)
    return result, replaced


def _is_known(audience: int, term: SearchTerm, had: dict[str, int]) -> bool:
    if any(had.get(alternative.stems[0]) for alternative in term.alternatives) or not _may_be_wrong(term.text):
        return True
    return any(a.prefix and store.beginning_with(audience, a.stems[0]) for a in term.alternatives)


def _may_be_wrong(word: str) -> bool:
    return _SHORTEST <= len(word) <= _LONGEST and word.isascii() and word.isalpha()


def _nearest(audience: int, word: str) -> str:
    found = dict(store.word_counts(audience, sorted(_one_edit_away(word))))
    if not found:
        begun = store.vocabulary(audience, word[0], len(word) - 2, len(word) + 2, _MOST_COMPARED)
        found = {near: codes for near, codes in begun if near.isalpha() and _is_similar(word, near)}
    ranked = sorted(found, key=lambda near: (near[0] != word[0], -_shared(word, near), -found[near], near))
    return next(iter(ranked), "")


def _one_edit_away(word: str) -> set[str]:
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    found = {a + b[1:] for a, b in cuts if b}
    found |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    found |= {a + letter + b[1:] for a, b in cuts if b for letter in _LETTERS}
    return found | {a + letter + b for a, b in cuts for letter in _LETTERS}


def _is_similar(word: str, near: str) -> bool:
    return _shared(word, near) >= 0.4


def _shared(word: str, near: str) -> float:
    """Return which part of the trigrams of two words is in both."""
    one, two = _trigrams(word), _trigrams(near)
    return len(one & two) / len(one | two)


def _trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}
