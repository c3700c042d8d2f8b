"""Code ranges: blocks of numbers with a name."""

from collections.abc import Collection
from typing import Self

from django.db import models
from django.db.models import F, Q

from kb.models.origins import Origin
from kb.models.tables import CodeTable
from kb.models.visibility import ReaderQuerySet


class CodeRangeQuerySet(ReaderQuerySet["CodeRange"]):
    """Chainable reads of code ranges. A range is as public as its table."""

    audience_column = "table__audience"

    def holding(self, number: int | None) -> Self:
        """Keep the ranges around a number, narrowest first; none without a number."""
        if number is None:
            return self.none()
        return self.filter(first__lte=number, last__gte=number).narrowest_first()

    def narrowest_first(self) -> Self:
        """Order by width."""
        return self.order_by(F("last") - F("first"), "id")

    def with_notes(self, tables: Collection[int]) -> Self:
        """Keep the ranges of these tables that notes are about."""
        return self.filter(table__in=tables, notes__isnull=False).distinct()


class CodeRange(models.Model):
    """A block of numbers with a name. It shows where an unlisted code belongs."""

    table = models.ForeignKey(CodeTable, on_delete=models.PROTECT, related_name="ranges")
    name = models.CharField(max_length=120)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    origin = models.CharField(
        "source",
        max_length=6,
        choices=[(Origin.VENDOR, "Stated by the vendor"), (Origin.STAFF, "Inferred by support")],
        default=Origin.STAFF,
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = CodeRangeQuerySet.as_manager()

    class Meta:
        ordering = ["table", "first", "-last"]
        constraints = [
            models.CheckConstraint(
                name="range_not_backwards",
                condition=Q(first__lte=F("last")),
                violation_error_message="The last number must not be below the first.",
            ),
            models.UniqueConstraint(fields=["table", "first", "last"], name="range_once_per_table"),
        ]

    def __str__(self) -> str:
        return f"{self.pattern} {self.name}"

    @property
    def pattern(self) -> str:
        """The block as people write it: `6603xxxxx`, or `0–999999` where no such pattern fits."""
        return pattern_of(self.first, self.last)


def pattern_of(lowest: int, highest: int) -> str:
    """Return a block of numbers as people write it: `6603xxxxx`, or `0–999999` where no such pattern fits."""
    first, last = str(lowest), str(highest)
    prefix = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    tail = len(first) - prefix
    if prefix and len(first) == len(last) and first[prefix:] == "0" * tail and last[prefix:] == "9" * tail:
        return first[:prefix] + "x" * tail
    return f"{first}\u2013{last}"
