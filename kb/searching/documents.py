"""The searchable documents of each code: one with public texts, for the public, and one with all texts."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Q

from kb.models import Audience, CodeRange, ReturnCode, TroubleshootingNote
from kb.models.fields import Weight, weighted
from kb.models.notes import NoteState
from kb.searching.tokenizer import stems_and_words

PUBLIC, INTERNAL = 0, 1
AUDIENCES = (PUBLIC, INTERNAL)

BUCKET = 1 << 40
"""A document's key is its code's id plus a multiple of this, so that ordering by key puts the preferred one of two
equal documents first. See `bucket_of`."""

MAX_WORDS = 4_000
"""Most words of a document's field. Databases cannot index a text as long as a book."""


class Document(NamedTuple):
    """The words of a code for one audience: stems in three fields by weight, and the unstemmed words."""

    key: int
    head: str
    near: str
    body: str
    words: str

    @property
    def code_id(self) -> int:
        """The code that the document is about."""
        return self.key % BUCKET


def bucket_of(key: int) -> int:
    """Return 0 for a code with a validated note, 1 for one without, 2 for a retired one."""
    return key // BUCKET


def keys_of(code_id: int) -> list[int]:
    """Return every key that a document of the code may have."""
    return [code_id + bucket * BUCKET for bucket in range(3)]


def mark(kind: str, pk: int) -> str:
    """Return the word that marks documents of a table, or with text of a note or range. A search cannot contain it."""
    return {"table": "\u00a7", "note": "\u00b6", "range": "\u00a4"}[kind] + str(pk)


def build(codes: Sequence[ReturnCode]) -> dict[int, list[Document]]:
    """Return the documents of codes (with their tables), by audience."""
    ranges = _ranges(codes)
    notes = _notes([code.pk for code in codes], [r.pk for r in ranges])
    public, internal = [], []
    for code in codes:
        own_ranges = [r for r in ranges if _holds(r, code)]
        own_notes = dict.fromkeys(notes["code", code.pk])
        for block in own_ranges:
            own_notes |= dict.fromkeys(notes["range", block.pk])
        document = _document(code, list(own_notes), own_ranges)
        internal.append(document)
        if code.table.audience == Audience.PUBLIC:
            public_notes = [n for n in own_notes if n.audience == Audience.PUBLIC and n.state == NoteState.VALIDATED]
            public.append(_document(code, public_notes, []) if own_notes else document)
    return {PUBLIC: public, INTERNAL: internal}


def _holds(block: CodeRange, code: ReturnCode) -> bool:
    return block.table_id == code.table_id and code.number is not None and block.first <= code.number <= block.last


def _ranges(codes: Sequence[ReturnCode]) -> list[CodeRange]:
    return list(CodeRange.objects.with_notes({code.table_id for code in codes}).order_by("id"))


def _notes(codes: list[int], ranges: list[int]) -> dict[tuple[str, int], list[Any]]:
    """Return the notes that are not archived, in a fixed order, by ("code" or "range", id)."""
    links = [
        *_links("code", TroubleshootingNote.codes.through, "returncode_id", codes),
        *_links("range", TroubleshootingNote.ranges.through, "coderange_id", ranges),
    ]
    current = TroubleshootingNote.objects.current().in_bulk({note_id for _, _, note_id in links})
    notes: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for kind, pk, note_id in links:
        if note_id in current:
            notes[kind, pk].append(current[note_id])
    return notes


def among(column: str, pks: list[int]) -> Q:
    """Return the condition that a column has one of the ids. If few other ids lie between them, it is a range."""
    first, last = min(pks), max(pks)
    if last - first < 2 * len(pks):
        return Q(**{f"{column}__gte": first, f"{column}__lte": last})
    return Q(**{f"{column}__in": pks})


def _links(kind: str, through: Any, column: str, pks: list[int]) -> list[tuple[str, int, int]]:
    if not pks:
        return []
    links = through.objects.filter(among(column, pks)).order_by("troubleshootingnote_id")
    rows = links.values_list(column, "troubleshootingnote_id")
    return [(kind, pk, note_id) for pk, note_id in rows]


def _document(code: ReturnCode, notes: list[Any], ranges: list[CodeRange]) -> Document:
    head, near = weighted(code, Weight.HEAD), weighted(code, Weight.NEAR)
    near += [text for note in notes for text in (note.title, note.issue)]
    body = [code.table.vendor, code.table.product]
    body += [t for note in notes for t in (note.cause, note.resolution, note.environment, note.customer_reply)]
    marks = [mark("table", code.table_id), *(mark("note", note.pk) for note in notes)]
    marks += [mark("range", block.pk) for block in ranges]
    fields = [[stems_and_words(text) for text in texts if text] for texts in (head, near, body)]
    words = dict.fromkeys(word for field in fields for _, words in field for word in words.split(" ") if word)
    stems = [" ".join([stems for stems, _ in field if stems]) for field in fields]
    validated = any(note.state == NoteState.VALIDATED for note in notes)
    bucket = 2 if code.retired_at is not None else 0 if validated else 1
    return Document(
        code.pk + bucket * BUCKET,
        _first_words(stems[0]),
        _first_words(stems[1]),
        f"{_first_words(stems[2])} {' '.join(marks)}".strip(),
        " ".join(words),
    )


def _first_words(stems: str) -> str:
    return stems if len(stems) < MAX_WORDS else " ".join(stems.split(" ", MAX_WORDS)[:MAX_WORDS])
