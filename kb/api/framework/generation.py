"""The generation of the knowledge base: it says whether a cached answer is still current.

# Note [Generation]
The feed's sequence grows with every change that a reader can see, within one incarnation of the database: see
Note [Incarnation]. So both say whether an answer is still current. The ETag combines them with the day (a review can
fall due without a change), the class of reader and the address. A process uses the generation for a second before it
reads it again; a process that writes reads it again at once.
"""

import time
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, router
from django.db.models import OuterRef, Subquery
from django.db.models.expressions import RawSQL
from django.utils import timezone

from kb.models import Change, ChangeCounter, incarnations
from kb.services import journal

TRUST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Generation:
    """The state of the knowledge base at a moment. See Note [Generation]."""

    incarnation: str
    sequence: int
    changed_at: datetime | None
    day: date
    checked_at: float
    moves: int

    @property
    def state(self) -> tuple[str, int, date]:
        """What answers depend on: equal for two generations with the same answers."""
        return self.incarnation, self.sequence, self.day

    @property
    def is_trusted(self) -> bool:
        """Whether it may still be used without a query."""
        return self.moves == journal.moves() and time.monotonic() - self.checked_at < TRUST_SECONDS


_generations: dict[str, Generation] = {}
"""By database: a replica may lag behind, so its answers have a generation of their own."""


def generation() -> Generation:
    """Return the generation of the knowledge base, at most a second old."""
    if connection.in_atomic_block:
        # Uncommitted changes are for this transaction only.
        return _query_generation()
    database = router.db_for_read(ChangeCounter)
    latest = _generations.get(database)
    if latest is None or not latest.is_trusted:
        latest = _generations[database] = _query_generation()
    return latest


def last_known() -> Generation | None:
    """Return the generation that was read last, without a query; None if none was."""
    return _generations.get(router.db_for_read(ChangeCounter))


def _query_generation() -> Generation:
    # Read both before the query: a write in between then makes the generation too old, which is safe, not too new.
    moves, checked_at = journal.moves(), time.monotonic()
    at = Change.objects.filter(sequence=OuterRef("last")).values("at")
    incarnation = RawSQL(incarnations.present(), [])  # noqa: S611
    row = ChangeCounter.objects.filter(id=1).values_list(incarnation, "last", Subquery(at)).first()
    name, sequence, changed_at = row or ("", 0, None)
    today = timezone.localdate(timezone=timezone.get_default_timezone())
    return Generation(name, sequence, changed_at, today, checked_at, moves)
