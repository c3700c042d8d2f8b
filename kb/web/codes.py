"""The card of a code, in the order in which an agent needs its facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kb.models import CodeTable, Flag, Outcome, ReturnCode, Section, TroubleshootingNote
from kb.models.code_rows import codes_by_id, codes_where
from kb.models.sql import marks
from kb.models.visibility import Person
from kb.queries import cards as card_queries
from kb.queries import statistics
from kb.queries.cards import Card
from kb.queries.code_parts import CodeAnatomy, CodeText, anatomies, anatomy
from kb.queries.flags import open_flags
from kb.queries.lookup import CodeAnswer, CodeHit, find_code, neighbours, was_never_listed
from kb.queries.outcomes import outcome_counts
from kb.queries.proposals import count_waiting
from kb.queries.tables import section_by_slug, table_by_slug
from kb.services import usage
from kb.text.codes import forms as text_code
from kb.web import as_of, disambiguation, open_graph
from kb.web.history import HistoryStep, histories
from kb.web.near_codes import surrounding_codes

MAX_OTHER_TABLES = 10


@dataclass(frozen=True)
class Confidence:
    """A note in use, and its outcomes, which show how far an agent can rely on it."""

    note: TroubleshootingNote
    worked: int
    did_not_work: int
    not_applicable: int
    proposals: int
    """The number of proposals that wait for a reviewer."""


@dataclass(frozen=True)
class CardMeaning:
    """One meaning of a code, with everything that its card shows."""

    card: Card
    reply: str
    reply_note: TroubleshootingNote | None
    history: list[HistoryStep]
    successor: ReturnCode | None
    confidence: list[Confidence]
    flags: list[Flag]
    anatomy: CodeAnatomy | None = None


@require_safe
def code(request: HttpRequest, table: str, written: str) -> HttpResponse:
    """Show all meanings of a code in a table."""
    return _code_page(request, _table(request, table), written)


@require_safe
def section_code(request: HttpRequest, table: str, section: str, written: str) -> HttpResponse:
    """Show one meaning of a code."""
    code_table = _table(request, table)
    if "\x00" in section:
        # No slug has a NUL byte, and PostgreSQL refuses to compare one.
        raise Http404
    table_section = section_by_slug(code_table, section)
    if table_section is None:
        # The address has an unescaped slash, or %2F, which servers decode: the code is `a/b`.
        return _code_page(request, code_table, f"{section}/{written}")
    return _code_page(request, code_table, written, table_section)


def _table(request: HttpRequest, slug: str) -> CodeTable:
    table = table_by_slug(slug, request.user)
    if table is None:
        raise Http404
    return table


def _code_page(request: HttpRequest, table: CodeTable, spelling: str, section: Section | None = None) -> HttpResponse:
    if not text_code.readings(spelling):
        raise Http404
    answer = find_code(spelling, request.user, table, is_typed="/" not in spelling)
    hits = [hit for hit in answer.hits if section is None or hit.code.section_id == section.pk]
    context: dict[str, Any] = {
        "table": table,
        "section": section,
        "spelling": text_code.clean(spelling),
        "answer": answer,
        "other_table_codes": _in_other_tables(spelling, table, request.user),
    }
    if "at" in request.GET:
        return as_of.page(request, table, [hit.code for hit in hits], spelling)
    if not hits:
        context["was_never_listed"] = was_never_listed(spelling, table)
        context["anatomy"] = anatomy(spelling, request.user)
        context["surroundings"] = surrounding_codes(answer, request.user)
        usage.count_miss(spelling, request.user)
        return render(request, "kb/unknown_code.html", context, status=404)
    usage.count_codes([hit.code.pk for hit in hits])
    response = render(request, "kb/code.html", context | _card_context(request, answer, hits))
    disambiguation.remember(request, response, table)
    return response


def _card_context(request: HttpRequest, answer: CodeAnswer, hits: list[CodeHit]) -> dict[str, Any]:
    first = hits[0]
    query_identity = text_code.identity(answer.query)
    canonical = first.code.get_absolute_url() if len(hits) == 1 else _address(first.code)
    return {
        "first": first.code,
        "how": "" if first.code.identity == query_identity else first.how,
        "meanings": meanings([hit.code for hit in hits], request.user),
        "others": [hit for hit in answer.hits if hit not in hits],
        "bursts": statistics.bursts(request.user, [hit.code for hit in hits]) if request.user.is_staff else [],
        "neighbours": neighbours(first.code, request.user),
        "markdown_url": _markdown(first.code, is_one=len(hits) == 1),
        "canonical": canonical,
        "graph": open_graph.of_codes([hit.code for hit in hits], canonical),
    }


def _address(code: ReturnCode) -> str:
    return reverse("code", args=[code.table.slug, code.code])


def _markdown(code: ReturnCode, is_one: bool) -> str:
    table, code_text = code.table.slug, code.code
    if is_one:
        return reverse("section-md", args=[table, code.section.slug, code_text])
    return reverse("code-md", args=[table, code_text])


def meanings(codes: Sequence[ReturnCode], user: Person | None) -> list[CardMeaning]:
    """Return what the cards show, in the order of `codes`."""
    history = histories(codes)
    successors = _successors(codes, user)
    cards = card_queries.cards(codes, user)
    notes = {note for card in cards for note in card.notes}
    outcomes, proposals = outcome_counts(notes, user), count_waiting(notes, user)
    flags = open_flags(codes, user)
    parts = anatomies([CodeText(card.code.code, card.code.table) for card in cards], user)
    return [
        CardMeaning(
            card,
            card.customer_reply,
            card.reply_note,
            history[card.code.pk],
            successors.get(card.code.successor_id or 0),
            [_confidence(note, outcomes, proposals) for note in card.notes if note.is_live],
            flags[card.code.pk],
            of_parts,
        )
        for card, of_parts in zip(cards, parts, strict=True)
    ]


def _confidence(
    note: TroubleshootingNote, outcomes: dict[int, dict[str, int]], proposals: dict[int, int]
) -> Confidence:
    counts = outcomes.get(note.pk, {})
    return Confidence(
        note, proposals=proposals.get(note.pk, 0), **{name: counts.get(name, 0) for name in Outcome.values}
    )


def _successors(codes: Sequence[ReturnCode], user: Person | None) -> dict[int, ReturnCode]:
    return codes_by_id([code.successor_id for code in codes if code.successor_id], user)


def _in_other_tables(spelling: str, table: CodeTable, user: Person | None) -> list[ReturnCode]:
    """Return the code's meanings in other tables."""
    readings = [reading.canonical for reading in text_code.readings(spelling)]
    ending = f"ORDER BY c.table_id, s.position, c.id LIMIT {MAX_OTHER_TABLES}"
    where = f"c.canonical IN ({marks(readings)}) AND c.table_id <> %s"
    return codes_where(where, [*readings, table.pk], user, ending, is_brief=True)
