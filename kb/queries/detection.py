"""Codes in a pasted ticket or log, looked up in the tables that a reader may read.

The text is neither stored nor logged.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from kb.models import CodeRange, CodeTable, ReturnCode
from kb.models.code_rows import codes_by_form, codes_by_symbol
from kb.models.visibility import Person
from kb.queries.code_parts import CodeAnatomy, CodeText, anatomies
from kb.queries.detected_messages import add_messages
from kb.text.codes import forms as text_code
from kb.text.codes.symbols import symbol_words
from kb.text.detection.candidates import SYMBOL
from kb.text.detection.confidence import CLASS, FEW_DIGITS, UNSAID, WHY, words_around, words_of
from kb.text.detection.judgement import (
    CandidateKind,
    CodeMatch,
    Detection,
    UnknownMatch,
    all_canonical_forms,
    candidates,
    judge,
    usefulness,
    with_causes,
)
from kb.text.detection.short import are_a_pair
from kb.text.detection.signs import has_trouble, is_count, is_object, is_one_of_many, is_one_thing
from kb.text.detection.tables import TableClues
from kb.text.safety.mask import mask

MAX_TEXT = 2**20
"""Most bytes of a text, in UTF-8."""

_WORDS = 60
"""Characters before a code that may say to which family it belongs."""

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

Meanings = tuple[ReturnCode, ...]


MAX_QUERY = 2_000
"""Most characters of a look-up that are searched for codes. Use the page for logs for longer texts."""


class TooLong(Exception):
    """The text is too long. The message tells a person by how much."""


@dataclass(frozen=True)
class TextPiece:
    """A piece of the masked text. `mark` is the number of its code; `first` marks the code's first appearance."""

    text: str
    mark: int = 0
    first: bool = False
    unknown: bool = False


@dataclass(frozen=True)
class Report:
    """The codes of a text, and the text with secrets masked.

    The `id` of a code match has all meanings of the code, current ones first.
    """

    codes: list[CodeMatch[Meanings]]
    unknown: list[UnknownMatch]
    masked: str
    read_to_line: int | None
    anatomies: Mapping[str, CodeAnatomy] = field(default_factory=dict)
    """What is known of the parts of the codes, by the code as written."""


def detect(text: str, user: Person | None) -> Report:
    """Return the codes in a text that a user may read, most useful first. Raises TooLong.

    The cost depends on the text, not on the tables. The number of queries grows only beyond 10,000 readings.
    """
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_TEXT:
        raise TooLong(f"This text has {size:,} bytes; the limit is {MAX_TEXT:,}.")
    # What is hidden is no code: a report lists how each code is written.
    masked = mask(text)
    plain = text_code.without_percent_signs(text_code.ascii_digits(masked))
    places = candidates(plain)
    meanings = _meanings(all_canonical_forms(places), user)
    blocks = list(CodeRange.objects.visible_to(user).values_list("first", "last", "pk"))
    detection: Detection[Meanings] = judge(plain, places, meanings, blocks, _words_of_first)
    codes, stop = add_messages(masked, _with_tables(plain, detection.codes), detection.unknown, user)
    codes = _without_noise(plain, codes)
    parts = _anatomies(plain, codes, detection.unknown, user)
    last = _last_line(masked, detection.read_to_line, stop)
    return Report(codes, _with_ranges(detection.unknown), masked, last, parts)


def _words_of_first(codes: Meanings) -> str:
    """Return what the first meaning of a code says: its description, else the words of its symbol."""
    return codes[0].description or symbol_words(codes[0].symbol)


def codes_in(text: str, user: Person | None) -> list[ReturnCode]:
    """Return the codes that a piece of a log clearly names, such as `code=660300001`; [] for a bare code or words."""
    if len(text) > MAX_QUERY or not any(character.isdigit() for character in text):
        return []
    likely = [match for match in detect(text, user).codes if match.is_likely and match.written != match.message]
    return [code for match in likely for code in match.id]


def _last_line(text: str, read_to_line: int | None, stop: int | None) -> int | None:
    """Return the last line that was read for codes and for messages; None for the whole text."""
    lines = [read_to_line, text.count("\n", 0, stop) + 1 if stop is not None else None]
    return min((line for line in lines if line is not None), default=None)


def pieces(report: Report) -> list[TextPiece]:
    """Split the masked text at its codes. Known codes are numbered from 1; unknown codes follow."""
    groups: list[CodeMatch[Meanings] | UnknownMatch] = [*report.codes, *report.unknown]
    spans = sorted((start, end, number) for number, group in enumerate(groups, 1) for start, end in group.spans)
    text_pieces: list[TextPiece] = []
    position, numbers = 0, set[int]()
    for start, end, number in spans:
        if start < position:
            continue
        text_pieces += [TextPiece(report.masked[position:start])] if start > position else []
        text_pieces.append(
            TextPiece(report.masked[start:end], number, number not in numbers, number > len(report.codes))
        )
        numbers.add(number)
        position = end
    return [*text_pieces, TextPiece(report.masked[position:])] if position < len(report.masked) else text_pieces


def _meanings(forms: Collection[str], user: Person | None) -> dict[str, Meanings]:
    """Return the codes by form in the vendor's order, current ones before retired ones."""
    symbols = {form.removeprefix(SYMBOL): form for form in forms if form.startswith(SYMBOL)}
    by_form = codes_by_form([form for form in forms if not form.startswith(SYMBOL)], user)
    if symbols:
        by_form |= {symbols[name]: codes for name, codes in codes_by_symbol(symbols, user).items()}
    return {
        form: tuple(sorted(codes, key=lambda code: (code.is_retired, code.table_id, code.position, code.pk)))
        for form, codes in by_form.items()
    }


def _with_tables(text: str, matches: Sequence[CodeMatch[Meanings]]) -> list[CodeMatch[Meanings]]:
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
    return [replace(match, confidence=0.6, why=_PAIR) if match.canonical in pairs else match for match in matches]


def _without_noise(text: str, matches: Sequence[CodeMatch[Meanings]]) -> list[CodeMatch[Meanings]]:
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
        return (0.6, _BESIDE) if clues.is_named_beside(first, spans, text) else (match.confidence, why)
    is_near = why == UNSAID and not match.written.isdigit() and clues.is_near(first, spans, text)
    if is_near and (not _PART.match(match.written) or any(has_trouble(text, *span) for span in spans)):
        return 0.6, _BESIDE
    if why == UNSAID and clues.is_named_before(first, spans[0], text):
        return 0.7, "The name of its product stands before it."
    is_told = why == UNSAID and len(match.written) >= _LONG and any(is_object(text, *span) for span in spans)
    is_about = clues.is_near(first, spans, text) or any(
        has_trouble(text, *s) or is_one_thing(text, s[0]) for s in spans
    )
    if is_told and is_about:
        return 0.6, _OBJECT
    if why.startswith(UNSAID) and clues.are_named(of, spans, text):
        return 0.6, "A context word of its table stands before it."
    return match.confidence, why


def _anatomies(
    text: str, codes: Sequence[CodeMatch[Meanings]], unknown: Sequence[UnknownMatch], user: Person | None
) -> dict[str, CodeAnatomy]:
    """Return what is known of the parts of codes: by the table that lists a code, else by the words before it."""
    texts = [CodeText(match.written, match.id[0].table, _words_before(text, match)) for match in codes]
    texts += [CodeText(match.written, None, _words_before(text, match)) for match in unknown]
    pairs = zip(texts, anatomies(texts, user), strict=True)
    return {code.code: anatomy for code, anatomy in pairs if anatomy}


def _words_before(text: str, match: CodeMatch[Meanings] | UnknownMatch) -> str:
    start = match.spans[0][0]
    return text[max(text.rfind("\n", 0, start) + 1, start - _WORDS) : start]


def _is_short(match: CodeMatch[Meanings]) -> bool:
    return match.written.isdigit() and len(match.written) <= 5


def _with_ranges(unknown: Sequence[UnknownMatch]) -> list[UnknownMatch]:
    """Return the matches with the ranges that their ids name. Few of the ranges are named, so only these are read."""
    ids = {match.range for match in unknown if match.range is not None}
    ranges = CodeRange.objects.select_related("table").in_bulk(ids) if ids else {}
    return [replace(match, range=ranges.get(match.range)) for match in unknown]
