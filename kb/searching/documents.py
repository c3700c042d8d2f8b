"""The searchable documents of each code: one with public texts, for the public, and one with all texts.

A note about no code has a document of its own, which only staff and agents find.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Q

from kb.models import Audience, CodeRange, CodeTable, TroubleshootingNote, sql
from kb.models.codes import PUBLISHED
from kb.models.fields import CODE_FIELDS, Weight
from kb.models.notes import NoteState
from kb.searching.tokenizer import each_once, stems_and_words

PUBLIC, INTERNAL = 0, 1
AUDIENCES = (PUBLIC, INTERNAL)
NOTES = 2
"""The documents of notes about no code. They have an index of their own, so they do not change how rare a word is."""

BUCKET = 1 << 40
"""A document's key is its code's id plus a multiple of this, so that ordering by key puts the preferred one of two
equal documents first. See `bucket_of`."""

BUCKETS = range(3)

MAX_WORDS = 4_000
"""Most words of a document's field. Databases cannot index a text as long as a book."""

_HEAD, _NEAR = ([field.name for field in CODE_FIELDS if field.weight == weight] for weight in Weight)
_HEADS = len(_HEAD)
_COLUMNS = ["id", "table_id", "number", "retired_at IS NOT NULL", *_HEAD, *_NEAR]


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

Words = tuple[str, list[str]]
"""The stems of texts, and their words: see `stems_and_words`."""


class _Code(NamedTuple):
    """What the documents of a code are made from."""

    pk: int
    is_retired: bool
    table: "_Table"
    head: Words
    near: Words


class _Table(NamedTuple):
    """What a table adds to the documents of its codes."""

    is_public: bool
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
    tables = _tables({code[1] for code in codes})
    ranges = list(CodeRange.objects.with_notes(tables).order_by("id"))
    notes = _notes([code[0] for code in codes], [r.pk for r in ranges])
    public, internal = [], []
    for pk, table, number, is_retired, *texts in codes:
        # One by one: the words of a page's codes would be garbage for the collector.
        head, near = stems_and_words(*texts[:_HEADS]), stems_and_words(*texts[_HEADS:])
        code = _Code(pk, is_retired, tables[table], head, near)
        own_ranges = [r for r in ranges if _holds(r, table, number)] if ranges else []
        own_notes = {note.pk: note for note in notes.get(("code", pk), [])} if notes else {}
        for block in own_ranges:
            own_notes |= {note.pk: note for note in notes["range", block.pk]}
        document = _document(code, list(own_notes.values()), own_ranges)
        internal.append(document)
        if code.table.is_public:
            public_notes = [note for note in own_notes.values() if note.is_public and note.is_validated]
            public.append(_document(code, public_notes, []) if own_notes else document)
    return {PUBLIC: public, INTERNAL: internal}


def of_notes(note_ids: Sequence[int]) -> list[Document]:
    """Return the documents of notes about no code or range. The documents of codes have the words of the others."""
    if not note_ids:
        return []
    notes = TroubleshootingNote.objects.current().filter(among("pk", note_ids), codes=None, ranges=None)
    ids = set(note_ids)
    return [_alone(_read(note)) for note in notes.order_by("pk") if note.pk in ids]


def _alone(note: _Note) -> Document:
    parts = (note.title, note.issue, note.body, note.reply)
    head, near, body, reply = (_first_words(stems) for stems, _ in parts)
    words = each_once([word for _, words in parts for word in words])
    return Document(note.pk, head, near, f"{body} {REPLY} {reply}" if reply else body, words)


def _codes(pks: Sequence[int]) -> list[Any]:
    """Return _COLUMNS of the codes with these ids, by plain SQL: Django would take longer than their documents."""
    if not pks:
        return []
    condition, values = sql.among("id", pks)
    ids = set(pks)
    where = f"{condition} AND {PUBLISHED} ORDER BY id"
    codes = sql.rows(f"SELECT {', '.join(_COLUMNS)} FROM kb_returncode AS c WHERE {where}", *values)  # noqa: S608
    return [code for code in codes if code[0] in ids]


def _tables(pks: set[int]) -> dict[int, _Table]:
    tables = {}
    for table in CodeTable.objects.filter(pk__in=pks):
        body = stems_and_words(table.vendor, table.product)
        alone = f"{_first_words(body[0])} {mark('table', table.pk)}".strip()
        tables[table.pk] = _Table(table.audience == Audience.PUBLIC, body, alone)
    return tables


def _holds(block: CodeRange, table: int, number: int | None) -> bool:
    return block.table_id == table and number is not None and block.first <= number <= block.last


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
        stems_and_words(note.title, note.phrasings),
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
    (head, head_words), (near, near_words), body = code.head, code.near, code.table.alone
    words = [*head_words, *near_words, *code.table.body[1]]
    if notes or ranges:
        near, near_words = _joined([code.near, *(text for note in notes for text in (note.title, note.issue))])
        text, text_words = _joined([note.body for note in notes])
        reply, reply_words = _joined([note.reply for note in notes])
        marks = [*(mark("note", note.pk) for note in notes), *(mark("range", block.pk) for block in ranges)]
        parts = [body, *marks, _first_words(text), *([REPLY, _first_words(reply)] if reply else [])]
        words = [*head_words, *near_words, *code.table.body[1], *text_words, *reply_words]
        body = " ".join(filter(None, parts)).strip()
    bucket = 2 if code.is_retired else 0 if notes and any(note.is_validated for note in notes) else 1
    key = code.pk + bucket * BUCKET
    return Document(key, _first_words(head), _first_words(near), body, each_once(words))


def _joined(texts: list[Words]) -> Words:
    stems = " ".join([stems for stems, _ in texts if stems])
    return stems, [word for _, words in texts for word in words]


def _first_words(stems: str) -> str:
    return stems if len(stems) < MAX_WORDS else " ".join(stems.split(" ", MAX_WORDS)[:MAX_WORDS])
