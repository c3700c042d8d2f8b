"""Search for the codes that match a question."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from kb.models import ReturnCode
from kb.models.visibility import Person, Reader, reader
from kb.searching import coverage, likeness, names, passages, relevance, sentences, store, stripes, thesaurus, typos
from kb.searching.documents import INTERNAL, PUBLIC, Document, mark
from kb.searching.query import SearchTerm, expression, first_stems, taken_apart, terms_of
from kb.searching.snippets import snippets

CANDIDATES = 200
"""Most documents with all words that are ranked. They are the first by key, so every database ranks the same ones."""

CANDIDATES_OF_WORD = 60
"""Most documents with some of the words that are ranked, if too few documents have all words."""

ENOUGH = 30
"""With this many candidates, the search stops looking for more."""

WORTH_SHOWING = 0.25
"""Lowest score of a hit, as a share of the best score."""

MANY = 20_000
"""Most codes of tables that are counted."""

_FEW_WORDS = 6


class SearchHit(NamedTuple):
    """A code that matches, its score, and the passage with the words."""

    code_id: int
    score: float
    pieces: Sequence[tuple[str, bool]] = ()
    in_description: bool = True
    """Whether the passage comes from the code's description rather than another text or a note."""


@dataclass(frozen=True)
class SearchMatches:
    """The hits of a question, the best first."""

    hits: list[SearchHit]
    corrected: dict[str, str] = field(default_factory=dict)
    """Words that no document has, each with the word that was searched for instead."""
    more: bool = False
    terms: Sequence[SearchTerm] = field(default=(), compare=False)
    """What was searched for. See `with_passages`."""


def search(
    text: str,
    user: Person | None,
    *,
    tables: Iterable[int] | None = None,
    limit: int = 50,
    pieces: bool = False,
    exact: bool = False,
) -> SearchMatches:
    """Return the codes that match a question. Codes with all its words come before codes with some of them.

    A question about something else has no hits: see `coverage`. `tables` are ids. `pieces` adds passages with marked
    words, for two more queries. With `exact`, no word is corrected.
    """
    allowed = reader(user)
    terms = terms_of(text, allowed=allowed)
    tables = None if tables is None else list(tables)
    if allowed == Reader.NOTHING or not terms or tables == []:
        return SearchMatches([])
    audience = INTERNAL if allowed == Reader.INTERNAL else PUBLIC
    terms, counts, corrected = _prepared(audience, terms, exact)
    named = names.named_tables(terms, allowed, tables)
    best: list[tuple[float, Document]] = []
    for part, of in ((named.rest, named.tables), (terms, tables)):
        question = likeness.Question(text, part, relevance.weights(part, counts, 0), corrected)
        known = {document.key for _, document in best}
        best += [one for one in _answers(audience, question, counts, of, limit) if one[1].key not in known]
    if not best:
        return SearchMatches([])
    # Related words are marked, too, if they are why the best code is a hit.
    terms = terms if coverage.is_whole(terms, counts, best[0][1]) else thesaurus.widened(terms)
    hits = [SearchHit(document.code_id, score) for score, document in best[:limit]]
    if pieces:
        hits = with_passages(hits, terms, passages.texts_of([hit.code_id for hit in hits], allowed))
    return SearchMatches(hits, corrected, len(best) > limit, terms)


def _prepared(
    audience: int, terms: list[SearchTerm], exact: bool
) -> tuple[list[SearchTerm], dict[str, int], dict[str, str]]:
    """Return the terms to search for, the numbers of documents with their words, and what was corrected in them."""
    counts, corrected, first = store.frequencies(audience, first_stems(terms)), dict[str, str](), terms
    if not exact:
        terms, corrected = typos.correct(audience, terms, counts)
    terms = taken_apart(terms, counts)
    return terms, counts if terms == first else store.frequencies(audience, first_stems(terms)), corrected


def _answers(
    audience: int, question: likeness.Question, counts: dict[str, int], tables: Sequence[int] | None, limit: int
) -> likeness.Ranked:
    """Return the documents that answer a question, best first, with their scores; [] if none does or `tables` is [].

    If the best one lacks words of the question, words of nearly the same meaning count, too.
    """
    if tables == []:
        return []
    marks, terms = [mark("table", pk) for pk in tables or ()], question.terms
    ranked = rank(audience, terms, counts, marks, limit)
    if not coverage.is_whole(terms, counts, ranked[0][1] if ranked else None):
        terms = thesaurus.widened(terms)
        counts = store.frequencies(audience, first_stems(terms))
        ranked = rank(audience, terms, counts, marks, limit)
    codes = store.size(tables, MANY) if tables else counts.get("", 0)
    lacking = coverage.lacking(terms, counts, [document for _, document in ranked], codes, question.more_needed)
    lacking = min(lacking, 0.0) if question.is_copied(ranked) else lacking
    if sentences.is_on():
        return likeness.ranked(question, ranked, lacking, audience, tables, counts.get("", 0))
    return ranked if lacking <= 0 else []


def closest(text: str, user: Person | None, limit: int) -> list[int]:
    """Return the ids of the codes whose words are nearest to a question, even if none of them answers it."""
    allowed = reader(user)
    terms = terms_of(text, allowed=allowed)
    if allowed == Reader.NOTHING or not terms:
        return []
    audience = INTERNAL if allowed == Reader.INTERNAL else PUBLIC
    wide = thesaurus.widened(terms)
    ranked = rank(audience, wide, store.frequencies(audience, first_stems(wide)), [], limit)
    return [document.code_id for _, document in ranked[:limit]]


def with_passages(
    hits: Sequence[SearchHit], terms: Sequence[SearchTerm], texts: Mapping[int, Sequence[str]]
) -> list[SearchHit]:
    """Return the hits with their passages. `texts` are the code's by id, the description first; others are left out."""
    visible = [hit for hit in hits if hit.code_id in texts]
    found = snippets((texts[hit.code_id] for hit in visible), terms)
    return [
        SearchHit(hit.code_id, hit.score, pieces, place == 0)
        for hit, (place, pieces) in zip(visible, found, strict=True)
    ]


def containing(
    codes: QuerySet[ReturnCode], text: str, user: Person | None, tables: Iterable[int] = ()
) -> QuerySet[ReturnCode]:
    """Return the codes with each word of `text` in their texts or in a note that `user` may read.

    `tables` are the ids of the codes' tables, if the caller has them: the index then reads no others.
    """
    found = _query(text, user, tables)
    return codes.none() if found is None else codes.filter(pk__in=RawSQL(*found))  # noqa: S611 - words are parameters


def ids_containing(text: str, user: Person | None, tables: Iterable[int], limit: int) -> list[int] | None:
    """Return the ids of the codes that `containing` keeps; None if there are more than `limit`."""
    found = _query(text, user, tables)
    if found is None:
        return []
    sql, parameters = found
    ids = [pk for (pk,) in store.rows_of(f"{sql} LIMIT %s", *parameters, limit + 1)]
    return ids if len(ids) <= limit else None


def _query(text: str, user: Person | None, tables: Iterable[int]) -> tuple[str, list[str]] | None:
    """Return the query, with its parameters, for the ids of the codes with each word; None if no code can be found."""
    allowed = reader(user)
    terms = terms_of(text, allowed=allowed)
    if allowed == Reader.NOTHING or not terms:
        return None
    marks = [mark("table", pk) for pk in tables]
    return store.code_ids(INTERNAL if allowed == Reader.INTERNAL else PUBLIC, expression(terms, marks))


def rank(
    audience: int, terms: Sequence[SearchTerm], counts: dict[str, int], marks: Sequence[str], limit: int
) -> list[tuple[float, Document]]:
    """Return the documents with the terms, and their scores, the best first. Far worse ones are left out."""
    # Only a term that no document has as a word is as rare as the words that begin with it.
    is_needed = not all(counts.get(term.alternatives[0].stems[0]) for term in terms)
    beginnings = [a.stems[0] for a in terms[-1].alternatives if a.prefix and is_needed]
    rarity = relevance.weights(terms, counts, store.beginning_with(audience, beginnings[0]) if beginnings else 0)
    candidates = _candidates(audience, terms, rarity, marks, limit, counts.get("", 0))
    ranked = relevance.rank(terms, rarity, candidates, counts)
    return [pair for pair in ranked if pair[0] >= ranked[0][0] * WORTH_SHOWING]


def _candidates(
    audience: int, terms: Sequence[SearchTerm], rarity: Sequence[float], marks: Sequence[str], limit: int, total: int
) -> list[Document]:
    """Return the documents to rank: with all terms. If few, add some with all but one, then with rare terms."""
    all_shares = relevance.shares(rarity)
    beginnings = [a.stems[-1] for term in terms for a in term.alternatives if a.prefix]
    begun = {text: stems for text in beginnings if (stems := store.words_begun(audience, text))}

    def matching(attempts: Sequence[Sequence[int]], most: int) -> dict[int, Document]:
        """Return the first documents with all terms of one of the attempts."""
        # With tables, read all documents with the words: a table's documents may all be outside the first stripes.
        shares = [[0.0] if marks else [all_shares[i] for i in attempt] for attempt in attempts]
        words = [expression([terms[i] for i in attempt], marks, begun) for attempt in attempts]
        either = words[0] if len(words) == 1 else store.database().any_of(words)
        share, rarest = sum(map(math.prod, shares)), sum(map(min, shares))
        return {one.key: one for one in stripes.matching(audience, either, most, share, rarest, total)}

    documents = matching([range(len(terms))], max(CANDIDATES, limit + 1))
    order = sorted(range(len(terms)), key=lambda i: (-rarity[i], i))
    attempts = _attempts(order)
    several = [attempt for attempt in attempts if len(attempt) > 1]
    if len(several) > 1 and len(documents) < ENOUGH and _are_few(several, all_shares, total):
        # One query for all of them. With ENOUGH of these, each is asked alone, because the first ones count.
        together = documents | matching(several, ENOUGH)
        if len(together) < ENOUGH:
            documents, attempts = together, attempts[len(several) :]
    for attempt in attempts:
        if len(documents) >= ENOUGH:
            break
        documents |= matching([attempt], CANDIDATES_OF_WORD)
    return list(documents.values())


def _attempts(order: Sequence[int]) -> list[list[int]]:
    """Return what to search for if few documents have all terms. `order` has the terms' places, the rarest first."""
    attempts: list[list[int]] = []
    if 2 < len(order) <= _FEW_WORDS:
        attempts += [[i for i in range(len(order)) if i != omitted] for omitted in reversed(order)]
    if len(order) > 1:
        # With three terms, all but one are these two.
        attempts += [sorted([order[0], i]) for i in order[1:]] if len(order) > 3 else []
        attempts += [[i] for i in order]
    return attempts


def _are_few(attempts: Sequence[Sequence[int]], shares: Sequence[float], total: int) -> bool:
    """Whether fewer than ENOUGH documents probably have the terms of one of the attempts."""
    return sum(math.prod([shares[i] for i in attempt]) for attempt in attempts) * total < ENOUGH
