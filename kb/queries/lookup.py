"""Look a code up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from kb.models import CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.codes import ReturnCodeQuerySet
from kb.models.prepared_queries import rows
from kb.models.subqueries import any_of
from kb.models.visibility import Person, reader
from kb.text.codes import forms as text_code

MAX_HITS = 100
"""Meanings of one code that are shown. Real tables reach 11."""

MAX_NEAR = 6
MAX_NEIGHBOURS = 3
MAX_BEGUN = 20
MIN_BEGINNING = 3


class Verdict(StrEnum):
    """The five different answers to "what is this code?"."""

    FOUND = "found"
    KNOWN_WITHOUT_NOTE = "known_without_note"
    RETIRED = "retired"
    IN_KNOWN_RANGE = "in_known_range"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CodeHit:
    """One meaning of a code, and how the query was read to get there."""

    code: ReturnCode
    how: str


@dataclass(frozen=True)
class NearCode:
    """A code one edit away from what was asked: offered, never chosen."""

    code: ReturnCode
    pieces: list[tuple[str, bool]]


@dataclass(frozen=True)
class CodeAnswer:
    """What the knowledge base says about a code."""

    query: str
    verdict: Verdict
    hits: list[CodeHit] = field(default_factory=list)
    ranges: list[CodeRange] = field(default_factory=list)
    near: list[NearCode] = field(default_factory=list)
    begun: list[ReturnCode] = field(default_factory=list)
    """Codes that begin as the query does, which may be a part of one."""


def codes_visible_to(user: Person | None) -> ReturnCodeQuerySet:
    """Return the codes that a user may read, with what it takes to name and link them."""
    return ReturnCode.objects.visible_to(user).select_related("table", "section")


def with_flags(codes: ReturnCodeQuerySet, user: Person | None) -> ReturnCodeQuerySet:
    """Add `has_notes` and `has_open_incident`: whether a card of the code would show the user either.

    A note on a range is a note on each of its codes; drafts and archived notes are nothing to work with.
    """
    return codes.annotate(has_notes=any_of(*_noted(user)), has_open_incident=any_of(_hit(user)))


def having_notes(codes: ReturnCodeQuerySet, user: Person | None, wanted: bool) -> ReturnCodeQuerySet:
    """Keep the codes with `has_notes`, or those without."""
    on_code, on_range = _noted(user)
    noted = Exists(on_code) | Exists(on_range)
    return codes.filter(noted) if wanted else codes.exclude(noted)


def having_open_incident(codes: ReturnCodeQuerySet, user: Person | None, wanted: bool) -> ReturnCodeQuerySet:
    """Keep the codes with `has_open_incident`, or those without."""
    return codes.filter(Exists(_hit(user))) if wanted else codes.exclude(Exists(_hit(user)))


def _noted(user: Person | None) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return the notes on a code that the user may read, and on its ranges.

    What else a note is about does not matter then.
    """
    notes = TroubleshootingNote.objects.meant_for(user).published()
    number = OuterRef("number")
    on_range = notes.filter(ranges__table=OuterRef("table"), ranges__first__lte=number, ranges__last__gte=number)
    return notes.filter(codes=OuterRef("pk")), on_range


def _hit(user: Person | None) -> QuerySet[IncidentLink]:
    """Return the incidents that hit a code and go on."""
    return IncidentLink.objects.visible_to(user).open().filter(codes=OuterRef("pk"))


def find(query: str, user: Person | None, table: CodeTable | None = None, section: Section | None = None) -> CodeAnswer:
    """Answer what a code means: its meanings, or where it would belong and which codes are near.

    At most five queries, and one where it is listed, whatever the size of the tables.
    """
    hits = _hits(query, user, table, section)
    if not hits and (number := text_code.bare(query)):
        hits = [CodeHit(hit.code, "the number alone") for hit in _hits(number, user, table, section)]
    if hits:
        return CodeAnswer(query, _verdict([hit.code for hit in hits]), hits)
    scope = codes_visible_to(user)
    if table is not None:
        scope = scope.filter(table=table)
    if section is not None:
        scope = scope.filter(section=section)
    ranges = CodeRange.objects.visible_to(user).holding(text_code.number(query)).select_related("table")
    if table is not None:
        ranges = ranges.filter(table=table)
    known = list(ranges[:MAX_NEAR])
    verdict = Verdict.IN_KNOWN_RANGE if known else Verdict.UNKNOWN
    near = _near(query, scope)
    begun = _begun(query, scope, MAX_BEGUN) if _may_be_a_part(query) else []
    apart = {offered.code.pk for offered in near}
    return CodeAnswer(query, verdict, [], known, near, [code for code in begun if code.pk not in apart])


def neighbours(code: ReturnCode, user: Person | None) -> list[ReturnCode]:
    """Return the codes just below and above a number, in order: in its narrowest range, or without one in its table.

    [] for a code without a number.
    """
    if code.number is None:
        return []
    same = codes_visible_to(user).filter(table=code.table_id).exclude(number=code.number)
    block = CodeRange.objects.visible_to(user).filter(table=code.table_id).holding(code.number).first()
    if block is not None:
        same = same.filter(number__range=(block.first, block.last))
    below = same.filter(number__lt=code.number).order_by("-number", "id")[:MAX_NEIGHBOURS]
    above = same.filter(number__gt=code.number).order_by("number", "id")[:MAX_NEIGHBOURS]
    return [*reversed(below), *above]


def beginning_with(text: str, user: Person | None, limit: int = MAX_BEGUN) -> list[ReturnCode]:
    """Return codes that begin as somebody types, the shortest first: the code itself, where it is one."""
    return _begun(text, codes_visible_to(user), limit)


def begun(codes: ReturnCodeQuerySet, text: str) -> ReturnCodeQuerySet:
    """Keep the codes that begin as a text does; of a hexadecimal one as it is written, which no index has."""
    if not text_code.readings(text):
        return codes.none()
    if text_code.identity(text).startswith("0X"):
        return codes.filter(code__istartswith=text)
    return codes.beginning_with(text_code.canonical(text))


def _hits(query: str, user: Person | None, table: CodeTable | None, section: Section | None) -> list[CodeHit]:
    how = {reading.canonical: reading.how for reading in text_code.readings(query)}
    if not how:
        return []

    def build(*values: Any) -> QuerySet[ReturnCode]:
        codes = codes_visible_to(user).filter(canonical__in=values[: len(how)])
        if table is not None:
            # Plus nothing: otherwise SQLite walks the index of the table's 100,000 codes, not the code's own.
            codes = codes.alias(of=F("table_id") + 0).filter(of=values[len(how)])
        if section is not None:
            codes = codes.filter(section=values[-1])
        ordered = codes.order_by("table_id", "section__position", "position", "id")
        return ordered.annotate(has_notes=any_of(*_noted(user)))[:MAX_HITS]

    scopes = [scope.pk for scope in (table, section) if scope is not None]
    key = ("hits", reader(user), len(how), table is None, section is None)
    found = rows(key, build, [*how, *scopes])
    return meant_by(query, found)


def meant_by(query: str, found: Iterable[ReturnCode]) -> list[CodeHit]:
    """Return the codes, of those found in the vendor's order, that a query may mean: the likeliest reading first."""
    how = {reading.canonical: reading.how for reading in text_code.readings(query)}
    asked, order = text_code.identity(query), list(how)
    meant = [code for code in found if code.canonical in how]
    ranked = sorted(meant, key=lambda code: (code.identity != asked, order.index(code.canonical)))
    return [CodeHit(code, _how(code, asked, how[code.canonical])) for code in ranked]


def _how(code: ReturnCode, asked: str, reading: str) -> str:
    if code.identity == asked or reading != "as written":
        return "as written" if code.identity == asked else reading
    return "hexadecimal" if code.identity.startswith("0X") else "leading zeros aside"


def _may_be_a_part(query: str) -> bool:
    """Whether a query without a hit may be how a code begins: one word with a digit, of three characters or more."""
    return len(query) >= MIN_BEGINNING and " " not in query and any(c.isdigit() for c in query)


def _begun(text: str, scope: ReturnCodeQuerySet, limit: int) -> list[ReturnCode]:
    # What a part of a hexadecimal number comes to is not how the whole one begins.
    if not text_code.readings(text) or text_code.identity(text).startswith("0X"):
        return []
    # The index's own order, so that a single digit costs no more than a whole code; then the shortest of those.
    found = scope.beginning_with(text_code.canonical(text)).order_by("canonical", "id")[: 4 * limit]
    ranked = sorted(found, key=lambda code: (len(code.canonical), code.is_retired, code.table_id, code.position))
    return ranked[:limit]


def _near(query: str, scope: QuerySet[ReturnCode]) -> list[NearCode]:
    variants = text_code.one_edit_variants(query)
    if not variants:
        return []
    # Plus nothing: otherwise PostgreSQL walks the natural order of all codes until it has met enough of them.
    ordered = scope.filter(canonical__in=variants).order_by(Concat("sort_key", Value("")), "id")
    codes = ordered[:MAX_NEAR]
    return [NearCode(code, text_code.difference(query, code.code)) for code in codes]


def _verdict(codes: Sequence[Any]) -> Verdict:
    live = [code for code in codes if not code.is_retired]
    if not live:
        return Verdict.RETIRED
    return Verdict.FOUND if any(code.has_notes for code in live) else Verdict.KNOWN_WITHOUT_NOTE
