"""The rows of an import: what one line of a file does to one code."""

import hashlib
import json
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from kb.models import sql
from kb.models.codes import ReturnCode
from kb.models.sections import Section
from kb.models.table_imports import TOUCHING, Extent, Resolution, RowKind, TableImport
from kb.models.visibility import ReaderQuerySet
from kb.text.codes import forms as text_code
from kb.text.codes.disposition import DISPOSITIONS, FIXERS

DECIDED_BY = "decided_by"
"""The key in `before` of a row that somebody decided: the id of the account, or null for the command line."""


class ImportRowQuerySet(ReaderQuerySet["ImportRow"]):
    """Chainable reads of an import's rows. All of them are internal."""

    def to_apply(self) -> Self:
        """Keep the rows that write something."""
        return self.filter(kind__in=TOUCHING).exclude(resolution=Resolution.LEAVE_OUT)

    def undecided(self) -> Self:
        """Keep the conflicts that nobody has decided."""
        return self.filter(kind=RowKind.CONFLICT, resolution=Resolution.UNDECIDED)

    def decided(self) -> Self:
        """Keep the rows that have a decision."""
        return self.exclude(resolution=Resolution.UNDECIDED)

    def decide(self, resolution: str, person_id: int | None) -> int:
        """Store one decision without own words for all of these rows, and who took it; return their number."""
        function = "before || jsonb_build_object(%s, %s::bigint)" if sql.is_postgres() else "json_set(before, %s, %s)"
        key = DECIDED_BY if sql.is_postgres() else f"$.{DECIDED_BY}"
        before = RawSQL(function, [key, person_id])  # noqa: S611 - constants; the id is a parameter
        return self.update(resolution=resolution, edited={}, before=before)

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

    @property
    def decision_mark(self) -> str:
        """Return a mark of the decision. A form sends back the one that it showed, so that no other is overwritten."""
        stored = json.dumps([self.resolution, self.edited], sort_keys=True)
        return hashlib.blake2b(stored.encode(), digest_size=8).hexdigest()

    def texts(self, name: str) -> dict[str, str]:
        """Return the three texts of a field: the vendor's before and now, and ours. A new code has only the second."""
        now = getattr(self, name)
        if self.kind == RowKind.NEW:
            return {"vendor_before": "", "vendor_now": now, "ours": ""}
        vendor_before = self.before.get(f"vendor_{name}", now)
        return {"vendor_before": vendor_before, "vendor_now": now, "ours": self.before.get(name, vendor_before)}
