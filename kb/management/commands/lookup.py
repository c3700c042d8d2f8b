"""Look up a code or words."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.management.code_parts import anatomy_lines
from kb.management.terminal import FOUND, NOT_FOUND, WRONG_USAGE, as_json, bold, indent, reader_for, safe, start_page
from kb.models.fields import LABELS, vendor_texts
from kb.models.visibility import Person
from kb.queries import cards as card_queries
from kb.queries.cards import Card
from kb.queries.code_parts import CodeAnatomy, CodeText, anatomies
from kb.queries.lookup import CodeAnswer, Verdict, find_code
from kb.queries.lookup_many import CodeVerdict, meanings, with_anatomies
from kb.queries.surroundings import surroundings
from kb.queries.text_results import TextResults, looks_like_a_code, text_results
from kb.queries.verdict_json import INCLUDED, VerdictRenderer
from kb.services import usage
from kb.text.detection.spellings import subject

MAX_RESULTS = 20

VERDICTS = {
    Verdict.IN_KNOWN_RANGE: "is not in any table, but in a known range",
    Verdict.UNKNOWN: "is not in any table",
}


class Command(BaseCommand):
    """`manage.py lookup 660300001`, `manage.py lookup "room does not exist"`."""

    help = "Print what a code means, or find codes by words. Exit status: 0 found, 1 not found, 2 wrong usage."
    # The checks load every page and the admin, which takes longer than the answer. `check` and the tests run them.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the query and the output options."""
        parser.add_argument("query", nargs="+", help="a code, or words")
        parser.add_argument("--json", action="store_true", help="print the API's verdict, and what words find")
        parser.add_argument("--public", action="store_true", help="only what the public may read")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the answer and exit with 0 (found) or 1 (not found). Raises CommandError with 2."""
        # A terminal's bytes that are no text become lone surrogates, which no answer can contain.
        query = " ".join(options["query"]).encode(errors="replace").decode().strip()
        if not query:
            raise CommandError("Enter a code or words to look up.", returncode=WRONG_USAGE)
        user = reader_for(options["public"])
        answer = find_code(query, user)
        cards = card_queries.cards([hit.code for hit in answer.hits], user)
        results = TextResults([], {}, False) if cards else text_results(query, user, MAX_RESULTS)
        _count(query, cards, results, user)
        parts = _anatomies(answer, user)
        if options["json"]:
            self.stdout.write(as_json(_answer(answer, results, user)))
        else:
            self.stdout.write("\n".join(self._lines(answer, cards, results, parts)))
        self.stdout.flush()
        sys.exit(FOUND if cards or results.hits else NOT_FOUND)

    def _lines(
        self, answer: CodeAnswer, cards: list[Card], results: TextResults, parts: list[CodeAnatomy | None]
    ) -> Iterator[str]:
        for hit, card, anatomy in zip(answer.hits, cards, parts, strict=False):
            yield from self._card(card, hit.how)
            yield from anatomy_lines(anatomy)
            yield ""
        is_unknown = not cards and (not results.hits or looks_like_a_code(answer.query))
        if is_unknown:
            yield f"{safe(answer.query)} {VERDICTS[answer.verdict]}."
        if results.hits:
            yield f"{'The best ' if results.more else ''}{len(results.hits)} about “{safe(answer.query)}”:"
        for word, correction in results.corrected.items():
            yield f"Showing results for “{safe(correction)}”. No code has “{safe(word)}”."
        for code in (hit.code for hit in results.hits):
            yield f"{bold(code.code, self.stdout)}  {safe(code.get_disposition_display())}  {safe(code.description)}"
        if is_unknown:
            yield from anatomy_lines(parts[0])
            yield from (
                f"  belongs to {safe(str(code_range))}, {safe(str(code_range.table))}" for code_range in answer.ranges
            )
            yield from (f"  near: {safe(near.code.code)}  {safe(near.code.description)}" for near in answer.near)
            yield from (f"  starts with it: {safe(code.code)}  {safe(code.description)}" for code in answer.completions)

    def _card(self, card: Card, how: str) -> Iterator[str]:
        code = card.code
        yield f"{bold(code.code, self.stdout)}  {safe(code.description or 'No description.')}"
        yield indent(f"{code.table}" + (f" / {code.section.name}" if code.section.name else ""))
        if how != "as written":
            yield indent(f"Read as: {how}.")
        if code.is_retired:
            yield indent("Retired: the vendor no longer lists it.")
        for incident in card.open_incidents:
            yield indent(f"OPEN INCIDENT: {incident} {incident.url}")
        yield indent(f"What to do: {code.get_disposition_display()}. Who can fix it: {code.get_fixer_display()}.")
        if reply := card.customer_reply:
            yield f"  Tell the customer:\n{indent(reply, '    ')}"
        for note in card.notes:
            yield indent(f"Note ({note.get_state_display().lower()}): {note.title}")
            if note.is_live and note.resolution.strip():
                yield indent(note.resolution, "    ")
        for text in vendor_texts(code):
            if text.ours.strip() and text.label != LABELS["description"]:  # The first line has it.
                yield f"  {text.label} from the vendor:\n{indent(text.ours, '    ')}"


def _count(query: str, cards: list[Card], results: TextResults, user: Person | None) -> None:
    usage.count_codes([card.code.pk for card in cards])
    if not cards and not results.hits:
        usage.count_miss(query, user)


def _anatomies(answer: CodeAnswer, user: Person | None) -> list[CodeAnatomy | None]:
    """Return what is known of the parts of each hit, or of the query if there is no hit."""
    texts = [CodeText(hit.code.code, hit.code.table) for hit in answer.hits]
    return anatomies(texts or [CodeText(subject(answer.query), None, answer.query)], user)


def _answer(answer: CodeAnswer, results: TextResults, user: Person | None) -> dict[str, Any]:
    """Return the verdict as the API has it, with everything that it can include, and the codes that words find."""
    codes, near = [(hit.code, hit.how) for hit in answer.hits], [near.code for near in answer.near]
    words = [(hit.code, "words") for hit in results.hits]
    context = surroundings([code for code, _ in codes + words], user)
    verdict = CodeVerdict(answer.query, answer.verdict, meanings(codes, context), answer.ranges, near=near)
    by_words = CodeVerdict(answer.query, answer.verdict, meanings(words, context))
    (whole,) = with_anatomies([verdict], user)
    renderer = VerdictRenderer.of([whole, by_words], user, start_page(), INCLUDED)
    return {
        **renderer.verdict(whole),
        "results": [renderer.meaning(one) for one in by_words.meanings],
        "corrected": results.corrected,
        "more": results.more,
        "begins_so": [renderer.other(code) for code in answer.completions],
    }
