"""Keep the answers about codes current. The journal calls this in the transaction of each edit."""

from collections.abc import Collection, Iterator
from itertools import groupby
from operator import attrgetter

from django.db import models, transaction

from kb.answers import plain
from kb.answers.build import AnswerTexts, build
from kb.answers.number_order import note_orders, order_differences
from kb.models import (
    CodeRange,
    CodeTable,
    FinishedAnswer,
    IncidentLink,
    ReturnCode,
    Section,
    TroubleshootingNote,
)
from kb.models.finished_answers import SHAPE
from kb.models.sql import batches, exactly, insert, run, value, wide_cache
from kb.searching import documents, store

_PAGE = 5_000
_FEW = 100
"""For so few codes, the questions which of them are plain take longer than their answers."""

_SHOWN = {CodeTable: {"slug", "audience"}, Section: {"name", "slug"}}
_COLUMNS = ["row", "card", "public_row", "public_card", "shape"]


def codes_about(obj: models.Model, fields: Collection[str] | None = None) -> set[int]:
    """Return the ids of the codes whose answers show something of a stored object, or of these fields of it."""
    shown = _SHOWN.get(type(obj))
    if fields is not None and shown and not shown.intersection(fields):
        # A table may have a million codes.
        return set()
    codes = ReturnCode.objects
    if isinstance(obj, ReturnCode):
        return {obj.pk} - {None}
    if isinstance(obj, TroubleshootingNote):
        blocks = CodeRange.objects.filter(notes=obj.pk)
        return _ids(codes.filter(notes=obj.pk)).union(*(_in_range(block) for block in blocks))
    if isinstance(obj, IncidentLink):
        return _ids(codes.filter(incidents=obj.pk))
    if isinstance(obj, CodeRange):
        return set().union(*(_in_range(block) for block in CodeRange.objects.filter(pk=obj.pk, notes__isnull=False)))
    if isinstance(obj, Section):
        return _ids(codes.filter(section=obj.pk))
    if isinstance(obj, CodeTable):
        return _ids(codes.filter(table=obj.pk))
    return set()


def refresh(code_ids: Collection[int]) -> None:
    """Update the answers about codes and about those that they replace, inside the transaction that changed them.

    Call it after locking every row and before taking the feed's sequence: see `kb.searching.store.lock`.
    """
    if not code_ids:
        return
    store.lock()
    replaced: set[int] = set()
    with wide_cache(len(code_ids)):
        for page in batches((pk for pk, _ in groupby(sorted(code_ids))), _PAGE):
            _replace(page)
            replaced |= _ids(ReturnCode.objects.filter(documents.among("successor", page)))
        for page in batches(sorted(replaced.difference(code_ids)), _PAGE):
            _replace(page)


def rebuild() -> None:
    """Build all answers again, and note the orders of all tables."""
    with wide_cache(), transaction.atomic():
        # An import locks tables before the index, too.
        note_orders()
        store.lock()
        FinishedAnswer.objects.all().delete()
        for page in _pages():
            _store(page)


def lag() -> int:
    """Return the number of codes without a stored answer."""
    codes = "(SELECT count(*) FROM kb_returncode) - (SELECT count(*) FROM kb_tombstone)"
    return int(value(f"SELECT abs({codes} - (SELECT count(*) FROM kb_finishedanswer))"))  # noqa: S608


def prepare(**_: object) -> None:
    """Build all answers again if there is not one for each code, as after a flush, or those of an older shape."""
    if lag():
        rebuild()
    else:
        renew()


def renew() -> None:
    """Build the answers of an older shape again, each page in a transaction of its own: writers wait for no more."""
    older = FinishedAnswer.objects.filter(shape__lt=SHAPE).order_by("pk").values_list("pk", flat=True)
    while page := list(older[:_PAGE]):
        with wide_cache(len(page)), transaction.atomic():
            store.lock()
            _replace(page)


def differences() -> Iterator[str]:
    """Yield the differences between the stored answers and new ones, as sentences, in the order of the codes' ids."""
    yield from order_differences()
    for page in _pages():
        stored = FinishedAnswer.objects.in_bulk(page)
        for answer in sorted(build(page), key=attrgetter("code_id")):
            kept = stored.get(answer.code_id)
            if kept is None or any(getattr(kept, name) != getattr(answer, name) for name in _COLUMNS):
                yield f"code {answer.code_id}: its answer is missing or out of date"


def _replace(page: list[int]) -> None:
    """Store the answers about codes, whose ids are in order, in place of their old ones."""
    # By each id: a range from the first to the last has other codes, too, and would delete their answers.
    condition, pks = exactly("code_id", page)
    run(f"DELETE FROM kb_finishedanswer WHERE {condition}", *pks)  # noqa: S608
    _store(page)


def _store(page: list[int]) -> None:
    answers = build(page if len(page) <= _FEW else plain.store(page))
    if answers:
        insert("kb_finishedanswer", AnswerTexts._fields, answers)


def _pages() -> Iterator[list[int]]:
    return batches(ReturnCode.objects.order_by("pk").values_list("pk", flat=True).iterator(), _PAGE)


def _ids(codes: models.QuerySet[ReturnCode]) -> set[int]:
    return set(codes.values_list("pk", flat=True))


def _in_range(block: CodeRange) -> set[int]:
    return _ids(ReturnCode.objects.filter(table=block.table_id).numbered(block.first, block.last))
