"""Verdicts on many codes at once, for programs. The number of queries does not grow with the codes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from kb.models import Audience, CodeRange, ReturnCode
from kb.models.code_rows import codes_by_form, codes_by_symbol
from kb.models.visibility import Person
from kb.queries.code_parts import CodeAnatomy, CodeText, anatomies
from kb.queries.lookup import MAX_HITS, CodeHit, Verdict, hits_of, typed_hits_of
from kb.queries.near_codes import MAX_TEXTS, near_codes
from kb.queries.surroundings import FirstNote, Surroundings, surroundings
from kb.text.codes import forms as text_code
from kb.text.detection import spellings as text_spellings

CodesByKey = Mapping[str, Sequence[ReturnCode]]
_MAX_RANGES = 6
_BEST_FIRST = (Verdict.FOUND, Verdict.KNOWN_WITHOUT_NOTE, Verdict.RETIRED)


class CodeMeaning(NamedTuple):
    """One code, how the query was read for it, its verdict, and what is known of it."""

    code: ReturnCode
    how: str
    verdict: Verdict
    note: FirstNote | None
    """The note to work with first."""
    row: bytes
    """The code as JSON: see `kb.answers.complete`."""
    card: Mapping[str, Any]
    """The lists of its card. Addresses are without the site's."""

    @property
    def confidence(self) -> str | None:
        """The confidence in the note: its KCS level; None without a note."""
        return self.note.state if self.note else None

    def audience(self, lists: Iterable[str] = ()) -> str:
        """Return the audience of an answer with these lists of the card: internal if any part is internal."""
        shown = [item for name in {"open_incidents", *lists} for item in self.card[name]]
        parts = [self.code.table.audience, *(item["audience"] for item in shown)]
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
    anatomy: CodeAnatomy | None = None
    near: Sequence[ReturnCode] | None = ()
    """For an unknown code: those near it; None if nobody looked for them."""


def look_up(queries: Sequence[str], user: Person | None, table: int | None = None) -> list[CodeVerdict]:
    """Return the verdicts on queries, in the same order."""
    forms = {query: [reading.canonical for reading in text_code.readings(query)] for query in queries}
    codes = codes_by_form({form for of in forms.values() for form in of}, user, table)
    hits_by_query = {query: hits_of(query, _of(codes, of)) for query, of in forms.items()}
    if not all(hits_by_query.values()):
        hits_by_query |= _typed_hits([query for query, hits in hits_by_query.items() if not hits], user, table)
    context = surroundings([hit.code for hits in hits_by_query.values() for hit in hits], user)
    blocks = _blocks(user, table) if not all(hits_by_query.values()) else []
    verdicts = {query: _verdict_on(query, hits, context, blocks) for query, hits in hits_by_query.items()}
    whole = with_near(with_anatomies([*verdicts.values()], user), user, table)
    by_query = dict(zip(verdicts, whole, strict=True))
    return [by_query[query] for query in queries]


def with_anatomies(verdicts: Sequence[CodeVerdict], user: Person | None) -> list[CodeVerdict]:
    """Return the verdicts with the parts of their codes."""
    parts = anatomies([_text_of(verdict) for verdict in verdicts], user)
    return [verdict._replace(anatomy=anatomy) for verdict, anatomy in zip(verdicts, parts, strict=True)]


def with_near(verdicts: Sequence[CodeVerdict], user: Person | None, table: int | None = None) -> list[CodeVerdict]:
    """Return the verdicts with the codes near unknown ones. They are looked for beside the first of these only."""
    unknown = [verdict.query for verdict in verdicts if not verdict.meanings]
    near = near_codes({query: text_spellings.subject(query) for query in unknown[:MAX_TEXTS]}, user, table)
    return [one if one.meanings else one._replace(near=near.get(one.query)) for one in verdicts]


def meanings(codes: Iterable[tuple[ReturnCode, str]], context: Surroundings) -> list[CodeMeaning]:
    """Return the meanings of codes, and how the query was read for each. `context` lacks what is deleted meanwhile."""
    return [_meaning(code, how, context) for code, how in codes if code.pk in context.rows]


def _meaning(code: ReturnCode, how: str, context: Surroundings) -> CodeMeaning:
    note = context.notes.get(code.pk)
    verdict = Verdict.RETIRED if code.is_retired else Verdict.FOUND if note else Verdict.KNOWN_WITHOUT_NOTE
    return CodeMeaning(code, how, verdict, note, context.rows[code.pk], context.card(code.pk))


def overall(meanings: Collection[CodeMeaning]) -> Verdict:
    """Return the verdict on all meanings of a query: the best of theirs."""
    verdicts = [one.verdict for one in meanings]
    return next((verdict for verdict in _BEST_FIRST if verdict in verdicts), Verdict.UNKNOWN)


def _text_of(verdict: CodeVerdict) -> CodeText:
    """Return the code to take apart: the likeliest meaning, or what was typed."""
    if verdict.meanings:
        code = verdict.meanings[0].code
        return CodeText(code.code, code.table)
    return CodeText(text_spellings.subject(verdict.query), None, verdict.query)


def _typed_hits(queries: Sequence[str], user: Person | None, table: int | None) -> dict[str, list[CodeHit]]:
    """Return the codes that queries mean if they are no codes as they stand. At most two queries for all of them."""
    typed_forms = {query: text_spellings.forms_of(query) for query in queries}
    forms = {form for of, _ in typed_forms.values() for form in of}
    names = {name for _, of in typed_forms.values() for name in of}
    codes = codes_by_form(forms, user, table) if forms else {}
    by_symbol = codes_by_symbol(names, user, table) if names else {}
    return {
        query: typed_hits_of(query, _of(codes, of, _of(by_symbol, symbols))) if of or symbols else []
        for query, (of, symbols) in typed_forms.items()
    }


def _of(codes: CodesByKey, keys: Sequence[str], more: Sequence[ReturnCode] = ()) -> list[ReturnCode]:
    """Return the codes with these keys, and more codes, in the vendor's order; as many as a look-up of one returns."""
    matches = list({code.pk: code for code in [*more, *(code for key in keys for code in codes.get(key, ()))]}.values())
    if len(matches) > 1:
        matches.sort(key=lambda code: (code.table_id, code.section.position, code.position, code.pk))
    return matches[:MAX_HITS]


def _blocks(user: Person | None, table: int | None) -> list[CodeRange]:
    ranges = CodeRange.objects.visible_to(user).select_related("table")
    if table is not None:
        ranges = ranges.filter(table=table)
    return sorted(ranges, key=lambda block: (block.last - block.first, block.pk))


def _verdict_on(query: str, hits: Sequence[CodeHit], context: Surroundings, blocks: Sequence[CodeRange]) -> CodeVerdict:
    if of_codes := meanings(hits, context):
        return CodeVerdict(query, overall(of_codes), of_codes)
    number = text_code.number(text_spellings.subject(query))
    holding = [block for block in blocks if number is not None and block.first <= number <= block.last][:_MAX_RANGES]
    return CodeVerdict(query, Verdict.IN_KNOWN_RANGE if holding else Verdict.UNKNOWN, [], holding)
