"""Search by words, with the passages that match."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from kb import searching
from kb.models import CodeTable, ReturnCode
from kb.models.code_rows import codes_by_id
from kb.models.visibility import Person
from kb.queries.lookup import codes_visible_to


@dataclass(frozen=True)
class TextResult:
    """A code that matches a search, and its best passage as (text, is_marked) pieces."""

    code: ReturnCode
    pieces: list[tuple[str, bool]]
    in_description: bool


@dataclass(frozen=True)
class TextResults:
    """The results of a search; `corrected` maps a misspelt word to the word that was searched instead."""

    hits: list[TextResult]
    corrected: dict[str, str]
    more: bool


def text_results(text: str, user: Person | None, limit: int = 50, tables: Iterable[int] | None = None) -> TextResults:
    """Return the codes that match a search, best first, each with its best passage."""
    answer = searching.search(text, user, tables=tables, limit=limit, pieces=True)
    codes = codes_by_id([hit.code_id for hit in answer.hits], user)
    hits = [
        TextResult(codes[hit.code_id], hit.pieces, hit.in_description) for hit in answer.hits if hit.code_id in codes
    ]
    return TextResults(hits, answer.corrected, answer.more)


def search(text: str, user: Person | None, limit: int = 100) -> list[ReturnCode]:
    """Return the codes that match a search, best first."""
    hits = searching.search(text, user, limit=limit).hits
    codes = codes_by_id([hit.code_id for hit in hits], user)
    return [codes[hit.code_id] for hit in hits if hit.code_id in codes]


def containing(text: str, user: Person | None, table: CodeTable) -> QuerySet[ReturnCode]:
    """Return the codes of a table that have each word of a text, unordered. The table's page filters with it."""
    return searching.containing(codes_visible_to(user), text, user, tables=[table.pk])
