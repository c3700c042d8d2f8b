"""The card of a code: everything that an agent needs to know, in the order in which it is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kb.models import CodeTable, Flag, Outcome, ReturnCode, Section, TroubleshootingNote
from kb.models.visibility import Person
from kb.queries import cards as card_queries
from kb.queries import statistics
from kb.queries.cards import Card
from kb.queries.flags import open_flags
from kb.queries.lookup import CodeAnswer, CodeHit, codes_visible_to, find_code, neighbours
from kb.queries.outcomes import outcome_counts
from kb.queries.proposals import count_waiting
from kb.services import usage
from kb.text.codes import forms as text_code
from kb.web import as_of, disambiguation
from kb.web.history import HistoryStep, histories
from kb.web.near_codes import around

MAX_ELSEWHERE = 10


@dataclass(frozen=True)
class Trust:
    """A note that agents work with, and how it has served."""

    note: TroubleshootingNote
    worked: int
    did_not_work: int
    not_applicable: int
    proposals: int
    """Changes of it that wait for a reviewer."""


@dataclass(frozen=True)
class CardMeaning:
    """One meaning of a code, with what its card shows besides."""

    card: Card
    reply: str
    reply_note: TroubleshootingNote | None
    history: list[HistoryStep]
    successor: ReturnCode | None
    trust: list[Trust]
    flags: list[Flag]


@require_safe
def code(request: HttpRequest, table: str, written: str) -> HttpResponse:
    """Show every meaning that a table gives to a code."""
    return _code(request, _table(request, table), written)


@require_safe
def section_code(request: HttpRequest, table: str, section: str, written: str) -> HttpResponse:
    """Show one meaning of a code."""
    of = _table(request, table)
    if "\x00" in section:
        # No slug has one, and PostgreSQL compares none.
        raise Http404
    within = Section.objects.visible_to(request.user).filter(table=of, slug=section).first()
    if within is None:
        # A slash that was typed into the address as itself, or as %2F, which servers decode: the code `a/b`.
        return _code(request, of, f"{section}/{written}")
    return _code(request, of, written, within)


def _table(request: HttpRequest, slug: str) -> CodeTable:
    return get_object_or_404(CodeTable.objects.visible_to(request.user), slug=slug)


def _code(request: HttpRequest, table: CodeTable, written: str, section: Section | None = None) -> HttpResponse:
    if not text_code.readings(written):
        raise Http404
    answer = find_code(written, request.user, table)
    shown = [hit for hit in answer.hits if section is None or hit.code.section_id == section.pk]
    context = {
        "table": table,
        "section": section,
        "written": text_code.clean(written),
        "answer": answer,
        "elsewhere": _elsewhere(written, table, request.user),
    }
    if "at" in request.GET:
        return as_of.page(request, table, [hit.code for hit in shown], written)
    if not shown:
        context["around"] = around(answer, request.user)
        usage.count_miss(written, request.user)
        return render(request, "kb/code_unknown.html", context, status=404)
    usage.count_codes([hit.code.pk for hit in shown])
    response = render(request, "kb/code.html", context | _found(request, answer, shown))
    disambiguation.remember(request, response, table)
    return response


def _found(request: HttpRequest, answer: CodeAnswer, shown: list[CodeHit]) -> dict[str, Any]:
    first = shown[0]
    asked = text_code.identity(answer.query)
    return {
        "first": first.code,
        "how": "" if first.code.identity == asked else first.how,
        "meanings": meanings([hit.code for hit in shown], request.user),
        "others": [hit for hit in answer.hits if hit not in shown],
        "bursts": statistics.bursts(request.user, [hit.code for hit in shown]) if request.user.is_staff else [],
        "neighbours": neighbours(first.code, request.user),
        "markdown_url": _markdown(first.code, one=len(shown) == 1),
        "canonical": first.code.get_absolute_url() if len(shown) == 1 else _address(first.code),
    }


def _address(code: ReturnCode) -> str:
    return reverse("code", args=[code.table.slug, code.code])


def _markdown(code: ReturnCode, one: bool) -> str:
    table, written = code.table.slug, code.code
    if one:
        return reverse("section-md", args=[table, code.section.slug, written])
    return reverse("code-md", args=[table, written])


def meanings(codes: Sequence[ReturnCode], user: Person | None) -> list[CardMeaning]:
    """Return what a card shows of each code, in the same order."""
    history = histories(codes)
    successors = _successors(codes, user)
    cards = card_queries.cards(codes, user)
    notes = {note for card in cards for note in card.notes}
    served, waiting = outcome_counts(notes, user), count_waiting(notes, user)
    flags = open_flags(codes, user)
    return [
        CardMeaning(
            card,
            card.customer_reply,
            card.reply_note,
            history[card.code.pk],
            successors.get(card.code.successor_id or 0),
            [_trust(note, served, waiting) for note in card.notes if note.is_live],
            flags[card.code.pk],
        )
        for card in cards
    ]


def _trust(note: TroubleshootingNote, served: dict[int, dict[str, int]], waiting: dict[int, int]) -> Trust:
    counts = served.get(note.pk, {})
    return Trust(note, proposals=waiting.get(note.pk, 0), **{name: counts.get(name, 0) for name in Outcome.values})


def _successors(codes: Sequence[ReturnCode], user: Person | None) -> dict[int, ReturnCode]:
    wanted = {code.successor_id for code in codes if code.successor_id}
    return codes_visible_to(user).in_bulk(wanted) if wanted else {}


def _elsewhere(written: str, table: CodeTable, user: Person | None) -> list[ReturnCode]:
    """Return what the code means in other tables."""
    found = codes_visible_to(user).matching(written).exclude(table=table)
    return list(found.order_by("table_id", "section__position", "id")[:MAX_ELSEWHERE])
