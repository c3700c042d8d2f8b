"""The JSON representation of a card."""

from collections.abc import Callable
from typing import Any

from kb.models import CodeRange, CodeTable, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.fields import VENDOR_TEXTS
from kb.queries.code_parts import CodeAnatomy
from kb.queries.lookup import CodeAnswer
from kb.web.codes import CardMeaning

Address = Callable[[str], str]
"""Returns a path as an address with scheme and host."""


def answer(code_answer: CodeAnswer, table: CodeTable, meanings: list[CardMeaning], address: Address) -> dict[str, Any]:
    """Return the answer: its verdict, meanings, ranges and near codes."""
    return {
        "query": code_answer.query,
        "verdict": code_answer.verdict.value,
        "table": {"slug": table.slug, "vendor": table.vendor, "product": table.product, "name": table.name},
        "meanings": [
            _meaning(meaning, hit.how, address) for meaning, hit in zip(meanings, code_answer.hits, strict=True)
        ],
        "ranges": [_range(code_range) for code_range in code_answer.ranges],
        "near": [_brief(near.code, address) for near in code_answer.near],
    }


def _meaning(meaning: CardMeaning, how: str, address: Address) -> dict[str, Any]:
    card, code = meaning.card, meaning.card.code
    return {
        **_brief(code, address),
        "read": how,
        "verdict": card.verdict.value,
        "section": {"slug": code.section.slug, "name": code.section.name},
        **{name: getattr(code, name) for name in VENDOR_TEXTS},
        "disposition": code.disposition,
        "disposition_origin": code.disposition_origin,
        "fixer": code.fixer,
        "fixer_origin": code.fixer_origin,
        "retired_at": code.retired_at,
        "successor": _brief(meaning.successor, address) if meaning.successor else None,
        "customer_reply": meaning.reply,
        "open_incidents": [_incident(incident) for incident in card.open_incidents],
        "notes": [_note(note, address) for note in card.notes],
        "ranges": [_range(code_range) for code_range in card.ranges],
        "anatomy": _anatomy(meaning.anatomy, address) if meaning.anatomy else None,
    }


def _anatomy(anatomy: CodeAnatomy, address: Address) -> dict[str, Any]:
    parts, inner = anatomy.parts, anatomy.parts.inner
    meanings = [_brief(code, address) for code in anatomy.inner]
    return {
        "family": parts.family,
        "parts": [part._asdict() for part in parts.parts],
        "inner": {"family": inner.title, "code": inner.code, "meanings": meanings} if inner else None,
    }


def _brief(code: ReturnCode, address: Address) -> dict[str, Any]:
    return {
        "code": code.code,
        "description": code.description,
        "permalink": address(code.get_absolute_url()),
    }


def _note(note: TroubleshootingNote, address: Address) -> dict[str, Any]:
    return {
        "title": note.title,
        "state": note.state,
        "audience": note.audience,
        "cause": note.cause,
        "resolution": note.resolution,
        "permalink": address(note.get_absolute_url()),
    }


def _incident(incident: IncidentLink) -> dict[str, Any]:
    return {
        "reference": incident.reference,
        "title": incident.title,
        "state": incident.state,
        "audience": incident.audience,
        "url": incident.url,
        "started_at": incident.started_at,
        "impact": incident.impact,
        "workaround": incident.workaround,
    }


def _range(code_range: CodeRange) -> dict[str, Any]:
    return {"pattern": code_range.pattern, "name": code_range.name, "origin": code_range.origin}
