"""Compare the index with the codes and notes: build every document again, page by page."""

from collections import Counter
from collections.abc import Iterator

from kb.models import ReturnCode, TroubleshootingNote
from kb.searching import documents, messages, parts, store, vectors
from kb.searching.documents import AUDIENCES, BUCKET, INTERNAL, NOTES, PUBLIC, Document
from kb.searching.writer import pages

_OWNERS = {PUBLIC: "code", INTERNAL: "code", NOTES: "note"}
_DOCUMENTS = {PUBLIC: "public document", INTERNAL: "internal document", NOTES: "document"}
_VOCABULARIES = {PUBLIC: "public vocabulary", INTERNAL: "internal vocabulary", NOTES: "vocabulary of notes"}

_Built = tuple[list[int], dict[int, list[Document]]]


def check() -> list[str]:
    """Return the differences between the index and a new one, as sentences; [] if there are none."""
    return list(differences())


def differences() -> Iterator[str]:
    """Yield the differences between the index and a new one, as sentences.

    Memory holds one page of documents and the vocabulary, not the whole index.
    """
    words: dict[int, Counter[str]] = {audience: Counter() for audience in (*AUDIENCES, NOTES)}
    for page, fresh in _built():
        if NOTES not in fresh:
            yield from messages.differences(page)
            yield from parts.differences(page)
        for audience, built in fresh.items():
            words[audience].update(store.vocabulary_of(built))
            yield from _page_differences(audience, {document.key: document for document in built}, page)
    for audience, counted in words.items():
        yield from _orphans(audience)
        if dict(store.counts(audience)) != counted:
            yield f"the {_VOCABULARIES[audience]} is out of date"
    yield from parts.orphans()
    yield from messages.orphans()
    yield from vectors.differences()


def _built() -> Iterator[_Built]:
    """Yield pages of ids of codes and of notes, each with their new documents by audience."""
    for page in pages(ReturnCode.objects.order_by("pk").values_list("pk", flat=True).iterator()):
        yield page, documents.build(page)
    for page in pages(TroubleshootingNote.objects.order_by("pk").values_list("pk", flat=True).iterator()):
        yield page, {NOTES: documents.of_notes(page)}


def _page_differences(audience: int, fresh: dict[int, Document], page: list[int]) -> Iterator[str]:
    stored, owner, document = store.documents_by_key(audience, page), _OWNERS[audience], _DOCUMENTS[audience]
    for key in sorted(stored.keys() | fresh.keys()):
        if key not in fresh:
            yield f"{owner} {key % BUCKET}: has a {document} and should have none"
        elif stored.get(key) != fresh[key]:
            yield f"{owner} {key % BUCKET}: its {document} is missing or out of date"


def _orphans(audience: int) -> Iterator[str]:
    for key in store.orphans(audience):
        yield f"{_OWNERS[audience]} {key % BUCKET}: has a {_DOCUMENTS[audience]} and should have none"
