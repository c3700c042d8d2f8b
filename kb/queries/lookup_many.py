"""Verdicts on many codes at once, for programs: in a number of queries that does not grow with them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F

from kb.models import Audience, CodeRange, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.sql import MAX_VALUES, batches
from kb.models.visibility import Person
from kb.queries.lookup import MAX_HITS, CodeHit, Verdict, codes_visible_to, meant_by
from kb.text.codes import forms as text_code

_MAX_RANGES = 6


@dataclass(frozen=True)
class CodeMeaning:
    """One code, how it was come by, what it is worth, and the note to work with first."""

    code: ReturnCode
    how: str
    verdict: Verdict
    note: TroubleshootingNote | None
    open_incidents: Sequence[IncidentLink] = ()

    @property
    def confidence(self) -> str | None:
        """How far the note is to be trusted: its KCS level; None where there is none."""
        return self.note.state if self.note else None

    @property
    def audience(self) -> str:
        """For whom all of it is meant: internal if a part is."""
        parts = {self.code.table.audience, *(incident.audience for incident in self.open_incidents)}
        parts |= {self.note.audience} if self.note else set()
        return Audience.INTERNAL if Audience.INTERNAL in parts else Audience.PUBLIC


@dataclass(frozen=True)
class CodeVerdict:
    """What somebody wrote, and the verdict on it."""

    query: str
    verdict: Verdict
    meanings: list[CodeMeaning] = field(default_factory=list)
    ranges: list[CodeRange] = field(default_factory=list)


Notes = dict[int, TroubleshootingNote]


@dataclass(frozen=True)
class Surroundings:
    """What stands beside some codes, by code: the note to work with first, and the incidents that go on."""

    notes: Notes
    incidents: dict[int, list[IncidentLink]]


def look_up(queries: Sequence[str], user: Person | None, table: int | None = None) -> list[CodeVerdict]:
    """Return the verdicts on codes as they are written, in the same order."""
    written = {query: [query, *filter(None, [text_code.bare(query)])] for query in queries}
    forms = {one.canonical for ways in written.values() for way in ways for one in text_code.readings(way)}
    known = _known(forms, user, table)
    hits = {query: _hits(ways, known) for query, ways in written.items()}
    known_of = surroundings([hit.code for found in hits.values() for hit in found], user)
    blocks = _blocks(user, table) if not all(hits.values()) else []
    made = {query: _judged(query, found, known_of, blocks) for query, found in hits.items()}
    return [made[query] for query in queries]


def meaning(code: ReturnCode, how: str, known: Surroundings) -> CodeMeaning:
    """Return what a code is worth, given what stands beside it and others."""
    note, incidents = known.notes.get(code.pk), known.incidents.get(code.pk, ())
    if code.is_retired:
        return CodeMeaning(code, how, Verdict.RETIRED, note, incidents)
    return CodeMeaning(code, how, Verdict.FOUND if note else Verdict.KNOWN_WITHOUT_NOTE, note, incidents)


def overall(meanings: Sequence[CodeMeaning]) -> Verdict:
    """Return the one verdict on all meanings of a code: the best of them."""
    found = {one.verdict for one in meanings}
    return next(one for one in (Verdict.FOUND, Verdict.KNOWN_WITHOUT_NOTE, Verdict.RETIRED) if one in found)


def surroundings(codes: Iterable[ReturnCode], user: Person | None) -> Surroundings:
    """Return what a reader may see beside codes."""
    given = list(codes)
    return Surroundings(first_notes(given, user), _open_incidents([code.pk for code in given], user))


def _open_incidents(ids: Sequence[int], user: Person | None) -> dict[int, list[IncidentLink]]:
    incidents: Any = IncidentLink.objects.visible_to(user).open().open_first().defer("impact", "workaround")
    found: dict[int, list[IncidentLink]] = {}
    for batch in batches(ids, MAX_VALUES):
        for incident in incidents.filter(codes__in=batch).annotate(on=F("codes")):
            found.setdefault(incident.on, []).append(incident)
    return found


def first_notes(codes: Iterable[ReturnCode], user: Person | None) -> Notes:
    """Return the published note that the card of each code shows first: on the code itself, or on a range around it."""
    by_id = {code.pk: code for code in codes}
    notes: Any = (
        TroubleshootingNote.objects.visible_to(user).published().defer("issue", "environment", "cause", "resolution")
    )
    # Read from the worst on, so that the best stays.
    notes = notes.order_by("state", "updated_at", "id")
    found = _on_ranges(by_id.values(), notes)
    for batch in batches(by_id, MAX_VALUES):
        for note in notes.filter(codes__in=batch).annotate(on=F("codes")):
            found[note.on] = note
    return found


def _on_ranges(codes: Collection[ReturnCode], notes: Any) -> Notes:
    numbered = [code for code in codes if code.number is not None]
    if not numbered:
        return {}
    tables = {code.table_id for code in numbered}
    on_range = notes.filter(ranges__table__in=tables).annotate(
        table=F("ranges__table"), first=F("ranges__first"), last=F("ranges__last")
    )
    by_width = sorted(on_range, key=lambda note: note.first - note.last)
    return {
        code.pk: note
        for note in by_width
        for code in numbered
        if code.table_id == note.table and note.first <= (code.number or 0) <= note.last
    }


def _known(forms: Collection[str], user: Person | None, table: int | None) -> dict[str, list[ReturnCode]]:
    scope = codes_visible_to(user).without_long_texts()
    if table is not None:
        # Plus nothing: otherwise SQLite walks the index of the table's 100,000 codes, not the code's own.
        scope = scope.alias(of=F("table_id") + 0).filter(of=table)
    found: dict[str, list[ReturnCode]] = {}
    for batch in batches(sorted(forms), MAX_VALUES):
        for code in scope.filter(canonical__in=batch):
            found.setdefault(code.canonical, []).append(code)
    return found


def _hits(ways: Sequence[str], known: dict[str, list[ReturnCode]]) -> list[CodeHit]:
    """Return what somebody meant who wrote the first of two: the second is the number in it, a last resort."""
    hits = _meant(ways[0], known)
    return hits or [CodeHit(hit.code, "the number alone") for way in ways[1:] for hit in _meant(way, known)]


def _meant(query: str, known: dict[str, list[ReturnCode]]) -> list[CodeHit]:
    found = [code for reading in text_code.readings(query) for code in known.get(reading.canonical, [])]
    found.sort(key=lambda code: (code.table_id, code.section.position, code.position, code.pk))
    return meant_by(query, found[:MAX_HITS])


def _blocks(user: Person | None, table: int | None) -> list[CodeRange]:
    ranges = CodeRange.objects.visible_to(user).select_related("table")
    if table is not None:
        ranges = ranges.filter(table=table)
    return sorted(ranges, key=lambda block: (block.last - block.first, block.pk))


def _judged(query: str, hits: Sequence[CodeHit], known: Surroundings, blocks: Sequence[CodeRange]) -> CodeVerdict:
    if hits:
        meanings = [meaning(hit.code, hit.how, known) for hit in hits]
        return CodeVerdict(query, overall(meanings), meanings)
    number = text_code.number(query)
    around = [block for block in blocks if number is not None and block.first <= number <= block.last][:_MAX_RANGES]
    return CodeVerdict(query, Verdict.IN_KNOWN_RANGE if around else Verdict.UNKNOWN, [], around)
