"""Decisions about the rows of a planned import, and discarding the whole plan."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from kb.importing.errors import DecidedMeanwhile, ImportRefused, WrongState
from kb.models import ImportRow, ImportState, Resolution, RowKind, TableImport, sql
from kb.models.import_rows import DECIDED_BY
from kb.models.table_imports import TOUCHING
from kb.services.journal import By

_CONFLICT_RESOLUTIONS = {Resolution.KEEP_OURS, Resolution.TAKE_THEIRS, Resolution.EDITED}


def resolve(
    row: ImportRow, resolution: str, by: By, edited: dict[str, str] | None = None, *, seen: str | None = None
) -> ImportRow:
    """Store a decision about one row; return the row. Only Resolution.EDITED takes `edited`, support's own words.

    `seen` is the `decision_mark` that the person saw. Raises DecidedMeanwhile where the row has another decision now,
    WrongState where the import is no longer planned, and ImportRefused for a decision that does not fit the row.
    """
    with _lock_planned(row.table_import_id) as _:
        current = ImportRow.objects.select_for_update(no_key=True).get(pk=row.pk)
        _check_fits(current, resolution, edited or {})
        if (current.resolution, current.edited) == (resolution, edited or {}):
            return current
        if seen is not None and seen != current.decision_mark:
            raise DecidedMeanwhile(
                f"{decider_of(current) or 'Somebody'} decided this row meanwhile: {_words_of(current)}."
            )
        current.resolution, current.edited = resolution, edited or {}
        current.before[DECIDED_BY] = by.account.pk if by.account else None
        current.save(update_fields=["resolution", "edited", "before"])
        return current


def resolve_all(table_import: TableImport, resolution: str, by: By) -> int:
    """Decide all conflicts that have no decision yet; return their number. Raises as `resolve` does."""
    if resolution not in (Resolution.KEEP_OURS, Resolution.TAKE_THEIRS):
        raise ImportRefused("All conflicts at once: keep ours, or take the vendor's.")
    with sql.long_statements(), _lock_planned(table_import.pk) as current:
        return current.rows.undecided().decide(resolution, by.account.pk if by.account else None)


def decider_of(row: ImportRow) -> str:
    """Return who decided about a row; "" where nobody did, or nobody knows."""
    if DECIDED_BY not in row.before or not (number := row.before[DECIDED_BY]):
        return "The command line" if DECIDED_BY in row.before else ""
    return str(User.objects.filter(pk=number).first() or "")


def _words_of(row: ImportRow) -> str:
    return row.get_resolution_display().lower() if row.resolution else "it is open again"


def discard(table_import: TableImport, by: By) -> TableImport:
    """Close a plan without applying it, also one whose planning was interrupted; its rows stay. Raises WrongState."""
    with transaction.atomic():
        current = TableImport.objects.select_for_update(no_key=True).get(pk=table_import.pk)
        if current.state not in (ImportState.PLANNED, ImportState.PLANNING):
            raise WrongState(f"{current} is {current.state_label.lower()}: there is no plan to discard.")
        current.state, current.closed_by, current.closed_at = ImportState.DISCARDED, by.account, timezone.now()
        current.delete_upload()
        current.save()
        return current


@contextmanager
def _lock_planned(pk: int) -> Iterator[TableImport]:
    """Lock an import that is still planned, so that no decision arrives while it is applied."""
    with transaction.atomic():
        current = TableImport.objects.select_for_update(no_key=True).get(pk=pk)
        if not current.is_planned:
            raise WrongState(f"{current} is {current.state_label.lower()}: there is nothing to decide.")
        yield current


def _check_fits(row: ImportRow, resolution: str, edited: dict[str, str]) -> None:
    if resolution not in Resolution.values:
        allowed = ", ".join(filter(None, Resolution.values))
        raise ImportRefused(f"{resolution!r} is not a decision. Allowed: {allowed}.")
    if row.kind not in TOUCHING:
        raise ImportRefused("This row is never applied, so there is nothing to decide.")
    if row.kind == RowKind.REORDERED:
        raise ImportRefused("The order is one for the whole table: you cannot leave out the place of one code.")
    if resolution in _CONFLICT_RESOLUTIONS and not row.conflicts:
        raise ImportRefused(f"{row.code} has no conflict: you can only leave it out.")
    if bool(edited) != (resolution == Resolution.EDITED):
        raise ImportRefused("Enter your own text for the decision 'Edited', and only for that one.")
    unknown = set(edited) - set(row.conflicts)
    if unknown:
        raise ImportRefused(f"{', '.join(sorted(unknown))}: no conflict. Allowed: {', '.join(row.conflicts)}.")
    if len(edited.get("symbol", "")) > 200 or any("\x00" in text for text in edited.values()):
        raise ImportRefused("A symbol can have up to 200 characters, and NUL characters are not allowed.")
