"""Take a table back to how it was before an import, in one step: roll back every later import, the newest first."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from kb.importing.applying import rollback
from kb.importing.applying.effects import Effects, effects_of
from kb.models import ImportState, TableImport, sql
from kb.services.journal import By


class _Undone(Exception):
    """Ends the transaction of a preview."""


@dataclass
class BackPreview:
    """What going back would do: the imports in the order of their roll-backs, and what they change together."""

    imports: list[TableImport]
    effects: Effects


def later_imports(table_import: TableImport) -> QuerySet[TableImport]:
    """Return the applied imports of the same table that are newer than one, the newest first."""
    applied = TableImport.objects.filter(table=table_import.table_id, state=ImportState.APPLIED, rolls_back=None)
    return applied.filter(applied_at__gt=table_import.applied_at).order_by("-applied_at", "-pk")


def preview_back_to(table_import: TableImport, by: By) -> BackPreview:
    """Return what `go_back_to` would do: it is done and undone, because each roll-back depends on those before it."""
    result = BackPreview([], Effects())
    try:
        with sql.long_statements(), transaction.atomic(durable=True):
            reversals = _roll_back_all(table_import, by)
            imports = [reversal.rolls_back for reversal in reversals if reversal.rolls_back]
            result = BackPreview(imports, effects_of(reversals))
            raise _Undone
    except _Undone:
        return result


def go_back_to(table_import: TableImport, by: By) -> list[TableImport]:
    """Roll back an import and every later one of its table, the newest first, in one transaction.

    Returns the imports that record the roll-backs. Raises WrongState where the import itself is not applied.
    """
    with sql.long_statements(), sql.wide_cache(), transaction.atomic(durable=True):
        return _roll_back_all(table_import, by)


def _roll_back_all(table_import: TableImport, by: By) -> list[TableImport]:
    original = TableImport.objects.select_for_update(no_key=True).get(pk=table_import.pk)
    rollback.check_state(original)
    imports = [*later_imports(original), original]
    return [rollback.roll_back_within(one, by) for one in imports]
