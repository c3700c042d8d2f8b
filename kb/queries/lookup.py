"""Look a code up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from kb.models import CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.codes import ReturnCodeQuerySet
from kb.models.prepared_queries import rows
from kb.models.subqueries import any_of
from kb.models.visibility import Person, reader
from kb.queries.near_codes import near_ids
from kb.text.codes import forms as text_code

MAX_HITS = 100
"""Most meanings of one code. Real tables reach 11."""

MAX_NEAR = 6
MAX_NEIGHBOURS = 3
MAX_BLOCKS = 50
MAX_BEGUN = 20
MIN_BEGINNING = 3


class Verdict(StrEnum):
    """The five different answers to "what is this code?"."""

    FOUND = "found"
    KNOWN_WITHOUT_NOTE = "known_without_note"
    RETIRED = "retired"
    IN_KNOWN_RANGE = "in_known_range"
    UNKNOWN = "unknown"


class CodeHit(NamedTuple):
    """One meaning of a code, and how the query was read for it."""

    code: ReturnCode
    how: str


@dataclass(frozen=True)
class NearCode:
    """A code that is one edit away from the query: a suggestion that only the reader can choose."""

    code: ReturnCode
    pieces: list[tuple[str, bool]]


@dataclass(frozen=True)
class CodeAnswer:
    """The answer to a look-up of a code."""

    query: str
    verdict: Verdict
    hits: list[CodeHit] = field(default_factory=list)
    ranges: list[CodeRange] = field(default_factory=list)
    near: list[NearCode] = field(default_factory=list)
    completions: list[ReturnCode] = field(default_factory=list)
    """Codes that begin with the query, for a query that may be the beginning of a code."""


def codes_visible_to(user: Person | None) -> ReturnCodeQuerySet:
    """Return the codes that a user may read, with their tables and sections."""
    return ReturnCode.objects.visible_to(user).select_related("table", "section")


def having_notes(codes: ReturnCodeQuerySet, user: Person | None, present: bool) -> ReturnCodeQuerySet:
    """Keep the codes whose card shows the user a published note, or the others.

    A note on a range is a note on each of its codes.
    """
    on_code, on_range = _notes_on(user)
    blocks = _blocks_with_notes(user)
    within = [Q(table=b.table_id, number__range=(b.first, b.last)) for b in blocks[:MAX_BLOCKS]]
    # For many blocks the condition would be long, and a query for each code is better.
    has_notes = Q(Exists(on_code), *within if len(blocks) <= MAX_BLOCKS else [Exists(on_range)], _connector=Q.OR)
    return codes.filter(has_notes) if present else codes.exclude(has_notes)


def having_open_incident(codes: ReturnCodeQuerySet, user: Person | None, present: bool) -> ReturnCodeQuerySet:
    """Keep the codes whose card shows the user an open incident, or the others."""
    return codes.alias(hit=any_of(_open_incidents_on(user))).filter(hit=present)


def ids_with_notes(user: Person | None, limit: int) -> list[int] | None:
    """Return the ids of the codes that have notes, or whose ranges have; None if there are more than `limit`."""
    notes = TroubleshootingNote.objects.meant_for(user).published()
    codes = ReturnCode.objects.order_by()
    ids = set(codes.filter(notes__in=notes).values_list("pk", flat=True)[: limit + 1])
    blocks = _blocks_with_notes(user)
    if len(ids) > limit or len(blocks) > MAX_BLOCKS:
        return None
    if blocks:
        within = codes.none().union(*(codes.filter(table=b.table_id).numbered(b.first, b.last) for b in blocks))
        ids.update(within.values_list("pk", flat=True)[: limit + 1])
    return list(ids) if len(ids) <= limit else None


def _blocks_with_notes(user: Person | None) -> list[CodeRange]:
    notes = TroubleshootingNote.objects.meant_for(user).published()
    return list(CodeRange.objects.filter(notes__in=notes).order_by().distinct()[: MAX_BLOCKS + 1])


def ids_with_open_incident(user: Person | None, limit: int) -> list[int] | None:
    """Return the ids of the codes that an open incident hits; None if there are more than `limit`."""
    incidents = IncidentLink.objects.visible_to(user).open().order_by()
    codes = ReturnCode.objects.filter(incidents__in=incidents).order_by()
    ids = list(codes.values_list("pk", flat=True)[: limit + 1])
    return list(dict.fromkeys(ids)) if len(ids) <= limit else None


def _notes_on(user: Person | None) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return the notes on a code, and the notes on its ranges, that a user may read.

    The user may read the code, so the other codes and ranges of such a note do not matter.
    """
    notes = TroubleshootingNote.objects.meant_for(user).published()
    number = OuterRef("number")
    on_range = notes.filter(ranges__table=OuterRef("table"), ranges__first__lte=number, ranges__last__gte=number)
    return notes.filter(codes=OuterRef("pk")), on_range


def _open_incidents_on(user: Person | None) -> QuerySet[IncidentLink]:
    """Return the open incidents that hit a code."""
    return IncidentLink.objects.visible_to(user).open().filter(codes=OuterRef("pk"))


def find_code(
    query: str, user: Person | None, table: CodeTable | None = None, section: Section | None = None
) -> CodeAnswer:
    """Look a code up: its meanings, or the ranges where it would belong and the codes near it.

    One query for a listed code and at most five for others, whatever the size of the tables.
    """
    hits = _hits(query, user, table, section)
    if not hits and (number := text_code.bare(query)):
        hits = [CodeHit(hit.code, "the number alone") for hit in _hits(number, user, table, section)]
    if hits:
        return CodeAnswer(query, _verdict([hit.code for hit in hits]), hits)
    holding = _holding(query, user, table)
    verdict = Verdict.IN_KNOWN_RANGE if holding else Verdict.UNKNOWN
    near = _near(query, user, table, section)
    completions = []
    if _may_be_beginning(query):
        scope = codes_visible_to(user)
        scope = scope if table is None else scope.filter(table=table)
        completions = _completions(query, scope if section is None else scope.filter(section=section), MAX_BEGUN)
    near_ids = {candidate.code.pk for candidate in near}
    return CodeAnswer(query, verdict, [], holding, near, [code for code in completions if code.pk not in near_ids])


def neighbours(code: ReturnCode, user: Person | None) -> list[ReturnCode]:
    """Return the codes just below and above a code, in order: in its narrowest range, or in its table.

    [] for a code without a number.
    """
    if code.number is None:
        return []
    same = codes_visible_to(user).filter(table=code.table_id)
    block = CodeRange.objects.visible_to(user).filter(table=code.table_id).holding(code.number).first()
    if block is not None:
        same = same.numbered(block.first, block.last)
    # Sort keys of numbers are in the order of the numbers, and have an index.
    below = same.filter(sort_key__lt=code.sort_key).order_by("-sort_key", "id")[:MAX_NEIGHBOURS]
    above = same.filter(sort_key__gt=code.sort_key, number__isnull=False).order_by("sort_key", "id")[:MAX_NEIGHBOURS]
    return [*reversed(below), *above]


def beginning_with(text: str, user: Person | None, limit: int = MAX_BEGUN) -> list[ReturnCode]:
    """Return codes that begin with a text, shortest first: a whole code comes first."""
    return _completions(text, codes_visible_to(user), limit)


def codes_beginning_with(codes: ReturnCodeQuerySet, text: str) -> ReturnCodeQuerySet:
    """Keep the codes that begin with a text. Hexadecimal codes are compared by spelling, without an index."""
    if not text_code.readings(text):
        return codes.none()
    if text_code.identity(text).startswith("0X"):
        return codes.filter(code__istartswith=text)
    return codes.beginning_with(text_code.canonical(text))


def _hits(query: str, user: Person | None, table: CodeTable | None, section: Section | None) -> list[CodeHit]:
    readings = {reading.canonical: reading.how for reading in text_code.readings(query)}
    if not readings:
        return []

    def build(*values: Any) -> QuerySet[ReturnCode]:
        codes = codes_visible_to(user).filter(canonical__in=values[: len(readings)])
        if table is not None:
            # `+ 0` makes SQLite use the index of the code instead of the index of the table, which has 100,000 codes.
            codes = codes.alias(of=F("table_id") + 0).filter(of=values[len(readings)])
        if section is not None:
            codes = codes.filter(section=values[-1])
        ordered = codes.order_by("table_id", "section__position", "position", "id")
        return ordered.annotate(has_notes=any_of(*_notes_on(user)))[:MAX_HITS]

    scopes = [scope.pk for scope in (table, section) if scope is not None]
    key = ("hits", reader(user), len(readings), table is None, section is None)
    matches = rows(key, build, [*readings, *scopes])
    return hits_of(query, matches)


def hits_of(query: str, codes: Iterable[ReturnCode]) -> list[CodeHit]:
    """Return the codes that a query may mean, likeliest reading first. `codes` are in the vendor's order."""
    readings = {reading.canonical: reading.how for reading in text_code.readings(query)}
    identity, order = text_code.identity(query), list(readings)
    matches = [code for code in codes if code.canonical in readings]
    matches.sort(key=lambda code: (code.identity != identity, order.index(code.canonical)))
    return [CodeHit(code, _how(code, identity, readings[code.canonical])) for code in matches]


def _how(code: ReturnCode, identity: str, reading: str) -> str:
    if code.identity == identity or reading != "as written":
        return "as written" if code.identity == identity else reading
    if code.identity.startswith("0X"):
        return "hexadecimal"
    return "decimal" if identity.startswith("0X") else "leading zeros aside"


def _may_be_beginning(query: str) -> bool:
    """Whether a query may be the beginning of a code: one word with a digit, of three characters or more."""
    return len(query) >= MIN_BEGINNING and " " not in query and any(c.isdigit() for c in query)


def _completions(text: str, scope: ReturnCodeQuerySet, limit: int) -> list[ReturnCode]:
    # Skip hexadecimal numbers: the value of the first digits is not the beginning of the whole value.
    if not text_code.readings(text) or text_code.identity(text).startswith("0X"):
        return []
    # Read in the order of the index, so that one digit costs no more than a whole code. Then put short codes first.
    candidates = scope.beginning_with(text_code.canonical(text)).order_by("canonical", "id")[: 4 * limit]
    ranked = sorted(candidates, key=lambda code: (len(code.canonical), code.is_retired, code.table_id, code.position))
    return ranked[:limit]


def _holding(query: str, user: Person | None, table: CodeTable | None) -> list[CodeRange]:
    number = text_code.number(query)
    if number is None:
        return []
    ranges = CodeRange.objects.visible_to(user).holding(number).select_related("table")
    return list((ranges if table is None else ranges.filter(table=table))[:MAX_NEAR])


def _near(query: str, user: Person | None, table: CodeTable | None, section: Section | None) -> list[NearCode]:
    ids = near_ids(query, reader(user), table, section, MAX_NEAR)
    codes = codes_visible_to(user).in_bulk(ids) if ids else {}
    return [NearCode(codes[pk], text_code.difference(query, codes[pk].code)) for pk in ids if pk in codes]


def _verdict(codes: Sequence[Any]) -> Verdict:
    live = [code for code in codes if not code.is_retired]
    if not live:
        return Verdict.RETIRED
    return Verdict.FOUND if any(code.has_notes for code in live) else Verdict.KNOWN_WITHOUT_NOTE
