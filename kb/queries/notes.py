"""Which note a reader sees first for a code."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import F, QuerySet

from kb.models import ReturnCode, TroubleshootingNote
from kb.models.sql import MAX_VALUES, batches
from kb.models.visibility import Person

Notes = dict[int, TroubleshootingNote]


def first_notes(codes: Iterable[ReturnCode], user: Person | None) -> Notes:
    """Return, by the code's id, the note that its card shows first. It is about the code or about a range around it."""
    by_id = {code.pk: code for code in codes}
    notes: Any = (
        TroubleshootingNote.objects.visible_to(user).published().defer("issue", "environment", "cause", "resolution")
    )
    # The best note comes last and replaces the others.
    notes = notes.order_by("state", "updated_at", "id")
    by_code = _on_ranges(by_id.values(), notes)
    for batch in batches(by_id, MAX_VALUES):
        pairs: QuerySet[Any] = notes.filter(codes__in=batch).annotate(on=F("codes"))
        for note in pairs:
            by_code[note.on] = note
    return by_code


def _on_ranges(codes: Collection[ReturnCode], notes: Any) -> Notes:
    numbered = [code for code in codes if code.number is not None]
    if not numbered:
        return {}
    tables = {code.table_id for code in numbered}
    on_range = notes.filter(ranges__table__in=tables).annotate(
        table=F("ranges__table"), first=F("ranges__first"), last=F("ranges__last")
    )
    by_width = sorted(on_range, key=lambda note: note.first - note.last)
    return {
        code.pk: note
        for note in by_width
        for code in numbered
        if code.table_id == note.table and note.first <= (code.number or 0) <= note.last
    }
