"""The work queue: codes, notes, misses, planned imports and watched sources that need attention, with reasons.

facts.py     collects and ranks facts in the database; see its Note [Score]
reasons.py   turns the facts into sentences
"""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, Q
from django.utils import timezone

from kb.models import CodeRange, ReturnCode, TableImport, TroubleshootingNote, WatchedSource
from kb.models.visibility import Person, Reader, reader
from kb.queries.phrasings import phrased
from kb.queries.work_queue.facts import (
    CODES,
    CONSIDERED,
    DAYS,
    EVERY,
    EVERY_NOTE,
    MISSES,
    NOTES,
    every_day,
    rank,
    since,
)
from kb.queries.work_queue.reasons import Reason, of_code, of_miss, of_note, of_plan, of_source
from kb.text.codes import forms as text_code

__all__ = [
    "DAYS",
    "LIMIT",
    "QueueRow",
    "Reason",
    "codes",
    "known_texts",
    "misses",
    "notes",
    "plans",
    "ranges_of",
    "since",
    "sources",
    "to_validate",
]

LIMIT = 25


@dataclass(frozen=True)
class QueueRow:
    """Something that needs attention: a return code, a note, a search without an answer, a planned import, a source."""

    kind: str
    subject: Any
    lookups: int
    score: float = 0.0
    reasons: list[Reason] = field(default_factory=list)
    ranges: list[CodeRange] = field(default_factory=list)


def codes(user: Person, limit: int = LIMIT, mine: bool = False) -> list[QueueRow]:
    """Return the current codes that need attention most; with `mine`, only those with flags that the user owns."""
    if reader(user) != Reader.INTERNAL:
        return []
    parameters = {"since": since(), "owner": user.pk if mine else None} | every_day()
    facts = rank(CODES, parameters | {"considered": CONSIDERED}, limit)
    if len(facts) < limit and not mine:
        facts = rank(CODES, parameters | {"considered": EVERY}, limit)
    if len(facts) < limit and not mine:
        facts += _gaps_without_lookups(user, limit - len(facts), {fact["id"] for fact in facts})
    codes_by_id = ReturnCode.objects.visible_to(user).select_related("table", "section").in_bulk(f["id"] for f in facts)
    return [
        QueueRow("code", codes_by_id[f["id"]], f["lookups"], f["score"], of_code(f))
        for f in facts
        if f["id"] in codes_by_id
    ]


def notes(user: Person, limit: int = LIMIT, mine: bool = False) -> list[QueueRow]:
    """Return the notes that need attention most; with `mine`, only those that the user owns."""
    if reader(user) != Reader.INTERNAL:
        return []
    return _note_rows(user, _note_facts(user, limit, mine))


def to_validate(user: Person, limit: int = LIMIT, mine: bool = False) -> list[QueueRow]:
    """Return the notes, without the user's own texts, that wait for a reviewer: not validated, or with a proposal."""
    if reader(user) != Reader.INTERNAL:
        return []
    # Twice as many, because notes with the reviewer's own texts are left out here.
    facts = _note_facts(user, 2 * limit, mine, reviewer=user.pk)
    unvalidated = [fact["id"] for fact in facts if fact["unvalidated"]]
    own = set() if settings.KB_VALIDATE_OWN_WORDS else _own(unvalidated, user)
    return _note_rows(user, [fact for fact in facts if fact["proposals"] or fact["id"] not in own][:limit])


def _own(notes: list[int], user: Person) -> set[int]:
    return TroubleshootingNote.objects.filter(pk__in=notes).with_words_of(user)


def _note_facts(user: Person, limit: int, mine: bool, reviewer: int | None = None) -> list[dict[str, Any]]:
    owner = user.pk if mine else None
    parameters = {"since": since(), "today": timezone.localdate(), "owner": owner, "reviewer": reviewer}
    facts = [] if mine else rank(NOTES, parameters | every_day() | {"considered": CONSIDERED}, limit)
    return facts if len(facts) == limit else rank(EVERY_NOTE, parameters, limit)


def misses(user: Person, limit: int = LIMIT) -> list[QueueRow]:
    """Return the searches without an answer. Texts that are codes or phrasings now are left out."""
    if reader(user) != Reader.INTERNAL:
        return []
    facts = rank(MISSES, {"since": since()}, 2 * limit)
    code_texts = known_texts([fact["id"] for fact in facts])
    known = code_texts | phrased([fact["id"] for fact in facts])
    open_facts = [fact for fact in facts if fact["id"] not in known][:limit]
    ranges = ranges_of([fact["id"] for fact in open_facts], user)
    return [
        QueueRow("miss", f["id"], f["lookups"], f["score"], of_miss(f, ranges[f["id"]]), ranges[f["id"]])
        for f in open_facts
    ]


def plans(user: Person, limit: int = LIMIT, mine: bool = False) -> list[QueueRow]:
    """Return the planned imports that wait, oldest first; with `mine`, only those that the user planned."""
    planned = TableImport.objects.visible_to(user).waiting().select_related("table")
    if mine:
        planned = planned.filter(planned_by=user.pk)
    return [QueueRow("plan", plan, 0, reasons=of_plan(plan)) for plan in planned.order_by("id")[:limit]]


def sources(user: Person, limit: int = LIMIT) -> list[QueueRow]:
    """Return the watched sources that somebody has to look at, the oldest problem first. Each is one task."""
    troubled = WatchedSource.objects.visible_to(user).troubled().select_related("table")
    return [
        QueueRow("source", source, 0, reasons=of_source(source))
        for source in troubled.order_by("problem_since")[:limit]
    ]


def known_texts(texts: list[str]) -> set[str]:
    """Return the texts that are codes now, for example because of a later import."""
    readings = {text: {reading.canonical for reading in text_code.readings(text)} for text in texts}
    every = {canonical for forms in readings.values() for canonical in forms}
    existing = set(ReturnCode.objects.published().filter(canonical__in=every).values_list("canonical", flat=True))
    return {text for text, forms in readings.items() if forms & existing}


def ranges_of(texts: list[str], user: Person) -> dict[str, list[CodeRange]]:
    """Return the ranges around the number of each text."""
    numbers = {text: text_code.number(text) for text in texts}
    condition = Q(pk__in=[])
    for number in numbers.values():
        if number is not None:
            condition |= Q(first__lte=number, last__gte=number)
    blocks = list(CodeRange.objects.visible_to(user).filter(condition).select_related("table"))
    return {
        text: [block for block in blocks if number is not None and block.first <= number <= block.last]
        for text, number in numbers.items()
    }


def _note_rows(user: Person, facts: list[dict[str, Any]]) -> list[QueueRow]:
    first = ReturnCode.objects.visible_to(user).order_by("sort_key", "pk")[:3]
    visible = TroubleshootingNote.objects.visible_to(user).select_related("owner")
    by_id = visible.prefetch_related(Prefetch("codes", first, to_attr="first_codes")).in_bulk(f["id"] for f in facts)
    return [QueueRow("note", by_id[f["id"]], f["lookups"], f["score"], of_note(f)) for f in facts if f["id"] in by_id]


def _gaps_without_lookups(user: Person, limit: int, excluded: set[int]) -> list[dict[str, Any]]:
    """Return facts of codes with a gap and no look-ups, in the vendor's order. Work on a new table starts with them."""
    listed = ReturnCode.objects.visible_to(user).current().with_any_note(TroubleshootingNote.objects.current())
    has_gap = Q(has_any_note=False) | Q(disposition="unknown")
    gaps = listed.filter(has_gap).exclude(pk__in=excluded).in_vendor_order()
    no_demand = {"lookups": 0, "score": 0.0, "flags": 0, "flag_id": None, "torn": 0}
    rows = gaps.values_list("pk", "has_any_note", "disposition")[:limit]  # type: ignore[misc]
    return [
        {"id": pk, "bare": not has_note, "undecided": disposition == "unknown"} | no_demand
        for pk, has_note, disposition in rows
    ]
