"""The ordered feed: what happened to what, in commit order.

# Note [A clock that is set back]
Readers of histories and of the feed rely on dates. But the clocks of several machines differ, and clocks are sometimes
set back. So every change gets a date after the feed's last change. If the last change is more than a day in the future,
its clock was wrong, and its date is ignored.

# Note [The place of a time]
So dates follow the sequence, and the last change before a time is found by halves. No index of dates is needed, and the
changes of a week are a part of the feed's own index, in both orders.

# Note [Relisted]
A copy gets an object only with a change of it. But readers get other links of a note, incident or code, or may read it
no longer, if an import takes its codes away or brings them back, or if their table becomes public or internal. The
object itself keeps its version, and nobody who edits it is refused. So it has a change in the feed, without a revision.
Which objects they are is read last, under the lock of the feed's counter: whoever links one meanwhile is in the feed
either before, and is read, or after.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from django.conf import settings
from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL
from django.utils import timezone

from kb.models import incarnations
from kb.models.history import Door
from kb.models.sql import rows
from kb.models.visibility import Audience, ReaderQuerySet

TICK, _AHEAD = timedelta(microseconds=1), timedelta(days=1)

_IS_BEFORE = (
    "(SELECT c.at FROM kb_change AS c WHERE c.sequence <= (low + high + 1) / 2 ORDER BY c.sequence DESC LIMIT 1) < %s"
)
_LAST_BEFORE = (
    "WITH RECURSIVE half (low, high) AS (SELECT CAST(0 AS bigint), (SELECT COALESCE(MAX(sequence), 0) FROM kb_change)"  # noqa: S608
    f" UNION ALL SELECT CASE WHEN COALESCE({_IS_BEFORE}, TRUE) THEN (low + high + 1) / 2 ELSE low END,"
    f" CASE WHEN COALESCE({_IS_BEFORE}, TRUE) THEN high ELSE (low + high + 1) / 2 - 1 END FROM half WHERE low < high)"
    " SELECT low FROM half WHERE low = high"
)
"""The sequence of the last change before a time, or a later one without a change; 0 if there is none."""

NOUNS = {
    "table": "Code table",
    "section": "Section",
    "code": "Return code",
    "range": "Code range",
    "note": "Troubleshooting note",
    "proposal": "Proposal",
    "incident": "Incident link",
    "flag": "Flag",
    "synonym": "Synonyms",
    "miss": "Ignored search",
}


class ChangeKind(models.TextChoices):
    """What happened."""

    CREATED = "created", "Created"
    UPDATED = "updated", "Updated"
    RETIRED = "retired", "Retired"
    RESTORED = "restored", "Restored"
    DELETED = "deleted", "Deleted"


RELISTED = ["links"]
"""The fields of an object that was not edited, although readers get other links of it. See Note [Relisted]."""


class ChangeQuerySet(ReaderQuerySet["Change"]):
    """Chainable reads of the feed. A change is as public as its object was at the time."""

    audience_column = "audience"

    def since(self, sequence: int) -> Self:
        """Keep the changes after a sequence number, in commit order."""
        return self.filter(sequence__gt=sequence).order_by("sequence")

    def at_or_after(self, moment: datetime) -> Self:
        """Keep the changes of a time or later. See Note [The place of a time]."""
        stored = connections[self.db].ops.adapt_datetimefield_value(moment)
        return self.filter(at__gte=moment, sequence__gt=RawSQL(_LAST_BEFORE, [stored, stored]))  # noqa: S611

    def earliest_next(self) -> datetime:
        """Return the earliest date that the next change may have. See Note [A clock that is set back]."""
        last = self.order_by("-sequence").values_list("at", flat=True).first()
        return last + TICK if last and last < timezone.now() + _AHEAD else datetime.min.replace(tzinfo=UTC)


class Change(models.Model):
    """One row of the feed. `ChangeCounter` hands out its sequence, so that sequences follow the order of commits."""

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=10, choices=ChangeKind.choices)
    noun = models.CharField(max_length=10, choices=list(NOUNS.items()))
    object_id = models.BigIntegerField()
    label = models.CharField(max_length=250, help_text="What the object was called at the time.")
    fields = models.JSONField(default=list, help_text="Names of the fields that changed.")
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.INTERNAL)
    door = models.CharField(max_length=10, choices=Door.choices)
    # With a default in the database, because processes of the previous release write no reason.
    reason = models.CharField(max_length=100, blank=True, default="", db_default="", help_text="For staff alone.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    table_import = models.ForeignKey(
        "kb.TableImport", on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-sequence"]
        # A card's history: the changes of one object.
        indexes = [models.Index(fields=["noun", "object_id"], name="change_object")]

    @property
    def has_revision(self) -> bool:
        """Whether it wrote a revision."""
        return bool(self.fields != RELISTED)

    def __str__(self) -> str:
        return f"{self.sequence}: {self.get_noun_display()} {self.label} {self.get_kind_display().lower()}"


class ChangeCounter(models.Model):
    """One locked row that hands out sequence numbers. An autoincrement id would not follow commit order."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last = models.BigIntegerField(default=0)
    # See Note [Incarnation]. Both with a default in the database, because processes of the previous release write none.
    incarnation = models.CharField(max_length=20, default="", db_default="")
    origin = models.CharField(max_length=60, default="", db_default="")

    class Meta:
        constraints = [models.CheckConstraint(name="one_change_counter", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return str(self.last)


class FeedEnd(NamedTuple):
    """The number of the last committed change, 0 before the first, and the incarnation that it belongs to."""

    incarnation: str
    sequence: int


def feed_end(database: BaseDatabaseWrapper | None = None) -> FeedEnd:
    """Return where the feed ends in the database that is read, or in another one."""
    database = database or connections[router.db_for_read(ChangeCounter)]
    # With a parameter, because the incarnation's SQL is for one with them.
    sql = f"SELECT {incarnations.present()}, last FROM kb_changecounter WHERE id = %s"  # noqa: S608
    counters = rows(sql, 1, database=database)
    return FeedEnd(*counters[0]) if counters else FeedEnd("", 0)


def last_sequence() -> int:
    """Return the sequence of the last committed change; 0 before the first. It grows with every change."""
    return feed_end().sequence
