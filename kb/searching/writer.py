"""Keep the index in step with what it is about. The journal calls this in the transaction of each edit."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import transaction

from kb.models import Change, CodeRange, CodeTable, ReturnCode
from kb.models.changes import ChangeKind
from kb.searching import documents, store
from kb.searching.documents import AUDIENCES, INTERNAL, mark

MANY = 5_000
"""Codes from which on the index is put in order after a refresh."""

_PAGE = 5_000
_TABLE_WORDS = {"audience", "vendor", "product"}


def refresh(code_ids: Collection[int]) -> None:
    """Bring the documents of codes up to date, inside the transaction that changed them.

    Call it after every row is locked and before the feed's sequence is taken: see `store.lock`.
    """
    if code_ids:
        store.lock()
        _refresh(sorted(code_ids))


def refresh_table(table: CodeTable) -> None:
    """Bring the documents of a table's codes up to date."""
    refresh(set(ReturnCode.objects.filter(table=table.pk).values_list("pk", flat=True)))


def refresh_notes(note_ids: Iterable[int]) -> None:
    """Bring the documents up to date of the codes that notes are about, or were."""
    refresh(_of_notes(list(note_ids)))


def refresh_changed(changes: Iterable[Change]) -> None:
    """Bring the documents up to date of all that an edit touched."""
    touched: set[int] = set()
    for noun, ids in _by_noun(changes).items():
        touched |= {"code": _as_given, "note": _of_notes, "range": _of_ranges, "table": _of_tables}[noun](ids)
    refresh(touched)


def rebuild() -> None:
    """Make the whole index anew."""
    with transaction.atomic():
        store.lock()
        store.clear()
        _refresh(list(ReturnCode.objects.order_by("pk").values_list("pk", flat=True)), is_new=True)


def prepare(**_: Any) -> None:
    """Make the index anew where it plainly is not that of the stored codes: after an upgrade, or a flush."""
    if store.is_there() and lag():
        rebuild()


def lag() -> int:
    """Return by how many codes the index is off, as counts tell; `differences` are exact."""
    return abs(ReturnCode.objects.count() - store.frequencies(INTERNAL, []).get("", 0))


def _refresh(code_ids: list[int], is_new: bool = False) -> None:
    moved: dict[int, Counter[str]] = {audience: Counter() for audience in AUDIENCES}
    for page in pages(code_ids):
        fresh = documents.build(codes_of(page))
        for audience in AUDIENCES:
            old = {} if is_new else store.documents_by_key(audience, page)
            new = [document for document in fresh[audience] if old.get(document.key) != document]
            kept = {document.key for document in fresh[audience]} - {document.key for document in new}
            gone = [document for key, document in old.items() if key not in kept]
            moved[audience].update(store.replace(audience, gone, new))
    for audience in AUDIENCES:
        store.count(audience, moved[audience])
    if len(code_ids) >= MANY:
        store.settle()


def codes_of(page: list[int]) -> list[ReturnCode]:
    """Return the codes of a page of ids with what their documents are made of."""
    codes = ReturnCode.objects.select_related("table").only(
        *("code", "number", "symbol", "description", "possible_reasons", "suggested_actions", "retired_at"),
        *("table__audience", "table__vendor", "table__product"),
    )
    wanted = set(page)
    return [code for code in codes.filter(documents.among("pk", page)).order_by("pk") if code.pk in wanted]


def _by_noun(changes: Iterable[Change]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for change in changes:
        indexed = change.noun in ("code", "note", "range")
        if indexed or (
            change.noun == "table" and change.kind != ChangeKind.CREATED and _TABLE_WORDS & {*change.fields}
        ):
            found.setdefault(change.noun, []).append(change.object_id)
    return found


def _as_given(ids: list[int]) -> set[int]:
    return set(ids)


def _of_tables(ids: list[int]) -> set[int]:
    return set(ReturnCode.objects.filter(table__in=ids).values_list("pk", flat=True))


def _of_notes(ids: list[int]) -> set[int]:
    now = set(ReturnCode.objects.filter(notes__in=ids).values_list("pk", flat=True))
    return now | _holding("note", ids) | _in_ranges(CodeRange.objects.filter(notes__in=ids))


def _of_ranges(ids: list[int]) -> set[int]:
    noted = CodeRange.objects.filter(pk__in=ids, notes__isnull=False)
    return _in_ranges(noted) | _holding("range", ids)


def _in_ranges(ranges: Iterable[CodeRange]) -> set[int]:
    found: set[int] = set()
    for block in ranges:
        held = ReturnCode.objects.filter(table=block.table_id, number__range=(block.first, block.last))
        found |= set(held.values_list("pk", flat=True))
    return found


def _holding(kind: str, ids: list[int]) -> set[int]:
    """Return the codes whose documents hold words of notes or ranges: what those were about before the edit."""
    database = store.database()
    sql, parameters = store.code_ids(INTERNAL, database.any_of([database.word(mark(kind, pk)) for pk in ids]))
    return {pk for (pk,) in store.rows_of(sql, *parameters)}


def pages(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield ids in pages."""
    rest = iter(ids)
    while page := list(islice(rest, _PAGE)):
        yield page
