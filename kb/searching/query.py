"""The terms of a question: its words, each with its synonyms and other spellings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from kb.models.visibility import Audience, Reader
from kb.searching import store
from kb.searching.tokenizer import STOP, TextWord, fold, stem, words_in

MAX_TERMS = 16
"""Most words of a question that are searched for, so that a pasted log does not make a huge query."""

MAX_TEXT = 4_000
"""Most characters of a question that are read."""

PARTS, SYNONYM, BEGINNING = 0.9, 0.7, 0.6
"""Weight of a name's parts, of a synonym, and of a word that only begins like the term; the word itself weighs 1."""

_SYNONYMS = {
    True: "SELECT words FROM kb_synonym ORDER BY id",
    False: f"SELECT words FROM kb_synonym WHERE audience = '{Audience.PUBLIC}' ORDER BY id",  # noqa: S608
}
"""The groups that a search uses, by whether its reader may read what is internal: see `SynonymQuerySet.used_by`."""

Stems = tuple[str, ...]
"""The stems of a word or phrase."""

NO_WORDS: Mapping[str, Sequence[str]] = MappingProxyType({})

_SHORTEST_BEGINNING = 2
_SHORTEST_NUMBER = 3
_MANY_PARTS = 3
_MAX_ALTERNATIVES = 12


@dataclass(frozen=True)
class Alternative:
    """One way to match a term: by all these words. With `prefix`, the last one may be the beginning of a word."""

    stems: tuple[str, ...]
    weight: float = 1.0
    prefix: bool = False


@dataclass(frozen=True)
class SearchTerm:
    """A word or phrase of a question; a document has it if it has one of the alternatives."""

    text: str
    alternatives: tuple[Alternative, ...]


def expression(
    terms: Sequence[SearchTerm], table_marks: Sequence[str] = (), begun: Mapping[str, Sequence[str]] = NO_WORDS
) -> str:
    """Return the expression for documents with every term. With `table_marks`, keep the documents of these tables.

    `begun` are the stems that begin with a text, for texts that few stems begin with: these are then asked for.
    """
    database = store.database()
    parts = [database.any_of([_all_stems(alternative, begun) for alternative in _needed(term)]) for term in terms]
    if table_marks:
        parts.append(database.any_of([database.word(mark) for mark in table_marks]))
    return database.all_of(parts)


def _needed(term: SearchTerm) -> list[Alternative]:
    """Return the alternatives, without a word that also matches as the beginning of one."""
    beginnings = {alternative.stems for alternative in term.alternatives if alternative.prefix}
    return [one for one in term.alternatives if one.prefix or one.stems not in beginnings]


def first_stems(terms: Sequence[SearchTerm]) -> list[str]:
    """Return the first stem of each alternative. The rarity of a term is computed from these."""
    return sorted({alternative.stems[0] for term in terms for alternative in term.alternatives})


def terms_of(text: str, as_you_type: bool = True, allowed: str = Reader.PUBLIC) -> list[SearchTerm]:
    """Return the terms of a question in order. Stop words are left out if there are other words.

    With `as_you_type`, the last word may be the beginning of a word. `allowed` is what the reader may read: it decides
    which synonyms count.
    """
    folded = fold(text[:MAX_TEXT])
    words = words_in(folded)
    content = _once([w for w in words if w.whole not in STOP] or words)[:MAX_TERMS]
    unfinished = as_you_type and bool(content) and content[-1] is words[-1] and folded[-1:].isalnum()
    return _terms(content, unfinished, allowed)


def taken_apart(terms: Sequence[SearchTerm], counts: Mapping[str, int]) -> list[SearchTerm]:
    """Return the terms, with the parts of each long name that no document has instead of it.

    `InvalidClientSecret` then finds "The client secret is not valid." A name of two parts, as of a product, stays.
    """
    return [part for term in terms for part in _parts(term, counts)][:MAX_TERMS]


def _parts(term: SearchTerm, counts: Mapping[str, int]) -> Sequence[SearchTerm]:
    whole, *others = term.alternatives
    stems = next((other.stems for other in others if other.weight == PARTS), ())
    if len(stems) < _MANY_PARTS or counts.get(whole.stems[0]):
        return [term]
    return [SearchTerm(stem_, (Alternative((stem_,)),)) for stem_ in dict.fromkeys(stems)]


def _all_stems(alternative: Alternative, begun: Mapping[str, Sequence[str]]) -> str:
    database = store.database()
    *first, last = alternative.stems
    is_known = alternative.prefix and last in begun
    ends = (
        database.any_of([database.word(s) for s in begun[last]])
        if is_known
        else database.word(last, alternative.prefix)
    )
    return database.all_of([*(database.word(s) for s in first), ends])


def _once(words: list[TextWord]) -> list[TextWord]:
    by_stem: dict[str, TextWord] = {}
    for word in words:
        # Keep the later one, because the last word may be unfinished.
        by_stem.pop(stem(word.whole), None)
        by_stem[stem(word.whole)] = word
    return list(by_stem.values())


def _terms(words: list[TextWord], unfinished: bool, allowed: str) -> list[SearchTerm]:
    synonyms = synonyms_of(tuple(words for (words,) in store.rows_of(_SYNONYMS[allowed == Reader.INTERNAL])))
    stems = [stem(word.whole) for word in words]
    terms, at = [], 0
    while at < len(words):
        length = next((n for n in (3, 2) if at + n <= len(words) and tuple(stems[at : at + n]) in synonyms), 1)
        is_last = at + length == len(words)
        terms.append(_term(words[at : at + length], synonyms, unfinished and is_last))
        at += length
    return terms


def _term(words: list[TextWord], synonyms: dict[Stems, list[Stems]], unfinished: bool) -> SearchTerm:
    own = tuple(stem(word.whole) for word in words)
    alternatives = [Alternative(own)]
    if len(words) == 1:
        alternatives += _spellings(words[0], own[0], unfinished)
    alternatives += [Alternative(other, SYNONYM) for other in synonyms.get(own, []) if other != own]
    return SearchTerm(" ".join(word.whole for word in words), tuple(dict.fromkeys(alternatives[:_MAX_ALTERNATIVES])))


def _spellings(word: TextWord, own: str, unfinished: bool) -> list[Alternative]:
    spellings = []
    if len(word.parts) > 1:
        spellings.append(Alternative(tuple(stem(part) for part in word.parts), PARTS))
    if (word.whole.isdigit() and len(word.whole) >= _SHORTEST_NUMBER) or (
        unfinished and len(word.whole) >= _SHORTEST_BEGINNING
    ):
        spellings.append(Alternative((word.whole,), BEGINNING, True))
    return spellings


@lru_cache(maxsize=8)
def synonyms_of(groups: tuple[str, ...]) -> dict[Stems, list[Stems]]:
    """Return the synonyms of each phrase, from groups with commas between phrases, as curators write them."""
    synonyms: dict[Stems, list[Stems]] = {}
    for group in groups:
        members = [phrase for text in group.split(",") if (phrase := _phrase(text))]
        for phrase in members:
            others = synonyms.setdefault(phrase, [])
            others += [other for other in members if other != phrase and other not in others]
    return synonyms


def _phrase(text: str) -> tuple[str, ...]:
    words = [word.whole for word in words_in(fold(text))]
    return tuple(stem(word) for word in ([w for w in words if w not in STOP] or words))
