"""Rows of the knowledge base as parts of answers. `length` is the maximum bytes of a text."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone

from kb.mcp.answers import (
    ChangeMade,
    CodeRef,
    Filled,
    FoundCode,
    Incident,
    Looked,
    Meaning,
    Note,
    NoteRef,
    Part,
    Range,
    Strange,
    Words,
)
from kb.mcp.quotes import data
from kb.models import CodeRange, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.fields import VENDOR_TEXTS
from kb.queries.cards import Card
from kb.queries.changes import ChangeStep
from kb.queries.code_parts import CodeAnatomy
from kb.queries.lookup import CodeAnswer, CodeHit
from kb.text.detection.judgement import CodeMatch, UnknownMatch

MAX_OF_EACH = 3
"""Notes, incidents and near codes of one code; its page lists all of them."""

NAME = 200
"""Maximum bytes of a title or a name."""

Address = Callable[[str], str]


def lookup_answer(
    answer: CodeAnswer,
    hit: CodeHit | None,
    card: Card | None,
    anatomy: CodeAnatomy | None,
    address: Address,
    brief: bool,
    length: int,
) -> Looked:
    """Return one meaning of a code, or the ranges and near codes of an unknown one. `brief` omits the note texts."""
    item = Looked(asked=data(answer.query, NAME), verdict=answer.verdict.value, **_parts(anatomy, address, length))
    if hit is None or card is None:
        item.ranges = [range_item(block) for block in answer.ranges[:MAX_OF_EACH]]
        item.near = [code_ref(near.code, address, length) for near in answer.near]
        return item
    item.verdict, item.read_as = card.verdict.value, hit.how
    item.meaning = _meaning(card, address, 0 if brief else length // 2, length)
    return item


def _meaning(card: Card, address: Address, note_length: int, length: int) -> Meaning:
    code, name = card.code, min(length, NAME)
    return Meaning(
        code=code.code,
        table=code.table.slug,
        audience=code.table.audience,
        section=data(code.section.name, name),
        permalink=address(code.get_absolute_url()),
        **{text: data(getattr(code, text), name if text == "symbol" else length) for text in VENDOR_TEXTS},
        edited_by_support=code.edited_texts,
        disposition=code.disposition,
        fixer=code.fixer,
        retired=code.is_retired,
        customer_reply=data(card.customer_reply, length),
        notes=[note_ref(note, address, note_length) for note in card.notes[:MAX_OF_EACH]],
        open_incidents=[_incident(incident, length // 2) for incident in card.open_incidents[:MAX_OF_EACH]],
    )


def note_ref(note: TroubleshootingNote, address: Address, length: int) -> NoteRef:
    """Return a note with its cause and resolution; a length of 0 omits them."""
    return NoteRef(
        note_id=note.pk,
        state=note.state,
        audience=note.audience,
        title=data(note.title, min(length, NAME) or NAME),
        cause=data(note.cause, length) if length else "",
        resolution=data(note.resolution, length) if length else "",
        permalink=address(note.get_absolute_url()),
    )


def _incident(incident: IncidentLink, length: int) -> Incident:
    return Incident(
        state=incident.state,
        audience=incident.audience,
        title=data(str(incident), min(length, NAME)),
        workaround=data(incident.workaround, length),
        url=incident.url,
    )


def code_ref(code: ReturnCode, address: Address, length: int) -> CodeRef:
    """Return a reference to a code."""
    return CodeRef(
        code=code.code,
        table=code.table.slug,
        description=data(code.description, min(length, NAME)),
        permalink=address(code.get_absolute_url()),
    )


def _parts(anatomy: CodeAnatomy | None, address: Address, length: int) -> dict[str, Any]:
    """Return what the parts of a code mean, and the codes of tables inside it."""
    if anatomy is None:
        return {}
    inner = [code_ref(code, address, length) for code in anatomy.inner[:MAX_OF_EACH]]
    return {"parts": anatomy.parts.summary, "inner": inner}


def range_item(block: CodeRange) -> Range:
    """Return a range of code numbers."""
    return Range(table=block.table.slug, numbers=block.pattern, name=data(block.name, NAME // 2))


def known_code(
    match: CodeMatch[tuple[ReturnCode, ...]], anatomy: CodeAnatomy | None, address: Address, length: int
) -> FoundCode:
    """Return a known code in a text."""
    return FoundCode(
        written=data(match.written, NAME),
        role=match.role.value,
        likely=match.is_likely,
        line=match.line,
        column=match.column,
        count=match.count,
        why=data(match.why, min(length, NAME)),
        meanings=[code_ref(code, address, length) for code in match.id[:MAX_OF_EACH]],
        more_meanings=max(0, len(match.id) - MAX_OF_EACH),
        **_parts(anatomy, address, length),
        message=data(match.message, min(length, NAME)) if match.message else None,
        filled=[Filled(name=data(name, NAME), text=data(text, NAME)) for name, text in match.filled[:MAX_OF_EACH]],
    )


def unknown_code(match: UnknownMatch, anatomy: CodeAnatomy | None, address: Address) -> Strange:
    """Return something that looks like a code and is in no table."""
    block = range_item(match.range) if match.range else None
    parts = _parts(anatomy, address, NAME)
    return Strange(written=data(match.written, NAME // 2), line=match.line, column=match.column, range=block, **parts)


def note_item(note: TroubleshootingNote, ranges: Iterable[CodeRange], address: Address) -> Note:
    """Return a note without its texts and codes."""
    return Note(
        note_id=note.pk,
        state=note.state,
        audience=note.audience,
        title=data(note.title, NAME),
        updated_at=note.updated_at,
        permalink=address(note.get_absolute_url()),
        codes=[],
        ranges=[range_item(block) for block in ranges],
        parts=[],
    )


def part(name: str, piece: str, length: int) -> Part:
    """Return a piece of a note's text; a piece is already shorter than `length`."""
    return Part(name=name, text=data(piece, length))


def change_item(step: ChangeStep, address: Address, length: int) -> ChangeMade:
    """Return one change with the texts that it changed."""
    change, subject = step.change, step.subject
    has_page = hasattr(subject, "get_absolute_url")
    return ChangeMade(
        sequence=change.sequence,
        at=change.at,
        what=change.noun,
        kind=change.kind,
        name=data(change.label, NAME),
        table=step.table.slug if step.table else None,
        permalink=address(subject.get_absolute_url()) if has_page else None,
        words=[
            Words(name=word.label, before=data(word.before, length // 3), after=data(word.after, length // 3))
            for word in step.words
        ],
        other_fields=step.other_fields,
    )


def midnight(day: date) -> datetime:
    """Return the start of a day in the site's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
