"""What the knowledge base knows, in the shapes that the tools give. `length` is how many bytes a text may take."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time

from django.utils import timezone

from kb.mcp.answers import (
    ChangeMade,
    CodeRef,
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
from kb.queries.lookup import CodeAnswer, CodeHit
from kb.text.detection.judgement import CodeMatch, UnknownMatch

MAX_OF_EACH = 3
"""Notes, incidents and near codes on one card; the card's page has them all."""

NAME = 200
"""Bytes of a title or a name."""

Address = Callable[[str], str]


def looked(
    answer: CodeAnswer, hit: CodeHit | None, card: Card | None, address: Address, brief: bool, length: int
) -> Looked:
    """Return one meaning of a code, `brief` without the words of its notes; or what is known of a code without any."""
    made = Looked(asked=data(answer.query, NAME), verdict=answer.verdict.value)
    if hit is None or card is None:
        made.ranges = [code_range(one) for one in answer.ranges[:MAX_OF_EACH]]
        made.near = [code_ref(near.code, address, length) for near in answer.near]
        return made
    made.verdict, made.read_as, made.meaning = (
        card.verdict.value,
        hit.how,
        _meaning(card, address, 0 if brief else length // 2, length),
    )
    return made


def _meaning(card: Card, address: Address, of_note: int, length: int) -> Meaning:
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
        notes=[note_ref(note, address, of_note) for note in card.notes[:MAX_OF_EACH]],
        open_incidents=[_incident(incident, length // 2) for incident in card.open_incidents[:MAX_OF_EACH]],
    )


def note_ref(note: TroubleshootingNote, address: Address, length: int) -> NoteRef:
    """Return a note with its core; without it for a length of 0."""
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
    """Return a code, named."""
    return CodeRef(
        code=code.code,
        table=code.table.slug,
        description=data(code.description, min(length, NAME)),
        permalink=address(code.get_absolute_url()),
    )


def code_range(found: CodeRange) -> Range:
    """Return a block of numbers."""
    return Range(table=found.table.slug, numbers=found.pattern, name=data(found.name, NAME // 2))


def found(one: CodeMatch, address: Address, length: int) -> FoundCode:
    """Return a known code of a text."""
    return FoundCode(
        written=data(one.written, NAME),
        role=one.role.value,
        likely=one.is_likely,
        line=one.line,
        count=one.count,
        why=data(one.why, min(length, NAME)),
        meanings=[code_ref(code, address, length) for code in one.id[:MAX_OF_EACH]],
        more_meanings=max(0, len(one.id) - MAX_OF_EACH),
    )


def strange(one: UnknownMatch) -> Strange:
    """Return what looks like a code and is in no table."""
    return Strange(
        written=data(one.written, NAME // 2), line=one.line, range=code_range(one.range) if one.range else None
    )


def note(of: TroubleshootingNote, ranges: Iterable[CodeRange], address: Address) -> Note:
    """Return a note without its texts and codes."""
    return Note(
        note_id=of.pk,
        state=of.state,
        audience=of.audience,
        title=data(of.title, NAME),
        updated_at=of.updated_at,
        permalink=address(of.get_absolute_url()),
        codes=[],
        ranges=[code_range(one) for one in ranges],
        parts=[],
    )


def part(name: str, piece: str, length: int) -> Part:
    """Return a piece of a note's text; pieces are short enough as they are."""
    return Part(name=name, text=data(piece, length))


def change(step: ChangeStep, address: Address, length: int) -> ChangeMade:
    """Return one change, with the words that moved."""
    made, subject = step.change, step.subject
    has_page = hasattr(subject, "get_absolute_url")
    return ChangeMade(
        sequence=made.sequence,
        at=made.at,
        what=made.noun,
        kind=made.kind,
        name=data(made.label, NAME),
        table=step.table.slug if step.table else None,
        permalink=address(subject.get_absolute_url()) if has_page else None,
        words=[
            Words(name=word.label, before=data(word.before, length // 3), after=data(word.after, length // 3))
            for word in step.words
        ],
        other_fields=step.other_fields,
    )


def midnight(day: date) -> datetime:
    """Return when a day begins here."""
    return timezone.make_aware(datetime.combine(day, time.min))
