"""The searchable documents of each code: one with public texts, for the public, and one with all texts.

A note about no code has a document of its own, which only staff and agents find.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Q

from kb.models import Audience, CodeRange, ReturnCode, TroubleshootingNote
from kb.models.fields import CODE_FIELDS, Weight
from kb.models.notes import NoteState
from kb.searching.tokenizer import stems_and_words

PUBLIC, INTERNAL = 0, 1
AUDIENCES = (PUBLIC, INTERNAL)
NOTES = 2
"""The documents of notes about no code. They have an index of their own: a word is as rare as the codes say."""

BUCKET = 1 << 40
"""A document's key is its code's id plus a multiple of this, so that ordering by key puts the preferred one of two
equal documents first. See `bucket_of`."""

BUCKETS = range(3)

MAX_WORDS = 4_000
"""Most words of a document's field. Databases cannot index a text as long as a book."""

_HEAD, _NEAR = ([field.name for field in CODE_FIELDS if field.weight == weight] for weight in Weight)
_COLUMNS = ["pk", "number", "retired_at", "table", *(f"table__{name}" for name in ("audience", "vendor", "product"))]
_COLUMNS += [*_HEAD, *_NEAR]


class Document(NamedTuple):
    """The words of a code for one audience, or of a note: stems in three fields by weight, and the unstemmed words."""

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


def mark(kind: str, pk: int) -> str:
    """Return the word that marks documents of a table, or with text of a note or range. A search cannot contain it."""
    return {"table": TABLE, "note": "\u00b6", "range": "\u00a4"}[kind] + str(pk)


REPLY = "\u2016"
"""The word of a body after which come the words of customer replies, which are about many things. A search cannot
contain it."""

TABLE = "\u00a7"
"""Beginning of the word that marks documents of a table. The words of its vendor and product come before it."""

Words = tuple[str, str]
"""The stems of texts, and their words: see `stems_and_words`."""


class _Code(NamedTuple):
    """What the documents of a code are made from."""

    pk: int
    table_id: int
    number: int | None
    is_retired: bool
    is_public: bool
    of_table: "_Table"
    head: Words
    near: Words


class _Table(NamedTuple):
    """What a table adds to the documents of its codes."""

    mark: str
    body: Words
    alone: str
    """The body's stems of a code without notes: its words, then its mark."""


class _Note(NamedTuple):
    """What a note adds to the documents of its codes, or to its own."""

    pk: int
    is_public: bool
    is_validated: bool
    title: Words
    issue: Words
    body: Words
    reply: Words


def build(code_ids: Sequence[int]) -> dict[int, list[Document]]:
    """Return the documents of codes, by audience. Ids without a code are left out."""
    codes = _codes(code_ids)
    ranges = _ranges(codes)
    notes = _notes([code.pk for code in codes], [r.pk for r in ranges])
    public, internal = [], []
    for code in codes:
        own_ranges = [r for r in ranges if _holds(r, code)] if ranges else []
        own_notes = dict.fromkeys(notes.get(("code", code.pk), []))
        for block in own_ranges:
            own_notes |= dict.fromkeys(notes["range", block.pk])
        document = _document(code, list(own_notes), own_ranges)
        internal.append(document)
        if code.is_public:
            public_notes = [note for note in own_notes if note.is_public and note.is_validated]
            public.append(_document(code, public_notes, []) if own_notes else document)
    return {PUBLIC: public, INTERNAL: internal}


def of_notes(note_ids: Sequence[int]) -> list[Document]:
    """Return the documents of notes about no code or range. The documents of codes have the words of the others."""
    if not note_ids:
        return []
    notes = TroubleshootingNote.objects.current().filter(among("pk", note_ids), codes=None, ranges=None)
    wanted, read = set(note_ids), map(_read, notes.order_by("pk"))
    return [_alone(note) for note in read if note.pk in wanted]


def _alone(note: _Note) -> Document:
    parts = (note.title, note.issue, note.body, note.reply)
    head, near, body, reply = (_first_words(stems) for stems, _ in parts)
    words = " ".join(dict.fromkeys(" ".join(words for _, words in parts).split()))
    return Document(note.pk, head, near, f"{body} {REPLY} {reply}" if reply else body, words)


def _codes(pks: Sequence[int]) -> list[_Code]:
    """Return the codes with these ids. Objects of the model would take longer than their documents."""
    if not pks:
        return []
    rows = ReturnCode.objects.filter(among("pk", pks)).order_by("pk").values_list(*_COLUMNS)
    codes, wanted = [], set(pks)
    tables: dict[int, _Table] = {}
    for pk, number, retired_at, table, audience, vendor, product, *texts in rows:
        if pk in wanted:
            of_table = tables.get(table) or tables.setdefault(table, _table(table, vendor, product))
            head, near = stems_and_words(*texts[: len(_HEAD)]), stems_and_words(*texts[len(_HEAD) :])
            is_public = audience == Audience.PUBLIC
            codes.append(_Code(pk, table, number, retired_at is not None, is_public, of_table, head, near))
    return codes


def _table(pk: int, vendor: str, product: str) -> _Table:
    body = stems_and_words(vendor, product)
    return _Table(mark("table", pk), body, f"{_first_words(body[0])} {mark('table', pk)}".strip())


def _holds(block: CodeRange, code: _Code) -> bool:
    return block.table_id == code.table_id and code.number is not None and block.first <= code.number <= block.last


def _ranges(codes: Sequence[_Code]) -> list[CodeRange]:
    return list(CodeRange.objects.with_notes({code.table_id for code in codes}).order_by("id"))


def _notes(codes: list[int], ranges: list[int]) -> dict[tuple[str, int], list[_Note]]:
    """Return the notes that are not archived, in a fixed order, by ("code" or "range", id)."""
    links = [
        *_links("code", TroubleshootingNote.codes.through, "returncode_id", codes),
        *_links("range", TroubleshootingNote.ranges.through, "coderange_id", ranges),
    ]
    current = TroubleshootingNote.objects.current().in_bulk({note_id for _, _, note_id in links})
    read = {pk: _read(note) for pk, note in current.items()}
    notes: dict[tuple[str, int], list[_Note]] = defaultdict(list)
    for kind, pk, note_id in links:
        if note_id in read:
            notes[kind, pk].append(read[note_id])
    return notes


def _read(note: TroubleshootingNote) -> _Note:
    return _Note(
        note.pk,
        note.audience == Audience.PUBLIC,
        note.state == NoteState.VALIDATED,
        stems_and_words(note.title),
        stems_and_words(note.issue),
        stems_and_words(note.cause, note.resolution, note.environment),
        stems_and_words(note.customer_reply),
    )


def among(column: str, pks: Sequence[int]) -> Q:
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


def _document(code: _Code, notes: list[_Note], ranges: list[CodeRange]) -> Document:
    (head, head_words), (near, near_words), body = code.head, code.near, code.of_table.alone
    words = f"{head_words} {near_words} {code.of_table.body[1]}"
    if notes or ranges:
        near, near_words = _joined([code.near, *(text for note in notes for text in (note.title, note.issue))])
        text, text_words = _joined([("", ""), *(note.body for note in notes)])
        reply, reply_words = _joined([("", ""), *(note.reply for note in notes)])
        marks = [*(mark("note", note.pk) for note in notes), *(mark("range", block.pk) for block in ranges)]
        parts = [body, *marks, _first_words(text), *([REPLY, _first_words(reply)] if reply else [])]
        words = f"{head_words} {near_words} {code.of_table.body[1]} {text_words} {reply_words}"
        body = " ".join(filter(None, parts))
    bucket = 2 if code.is_retired else 0 if any(note.is_validated for note in notes) else 1
    words = " ".join(dict.fromkeys(words.split()))
    return Document(code.pk + bucket * BUCKET, _first_words(head), _first_words(near), body.strip(), words)


def _joined(texts: list[Words]) -> Words:
    stems, words = zip(*texts, strict=True)
    return " ".join(filter(None, stems)), " ".join(words)


def _first_words(stems: str) -> str:
    return stems if len(stems) < MAX_WORDS else " ".join(stems.split(" ", MAX_WORDS)[:MAX_WORDS])
