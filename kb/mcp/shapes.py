"""Rows of the knowledge base as parts of answers. `length` is the maximum bytes of a text."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone

from kb.mcp.answers import ChangeMade, Filled, FoundCode, Note, Part, SectionItem, Strange, TableItem, Words
from kb.mcp.code_answers import CodeRef, NoteRef, Range, SectionRef
from kb.mcp.quotes import data, plain_or_data
from kb.models import CodeRange, CodeTable, ReturnCode, Section, TroubleshootingNote
from kb.queries.changes import ChangeStep
from kb.queries.code_parts import CodeAnatomy
from kb.text.detection.judgement import CodeMatch, UnknownMatch

MAX_OF_EACH = 3
"""Notes, incidents and near codes of one code; its page lists all of them."""

NAME = 200
"""Maximum bytes of a title or a name."""

Address = Callable[[str], str]


def note_ref(note: TroubleshootingNote, address: Address, length: int) -> NoteRef:
    """Return a note with its cause and resolution; a length of 0 omits them."""
    return NoteRef(
        id=note.pk,
        state=note.state,
        audience=note.audience,
        title=data(note.title, min(length, NAME) or NAME),
        cause=data(note.cause, length) if length else "",
        resolution=data(note.resolution, length) if length else "",
        url=address(note.get_absolute_url()),
    )


def code_ref(code: ReturnCode, address: Address, length: int) -> CodeRef:
    """Return a reference to a code."""
    return CodeRef(
        id=code.pk,
        table=code.table.slug,
        section=section_ref(code.section, length),
        code=plain_or_data(code.code),
        description=data(code.description, min(length, NAME)),
        url=address(code.get_absolute_url()),
    )


def section_ref(section: Section, length: int) -> SectionRef:
    """Return a reference to a section."""
    return SectionRef(id=section.pk, name=data(section.name, min(length, NAME)), slug=section.slug)


def parts_of(anatomy: CodeAnatomy | None, address: Address, length: int) -> dict[str, Any]:
    """Return what the parts of a code mean, and the codes of tables inside it."""
    if anatomy is None:
        return {}
    inner = [code_ref(code, address, length) for code in anatomy.inner[:MAX_OF_EACH]]
    return {"anatomy": anatomy.parts.summary, "inner": inner}


def range_item(block: CodeRange) -> Range:
    """Return a range of code numbers."""
    return Range(table=block.table.slug, pattern=block.pattern, name=data(block.name, NAME // 2))


def known_code(
    match: CodeMatch[tuple[ReturnCode, ...]], anatomy: CodeAnatomy | None, address: Address, length: int
) -> FoundCode:
    """Return a known code in a text."""
    return FoundCode(
        query=data(match.written, NAME),
        role=match.role.value,
        is_likely=match.is_likely,
        line=match.line,
        column=match.column,
        count=match.count,
        why=data(match.why, min(length, NAME)),
        meanings=[code_ref(code, address, length) for code in match.id[:MAX_OF_EACH]],
        more_meanings=max(0, len(match.id) - MAX_OF_EACH),
        **parts_of(anatomy, address, length),
        message=data(match.message, min(length, NAME)) if match.message else None,
        filled=[Filled(name=data(name, NAME), text=data(text, NAME)) for name, text in match.filled[:MAX_OF_EACH]],
    )


def unknown_code(match: UnknownMatch, anatomy: CodeAnatomy | None, address: Address) -> Strange:
    """Return something that looks like a code and is in no table."""
    block = range_item(match.range) if match.range else None
    parts = parts_of(anatomy, address, NAME)
    return Strange(query=data(match.written, NAME // 2), line=match.line, column=match.column, range=block, **parts)


def table_item(table: CodeTable, address: Address, length: int) -> TableItem:
    """Return a table with its numbers of codes, which `kb.queries.tables` has counted."""
    counts: Any = table
    return TableItem(
        slug=table.slug,
        vendor=data(table.vendor, min(length, NAME)),
        product=data(table.product, min(length, NAME)),
        name=data(table.name, min(length, NAME)),
        language=plain_or_data(table.language),
        audience=table.audience,
        code_count=counts.code_count,
        retired_count=counts.retired_count,
        url=address(table.get_absolute_url()),
    )


def section_item(section: Section, length: int) -> SectionItem:
    """Return a section with its number of codes, which `kb.queries.tables` has counted."""
    counts: Any = section
    return SectionItem(name=data(section.name, min(length, NAME)), slug=section.slug, code_count=counts.code_count)


def note_item(note: TroubleshootingNote, ranges: Iterable[CodeRange], address: Address) -> Note:
    """Return a note without its texts and codes."""
    return Note(
        id=note.pk,
        state=note.state,
        audience=note.audience,
        title=data(note.title, NAME),
        updated_at=note.updated_at,
        url=address(note.get_absolute_url()),
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
        noun=change.noun,
        kind=change.kind,
        name=data(change.label, NAME),
        table=step.table.slug if step.table else None,
        url=address(subject.get_absolute_url()) if has_page else None,
        words=[
            Words(name=word.label, before=data(word.before, length // 3), after=data(word.after, length // 3))
            for word in step.words
        ],
        other_fields=step.other_fields,
    )


def midnight(day: date) -> datetime:
    """Return the start of a day in the site's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
