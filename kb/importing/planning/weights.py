"""How much the codes of a plan matter to support: open incidents first, then notes, then look-ups."""

from datetime import timedelta

from django.utils import timezone

from kb.models import RowKind, TableImport, sql

FIRST = 1_000_000
"""The weight of what a row says about a whole section or column."""

_INCIDENT, _NOTE, _MOST_LOOKUPS = 1_000, 100, 99
_DAYS = 30
"""Look-ups of so many days count."""

_WEIGH = f"""
    UPDATE kb_importrow SET weight = w.weight FROM (
        SELECT code_id, sum(weight) AS weight FROM (
            SELECT DISTINCT l.returncode_id AS code_id, {_INCIDENT} AS weight FROM kb_incidentlink_codes AS l
                JOIN kb_incidentlink AS i ON i.id = l.incidentlink_id WHERE i.state <> 'resolved'
            UNION ALL
            SELECT DISTINCT l.returncode_id, {_NOTE} FROM kb_troubleshootingnote_codes AS l
                JOIN kb_troubleshootingnote AS n ON n.id = l.troubleshootingnote_id WHERE n.state <> 'archived'
            UNION ALL
            SELECT u.code_id, CASE WHEN sum(u.lookups) < {_MOST_LOOKUPS} THEN sum(u.lookups) ELSE {_MOST_LOOKUPS} END
                FROM kb_codeuse AS u WHERE u.day >= %s GROUP BY u.code_id
        ) AS each_weight GROUP BY code_id
    ) AS w
    WHERE kb_importrow.return_code_id = w.code_id AND kb_importrow.table_import_id = %s
"""  # noqa: S608


def weigh(table_import: TableImport) -> None:
    """Store the weight of each row about a code that the table has."""
    if table_import.counts.keys() - {RowKind.NEW, RowKind.ERROR, RowKind.WARNING, RowKind.DUPLICATE}:
        sql.run(_WEIGH, (timezone.now() - timedelta(days=_DAYS)).date(), table_import.pk)
