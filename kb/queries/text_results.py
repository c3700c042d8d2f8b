"""Search by words, with the passages that match."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import orjson
from django.db import connections, router
from django.db.models import Q

from kb import answers, searching
from kb.answers.build import EMPTY_CARD
from kb.models import CodeTable, ReturnCode
from kb.models.code_rows import codes_by_id
from kb.models.codes import ReturnCodeQuerySet
from kb.models.fields import VENDOR_TEXTS
from kb.models.sql import marks, rows
from kb.models.visibility import Audience, Person, Reader, reader
from kb.text.codes import forms as text_code

_TEXTS = ("description", *(name for name in VENDOR_TEXTS if name != "description"))
FEW = 1_000
"""Most codes that a page finds by their ids and then puts in order."""

_EMPTY_CARD = EMPTY_CARD.encode()


@dataclass(frozen=True)
class TextResult:
    """A code that matches a search, and its best passage as (text, is_marked) pieces."""

    code: ReturnCode
    pieces: Sequence[tuple[str, bool]]
    in_description: bool
    knowledge: "Knowledge"


class Knowledge(NamedTuple):
    """Whether there is a note on a code, and an open incident, that the reader may see."""

    has_note: bool = False
    has_incident: bool = False


@dataclass(frozen=True)
class TextResults:
    """The results of a search; `corrected` maps a misspelt word to the word that was searched instead."""

    hits: list[TextResult]
    corrected: dict[str, str]
    more: bool


def text_results(
    text: str, user: Person | None, limit: int = 50, tables: Iterable[int] | None = None, exact: bool = False
) -> TextResults:
    """Return the codes that match a search, best first, each with its best passage. With `exact`, correct no word.

    What looks like a code of several parts, such as B-77, is found only where all of them are.
    """
    answer = searching.search(text, user, tables=tables, limit=limit, pieces=True, exact=exact)
    if answer.hits and not answer.corrected and looks_like_a_code(text) and re.search(r"\w\W++\w", text):
        ids = searching.ids_containing(text, user, tables or [], FEW)
        whole = [hit for hit in answer.hits if ids is None or hit.code_id in ids]
        answer = replace(answer, hits=whole, more=answer.more and len(whole) == len(answer.hits))
    codes = codes_by_id([hit.code_id for hit in answer.hits], user, is_brief=True)
    facts = knowledge(list(codes), user)
    hits = [
        TextResult(codes[hit.code_id], hit.pieces, hit.in_description, facts.get(hit.code_id, Knowledge()))
        for hit in answer.hits
        if hit.code_id in codes
    ]
    return TextResults(hits, answer.corrected, answer.more)


def looks_like_a_code(query: str) -> bool:
    """Return whether a query without a hit looks like a code: one word with a digit."""
    return bool(text_code.readings(query) and re.fullmatch(r"\S*\d\S*", query))


def knowledge(code_ids: Sequence[int], user: Person | None) -> dict[int, Knowledge]:
    """Return what is known of codes with notes or incidents that a user may see, by id, in one query."""
    cards = answers.cards_of(code_ids, reader(user)) if code_ids else {}
    read = {pk: orjson.loads(card) for pk, card in cards.items()}
    return {pk: Knowledge(bool(card["notes"]), bool(card["open_incidents"])) for pk, card in read.items()}


class StoredResult(NamedTuple):
    """A code that matches a search, as its finished answer has it, and its best passage as (text, is_marked) pieces."""

    row: dict[str, Any]
    """Its address is whole."""
    audience: str
    has_card: bool
    """Whether there is a note or an incident that the reader may see."""
    pieces: Sequence[tuple[str, bool]]


class StoredResults(NamedTuple):
    """The results of a search; `corrected` maps a misspelt word to the word that was searched instead."""

    hits: list[StoredResult]
    corrected: dict[str, str]
    more: bool


def stored_results(
    text: str, user: Person | None, limit: int, tables: Iterable[int] | None, site: str, exact: bool = False
) -> StoredResults:
    """Return the same as `text_results`, from the finished answers. `site` ends in a slash."""
    matches, level = searching.search(text, user, tables=tables, limit=limit, exact=exact), reader(user)
    stored = answers.whole([hit.code_id for hit in matches.hits], level)
    found = {pk: orjson.loads(answers.complete(row, site)) for pk, (row, _) in stored.items()}
    with_card = {pk for pk, (_, card) in stored.items() if card != _EMPTY_CARD}
    texts = {pk: [row[name] for name in _TEXTS] for pk, row in found.items()}
    searching.add_note_texts(texts, sorted(with_card), level)
    hits = searching.with_passages(matches.hits, matches.terms, texts)
    audiences = _audiences({row["table"] for row in found.values()}, level)
    results = [
        StoredResult(row, audiences[row["table"]], row["id"] in with_card, hit.pieces)
        for hit in hits
        for row in [found[hit.code_id]]
    ]
    return StoredResults(results, matches.corrected, matches.more)


def _audiences(slugs: set[str], level: Reader) -> dict[str, str]:
    """Return the audience of each table, by slug."""
    if level != Reader.INTERNAL:
        return dict.fromkeys(slugs, Audience.PUBLIC.value)
    sql = f"SELECT slug, audience FROM kb_codetable WHERE slug IN ({marks(slugs)})"  # noqa: S608
    return dict(rows(sql, *slugs, database=connections[router.db_for_read(CodeTable)])) if slugs else {}


def search(text: str, user: Person | None, limit: int = 100) -> list[ReturnCode]:
    """Return the codes that match a search, best first, without what only a card shows."""
    hits = searching.search(text, user, limit=limit).hits
    codes = codes_by_id([hit.code_id for hit in hits], user, is_brief=True)
    return [codes[hit.code_id] for hit in hits if hit.code_id in codes]


def matching(codes: ReturnCodeQuerySet, text: str, user: Person | None, table: CodeTable) -> ReturnCodeQuerySet:
    """Keep the codes of a table that have each word of a text, or that it may mean. The table's page filters with it.

    Few are named by their ids. A database could read all codes of the table to find them.
    """
    exact = list(codes.order_by().among_tables([table.pk]).matching(text).values_list("pk", flat=True))
    ids = searching.ids_containing(text, user, [table.pk], FEW)
    if ids is not None:
        return codes.among_tables([table.pk]).filter(pk__in={*ids, *exact})
    of_words = searching.containing(ReturnCode.objects.order_by(), text, user, [table.pk])
    return codes.filter(Q(pk__in=of_words.values("pk")) | Q(pk__in=exact), table=table)
