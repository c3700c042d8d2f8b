"""Search: which codes answer a question, for a reader."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.db.models.expressions import RawSQL

from kb.models import ReturnCode, TroubleshootingNote
from kb.models.visibility import Person, Reader, reader
from kb.searching import relevance, store, stripes, typos
from kb.searching.documents import INTERNAL, PUBLIC, Document, mark
from kb.searching.query import SearchTerm, expression, first_stems, terms_of
from kb.searching.snippets import Pieces, snippet

CANDIDATES = 200
"""Documents that have all words, and are ranked: the first by key, so that every database takes the same ones."""

CANDIDATES_OF_WORD = 60
"""Documents that are ranked for one word, where too few have all."""

ENOUGH = 30
"""Candidates from which on no others are looked for."""

WORTH_SHOWING = 0.25
"""Which part of the best hit's score another one has to have."""

_FEW_WORDS = 6


@dataclass(frozen=True)
class SearchHit:
    """A code that answers, how well, and the passage that says so."""

    code_id: int
    score: float
    pieces: Pieces = field(default_factory=list)
    in_description: bool = True
    """Whether the passage is from the code's description, and not from its other texts or a note."""


@dataclass(frozen=True)
class SearchMatches:
    """The answer to a question: the hits, the best first."""

    hits: list[SearchHit]
    corrected: dict[str, str] = field(default_factory=dict)
    """Words that nobody wrote, with what was looked for instead."""
    more: bool = False


def search(
    text: str, user: Person | None, *, tables: Iterable[int] | None = None, limit: int = 50, pieces: bool = False
) -> SearchMatches:
    """Return the codes that answer a question: those that have all its words before those that have some.

    `tables` are ids; `pieces` asks for passages with marked words, which takes two queries more.
    """
    allowed, terms = reader(user), terms_of(text)
    marks = None if tables is None else [mark("table", pk) for pk in tables]
    if allowed == Reader.NOTHING or not terms or marks == []:
        return SearchMatches([])
    audience = INTERNAL if allowed == Reader.INTERNAL else PUBLIC
    had = store.frequencies(audience, first_stems(terms))
    terms, corrected = typos.correct(audience, terms, had)
    if corrected:
        had = store.frequencies(audience, first_stems(terms))
    ranked = _ranked(audience, terms, had, marks or [], limit)
    hits = [SearchHit(document.code_id, score) for score, document in ranked[:limit]]
    if pieces:
        hits = _with_pieces(hits, terms, user)
    return SearchMatches(hits, corrected if hits else {}, len(ranked) > limit)


def containing(
    codes: QuerySet[ReturnCode], text: str, user: Person | None, tables: Iterable[int] = ()
) -> QuerySet[ReturnCode]:
    """Keep the codes where each word of `text` is in the code's texts or in a note that `user` may read.

    `tables` are the ids of those that the codes are of anyway, if they are known: the index then reads no others.
    """
    allowed, terms = reader(user), terms_of(text)
    if allowed == Reader.NOTHING or not terms:
        return codes.none()
    sql, parameters = store.code_ids(
        INTERNAL if allowed == Reader.INTERNAL else PUBLIC, expression(terms, [mark("table", pk) for pk in tables])
    )
    return codes.filter(pk__in=RawSQL(sql, parameters))  # noqa: S611 - the words are parameters


def _ranked(
    audience: int, terms: Sequence[SearchTerm], had: dict[str, int], marks: Sequence[str], limit: int
) -> list[tuple[float, Document]]:
    begun = [a.stems[0] for a in terms[-1].alternatives if a.prefix] if terms else []
    rarity = relevance.weights(terms, had, store.beginning_with(audience, begun[0]) if begun else 0)
    ranked = relevance.rank(terms, rarity, _candidates(audience, terms, rarity, marks, limit, had.get("", 0)))
    return [pair for pair in ranked if pair[0] >= ranked[0][0] * WORTH_SHOWING]


def _candidates(
    audience: int, terms: Sequence[SearchTerm], rarity: Sequence[float], marks: Sequence[str], limit: int, total: int
) -> list[Document]:
    """Return what is worth ranking: what has all terms; while that is little, all but one, then the rarest ones."""

    def matching(wanted: Sequence[SearchTerm], most: int) -> dict[int, Document]:
        held = relevance.shares(rarity)
        # The documents of a table stand together, far from the first stripes: all that hold the words are read.
        shares = [0.0] if marks else [share for term, share in zip(terms, held, strict=True) if term in wanted]
        found = stripes.matching(audience, expression(wanted, marks), most, math.prod(shares), min(shares), total)
        return {document.key: document for document in found}

    found = matching(terms, max(CANDIDATES, limit + 1))
    order = sorted(range(len(terms)), key=lambda i: (-rarity[i], i))
    attempts: list[list[SearchTerm]] = []
    if 2 < len(terms) <= _FEW_WORDS:
        attempts += [[term for i, term in enumerate(terms) if i != left_out] for left_out in reversed(order)]
    if len(terms) > 1:
        attempts += [[terms[order[0]], terms[i]] for i in order[1:]] if len(terms) > 2 else []
        attempts += [[terms[i]] for i in order]
    for attempt in attempts:
        if len(found) >= ENOUGH:
            break
        found |= matching(attempt, CANDIDATES_OF_WORD)
    return list(found.values())


def _with_pieces(hits: list[SearchHit], terms: Sequence[SearchTerm], user: Person | None) -> list[SearchHit]:
    notes = TroubleshootingNote.objects.visible_to(user).current().order_by("id")
    codes = ReturnCode.objects.visible_to(user).prefetch_related(Prefetch("notes", notes, to_attr="shown_notes"))
    by_id = codes.in_bulk([hit.code_id for hit in hits])
    found = [(hit, *snippet(_texts(by_id[hit.code_id]), terms)) for hit in hits if hit.code_id in by_id]
    return [SearchHit(hit.code_id, hit.score, pieces, place == 0) for hit, place, pieces in found]


def _texts(code: Any) -> list[str]:
    own = [code.description, code.symbol, code.possible_reasons, code.suggested_actions]
    return own + [t for n in code.shown_notes for t in (n.title, n.issue, n.cause, n.resolution, n.environment)]
