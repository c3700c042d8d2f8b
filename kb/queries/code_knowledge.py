"""Which codes have published notes or open incidents that a reader may see."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from kb.models import CodeRange, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.codes import ReturnCodeQuerySet
from kb.models.subqueries import any_of
from kb.models.visibility import Person

MAX_BLOCKS = 50


def having_notes(codes: ReturnCodeQuerySet, user: Person | None, present: bool) -> ReturnCodeQuerySet:
    """Keep the codes whose card shows the user a published note, or the others.

    A note on a range is a note on each of its codes.
    """
    on_code, on_range = _notes_on(user)
    blocks = _blocks_with_notes(user)
    within = [Q(table=b.table_id, number__range=(b.first, b.last)) for b in blocks[:MAX_BLOCKS]]
    # For many blocks the condition would be long, and a query for each code is better.
    has_notes = Q(Exists(on_code), *within if len(blocks) <= MAX_BLOCKS else [Exists(on_range)], _connector=Q.OR)
    return codes.filter(has_notes) if present else codes.exclude(has_notes)


def having_open_incident(codes: ReturnCodeQuerySet, user: Person | None, present: bool) -> ReturnCodeQuerySet:
    """Keep the codes whose card shows the user an open incident, or the others."""
    return codes.alias(hit=any_of(_open_incidents_on(user))).filter(hit=present)


def ids_with_notes(user: Person | None, limit: int) -> list[int] | None:
    """Return the ids of the codes that have notes, or whose ranges have; None if there are more than `limit`."""
    notes = TroubleshootingNote.objects.meant_for(user).published()
    codes = ReturnCode.objects.order_by()
    ids = set(codes.filter(notes__in=notes).values_list("pk", flat=True)[: limit + 1])
    blocks = _blocks_with_notes(user)
    if len(ids) > limit or len(blocks) > MAX_BLOCKS:
        return None
    if blocks:
        within = codes.none().union(*(codes.filter(table=b.table_id).numbered(b.first, b.last) for b in blocks))
        ids.update(within.values_list("pk", flat=True)[: limit + 1])
    return list(ids) if len(ids) <= limit else None


def _blocks_with_notes(user: Person | None) -> list[CodeRange]:
    notes = TroubleshootingNote.objects.meant_for(user).published()
    return list(CodeRange.objects.filter(notes__in=notes).order_by().distinct()[: MAX_BLOCKS + 1])


def ids_with_open_incident(user: Person | None, limit: int) -> list[int] | None:
    """Return the ids of the codes that an open incident hits; None if there are more than `limit`."""
    incidents = IncidentLink.objects.visible_to(user).open().order_by()
    codes = ReturnCode.objects.filter(incidents__in=incidents).order_by()
    ids = list(codes.values_list("pk", flat=True)[: limit + 1])
    return list(dict.fromkeys(ids)) if len(ids) <= limit else None


def _notes_on(user: Person | None) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return the notes on a code, and the notes on its ranges, that a user may read.

    The user may read the code, so the other codes and ranges of such a note do not matter.
    """
    notes = TroubleshootingNote.objects.meant_for(user).published()
    number = OuterRef("number")
    on_range = notes.filter(ranges__table=OuterRef("table"), ranges__first__lte=number, ranges__last__gte=number)
    return notes.filter(codes=OuterRef("pk")), on_range


def _open_incidents_on(user: Person | None) -> QuerySet[IncidentLink]:
    """Return the open incidents that hit a code."""
    return IncidentLink.objects.visible_to(user).open().filter(codes=OuterRef("pk"))
