"""Imports of updated tables: the uploaded file, its changes, and the result."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.utils import timezone

from kb.models.codes import ReturnCode
from kb.models.sections import Section
from kb.models.tables import CodeTable
from kb.models.uploads import Upload
from kb.models.visibility import ReaderQuerySet
from kb.text.codes import forms as text_code
from kb.text.codes.disposition import DISPOSITIONS, FIXERS


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

TOUCHING = (
    RowKind.NEW,
    RowKind.CHANGED,
    RowKind.CONFLICT,
    RowKind.RETIRED,
    RowKind.RESTORED,
    RowKind.MOVED,
    RowKind.SECTION,
    RowKind.REORDERED,
    RowKind.RANGE,
)
"""The kinds that write something when the import is applied."""

BROKEN = (RowKind.ERROR, RowKind.DUPLICATE)
"""The kinds that are never applied. A person has to agree to skip them."""


class Resolution(models.TextChoices):
    """What to do with a row. Only conflicts need a decision; without one, support's text stays."""

    UNDECIDED = "", "Not decided (ours is kept)"
    KEEP_OURS = "keep_ours", "Keep ours"
    TAKE_THEIRS = "take_theirs", "Take the vendor's"
    EDITED = "edited", "Edited"
    LEAVE_OUT = "leave_out", "Leave this row out"


class TableImportQuerySet(ReaderQuerySet["TableImport"]):
    """Chainable reads of imports. All imports are internal."""

    def in_force(self) -> Self:
        """Keep the imports that wrote to their table, including those that were rolled back."""
        return self.filter(state__in=[ImportState.APPLIED, ImportState.ROLLED_BACK])


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
        return f"Import {self.pk}: {self.file_name or 'roll-back'}"

    def count(self, *kinds: str) -> int:
        """Return the number of rows of these kinds; without arguments, of every kind that writes."""
        return sum(self.counts.get(str(kind), 0) for kind in kinds or TOUCHING)

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
    def table_name(self) -> str:
        """Name of the table, even if it does not exist yet."""
        return str(self.table or CodeTable(**self.new_table))


class ImportRowQuerySet(ReaderQuerySet["ImportRow"]):
    """Chainable reads of an import's rows. All of them are internal."""

    def to_apply(self) -> Self:
        """Keep the rows that write something."""
        return self.filter(kind__in=TOUCHING).exclude(resolution=Resolution.LEAVE_OUT)

    def undecided(self) -> Self:
        """Keep the conflicts that nobody has decided."""
        return self.filter(kind=RowKind.CONFLICT, resolution=Resolution.UNDECIDED)

    def by_weight(self) -> Self:
        """Order by how much the codes matter to support, then as in the file."""
        return self.order_by("-weight", F("line").asc(nulls_first=True), "id")


class ImportRow(models.Model):
    """The effect of one line of a file on one code, or what it says about a whole section or column.

    The texts, `extra`, `disposition` and `fixer` are the vendor's new values. `before` holds the code's values at the
    time of planning, by field: the vendor's old texts (`vendor_<field>`) and ours (`<field>`). A conflict shows all
    three texts, and a roll-back restores `before`. A renamed section has its former name there, and no code.
    """

    table_import = models.ForeignKey(TableImport, on_delete=models.CASCADE, related_name="rows", db_index=False)
    kind = models.CharField(max_length=10, choices=RowKind.choices)
    extent = models.CharField(max_length=8, choices=Extent.choices, default="", db_default="", blank=True)
    weight = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How much the code matters to support: incidents, notes, look-ups."
    )
    line = models.PositiveIntegerField(null=True, help_text="Line of the file, or row of the sheet.")
    sheet = models.CharField(max_length=100, blank=True)
    message = models.TextField(blank=True, help_text="What is wrong, or worth knowing.")

    # No indexes or database checks: a first import writes one row for each code, and neither target is ever deleted.
    return_code = models.ForeignKey(
        ReturnCode, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    code_version = models.PositiveIntegerField(null=True, help_text="Version of the code when it was planned.")
    section = models.ForeignKey(
        Section, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    section_name = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=text_code.MAX_LENGTH, blank=True)
    identity = models.CharField(max_length=4 * text_code.MAX_LENGTH, blank=True)
    canonical = models.CharField(max_length=4 * text_code.MAX_LENGTH, blank=True)
    number = models.BigIntegerField(null=True)
    sort_key = models.CharField(max_length=2000, blank=True)
    position = models.PositiveIntegerField(default=0)

    symbol = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    possible_reasons = models.TextField(blank=True)
    suggested_actions = models.TextField(blank=True)
    extra = models.JSONField(default=dict)
    disposition = models.CharField("what to do", max_length=16, choices=list(DISPOSITIONS.items()), default="unknown")
    fixer = models.CharField(max_length=8, choices=list(FIXERS.items()), default="unknown")

    fields = models.JSONField(default=list, help_text="Names of the fields that change.")
    conflicts = models.JSONField(default=list, help_text="Names of the texts that both sides changed.")
    before = models.JSONField(default=dict, help_text="What the code held, by field.")
    resolution = models.CharField(max_length=12, choices=Resolution.choices, default=Resolution.UNDECIDED, blank=True)
    edited = models.JSONField(default=dict, help_text="Support's words for texts in conflict, by field.")

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        # Rows without a line (a dropped code, a problem of the whole file) come first, on every database.
        ordering = [F("line").asc(nulls_first=True), "id"]
        constraints = [
            models.CheckConstraint(name="import_row_kind_known", condition=Q(kind__in=RowKind.values)),
            models.CheckConstraint(name="import_row_resolution_known", condition=Q(resolution__in=Resolution.values)),
        ]
        indexes = [
            # The list of an import's rows by kind, in the file's order; also serves the foreign key.
            models.Index(fields=["table_import", "kind", "line", "id"], name="import_row_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.code or self.message}"

    def texts(self, name: str) -> dict[str, str]:
        """Return the three texts of a field: the vendor's before and now, and ours. A new code has only the second."""
        now = getattr(self, name)
        if self.kind == RowKind.NEW:
            return {"vendor_before": "", "vendor_now": now, "ours": ""}
        vendor_before = self.before.get(f"vendor_{name}", now)
        return {"vendor_before": vendor_before, "vendor_now": now, "ours": self.before.get(name, vendor_before)}
