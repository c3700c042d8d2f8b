"""Which rows go into a copy: those that its reader may read, of one table or of all."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from kb.models import CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.fields import VENDOR_TEXTS
from kb.models.notes import NOTE_TEXTS
from kb.models.visibility import Person

COLUMNS = {
    "tables": ("id", "slug", "vendor", "product", "name", "language", "source_url", "audience", "updated_at"),
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
"""The columns of each table of nouns, in the order that the schema has them."""

LINKS: dict[str, tuple[Any, str, str]] = {
    "note_codes": (TroubleshootingNote.codes.through, "troubleshootingnote_id", "returncode_id"),
    "note_ranges": (TroubleshootingNote.ranges.through, "troubleshootingnote_id", "coderange_id"),
    "incident_codes": (IncidentLink.codes.through, "incidentlink_id", "returncode_id"),
}
"""The tables of links: where they come from, and which columns there make the two here."""

_AT_ONCE = 1_000


def nouns(user: Person | None, table: CodeTable | None) -> Iterator[tuple[str, Iterator[tuple[Any, ...]]]]:
    """Yield each table of nouns with its rows, of which few are in memory at a time."""
    visible = {
        "tables": CodeTable.objects.visible_to(user),
        "sections": Section.objects.visible_to(user),
        "ranges": CodeRange.objects.visible_to(user),
        "codes": ReturnCode.objects.visible_to(user),
        "notes": TroubleshootingNote.objects.visible_to(user),
        "incidents": IncidentLink.objects.visible_to(user),
    }
    for name, rows in visible.items():
        chosen: QuerySet[Any] = rows if table is None else rows.filter(_of(name, table)).distinct()
        yield name, chosen.order_by("pk").values_list(*COLUMNS[name]).iterator(_AT_ONCE)


def links() -> Iterator[tuple[str, Iterator[tuple[Any, ...]]]]:
    """Yield each table of links with its rows; those to what is not in the copy have to go again."""
    for name, (through, left, right) in LINKS.items():
        yield name, through.objects.order_by("pk").values_list(left, right).iterator(_AT_ONCE)


def _of(noun: str, table: CodeTable) -> Q:
    if noun == "tables":
        return Q(pk=table.pk)
    if noun == "notes":
        return Q(codes__table=table) | Q(ranges__table=table)
    return Q(codes__table=table) if noun == "incidents" else Q(table=table)
