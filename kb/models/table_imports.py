"""Imports of updated tables: the uploaded file, its counts, and the result.

# Note [What replaces a plan]
A plan is computed from one state of its table, and only the newest one of a table is applied. So an import that was
applied or rolled back since replaces it, and so does a newer plan with work, until that one is discarded. A plan of a
new table has no table yet: its name stands for it. Nothing of this is stored, so that nothing can contradict it. Only a
plan that was closed because its file was planned again names the new plan. Of several, the first is named.
"""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from kb.models.tables import CodeTable
from kb.models.uploads import Upload
from kb.models.visibility import ReaderQuerySet


class ImportState(models.TextChoices):
    """Life of an import: planning -> planned -> applied -> rolled_back, or discarded, or failed."""

    PLANNING = "planning", "Being planned"
    PLANNED = "planned", "Planned"
    APPLIED = "applied", "Applied"
    DISCARDED = "discarded", "Discarded"
    ROLLED_BACK = "rolled_back", "Rolled back"
    FAILED = "failed", "Failed"


UNFINISHED = (ImportState.PLANNING, ImportState.PLANNED)
"""The states of an import that may still be applied or discarded."""


class RowKind(models.TextChoices):
    """The effect of a row on the table. Unchanged codes are counted, not stored."""

    NEW = "new", "New"
    CHANGED = "changed", "Changed"
    CONFLICT = "conflict", "In conflict"
    RETIRED = "retired", "Retired"
    TAKEN = "taken", "Taken away"
    RESTORED = "restored", "Restored"
    MOVED = "moved", "Moved"
    SECTION = "section", "Section renamed"
    REORDERED = "reordered", "Order changed"
    DUPLICATE = "duplicate", "Listed twice"
    ERROR = "error", "Error"
    WARNING = "warning", "Warning"
    COLUMN = "column", "Column"
    RANGE = "range", "Range of codes"


class Extent(models.TextChoices):
    """How far a row changes a code that the table has: the weightiest change counts. Other rows have none."""

    WORDS = "words", "Words"
    COLUMNS = "columns", "Other columns, no words"
    COSMETIC = "cosmetic", "Only spelling, punctuation, white space or links"
    SECTION = "section", "Only the section"
    HEADING = "heading", "Only the name of another column"


UNCHANGED = "unchanged"
"""The key in `TableImport.counts` of the codes that a file leaves unchanged."""

STRANGE = "strange"
"""The key in `TableImport.counts` of the codes whose new texts are so strange that applying needs a second yes."""

FORMER, TAKEN_OVER, LEFT_BEHIND = "former", "taken_over", "left_behind"
"""The keys in `TableImport.counts` about decisions of a plan that this one replaces: its id, and how many were taken
over, and how many were not."""

REPLACED_BY = "replaced_by"
"""The key in `TableImport.counts` of a discarded plan whose file was planned again: the id of the new plan."""

OPEN = "open"
"""The key in `TableImport.counts` of the questions that the plan leaves open."""

TOUCHING = (
    RowKind.NEW,
    RowKind.CHANGED,
    RowKind.CONFLICT,
    RowKind.RETIRED,
    RowKind.TAKEN,
    RowKind.RESTORED,
    RowKind.MOVED,
    RowKind.SECTION,
    RowKind.REORDERED,
    RowKind.RANGE,
)
"""The kinds that write something when the import is applied."""

BROKEN = (RowKind.ERROR, RowKind.DUPLICATE)
"""The kinds that are never applied. A person has to agree to skip them."""


_WORK = (*TOUCHING, *BROKEN, OPEN)


class Resolution(models.TextChoices):
    """What to do with a row. Only conflicts need a decision; without one, support's text stays."""

    UNDECIDED = "", "Not decided (ours is kept)"
    KEEP_OURS = "keep_ours", "Keep ours"
    TAKE_THEIRS = "take_theirs", "Take the vendor's"
    EDITED = "edited", "Edited"
    LEAVE_OUT = "leave_out", "Leave this row out"


_SLUG = Coalesce("table__slug", KeyTextTransform("slug", "new_table"), output_field=models.CharField())
_APPLIED_BEFORE = Coalesce(Cast(KeyTextTransform("imports", "basis"), models.IntegerField()), 0)


class TableImportQuerySet(ReaderQuerySet["TableImport"]):
    """Chainable reads of imports. All imports are internal."""

    def in_force(self) -> Self:
        """Keep the imports that wrote to their table, including those that were rolled back."""
        return self.filter(state__in=[ImportState.APPLIED, ImportState.ROLLED_BACK])

    def with_work(self) -> Self:
        """Keep the plans that change something, or that have rows in error or an open question."""
        return self.filter(counts__has_any_keys=[str(kind) for kind in _WORK])

    def with_successors(self) -> Self:
        """Annotate each plan with the id of what replaces it. See Note [What replaces a plan]."""
        planned = TableImport.objects.filter(state=ImportState.PLANNED)
        applied = TableImport.objects.in_force().filter(table__slug=OuterRef("slug")).order_by("applied_at", "pk")
        count = applied.order_by().values("table").annotate(n=Count("pk")).values("n")
        newer = planned.with_work().annotate(slug=_SLUG).filter(slug=OuterRef("slug"), pk__gt=OuterRef("pk"))
        is_older = Q(state=ImportState.PLANNED, applied__gt=F("applied_before"))
        own = self.annotate(slug=_SLUG, applied_before=_APPLIED_BEFORE, applied=Coalesce(Subquery(count), 0))
        since = applied.filter(applied_at__gte=OuterRef("planned_at")).values("pk")[:1]
        return own.annotate(
            successor_id=Case(
                # One that was applied while the plan was made may have the earlier time.
                When(is_older, then=Coalesce(Subquery(since), Subquery(applied.reverse().values("pk")[:1]))),
                When(state=ImportState.PLANNED, then=Subquery(newer.order_by("pk").values("pk")[:1])),
                When(
                    state=ImportState.DISCARDED,
                    then=Cast(KeyTextTransform(REPLACED_BY, "counts"), models.IntegerField()),
                ),
            )
        )

    def of_table(self, slug: str) -> Self:
        """Keep the imports of a table, also one that does not exist yet."""
        return self.annotate(slug=_SLUG).filter(slug=slug)

    def not_replaced(self) -> Self:
        """Leave out the plans that something replaces."""
        return self.with_successors().filter(successor_id=None)

    def waiting(self) -> Self:
        """Keep the plans that somebody has to apply or discard."""
        return self.filter(state=ImportState.PLANNED).with_work().not_replaced()


class TableImport(models.Model):
    """One uploaded file: planned, then applied, discarded or rolled back. A rollback is an import, too."""

    table = models.ForeignKey(
        CodeTable,
        on_delete=models.PROTECT,
        related_name="imports",
        null=True,
        help_text="Empty for a table that the import will create.",
    )
    new_table = models.JSONField(default=dict, help_text="The fields of the table that the import creates.")
    rolls_back = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        related_name="rolled_back_by",
        null=True,
        help_text="The import that is rolled back.",
    )
    state = models.CharField(max_length=12, choices=ImportState.choices, default=ImportState.PLANNING)
    message = models.TextField(blank=True, help_text="Why it failed.")
    complete = models.BooleanField(default=False, help_text="The file lists the whole table: other codes are retired.")

    file_name = models.CharField(max_length=250, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0, help_text="Bytes.")
    format = models.CharField(max_length=12, blank=True)
    encoding = models.CharField(max_length=32, blank=True)
    delimiter = models.CharField(max_length=4, blank=True)
    columns = models.JSONField(default=dict, help_text="Which header was read as which field.")
    upload = models.ForeignKey(
        Upload, on_delete=models.SET_NULL, null=True, related_name="+", help_text="The file, until the plan is closed."
    )
    choices = models.JSONField(
        default=dict,
        db_default=Value({}, models.JSONField()),
        help_text="What somebody chose about how the file is read.",
    )
    questions = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), help_text="What the file leaves open, with the offers."
    )

    counts = models.JSONField(default=dict, help_text="Rows by kind, and `unchanged`.")
    extents = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), help_text="Rows by extent: how far they change a code."
    )
    current_codes = models.PositiveIntegerField(default=0, help_text="Codes that the table listed when planned.")
    basis = models.JSONField(default=dict, help_text="State of the table that the plan was computed from.")

    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    planned_at = models.DateTimeField(default=timezone.now)
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="Who discarded it or rolled it back.",
    )
    closed_at = models.DateTimeField(null=True)

    objects = TableImportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="import_state_known", condition=Q(state__in=ImportState.values)),
            # A double click makes one plan.
            models.UniqueConstraint(name="import_plan_once", fields=["upload"], condition=Q(state__in=UNFINISHED)),
        ]

    def __str__(self) -> str:
        roll_back = f"roll-back of import {self.rolls_back_id}" if self.rolls_back_id else "roll-back"
        return f"Import {self.pk}: {self.file_name or roll_back}"

    def count(self, *kinds: str) -> int:
        """Return the number of rows of these kinds; without arguments, of every kind that writes."""
        return sum(self.counts.get(str(kind), 0) for kind in kinds or TOUCHING)

    @property
    def state_with_person(self) -> str:
        """Say its state, and who brought it there: `applied by ann`."""
        closed = self.state in (ImportState.DISCARDED, ImportState.ROLLED_BACK)
        person = self.closed_by if closed else self.applied_by
        by = f" by {person}" if person else " from the command line" if closed or self.applied_at else ""
        return f"{self.state_label.lower()}{by}"

    @property
    def state_label(self) -> str:
        """Say its state. A plan whose file was planned again is no longer wanted, but nobody discarded its file."""
        return "Replaced" if REPLACED_BY in self.counts else self.get_state_display()

    def delete_upload(self) -> None:
        """Delete the uploaded file: the plan is closed, and nobody will read it again."""
        if self.upload is not None:
            self.upload.delete()
            self.upload = None

    @property
    def is_planned(self) -> bool:
        """Whether it waits for a decision."""
        return self.state == ImportState.PLANNED

    @property
    def has_work(self) -> bool:
        """Whether it changes something, or has rows in error or an open question: `with_work` keeps the same plans."""
        return self.count(*_WORK) > 0

    @property
    def successor(self) -> "TableImport | None":
        """What replaces this plan. See Note [What replaces a plan]."""
        own = TableImport.objects.with_successors().filter(pk=self.pk)
        return TableImport.objects.filter(pk__in=own.values("successor_id")).first()  # type: ignore[misc]

    @property
    def slug_of_table(self) -> str:
        """Short name of the table, even if it does not exist yet."""
        return self.table.slug if self.table else self.new_table.get("slug", "")

    @property
    def table_name(self) -> str:
        """Name of the table, even if it does not exist yet."""
        return str(self.table or CodeTable(**self.new_table))
