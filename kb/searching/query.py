"""What is asked: the words of a question, each with what means the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kb.models import Synonym
from kb.searching import store
from kb.searching.tokenizer import STOP, TextWord, fold, stem, words_in

MAX_TERMS = 16
"""Words of a question that are looked for, so that a pasted log cannot make a huge query."""

MAX_TEXT = 4_000
"""Characters of a question that are read."""

SYNONYM, BEGINNING = 0.7, 0.6
"""What a synonym, or a word that merely begins so, weighs beside the word itself."""

_SHORTEST_BEGINNING = 2
_SHORTEST_NUMBER = 3
_MAX_ALTERNATIVES = 12


@dataclass(frozen=True)
class Alternative:
    """One way to find a term: all its words, the last perhaps as a beginning."""

    stems: tuple[str, ...]
    weight: float = 1.0
    prefix: bool = False


@dataclass(frozen=True)
class SearchTerm:
    """A word or set phrase of a question; any of its alternatives finds it."""

    text: str
    alternatives: tuple[Alternative, ...]


def expression(terms: Sequence[SearchTerm], table_marks: Sequence[str] = ()) -> str:
    """Return what a database looks for: every term, within one of the tables if any are named."""
    database = store.database()
    parts = [database.any_of([_all(alternative) for alternative in term.alternatives]) for term in terms]
    if table_marks:
        parts.append(database.any_of([database.word(mark) for mark in table_marks]))
    return database.all_of(parts)


def first_stems(terms: Sequence[SearchTerm]) -> list[str]:
    """Return the first word of each alternative: what a term's rarity is told by."""
    return sorted({alternative.stems[0] for term in terms for alternative in term.alternatives})


def terms_of(text: str, as_you_type: bool = True) -> list[SearchTerm]:
    """Return the terms of a question in order; stop words only where it has no others."""
    folded = fold(text[:MAX_TEXT])
    words = words_in(folded)
    asked = [w for w in words if w.whole not in STOP] or words
    asked = _once(asked)[:MAX_TERMS]
    unfinished = as_you_type and bool(asked) and bool(words) and asked[-1] is words[-1] and folded[-1:].isalnum()
    return _expanded(asked, unfinished)


def _all(alternative: Alternative) -> str:
    database = store.database()
    *first, last = alternative.stems
    return database.all_of([*(database.word(s) for s in first), database.word(last, alternative.prefix)])


def _once(words: list[TextWord]) -> list[TextWord]:
    found: dict[str, TextWord] = {}
    for word in words:
        # Said last, it may be unfinished: the later one counts.
        found.pop(stem(word.whole), None)
        found[stem(word.whole)] = word
    return list(found.values())


def _expanded(asked: list[TextWord], unfinished: bool) -> list[SearchTerm]:
    meanings = _meanings(tuple(Synonym.objects.order_by("pk").values_list("words", flat=True)))
    stems = [stem(word.whole) for word in asked]
    terms, at = [], 0
    while at < len(asked):
        length = next((n for n in (3, 2) if at + n <= len(asked) and tuple(stems[at : at + n]) in meanings), 1)
        is_last = at + length == len(asked)
        terms.append(_term(asked[at : at + length], meanings, unfinished and is_last))
        at += length
    return terms


def _term(
    words: list[TextWord], meanings: dict[tuple[str, ...], list[tuple[str, ...]]], unfinished: bool
) -> SearchTerm:
    own = tuple(stem(word.whole) for word in words)
    found = [Alternative(own)]
    if len(words) == 1:
        found += _spellings(words[0], own[0], unfinished)
    found += [Alternative(other, SYNONYM) for other in meanings.get(own, []) if other != own]
    return SearchTerm(" ".join(word.whole for word in words), tuple(dict.fromkeys(found[:_MAX_ALTERNATIVES])))


def _spellings(word: TextWord, own: str, unfinished: bool) -> list[Alternative]:
    found = []
    if len(word.parts) > 1:
        found.append(Alternative(tuple(stem(part) for part in word.parts), 0.9))
    if (word.whole.isdigit() and len(word.whole) >= _SHORTEST_NUMBER) or (
        unfinished and len(word.whole) >= _SHORTEST_BEGINNING
    ):
        found.append(Alternative((word.whole,), BEGINNING, True))
    return found


@lru_cache(maxsize=8)
def _meanings(groups: tuple[str, ...]) -> dict[tuple[str, ...], list[tuple[str, ...]]]:
    """Return what else to look for by what is asked, from the groups as curators write them."""
    found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for group in groups:
        members = [phrase for written_ in group.split(",") if (phrase := _phrase(written_))]
        for phrase in members:
            others = found.setdefault(phrase, [])
            others += [other for other in members if other != phrase and other not in others]
    return found


def _phrase(text: str) -> tuple[str, ...]:
    words = [word.whole for word in words_in(fold(text))]
    return tuple(stem(word) for word in ([w for w in words if w not in STOP] or words))
