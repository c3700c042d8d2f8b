"""Keep the index up to date. The journal calls this in the transaction of each edit."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction

from kb.models import Change, CodeRange, CodeTable, ReturnCode, Tombstone, TroubleshootingNote
from kb.models.changes import ChangeKind
from kb.models.sql import batches, wide_cache
from kb.searching import documents, messages, parts, store, vectors
from kb.searching.documents import AUDIENCES, INTERNAL, NOTES, Document, mark

MANY = 5_000
"""After a refresh of at least this many codes, the database optimises the index."""

_PAGE = 5_000
_TABLE_WORDS = {"audience", "vendor", "product"}


def refresh(code_ids: Collection[int], note_ids: Collection[int] = (), reworded: Collection[int] | None = None) -> None:
    """Update the documents of codes and notes, inside the transaction that changed them.

    `reworded` has the codes whose own words may have changed; None for all. Call it after locking every row and before
    taking the feed's sequence: see `store.lock`.
    """
    if code_ids or note_ids:
        store.lock()
    if code_ids:
        with wide_cache(len(code_ids)):
            _refresh(sorted(code_ids), reworded)
    if note_ids:
        _refresh_notes(sorted(note_ids))


def refresh_table(table: CodeTable) -> None:
    """Update the documents of a table's codes."""
    refresh(set(ReturnCode.objects.filter(table=table.pk).values_list("pk", flat=True)))


def refresh_notes(note_ids: Iterable[int]) -> None:
    """Update the documents of notes, and of the codes that they are about, or were about before the edit."""
    ids = list(note_ids)
    refresh(_of_notes(ids), ids)


def refresh_changed(changes: Iterable[Change]) -> None:
    """Update the documents of all codes and notes that an edit affects."""
    by_noun = _ids_by_noun(changes)
    reworded = {*by_noun.get("code", []), *(_of_tables(by_noun["table"]) if "table" in by_noun else ())}
    code_ids = set(reworded)
    for noun, codes_of_ids in (("note", _of_notes), ("range", _of_ranges)):
        code_ids |= codes_of_ids(by_noun[noun]) if noun in by_noun else set()
    # A deleted range may have been all that a note was about.
    refresh(code_ids, {*by_noun.get("note", []), *(_about_nothing() if "range" in by_noun else [])}, reworded)


def rebuild() -> None:
    """Build the whole index again."""
    with wide_cache(), transaction.atomic():
        store.lock()
        store.clear()
        messages.clear()
        parts.clear()
        _refresh(list(ReturnCode.objects.order_by("pk").values_list("pk", flat=True)), is_new=True)
        _refresh_notes(_about_nothing())


def prepare(**_: Any) -> None:
    """Build the index again if its number of documents is not the number of codes, as after an upgrade or a flush."""
    if store.is_there() and lag():
        rebuild()


def lag() -> int:
    """Return the difference between the numbers of codes and of documents. `differences` compares exactly."""
    return abs(ReturnCode.objects.count() - Tombstone.objects.count() - store.frequencies(INTERNAL, []).get("", 0))


def _refresh(code_ids: list[int], reworded: Collection[int] | None = None, is_new: bool = False) -> None:
    changes: dict[int, Counter[str]] = {audience: Counter() for audience in AUDIENCES}
    for page in pages(code_ids):
        fresh = documents.build(page)
        own = page if reworded is None else [pk for pk in page if pk in reworded]
        messages.refresh(own)
        parts.refresh(own, is_new)
        vocabulary = store.LastVocabulary()
        for audience in AUDIENCES:
            old = {} if is_new else store.documents_by_key(audience, page)
            changes[audience].update(_replace(audience, old, fresh[audience], vocabulary.of))
    for audience in AUDIENCES:
        store.count(audience, changes[audience])
    if not is_new:
        vectors.refresh(code_ids)
    if len(code_ids) >= MANY:
        store.settle()
        parts.settle()


def _refresh_notes(note_ids: list[int]) -> None:
    """Update the documents of the notes about no code."""
    changes: Counter[str] = Counter()
    for page in pages(note_ids):
        changes.update(_replace(NOTES, store.documents_by_key(NOTES, page), documents.of_notes(page)))
    store.count(NOTES, changes)


def _replace(
    audience: int,
    old: dict[int, Document],
    fresh: list[Document],
    words_of: Callable[[Sequence[Document]], Mapping[str, int]] = store.vocabulary_of,
) -> Counter[str]:
    """Store the documents that differ from the old ones; return the changes to the vocabulary's counts."""
    new = [document for document in fresh if old.get(document.key) != document]
    same = {document.key for document in fresh} - {document.key for document in new}
    return store.replace(audience, [document for key, document in old.items() if key not in same], new, words_of)


def _about_nothing() -> list[int]:
    """Return the ids of the notes about no code or range."""
    notes = TroubleshootingNote.objects.current().filter(codes=None, ranges=None)
    return list(notes.order_by("pk").values_list("pk", flat=True))


def _ids_by_noun(changes: Iterable[Change]) -> dict[str, list[int]]:
    ids: dict[str, list[int]] = {}
    for change in changes:
        is_indexed = change.noun in ("code", "note", "range")
        if is_indexed or (
            change.noun == "table" and change.kind != ChangeKind.CREATED and _TABLE_WORDS & {*change.fields}
        ):
            ids.setdefault(change.noun, []).append(change.object_id)
    return ids


def _of_tables(ids: list[int]) -> set[int]:
    return set(ReturnCode.objects.filter(table__in=ids).values_list("pk", flat=True))


def _of_notes(ids: list[int]) -> set[int]:
    now = set(ReturnCode.objects.filter(notes__in=ids).values_list("pk", flat=True))
    return now | _codes_with_words_of("note", ids) | _in_ranges(CodeRange.objects.filter(notes__in=ids))


def _of_ranges(ids: list[int]) -> set[int]:
    ranges = CodeRange.objects.filter(pk__in=ids, notes__isnull=False)
    return _in_ranges(ranges) | _codes_with_words_of("range", ids)


def _in_ranges(ranges: Iterable[CodeRange]) -> set[int]:
    code_ids: set[int] = set()
    for block in ranges:
        codes = ReturnCode.objects.filter(table=block.table_id).numbered(block.first, block.last)
        code_ids |= set(codes.values_list("pk", flat=True))
    return code_ids


def _codes_with_words_of(kind: str, ids: list[int]) -> set[int]:
    """Return the codes whose documents have words of these notes or ranges, as before the edit."""
    database = store.database()
    sql, parameters = store.code_ids(INTERNAL, database.any_of([database.word(mark(kind, pk)) for pk in ids]))
    return {pk for (pk,) in store.rows_of(sql, *parameters)}


def pages(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield ids in pages."""
    return batches(ids, _PAGE)
