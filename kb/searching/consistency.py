"""Compare the index with the codes: build every document again, page by page."""

from collections import Counter
from collections.abc import Iterator

from kb.models import ReturnCode
from kb.searching import documents, store
from kb.searching.documents import AUDIENCES, BUCKET
from kb.searching.writer import pages

_NAMES = ("public", "internal")


def check() -> list[str]:
    """Return the differences between the index and a new one, as sentences; [] if there are none."""
    return list(differences())


def differences() -> Iterator[str]:
    """Yield the differences between the index and a new one, as sentences.

    Memory holds one page of documents and the vocabulary, not the whole index.
    """
    words: dict[int, Counter[str]] = {audience: Counter() for audience in AUDIENCES}
    for page in pages(ReturnCode.objects.order_by("pk").values_list("pk", flat=True).iterator()):
        fresh = documents.build(page)
        for audience in AUDIENCES:
            words[audience].update(store.vocabulary_of(fresh[audience]))
            yield from _page_differences(audience, {document.key: document for document in fresh[audience]}, page)
    for audience in AUDIENCES:
        yield from _orphans(audience)
        if dict(store.counts(audience)) != words[audience]:
            yield f"the {_NAMES[audience]} vocabulary is out of date"


def _page_differences(audience: int, fresh: dict[int, documents.Document], page: list[int]) -> Iterator[str]:
    stored = store.documents_by_key(audience, page)
    for key in sorted(stored.keys() | fresh.keys()):
        if key not in fresh:
            yield f"code {key % BUCKET}: has a {_NAMES[audience]} document and should have none"
        elif stored.get(key) != fresh[key]:
            yield f"code {key % BUCKET}: its {_NAMES[audience]} document is missing or out of date"


def _orphans(audience: int) -> Iterator[str]:
    for key in store.orphans(audience):
        yield f"code {key % BUCKET}: has a {_NAMES[audience]} document and should have none"
