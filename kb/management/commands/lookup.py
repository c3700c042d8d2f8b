"""Look a code or words up from the command line."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.management.terminal import FOUND, NOT_FOUND, WRONG_USAGE, bold, indented, reads_as, safe
from kb.models import ReturnCode
from kb.models.visibility import Person
from kb.queries import cards as card_queries
from kb.queries.cards import Card
from kb.queries.lookup import CodeAnswer, Verdict, find_code
from kb.queries.text_results import TextResults, text_results
from kb.services import usage

MAX_RESULTS = 20

SAID = {
    Verdict.IN_KNOWN_RANGE: "is in no table, but in a known range",
    Verdict.UNKNOWN: "is in no table",
}


class Command(BaseCommand):
    """`manage.py lookup 660300001`, `manage.py lookup "room does not exist"`."""

    help = (
        "Say what a code means, or which codes are about some words. Exit status: 0 found, 1 not found, 2 wrong usage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what is asked, and how to answer."""
        parser.add_argument("query", nargs="+", help="a code, or words")
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument("--public", action="store_true", help="only what the public may read")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the answer; leave with its status."""
        query = " ".join(options["query"]).strip()
        if not query:
            raise CommandError("Name a code or words to look up.", returncode=WRONG_USAGE)
        user = reads_as(options["public"])
        answer = find_code(query, user)
        cards = card_queries.cards([hit.code for hit in answer.hits], user)
        found = TextResults([], {}, False) if cards else text_results(query, user, MAX_RESULTS)
        _count(query, cards, found, user)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(answer, cards, found), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(self._lines(answer, cards, found)))
        self.stdout.flush()
        sys.exit(FOUND if cards or found.hits else NOT_FOUND)

    def _lines(self, answer: CodeAnswer, cards: list[Card], found: TextResults) -> Iterator[str]:
        for hit, card in zip(answer.hits, cards, strict=True):
            yield from self._card(card, hit.how)
        if found.hits:
            yield f"{'The best ' if found.more else ''}{len(found.hits)} about “{safe(answer.query)}”:"
        for asked, meant in found.corrected.items():
            yield f"Nothing is about “{safe(asked)}”: shown is what is about “{safe(meant)}”."
        for code in (hit.code for hit in found.hits):
            yield f"{bold(code.code, self.stdout)}  {safe(code.get_disposition_display())}  {safe(code.description)}"
        if not cards and not found.hits:
            yield f"{safe(answer.query)} {SAID[answer.verdict]}."
            yield from (f"  belongs to {safe(str(found))}, {safe(str(found.table))}" for found in answer.ranges)
            yield from (f"  near: {safe(near.code.code)}  {safe(near.code.description)}" for near in answer.near)
            yield from (f"  begins so: {safe(code.code)}  {safe(code.description)}" for code in answer.completions)

    def _card(self, card: Card, how: str) -> Iterator[str]:
        code = card.code
        yield f"{bold(code.code, self.stdout)}  {safe(code.description or 'The vendor gives no description.')}"
        yield indented(f"{code.table}" + (f" / {code.section.name}" if code.section.name else ""))
        if how != "as written":
            yield indented(f"Read as: {how}.")
        if code.is_retired:
            yield indented("Retired: the vendor no longer lists it.")
        for incident in card.open_incidents:
            yield indented(f"OPEN INCIDENT: {incident} {incident.url}")
        yield indented(f"Do: {code.get_disposition_display()}. Who can fix it: {code.get_fixer_display()}.")
        if reply := card.customer_reply:
            yield f"  Tell the customer:\n{indented(reply, '    ')}"
        for note in card.notes:
            yield indented(f"Note ({note.get_state_display().lower()}): {note.title}")
            if note.is_live and note.resolution.strip():
                yield indented(note.resolution, "    ")
        for label, text in (("Reasons", code.possible_reasons), ("Actions", code.suggested_actions)):
            if text.strip():
                yield f"  {label}, says the vendor:\n{indented(text, '    ')}"
        yield ""


def _count(query: str, cards: list[Card], found: TextResults, user: Person | None) -> None:
    usage.count_codes([card.code.pk for card in cards])
    if not cards and not found.hits:
        usage.count_miss(query, user)


def _as_json(answer: CodeAnswer, cards: list[Card], found: TextResults) -> dict[str, Any]:
    hits = zip(answer.hits, cards, strict=True)
    return {
        "query": answer.query,
        "verdict": answer.verdict,
        "hits": [_brief(hit.code) | {"how": hit.how} | _knowledge(card) for hit, card in hits],
        "about": [_brief(hit.code) for hit in found.hits],
        "corrected": found.corrected,
        "ranges": [str(found) for found in answer.ranges],
        "near": [_brief(near.code) for near in answer.near],
        "begins_so": [_brief(code) for code in answer.completions],
    }


def _brief(code: ReturnCode) -> dict[str, Any]:
    return {
        "code": code.code,
        "table": code.table.slug,
        "section": code.section.name,
        "description": code.description,
        "disposition": code.disposition,
        "fixer": code.fixer,
        "retired": code.is_retired,
        "path": code.get_absolute_url(),
    }


def _knowledge(card: Card) -> dict[str, Any]:
    return {
        "possible_reasons": card.code.possible_reasons,
        "suggested_actions": card.code.suggested_actions,
        "customer_reply": card.customer_reply,
        "open_incidents": [{"title": str(incident), "url": incident.url} for incident in card.open_incidents],
        "notes": [{"title": note.title, "state": note.state, "resolution": note.resolution} for note in card.notes],
    }
