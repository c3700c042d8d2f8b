"""The page of an import's plan: its address, its permission, its counts and its buttons."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from kb.importing.applying.transaction import needs_confirmation, retire_limit
from kb.models import ImportRow, RowKind, TableImport
from kb.models.fields import LABELS, VENDOR_TEXTS
from kb.models.table_imports import BROKEN, UNCHANGED

IMPORT_PARAMETER = "table_import"


def may_see_imports(request: HttpRequest) -> bool:
    """Whether somebody has any permission on imports, and so may look at them."""
    may = request.user.has_perm
    return may("kb.import_table") or may("kb.apply_import") or may("kb.rollback_import")


def rows_address(table_import: TableImport) -> str:
    """Return the address of a plan's rows."""
    return f"{reverse('admin:kb_importrow_changelist')}?{IMPORT_PARAMETER}={table_import.pk}"


def changes(row: ImportRow) -> list[tuple[str, str, str]]:
    """Return (label, before, after) of each vendor text that the row changes; [] for rows in error and warnings."""
    if row.kind in BROKEN or row.kind == RowKind.WARNING:
        return []
    if row.kind == RowKind.NEW:
        return [("New", "", row.description or row.symbol)]
    names = [name for name in VENDOR_TEXTS if name in row.fields or name in row.conflicts]
    return [(LABELS[name], row.texts(name)["vendor_before"], row.texts(name)["vendor_now"]) for name in names]


def summary(request: HttpRequest, table_import: TableImport) -> dict[str, Any]:
    """Return the template context of the plan's header: counts, and the buttons that this person may press now."""
    counts = [(kind.label, kind.value, table_import.counts.get(kind, 0)) for kind in RowKind]
    may = request.user.has_perm
    is_planned, is_applied = (
        table_import.is_planned,
        table_import.state == "applied" and table_import.rolls_back_id is None,
    )
    is_unfinished = is_planned or table_import.state == "planning"
    return {
        "table_import": table_import,
        "counts": [(label, kind, n) for label, kind, n in counts if n],
        "unchanged": table_import.counts.get(UNCHANGED, 0),
        "undecided": table_import.rows.undecided().count() if is_planned else 0,
        "broken": table_import.count(*BROKEN),
        "writes": table_import.count(),
        "may_apply": is_planned and may("kb.apply_import"),
        "may_decide": is_planned and may("kb.import_table"),
        "may_discard": is_unfinished and may("kb.import_table"),
        "may_roll_back": is_applied and may("kb.rollback_import"),
        "second_yes": needs_confirmation(table_import) if is_planned else False,
        "retire_limit": retire_limit(table_import) if is_planned else 0,
        "columns": table_import.columns,
    }
