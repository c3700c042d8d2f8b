"""The rows of an SQLite database: those that its reader may read, of one table or of all."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from kb.models import CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.fields import VENDOR_TEXTS
from kb.models.notes import NOTE_TEXTS
from kb.models.visibility import Person

COLUMNS = {
    "tables": (
        *("id", "slug", "vendor", "product", "name", "language", "source_url", "context_words", "audience"),
        "updated_at",
    ),
    "sections": ("id", "table_id", "position", "name", "slug"),
    "ranges": ("id", "table_id", "name", "first", "last", "origin"),
    "codes": (
        *("id", "table_id", "section_id", "position", "code", "number", *VENDOR_TEXTS),
        *(f"vendor_{name}" for name in VENDOR_TEXTS),
        *("extra", "disposition", "disposition_origin", "fixer", "fixer_origin", "successor_id", "retired_at"),
        "updated_at",
    ),
    "notes": ("id", *NOTE_TEXTS, "state", "audience", "validated_at", "updated_at"),
    "incidents": (
        *("id", "url", "reference", "title", "state", "started_at", "resolved_at", "impact", "workaround", "audience"),
        "updated_at",
    ),
}
"""The columns of each table of nouns, in the order of the schema."""

LINKS: dict[str, tuple[Any, str, str]] = {
    "note_codes": (TroubleshootingNote.codes.through, "troubleshootingnote_id", "returncode_id"),
    "note_ranges": (TroubleshootingNote.ranges.through, "troubleshootingnote_id", "coderange_id"),
    "incident_codes": (IncidentLink.codes.through, "incidentlink_id", "returncode_id"),
}
"""The tables of links: the model behind each, and its two columns."""

_CHUNK_ROWS = 1_000


def nouns(user: Person | None, table: CodeTable | None) -> Iterator[tuple[str, Iterator[tuple[Any, ...]]]]:
    """Yield the name of each table of nouns with its rows, in flat memory."""
    querysets = {
        "tables": CodeTable.objects.visible_to(user),
        "sections": Section.objects.visible_to(user),
        "ranges": CodeRange.objects.visible_to(user),
        "codes": ReturnCode.objects.visible_to(user),
        "notes": TroubleshootingNote.objects.visible_to(user),
        "incidents": IncidentLink.objects.visible_to(user),
    }
    for name, rows in querysets.items():
        queryset: QuerySet[Any] = rows if table is None else rows.filter(_belongs_to(name, table)).distinct()
        yield name, queryset.order_by("pk").values_list(*COLUMNS[name]).iterator(_CHUNK_ROWS)


def links() -> Iterator[tuple[str, Iterator[tuple[Any, ...]]]]:
    """Yield the name of each table of links with all its rows; `finish.sql` deletes links to rows that are left out."""
    for name, (through, left, right) in LINKS.items():
        yield name, through.objects.order_by("pk").values_list(left, right).iterator(_CHUNK_ROWS)


def _belongs_to(noun: str, table: CodeTable) -> Q:
    if noun == "tables":
        return Q(pk=table.pk)
    if noun == "notes":
        return Q(codes__table=table) | Q(ranges__table=table)
    return Q(codes__table=table) if noun == "incidents" else Q(table=table)
