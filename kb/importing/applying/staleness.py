"""Why a plan no longer fits its table."""

from kb.importing.applying import journal_rows
from kb.importing.planning import plan
from kb.models import Change, TableImport, sql

_MAX_LABELS = 5


def reasons(table_import: TableImport) -> list[str]:
    """Return what has happened since a plan was made, one sentence for each; [] where it can be applied."""
    if successor := table_import.successor:
        verb = "is a newer plan of" if successor.is_planned else "was applied to"
        return [f"{successor} {verb} its table."]
    if table_import.table is None:
        return []
    additions = [] if plan.basis_of(table_import.table) == table_import.basis else ["Codes were added to its table."]
    return additions + _code_edits(table_import)


def reasons_at_a_glance(table_import: TableImport) -> list[str]:
    """Return the same for a page: its rows are compared only where a code was edited since."""
    changes = Change.objects.at_or_after(table_import.planned_at).filter(noun="code")
    return reasons(table_import) if table_import.successor or changes.exists() else []


def _code_edits(table_import: TableImport) -> list[str]:
    rows = journal_rows.REVISION_ROWS
    matches = sql.rows(
        f"SELECT c.code {rows} AND c.version <> r.code_version ORDER BY r.id LIMIT {_MAX_LABELS + 1}",
        table_import.pk,
    )
    codes = [code for (code,) in matches]
    more = " and others" if len(codes) > _MAX_LABELS else ""
    return [f"Somebody edited {', '.join(codes[:_MAX_LABELS])}{more}."] if codes else []
