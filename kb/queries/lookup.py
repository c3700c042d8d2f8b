"""Look a code up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from kb.models import CodeRange, CodeTable, ReturnCode, Section
from kb.models.code_rows import SOURCE, codes_by_id, codes_where
from kb.models.codes import PUBLISHED, ReturnCodeQuerySet
from kb.models.notes import LIVE, meant_for
from kb.models.sql import marks
from kb.models.visibility import Person, Reader, condition, reader
from kb.queries.near_codes import MAX_NEAR, near_ids
from kb.text.codes import forms as text_code
from kb.text.codes.symbols import symbol_names
from kb.text.detection import spellings as text_spellings

MAX_HITS = 100
"""Most meanings of one code. Real tables reach 11."""

MAX_NEIGHBOURS = 3
MAX_BEGUN = 20
_NAME = 5
"""Least letters of the beginning of a product's name that counts as the name: postgres for PostgreSQL."""

_LONG = 400
"""Most characters of a description that are compared with the words beside a code."""

BY_SYMBOL = "by its symbol"
MIN_BEGINNING = 3

_BOUND = (
    "COALESCE((SELECT r.{} FROM kb_coderange AS r WHERE r.table_id = %s AND r.first <= %s AND r.last >= %s"
    " ORDER BY r.last - r.first, r.id LIMIT 1), %s)"
)
"""The first or last number of the narrowest range around a number of a table, or a number."""

_NEIGHBOURS = (
    "c.id IN (SELECT id FROM (SELECT id, number FROM kb_returncode AS c WHERE table_id = %s AND sort_key < %s"  # noqa: S608
    f" AND {PUBLISHED} ORDER BY sort_key DESC, id LIMIT {MAX_NEIGHBOURS}) AS below"
    f" WHERE number >= {_BOUND.format('first')}"
    " UNION ALL SELECT id FROM (SELECT id, number FROM kb_returncode AS c WHERE table_id = %s AND sort_key > %s"
    f" AND sort_key < '{text_code.NO_NUMBER}' AND {PUBLISHED} ORDER BY sort_key, id LIMIT {MAX_NEIGHBOURS}) AS above"
    f" WHERE number <= {_BOUND.format('last')})"
)
"""The nearest codes with a number on both sides. Sort keys have an index, and are in the order of the numbers."""


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


def find_code(
    query: str,
    user: Person | None,
    table: CodeTable | None = None,
    section: Section | None = None,
    is_typed: bool = True,
) -> CodeAnswer:
    """Look a code up: its meanings, or the ranges where it would belong and the codes near it.

    What a person typed may have signs and words around the code; an address has the code alone.

    One query for a listed code and at most five for others, whatever the size of the tables.
    """
    hits = _hits(query, user, table, section)
    if not hits and is_typed:
        hits = _typed_hits(query, user, table, section)
    if hits:
        return CodeAnswer(query, _verdict([hit.code for hit in hits]), hits)
    subject = text_spellings.subject(query)
    holding = _holding(subject, user, table)
    verdict = Verdict.IN_KNOWN_RANGE if holding else Verdict.UNKNOWN
    near = _near(subject, user, table, section)
    place, places = _place(table, section)
    completions = _completions(query, user, place, places, MAX_BEGUN) if _may_be_beginning(query) else []
    near_ids = {candidate.code.pk for candidate in near}
    return CodeAnswer(query, verdict, [], holding, near, [code for code in completions if code.pk not in near_ids])


def was_never_listed(spelling: str, table: CodeTable) -> bool:
    """Whether a table has a code only from imports that were rolled back: somebody may have kept its address."""
    return ReturnCode.objects.filter(table=table).matching(spelling).exclude(tombstone=None).exists()


def neighbours(code: ReturnCode, user: Person | None) -> list[ReturnCode]:
    """Return the codes just below and above a code, in order: in its narrowest range, or in its table.

    [] for a code without a number.
    """
    number = code.number
    if number is None:
        return []
    place = (code.table_id, code.sort_key, code.table_id, number, number)
    below, above = (*place, -text_code.MAX_NUMBER - 1), (*place, text_code.MAX_NUMBER)
    found = codes_where(_NEIGHBOURS, [*below, *above], user, is_brief=True)
    keys = {near.pk: (near.number or 0, near.pk if (near.number or 0) > number else -near.pk) for near in found}
    return sorted(found, key=lambda near: keys[near.pk])


def beginning_with(text: str, user: Person | None, limit: int = MAX_BEGUN) -> list[ReturnCode]:
    """Return codes that begin with a text, shortest first; or the codes that it means with other signs or words."""
    begun = _completions(text, user, "", [], limit)
    if begun:
        return begun
    whole = _hits(text, user, None, None) if len(text_code.readings(text)) > 1 else []
    return [hit.code for hit in (whole or _typed_hits(text, user, None, None))[:limit]]


def codes_beginning_with(codes: ReturnCodeQuerySet, text: str) -> ReturnCodeQuerySet:
    """Keep the codes that begin with a text. Hexadecimal codes are compared by spelling, without an index."""
    if not text_code.readings(text):
        return codes.none()
    if text_code.identity(text).startswith("0X"):
        return codes.filter(code__istartswith=text)
    return codes.beginning_with(text_code.canonical(text))


def _hits(query: str, user: Person | None, table: CodeTable | None, section: Section | None) -> list[CodeHit]:
    readings = [reading.canonical for reading in text_code.readings(query)]
    if not readings:
        return []
    place, places = _place(table, section)
    ending = f"ORDER BY c.table_id, s.position, c.position, c.id LIMIT {MAX_HITS}"
    where = f"c.canonical IN ({marks(readings)}){place}"
    return hits_of(query, codes_where(where, [*readings, *places], user, ending, _has_notes(reader(user))))


def _typed_hits(query: str, user: Person | None, table: CodeTable | None, section: Section | None) -> list[CodeHit]:
    """Return the codes that a text with other signs or words may mean, or a symbol. No query for words alone."""
    forms, names = text_spellings.forms_of(query)
    if not forms and not names:
        return []
    place, places = _place(table, section)
    by_symbol = f"SELECT id FROM kb_returncode WHERE symbol > '' AND UPPER(symbol) IN ({marks(names)})"  # noqa: S608
    ways = [f"SELECT id FROM kb_returncode WHERE canonical IN ({marks(forms)})"] if forms else []  # noqa: S608
    ways += [by_symbol] if names else []
    ending = f"ORDER BY c.table_id, s.position, c.position, c.id LIMIT {MAX_HITS}"
    where = f"c.id IN ({' UNION ALL '.join(ways)}){place}"
    return typed_hits_of(query, codes_where(where, [*forms, *names, *places], user, ending, _has_notes(reader(user))))


def _place(table: CodeTable | None, section: Section | None) -> tuple[str, list[int]]:
    """Return the condition that keeps the codes of a table and section, and its parameters."""
    # `+ 0` keeps SQLite from using the index of the table or section, which may have 100,000 codes.
    places = {"table_id": table, "section_id": section}
    chosen = {column: place.pk for column, place in places.items() if place is not None}
    return "".join(f" AND c.{column} + 0 = %s" for column in chosen), [*chosen.values()]


def _has_notes(level: Reader) -> str:
    """Return the column `has_notes` of `with_flags` in SQL."""
    note = "JOIN kb_troubleshootingnote AS n ON n.id = l.troubleshootingnote_id"
    shown = f"n.state IN ('{LIVE[0]}', '{LIVE[1]}') AND {meant_for(level)}"
    on_code = f"SELECT TRUE FROM kb_troubleshootingnote_codes AS l {note} WHERE l.returncode_id = c.id"  # noqa: S608
    on_range = (
        "SELECT TRUE FROM kb_coderange AS r JOIN kb_troubleshootingnote_ranges AS l ON l.coderange_id = r.id"  # noqa: S608
        f" {note} WHERE r.table_id = c.table_id AND r.first <= c.number AND r.last >= c.number"
    )
    return f", COALESCE(({on_code} AND {shown} LIMIT 1), ({on_range} AND {shown} LIMIT 1), FALSE) AS has_notes"


def hits_of(query: str, codes: Iterable[ReturnCode]) -> list[CodeHit]:
    """Return the codes that a query may mean, likeliest reading first. `codes` are in the vendor's order."""
    readings = {reading.canonical: reading.how for reading in text_code.readings(query)}
    identity, order = text_code.identity(query), list(readings)
    matches = [code for code in codes if code.canonical in readings]
    matches.sort(key=lambda code: (code.identity != identity, order.index(code.canonical)))
    return [CodeHit(code, _how(code, identity, readings[code.canonical])) for code in matches]


def typed_hits_of(query: str, codes: Sequence[ReturnCode]) -> list[CodeHit]:
    """Return the codes that a text with other signs or words may mean, those of tables that it names first."""
    spellings = [text_spellings.Spelling(query, BY_SYMBOL, 0), *text_spellings.spellings(query)]
    for rank in sorted({one.rank for one in spellings}):
        hits: dict[int, CodeHit] = {}
        for spelling in (one for one in spellings if one.rank == rank):
            for hit in _hits_in_order(spelling, codes):
                hits.setdefault(hit.code.pk, hit)
        if hits:
            named = text_spellings.words(query) | ({"http"} if "http" in query.lower() else frozenset[str]())
            return sorted(hits.values(), key=lambda hit: _distance(named, hit))
    return []


def _hits_in_order(spelling: text_spellings.Spelling, codes: Sequence[ReturnCode]) -> list[CodeHit]:
    hits = [
        CodeHit(hit.code, spelling.how if hit.how == "as written" else hit.how)
        for hit in hits_of(spelling.text, codes)
        if spelling.how != BY_SYMBOL
    ]
    names = symbol_names(spelling.text)
    by_symbol = [code for code in codes if code.symbol and code.symbol.upper() in names]
    by_symbol.sort(key=lambda code: names.index(code.symbol.upper()))
    return hits + [CodeHit(code, BY_SYMBOL) for code in by_symbol]


def _distance(named: frozenset[str], hit: CodeHit) -> tuple[bool, int]:
    """Return the key that puts codes first whose table, or else whose description, has the words beside a code."""
    if hit.how == BY_SYMBOL:
        return False, 0
    table = _table_words(hit.code.table)
    is_named = any(word in table or (len(word) >= _NAME and _begins(word, table)) for word in named)
    return not is_named, -len(named & text_spellings.words(hit.code.description[:_LONG]))


def _begins(word: str, names: frozenset[str]) -> bool:
    return any(name.startswith(word) for name in names)


def _table_words(table: CodeTable) -> frozenset[str]:
    names = f"{table.vendor} {table.product} {table.slug}"
    return text_spellings.words(names) | ({"http"} if "http" in names.lower() else frozenset[str]())


def _how(code: ReturnCode, identity: str, reading: str) -> str:
    if code.identity == identity or reading != "as written":
        return "as written" if code.identity == identity else reading
    if code.identity.startswith("0X"):
        return "hexadecimal"
    return "decimal" if identity.startswith("0X") else "leading zeros aside"


def _may_be_beginning(query: str) -> bool:
    """Whether a query may be the beginning of a code: one word with a digit, of three characters or more."""
    return len(query) >= MIN_BEGINNING and " " not in query and any(c.isdigit() for c in query)


def _completions(text: str, user: Person | None, place: str, places: Sequence[int], limit: int) -> list[ReturnCode]:
    # Skip hexadecimal numbers: the value of the first digits is not the beginning of the whole value.
    if not text_code.readings(text) or text_code.identity(text).startswith("0X"):
        return []
    canonical = text_code.canonical(text)
    # Read in the order of the index, so that one digit costs no more than a whole code. Then put short codes first.
    where = (
        f"c.id IN (SELECT c.id FROM {SOURCE} WHERE c.canonical >= %s AND c.canonical < %s{place}"  # noqa: S608
        f" AND {condition(reader(user), 't.audience')} AND {PUBLISHED} ORDER BY c.canonical, c.id LIMIT {4 * limit})"
    )
    order = "length(c.canonical), c.retired_at IS NOT NULL, c.table_id, c.position, c.canonical, c.id"
    ending = f"ORDER BY {order} LIMIT {limit}"
    return codes_where(where, [canonical, canonical + "\U0010ffff", *places], user, ending, is_brief=True)


def _holding(query: str, user: Person | None, table: CodeTable | None) -> list[CodeRange]:
    number = text_code.number(query)
    if number is None:
        return []
    ranges = CodeRange.objects.visible_to(user).holding(number).select_related("table")
    return list((ranges if table is None else ranges.filter(table=table))[:MAX_NEAR])


def _near(query: str, user: Person | None, table: CodeTable | None, section: Section | None) -> list[NearCode]:
    ids = near_ids(query, reader(user), table, section, MAX_NEAR)
    codes = codes_by_id(ids, user)
    return [NearCode(codes[pk], text_code.difference(query, codes[pk].code)) for pk in ids if pk in codes]


def _verdict(codes: Sequence[Any]) -> Verdict:
    live = [code for code in codes if not code.is_retired]
    if not live:
        return Verdict.RETIRED
    return Verdict.FOUND if any(code.has_notes for code in live) else Verdict.KNOWN_WITHOUT_NOTE
