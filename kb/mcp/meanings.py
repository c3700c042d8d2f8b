"""Codes as parts of answers: what each means to its reader. `length` is the maximum bytes of a text."""

from dataclasses import dataclass
from functools import partial

from kb.mcp.asked_codes import Looking
from kb.mcp.code_answers import ByWords, CanFix, Incident, Looked, Meaning, ReplySource, ToDo
from kb.mcp.quotes import data, link, plain_or_data
from kb.mcp.shapes import MAX_OF_EACH, NAME, Address, code_ref, note_ref, parts_of, range_item, section_ref
from kb.models import IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.code_rows import codes_by_id
from kb.models.fields import VENDOR_TEXTS
from kb.models.visibility import Person
from kb.queries.cards import Card, cards
from kb.queries.code_parts import CodeAnatomy, CodeText, anatomies
from kb.queries.lookup import CodeHit
from kb.text.detection.spellings import subject

MAX_EXTRA = 10
"""Columns of a vendor's own that an answer has for one code."""


@dataclass(frozen=True)
class Shown:
    """One meaning of what was asked, or none, with what its reader may see of it."""

    looking: Looking
    hit: CodeHit | None
    card: Card | None
    successor: ReturnCode | None
    anatomy: CodeAnatomy | None


def shown(meanings: list[tuple[Looking, CodeHit | None]], user: Person | None) -> list[Shown]:
    """Return meanings with their cards, in the same order. The number of queries does not grow."""
    codes = [hit.code for _, hit in meanings if hit]
    by_code = {card.code.pk: card for card in cards(codes, user)}
    successors = codes_by_id([code.successor_id for code in codes if code.successor_id], user, is_brief=True)
    parts = anatomies([_text_of(looking, hit) for looking, hit in meanings], user)
    return [
        Shown(
            looking,
            hit,
            by_code[hit.code.pk] if hit else None,
            successors.get(hit.code.successor_id or 0) if hit else None,
            anatomy,
        )
        for (looking, hit), anatomy in zip(meanings, parts, strict=True)
    ]


def _text_of(looking: Looking, hit: CodeHit | None) -> CodeText:
    query = looking.answer.query
    return CodeText(hit.code.code, hit.code.table) if hit else CodeText(subject(query), None, query)


def looked(one: Shown, address: Address, brief: bool, length: int) -> Looked:
    """Return one meaning of a code, or what is known without one. `brief` omits the note texts."""
    answer, by_words = one.looking
    item = Looked(
        query=data(answer.query, NAME),
        verdict=answer.verdict.value,
        **parts_of(one.anatomy, address, length),
    )
    if one.hit is None or one.card is None:
        item.verdict = ByWords.FOUND_BY_WORDS.value if by_words else item.verdict
        item.ranges = [range_item(block) for block in answer.ranges[:MAX_OF_EACH]]
        item.near = [code_ref(near.code, address, length) for near in answer.near]
        item.by_words = [code_ref(code, address, length) for code in by_words]
        return item
    item.verdict = one.card.verdict.value
    item.meanings = [_meaning(one, one.hit, one.card, address, (0 if brief else length // 2, length))]
    return item


def _meaning(one: Shown, hit: CodeHit, card: Card, address: Address, lengths: tuple[int, int]) -> Meaning:
    code, successor, (note_length, length) = card.code, one.successor, lengths
    return Meaning(
        id=code.pk,
        table=code.table.slug,
        section=section_ref(code.section, length),
        code=plain_or_data(code.code),
        number=code.number,
        **{text: _text(code, text, text, length) for text in VENDOR_TEXTS},
        vendor={text: _text(code, f"vendor_{text}", text, length) for text in code.edited_texts},
        extra=_extra(code, length),
        disposition=ToDo(value=code.disposition, origin=code.disposition_origin),
        fixer=CanFix(value=code.fixer, origin=code.fixer_origin),
        retired_at=code.retired_at,
        successor=code_ref(successor, address, length) if successor else None,
        has_notes=any(note.is_live for note in card.notes),
        has_open_incident=bool(card.open_incidents),
        version=code.version,
        created_at=code.created_at,
        updated_at=code.updated_at,
        url=address(code.get_absolute_url()),
        read=hit.how,
        audience=code.table.audience,
        reply=data(card.customer_reply, length),
        reply_from=_source(card.reply_note),
        notes=[note_ref(note, address, note_length) for note in card.notes[:MAX_OF_EACH]],
        open_incidents=[_incident(incident, length // 2) for incident in card.open_incidents[:MAX_OF_EACH]],
    )


def _source(note: TroubleshootingNote | None) -> ReplySource | None:
    return ReplySource(note=note.pk, state=note.state, audience=note.audience) if note else None


def _text(code: ReturnCode, column: str, name: str, length: int) -> str:
    return data(getattr(code, column), min(length, NAME) if name == "symbol" else length)


def _extra(code: ReturnCode, length: int) -> dict[str, str]:
    """Return the vendor's own columns: their names are texts of the vendor, too."""
    cut = partial(data, length=min(length, NAME))
    return {cut(name): cut(str(text)) for name, text in list(code.extra.items())[:MAX_EXTRA]}


def _incident(incident: IncidentLink, length: int) -> Incident:
    return Incident(
        state=incident.state,
        audience=incident.audience,
        title=data(str(incident), min(length, NAME)),
        workaround=data(incident.workaround, length),
        url=link(incident.url),
    )
