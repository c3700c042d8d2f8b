"""The open incidents of codes."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet

from kb.models import IncidentLink
from kb.models.sql import MAX_VALUES, batches
from kb.models.visibility import Person


def open_incidents(ids: Sequence[int], user: Person | None) -> dict[int, list[IncidentLink]]:
    """Return the open incidents that a user may read, by the code's id, in the order of the card."""
    incidents: Any = IncidentLink.objects.visible_to(user).open().open_first().defer("impact", "workaround")
    by_code: dict[int, list[IncidentLink]] = {}
    for batch in batches(ids, MAX_VALUES):
        pairs: QuerySet[Any] = incidents.filter(codes__in=batch).annotate(on=F("codes"))
        for incident in pairs:
            by_code.setdefault(incident.on, []).append(incident)
    return by_code
