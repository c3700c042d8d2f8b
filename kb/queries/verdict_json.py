"""Verdicts on codes as JSON, with links and confidence, for the API and for the representation of a card."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from django.urls import get_script_prefix, reverse

from kb import answers
from kb.answers.build import LISTS, MAX_ITEMS
from kb.models import CodeRange, ReturnCode
from kb.models.codes import card_address
from kb.models.visibility import Person
from kb.queries.code_parts import CodeAnatomy
from kb.queries.lookup_many import CodeMeaning, CodeVerdict, audience_of
from kb.queries.remedies import NOTHING, Remedy, remedies
from kb.queries.surroundings import FirstNote

MAX_MEANINGS = 20
"""Meanings that an answer lists for one code; real tables reach 11."""

INCLUDED = ("actions", "reply", "notes", "incidents", "ranges")
"""What can be added to a meaning."""


class VerdictRenderer:
    """Turns verdicts into JSON with absolute URLs, and with what `include` names."""

    def __init__(self, site: str, include: Collection[str] = ()) -> None:
        """Store the address of the start page, which ends in a slash, and what to add."""
        self.site, self.prefix = site, get_script_prefix()
        self.root = site.removesuffix(self.prefix)
        self.include = include
        self.remedies: Mapping[int, Remedy] = {}
        self.ranges: Mapping[int, list[dict[str, Any]]] = {}

    @classmethod
    def of(
        cls, verdicts: Iterable[CodeVerdict], user: Person | None, site: str, include: Collection[str]
    ) -> "VerdictRenderer":
        """Return the renderer of verdicts for a reader."""
        renderer = cls(site, include)
        meanings = [meaning for verdict in verdicts for meaning in verdict.meanings[:MAX_MEANINGS]]
        if {"actions", "reply"}.intersection(include):
            renderer.remedies = remedies(meanings, user)
        if "ranges" in include:
            renderer.ranges = answers.ranges_around({meaning.code.pk for meaning in meanings})
        return renderer

    def verdict(self, verdict: CodeVerdict) -> dict[str, Any]:
        """Return a verdict."""
        only = verdict.meanings[0] if len(verdict.meanings) == 1 else None
        parts = [self.audience(meaning) for meaning in verdict.meanings]
        parts += [block.table.audience for block in verdict.ranges]
        others = [*(verdict.near or ()), *(verdict.anatomy.inner if verdict.anatomy else ())]
        parts += [code.table.audience for code in others]
        return {
            "query": verdict.query,
            "verdict": verdict.verdict,
            "permalink": self.address(only.code) if only else self._search(verdict.query),
            "version": only.code.version if only else None,
            "confidence": only.confidence if only else None,
            "audience": audience_of(parts),
            "meanings": [self.meaning(meaning) for meaning in verdict.meanings[:MAX_MEANINGS]],
            "truncated": len(verdict.meanings) > MAX_MEANINGS,
            "ranges": [_range(code_range) for code_range in verdict.ranges],
            "anatomy": self.anatomy(verdict.anatomy) if verdict.anatomy else None,
            "near": None if verdict.near is None else [self.other(code) for code in verdict.near],
        }

    def anatomy(self, anatomy: CodeAnatomy) -> dict[str, Any]:
        """Return the parts of a code."""
        parts, inner = anatomy.parts, anatomy.parts.inner
        meanings = [self.other(code) for code in anatomy.inner]
        return {
            "family": parts.family,
            "parts": [part._asdict() for part in parts.parts],
            "inner": {"family": inner.title, "code": inner.code, "meanings": meanings} if inner else None,
        }

    def other(self, code: ReturnCode) -> dict[str, Any]:
        """Return a reference to a code, with what it says."""
        return {
            "id": code.pk,
            "table": code.table.slug,
            "section": {"id": code.section_id, "name": code.section.name, "slug": code.section.slug},
            "code": code.code,
            "url": self.address(code),
            "symbol": code.symbol,
            "description": code.description,
        }

    def meaning(self, meaning: CodeMeaning, **more: Any) -> orjson.Fragment:
        """Return a code with its open incidents, what is known of it, and more."""
        included, cut = self._included(meaning), {*meaning.card["truncated"]}
        if len(self.ranges.get(meaning.code.pk, ())) > MAX_ITEMS:
            cut.add("ranges")
        facts = {
            "read": meaning.how,
            "verdict": meaning.verdict,
            "confidence": meaning.confidence,
            "audience": self.audience(meaning),
            "note": self.note(meaning.note) if meaning.note else None,
            **included,
            "truncated": [name for name in LISTS if name in cut.intersection({"open_incidents", *included})],
        }
        # As on every face, open incidents come first.
        first = orjson.dumps({"open_incidents": meaning.card["open_incidents"]})
        row = answers.complete(meaning.row, self.site)
        # All three are objects with members.
        return orjson.Fragment(b"%b,%b,%b" % (first[:-1], row[1:-1], orjson.dumps({**facts, **more})[1:]))

    def _included(self, meaning: CodeMeaning) -> dict[str, Any]:
        remedy, card = self.remedies.get(meaning.code.pk, NOTHING), meaning.card
        source = remedy.reply_from._asdict() if remedy.reply_from else None
        ways: dict[str, Callable[[], dict[str, Any]]] = {
            "actions": lambda: {"actions": [action._asdict() for action in remedy.actions]},
            "reply": lambda: {"reply": remedy.reply, "reply_from": source},
            "notes": lambda: {"notes": [{**note, "url": self.site + note["url"][1:]} for note in card["notes"]]},
            "incidents": lambda: {"past_incidents": card["past_incidents"]},
            "ranges": lambda: {"ranges": self.ranges.get(meaning.code.pk, [])[:MAX_ITEMS]},
        }
        members = [ways[name]() for name in INCLUDED if name in self.include]
        return {name: value for part in members for name, value in part.items()}

    def audience(self, meaning: CodeMeaning) -> str:
        """Return the audience of everything that is said of a meaning."""
        lists = {"notes": "notes", "incidents": "past_incidents"}
        remedy = self.remedies.get(meaning.code.pk, NOTHING)
        audience = meaning.audience(lists[name] for name in self.include if name in lists)
        return audience_of([audience, *remedy.audiences])

    def note(self, note: FirstNote) -> dict[str, Any]:
        """Return a note as the one to read first."""
        return {
            "id": note.id,
            "title": note.title,
            "url": f"{self.root}{note.get_absolute_url()}",
            "version": note.version,
            "confidence": note.state,
            "audience": note.audience,
        }

    def address(self, code: ReturnCode) -> str:
        """Return the address of a code's page."""
        return f"{self.root}{card_address(code.table.slug, code.section.slug, code.code, self.prefix)}"

    def _search(self, query: str) -> str:
        return f"{self.root}{reverse('start')}?{urlencode({'q': query})}"


def _range(code_range: CodeRange) -> dict[str, Any]:
    return {
        "id": code_range.pk,
        "table": code_range.table.slug,
        "name": code_range.name,
        "first": code_range.first,
        "last": code_range.last,
        "pattern": code_range.pattern,
    }
