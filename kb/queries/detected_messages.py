"""Messages in a pasted text: a line that has the message of a code names the code, also without the code itself."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kb.models.code_rows import codes_by_id
from kb.models.visibility import Person
from kb.queries.detected_tables import Meanings
from kb.searching import messages
from kb.text.detection.judgement import CodeMatch, Role, UnknownMatch, usefulness
from kb.text.detection.kinds import STRENGTH, CandidateKind
from kb.text.detection.messages import MessagePlace, MessageText, anchors
from kb.text.detection.positions import LineIndex
from kb.text.detection.tables import TableClues
from kb.text.detection.templates import ENOUGH, SURE, Template, hash_of, template

MAX_ATTEMPTS = 10_000
"""Most comparisons of a place in the text with a message."""

_LIKELY, _POSSIBLE, _MAX_SHOWN = 0.8, 0.4, 300
_STATUS = STRENGTH[CandidateKind.HTTP]
_FIELD = re.compile(r"[ \t]{0,40}[\"'][A-Za-z0-9_-]{1,40}[\"'][ \t]{0,4}:")
_WHY = "The line has the message of this code."
_WHY_BESIDE = " The line has its message, too."

Codes = Sequence[CodeMatch[Meanings]]


@dataclass(slots=True)
class _Occurrence:
    """A message in the text: its template, the ids of its codes, and where it is."""

    template: Template
    code_ids: list[int]
    places: list[MessagePlace]


def add_messages(
    text: str, codes: Codes, unknown: Sequence[UnknownMatch], user: Person | None
) -> tuple[list[CodeMatch[Meanings]], int | None]:
    """Return the codes with those whose messages a masked text has, most useful first.

    Also the end of what was read, None for the whole text. Where a line has a code, the code tells what it means.
    """
    words, stop = anchors(text)
    occurrences = _occurrences(text, {hash_of(one): one for one in words}, user)
    if not occurrences:
        return list(codes), stop
    lines = LineIndex(text)
    lines_with_codes = _lines_with_codes(text, codes, unknown, lines)
    places = {code.pk: n for n, match in enumerate(codes) for code in match.id}
    matches, alone = list(codes), list[_Occurrence]()
    for one in occurrences:
        own = sorted({places[pk] for pk in one.code_ids if pk in places})
        for n in own:
            matches[n] = _beside(text, matches[n], one, lines)
        one.places = [place for place in one.places if lines.line(place.start) not in lines_with_codes]
        alone += [one] if one.places and not own else []
    matches += _alone(text, alone, matches, lines, user)
    return sorted(_in_order(matches), key=usefulness), stop


def _lines_with_codes(text: str, codes: Codes, unknown: Sequence[UnknownMatch], lines: LineIndex) -> set[int]:
    """Return the numbers of the lines on which a code tells what the line means, or in a field right beside it.

    The status of an answer or a process tells only that there is a message.
    """
    spans = [span for match in codes if match.confidence > _STATUS for span in match.spans]
    spans += [span for match in unknown for span in match.spans]
    numbers = {lines.line(start) for start, _ in spans}
    fields = {n for n, line in enumerate(text.split("\n"), 1) if _FIELD.match(line)}
    beside = {n + by for n in numbers & fields for by in (-2, -1, 1, 2)}
    return numbers | (beside & fields)


def _occurrences(text: str, words: Mapping[int, str], user: Person | None) -> list[_Occurrence]:
    """Return the messages that a text has. Where two overlap, the one that tells more."""
    groups: dict[tuple[Template, str], list[int]] = {}
    for message in messages.with_anchors(list(words), user):
        own = template(message.text, words[message.anchor])
        if own and own.weight >= ENOUGH:
            groups.setdefault((own, words[message.anchor]), []).append(message.code_id)
    if not groups:
        return []
    searcher = MessageText(text, {anchor for _, anchor in groups})
    occurrences, attempts, spans = list[_Occurrence](), 0, list[tuple[int, int]]()
    for (own, anchor), code_ids in sorted(groups.items(), key=lambda group: -group[0][0].weight):
        attempts += len(searcher.places[anchor])
        if attempts > MAX_ATTEMPTS:
            break
        places = [place for place in searcher.matches(own, anchor) if not _overlaps(place, spans)]
        spans = sorted([*spans, *((place.start, place.end) for place in places)])
        occurrences += [_Occurrence(own, code_ids, places)] if places else []
    return occurrences


def _overlaps(place: MessagePlace, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a place shares a character with one of the spans, which are in order and apart."""
    at = bisect_left(spans, (place.end,))
    return at > 0 and spans[at - 1][1] > place.start


def _beside(text: str, match: CodeMatch[Meanings], one: _Occurrence, lines: LineIndex) -> CodeMatch[Meanings]:
    """Return the match of a code with its message. On the same line, the message makes the code more likely."""
    of_code = {lines.line(start) for start, _ in match.spans}
    near = next((place for place in one.places if lines.line(place.start) in of_code), None)
    place, with_message = near or one.places[0], set(one.code_ids)
    return replace(
        match,
        id=tuple(sorted(match.id, key=lambda code: (code.is_retired, code.pk not in with_message))),
        confidence=max(match.confidence, _LIKELY) if near and one.template.weight >= SURE else match.confidence,
        why=match.why + (_WHY_BESIDE if near else ""),
        message=text[place.start : place.end][:_MAX_SHOWN],
        filled=place.filled,
    )


def _alone(
    text: str, occurrences: Sequence[_Occurrence], codes: Codes, lines: LineIndex, user: Person | None
) -> Iterator[CodeMatch[Meanings]]:
    """Yield a match for each message whose code is not in the text."""
    by_id = codes_by_id([pk for one in occurrences for pk in one.code_ids], user, is_brief=True)
    tables = {code.table_id: code.table for code in by_id.values()}
    names = {pk: f"{table.vendor} {table.product} {table.slug} {table.name}" for pk, table in tables.items()}
    clues = TableClues(text, names) if len(tables) > 1 else None
    beside = {code.table_id for match in codes if match.is_likely for code in match.id}
    for one in occurrences:
        meanings = [by_id[pk] for pk in one.code_ids if pk in by_id]
        spans = [(place.start, place.end) for place in one.places]
        scores = {
            pk: 2 * (clues.score(pk, spans, text) if clues else 0) + (pk in beside)
            for pk in {code.table_id for code in meanings}
        }
        meanings.sort(key=lambda code: (code.is_retired, -scores[code.table_id], code.table_id, code.position, code.pk))
        if meanings:
            yield _match(text, one, tuple(meanings), lines)


def _match(text: str, one: _Occurrence, meanings: Meanings, lines: LineIndex) -> CodeMatch[Meanings]:
    first = one.places[0]
    message = text[first.start : first.end][:_MAX_SHOWN]
    return CodeMatch(
        written=message,
        canonical=meanings[0].canonical,
        id=meanings,
        spans=[(place.start, place.end) for place in one.places],
        count=len(one.places),
        line=lines.line(first.start),
        order=0,
        confidence=_LIKELY if one.template.weight >= SURE else _POSSIBLE,
        role=Role.ALONE,
        inside="",
        why=_WHY,
        message=message,
        filled=first.filled,
    )


def _in_order(codes: Codes) -> Iterator[CodeMatch[Meanings]]:
    """Yield the matches, numbered in the order of the text."""
    by_place = sorted(range(len(codes)), key=lambda n: codes[n].spans[0][0])
    order = {n: place for place, n in enumerate(by_place, 1)}
    for n, match in enumerate(codes):
        yield replace(match, order=order[n]) if match.order != order[n] else match
