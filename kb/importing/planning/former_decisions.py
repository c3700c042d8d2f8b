"""Decisions about a plan that a newer one replaces: each is taken over where its row is the same."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from kb.importing import stage
from kb.models import ImportRow, ImportState, Resolution, RowKind, TableImport
from kb.models.fields import VENDOR_TEXTS
from kb.models.import_rows import DECIDED_BY
from kb.models.table_imports import FORMER, LEFT_BEHIND, TAKEN_OVER, TOUCHING

_OF_ONE_CODE = (RowKind.NEW, RowKind.CHANGED, RowKind.CONFLICT, RowKind.RESTORED, RowKind.MOVED)
"""The kinds of rows that bring texts: to leave such a row out means the same whatever the table had before."""


class _Decision(NamedTuple):
    resolution: str
    person_id: int | None
    edited: dict[str, str]


def take_over(table_import: TableImport, former: TableImport | None) -> None:
    """Give a plan's rows the decisions of the plan that it replaces, and count them.

    Without `former`, it is the newest open plan of the table that has decisions.
    """
    former = former or _open_plan(table_import)
    if former is None:
        return
    decisions = {_subject(row, row.resolution): _of(row) for row in former.rows.decided().iterator(stage.BATCH)}
    total = len(decisions)
    for page in _pages(table_import):
        if not decisions:
            break
        _decide(page, decisions)
    # An old plan that an applied import replaced long ago is mentioned only where it helped.
    if len(decisions) < total or (decisions and not former.successor):
        table_import.counts |= {FORMER: former.pk, TAKEN_OVER: total - len(decisions), LEFT_BEHIND: len(decisions)}


def words_of(table_import: TableImport) -> str:
    """Say how many decisions a plan has from the one that it replaced; "" where that had none."""
    former, left_behind = table_import.counts.get(FORMER), table_import.counts.get(LEFT_BEHIND, 0)
    if former is None:
        return ""
    count = table_import.counts.get(TAKEN_OVER, 0)
    words = f"{count} decision{' was' if count == 1 else 's were'} taken over from import {former}"
    if not left_behind:
        return f"{words}."
    return f"{words}; {left_behind} {'was' if left_behind == 1 else 'were'} not, because the rows differ."


def _open_plan(table_import: TableImport) -> TableImport | None:
    plans = TableImport.objects.filter(state=ImportState.PLANNED, pk__lt=table_import.pk)
    decided = ImportRow.objects.decided().filter(table_import__in=plans.of_table(table_import.slug_of_table))
    newest = decided.order_by("-table_import").select_related("table_import").first()
    return newest.table_import if newest else None


def _pages(table_import: TableImport) -> Iterator[list[ImportRow]]:
    after = 0
    rows = table_import.rows.filter(kind__in=TOUCHING).exclude(kind=RowKind.REORDERED).order_by("pk")
    while page := list(rows.filter(pk__gt=after)[: stage.BATCH]):
        after = page[-1].pk
        yield page


def _decide(page: list[ImportRow], decisions: dict[bytes, _Decision]) -> None:
    """Store the decisions about the rows of a page, and remove them from `decisions`."""
    groups: dict[tuple[str, int | None], list[int]] = defaultdict(list)
    edited: dict[int, dict[str, str]] = {}
    for row in page:
        subjects = [
            _subject(row, resolution) for resolution in (row.conflicts and Resolution.EDITED, Resolution.LEAVE_OUT)
        ]
        subject = next(filter(decisions.__contains__, subjects), None)
        if subject:
            decision = decisions.pop(subject)
            groups[decision.resolution, decision.person_id].append(row.pk)
            if decision.edited:
                edited[row.pk] = decision.edited
    for (resolution, person_id), pks in groups.items():
        ImportRow.objects.filter(pk__in=pks).decide(resolution, person_id)
    for pk, words in edited.items():
        ImportRow.objects.filter(pk=pk).update(edited=words)


def _of(row: ImportRow) -> _Decision:
    return _Decision(row.resolution, row.before.get(DECIDED_BY), row.edited)


def _subject(row: ImportRow, resolution: str) -> bytes:
    """Return what a decision is about: the three texts of a conflict, or all new texts of a row that is left out."""
    if resolution == Resolution.LEAVE_OUT:
        texts = [getattr(row, name) for name in VENDOR_TEXTS]
        about = ["" if row.kind in _OF_ONE_CODE else row.kind, *texts]
    else:
        about = [(name, *row.texts(name).values()) for name in row.conflicts]
    return hashlib.blake2b(repr((row.identity or row.code, row.section_name, about)).encode(), digest_size=16).digest()
