"""Verdicts on many codes at once, for programs. The number of queries does not grow with the codes."""

from collections.abc import Sequence
from typing import NamedTuple

from kb.models import Audience, CodeRange, ReturnCode
from kb.models.code_rows import codes_by_form
from kb.models.visibility import Person
from kb.queries.lookup import MAX_HITS, CodeHit, Verdict, hits_of
from kb.queries.surroundings import FirstNote, OpenIncident, Surroundings, surroundings
from kb.text.codes import forms as text_code

_MAX_RANGES = 6
_BEST_FIRST = (Verdict.FOUND, Verdict.KNOWN_WITHOUT_NOTE, Verdict.RETIRED)


class CodeMeaning(NamedTuple):
    """One code, how the query was read for it, its verdict, and the note to work with first."""

    code: ReturnCode
    how: str
    verdict: Verdict
    note: FirstNote | None
    open_incidents: Sequence[OpenIncident] = ()

    @property
    def confidence(self) -> str | None:
        """The confidence in the note: its KCS level; None without a note."""
        return self.note.state if self.note else None

    @property
    def audience(self) -> str:
        """The audience of the whole answer: internal if any part is internal."""
        parts = [self.code.table.audience, *(incident.audience for incident in self.open_incidents)]
        return audience_of([*parts, self.note.audience] if self.note else parts)


def audience_of(parts: Sequence[str]) -> str:
    """Return the audience of an answer with parts of these audiences: internal if one of them is."""
    return Audience.INTERNAL.value if Audience.INTERNAL in parts else Audience.PUBLIC.value


class CodeVerdict(NamedTuple):
    """The verdict on one query."""

    query: str
    verdict: Verdict
    meanings: Sequence[CodeMeaning] = ()
    ranges: Sequence[CodeRange] = ()


def look_up(queries: Sequence[str], user: Person | None, table: int | None = None) -> list[CodeVerdict]:
    """Return the verdicts on queries, in the same order."""
    spellings = {query: [query, *filter(None, [text_code.bare(query)])] for query in queries}
    forms = {
        reading.canonical for texts in spellings.values() for text in texts for reading in text_code.readings(text)
    }
    codes = codes_by_form(forms, user, table)
    hits_by_query = {query: _hits(texts, codes) for query, texts in spellings.items()}
    context = surroundings([hit.code for hits in hits_by_query.values() for hit in hits], user)
    blocks = _blocks(user, table) if not all(hits_by_query.values()) else []
    verdicts = {query: _verdict_on(query, hits, context, blocks) for query, hits in hits_by_query.items()}
    return [verdicts[query] for query in queries]


def meaning(code: ReturnCode, how: str, context: Surroundings) -> CodeMeaning:
    """Return the meaning of a code, with its note and incidents from `context`."""
    note, incidents = context.notes.get(code.pk), context.incidents.get(code.pk, ())
    if code.is_retired:
        return CodeMeaning(code, how, Verdict.RETIRED, note, incidents)
    return CodeMeaning(code, how, Verdict.FOUND if note else Verdict.KNOWN_WITHOUT_NOTE, note, incidents)


def overall(meanings: Sequence[CodeMeaning]) -> Verdict:
    """Return the verdict on all meanings of a query: the best of theirs. `meanings` is not empty."""
    verdicts = [one.verdict for one in meanings]
    return next(verdict for verdict in _BEST_FIRST if verdict in verdicts)


def _hits(texts: Sequence[str], codes: dict[str, list[ReturnCode]]) -> list[CodeHit]:
    """Return the codes that the first text may mean. If there are none, try the second text: the bare number in it."""
    hits = _matches(texts[0], codes)
    return hits or [CodeHit(hit.code, "the number alone") for text in texts[1:] for hit in _matches(text, codes)]


def _matches(query: str, codes: dict[str, list[ReturnCode]]) -> list[CodeHit]:
    matches = [code for reading in text_code.readings(query) for code in codes.get(reading.canonical, ())]
    if len(matches) > 1:
        matches.sort(key=lambda code: (code.table_id, code.section.position, code.position, code.pk))
    return hits_of(query, matches[:MAX_HITS])


def _blocks(user: Person | None, table: int | None) -> list[CodeRange]:
    ranges = CodeRange.objects.visible_to(user).select_related("table")
    if table is not None:
        ranges = ranges.filter(table=table)
    return sorted(ranges, key=lambda block: (block.last - block.first, block.pk))


def _verdict_on(query: str, hits: Sequence[CodeHit], context: Surroundings, blocks: Sequence[CodeRange]) -> CodeVerdict:
    if hits:
        meanings = [meaning(hit.code, hit.how, context) for hit in hits]
        return CodeVerdict(query, overall(meanings), meanings)
    number = text_code.number(query)
    holding = [block for block in blocks if number is not None and block.first <= number <= block.last][:_MAX_RANGES]
    return CodeVerdict(query, Verdict.IN_KNOWN_RANGE if holding else Verdict.UNKNOWN, [], holding)
