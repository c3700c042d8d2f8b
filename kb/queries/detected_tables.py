"""The tables of detected codes: whose code it is where several tables have it, and how likely it is one at all."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from kb.models import CodeTable, ReturnCode
from kb.text.codes import forms as text_code
from kb.text.detection.confidence import CLASS, FEW_DIGITS, UNSAID, WHY, words_around, words_of
from kb.text.detection.judgement import CandidateKind, CodeMatch, usefulness, with_causes
from kb.text.detection.short import are_a_pair
from kb.text.detection.signs import has_trouble, is_count, is_object, is_one_of_many, is_one_thing
from kb.text.detection.tables import TableClues

Meanings = tuple[ReturnCode, ...]
"""The codes that one text may stand for, the likeliest first."""

SUPPORTED = 0.6
"""Confidence in a number for which something beside it speaks, and nothing that names it."""

_OF_ITS_FAMILY = 20
"""What a table of HTTP statuses gains for an HTTP status: more than any word near it."""

_PHRASE = WHY[CandidateKind.PHRASE]
_PART = re.compile(r"[A-Z]{1,3}[0-9]{1,6}\Z")
"""A code in the form that numbers of parts and rooms have, too: E15."""

_LONG = 5
"""Few numbers of so many digits are codes by accident."""

_OBJECT = "It stands where the name of an error may stand, on a line about a failure or its product."
_PAIR = "Another code of its table stands beside it."
_BESIDE = "Words of its product stand on its line."


def with_tables(text: str, matches: Sequence[CodeMatch[Meanings]]) -> list[CodeMatch[Meanings]]:
    """Return the matches, each with the meanings first whose tables the words near it name.

    A code right behind the name of another vendor is less likely ours.
    """
    tables = {code.table_id: code.table for match in matches for code in match.id}
    if len(tables) == 1 and not any(_is_short(match) or match.why.startswith((UNSAID, _PHRASE)) for match in matches):
        return list(matches)
    own = dict(CodeTable.objects.filter(pk__in=tables).exclude(context_words="").values_list("pk", "context_words"))
    clues = TableClues(text, {pk: table.names for pk, table in tables.items()}, own)
    # Codes that one table alone has tell whose the others are.
    alone = {match.id[0].table_id for match in matches if match.is_likely and len({c.table_id for c in match.id}) == 1}
    results = [_with_table(text, match, clues, alone) for match in matches]
    results = _with_pairs(text, results)
    if any(one.is_likely and not match.is_likely for one, match in zip(results, matches, strict=True)):
        results = with_causes(text, results)
    return sorted(results, key=usefulness)


def _with_pairs(text: str, matches: Sequence[CodeMatch[Meanings]]) -> list[CodeMatch[Meanings]]:
    """Return the matches, likely where "and" or "then" stands between two codes of one table: hardly by accident."""
    doubtful = [match for match in matches if match.why == UNSAID and not match.is_likely]
    places = sorted((span, n) for n, match in enumerate(doubtful) for span in match.spans)
    pairs = set[str]()
    for (one, n), (other, m) in pairwise(places):
        tables = {code.table_id for code in doubtful[n].id} & {code.table_id for code in doubtful[m].id}
        if n != m and tables and are_a_pair(text, one, other):
            pairs |= {doubtful[n].canonical, doubtful[m].canonical}
    return [replace(match, confidence=SUPPORTED, why=_PAIR) if match.canonical in pairs else match for match in matches]


def without_noise(text: str, matches: Sequence[CodeMatch[Meanings]]) -> list[CodeMatch[Meanings]]:
    """Return the matches without possible codes so unlikely that they would only bury the others."""
    likely = {code.table_id for match in matches if match.is_likely for code in match.id}
    return [match for match in matches if not _is_weak(match) or not _is_noise(text, match, likely)]


def _is_weak(match: CodeMatch[Meanings]) -> bool:
    """Whether a match is no code unless the words near it name its product."""
    return not match.is_likely and match.why.startswith((UNSAID, CLASS, _PHRASE))


def _is_noise(text: str, match: CodeMatch[Meanings], likely: Collection[int]) -> bool:
    if match.why.startswith(CLASS):
        return match.id[0].table_id in likely
    if not match.why.startswith(UNSAID) or len(match.written) <= FEW_DIGITS:
        return True
    return all(
        is_count(text, span[1]) or (is_one_of_many(text, *span) and not has_trouble(text, *span))
        for span in match.spans
    )


def _with_table(
    text: str, match: CodeMatch[Meanings], clues: TableClues, alone: Collection[int]
) -> CodeMatch[Meanings]:
    meanings = _in_order_of_tables(text, match, clues, alone)
    confidence, why = _by_names(text, match, clues, meanings[0].table_id)
    if (confidence, why) == (match.confidence, match.why) and meanings == match.id:
        return match
    return replace(match, id=meanings, confidence=confidence, why=why)


def _in_order_of_tables(
    text: str, match: CodeMatch[Meanings], clues: TableClues, alone: Collection[int]
) -> tuple[ReturnCode, ...]:
    """Return the meanings of a match, first those whose tables the words near it name."""
    of = {code.table_id for code in match.id}
    if len(of) == 1:
        return match.id
    written = text_code.identity(match.written)
    is_http = match.why.startswith(WHY[CandidateKind.HTTP])
    scores = {
        table: 2 * clues.score(table, match.spans, text)
        + (table in alone)
        + (_OF_ITS_FAMILY if is_http and "http" in clues.families[table] else 0)
        for table in of
    }
    line = words_around(text, *match.spans[0])
    return tuple(
        sorted(
            match.id,
            key=lambda code: (
                code.is_retired,
                -scores[code.table_id],
                code.identity != written,
                -len(line & words_of(code.description)),
            ),
        )
    )


def _by_names(text: str, match: CodeMatch[Meanings], clues: TableClues, first: int) -> tuple[float, str]:
    """Return the confidence of a match, whose likeliest table is `first`, and the reason, with the names near it."""
    of, spans, why = {code.table_id for code in match.id}, match.spans, match.why
    may_be_foreign = (_is_short(match) or why.startswith(_PHRASE)) and match.is_likely
    if may_be_foreign and clues.are_foreign(of, spans, text):
        return 0.4, f"{why} The words before it name another vendor."
    if why.startswith(_PHRASE):
        return (max(match.confidence, 0.7) if clues.is_near(first, spans, text) else match.confidence), why
    if why == UNSAID and match.written.isdigit() and len(match.written) <= FEW_DIGITS:
        return (SUPPORTED, _BESIDE) if clues.is_named_beside(first, spans, text) else (match.confidence, why)
    is_near = why == UNSAID and not match.written.isdigit() and clues.is_near(first, spans, text)
    if is_near and (not _PART.match(match.written) or any(has_trouble(text, *span) for span in spans)):
        return SUPPORTED, _BESIDE
    if why == UNSAID and clues.is_named_before(first, spans[0], text):
        return 0.7, "The name of its product stands before it."
    is_told = why == UNSAID and len(match.written) >= _LONG and any(is_object(text, *span) for span in spans)
    if is_told and (
        clues.is_near(first, spans, text) or any(has_trouble(text, *s) or is_one_thing(text, s[0]) for s in spans)
    ):
        return SUPPORTED, _OBJECT
    if why.startswith(UNSAID) and clues.are_named(of, spans, text):
        return SUPPORTED, "A context word of its table stands before it."
    return match.confidence, why


def _is_short(match: CodeMatch[Meanings]) -> bool:
    return match.written.isdigit() and len(match.written) <= 5
