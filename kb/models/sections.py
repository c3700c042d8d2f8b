"""Sections: the vendor's own grouping inside a table."""

from collections.abc import Container
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.text import slugify

from kb.models.tables import CodeTable
from kb.models.visibility import Person, ReaderQuerySet


class SectionQuerySet(ReaderQuerySet["Section"]):
    """Chainable reads of sections. A section is as public as its table."""

    audience_column = "table__audience"

    def visible_to(self, user: Person | None) -> Self:
        """Keep the sections that a user may read. Nobody reads one that only rolled-back imports brought codes to."""
        codes = self.model._meta.apps.get_model("kb", "ReturnCode").objects.filter(section=OuterRef("pk"))
        # In this order: the first code of most sections is listed, and the second question is not asked.
        return super().visible_to(user).filter(Q(Exists(codes.published())) | ~Exists(codes))

    def with_codes(self) -> Self:
        """Keep the sections that have a code. A roll-back leaves sections without one, which nobody sees."""
        return self.filter(codes__isnull=False, codes__tombstone=None).distinct()


class Section(models.Model):
    """The vendor's grouping inside a table. A table without groups has one section with an empty name."""

    table = models.ForeignKey(CodeTable, on_delete=models.PROTECT, related_name="sections")
    name = models.CharField(max_length=200, blank=True)
    slug = models.SlugField(max_length=80, allow_unicode=True)
    position = models.PositiveIntegerField(default=0, help_text="The vendor's order.")
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = SectionQuerySet.as_manager()

    class Meta:
        ordering = ["table", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["table", "name"], name="section_name_once_per_table"),
            models.UniqueConstraint(fields=["table", "slug"], name="section_slug_once_per_table"),
            # The target of the database's check that a code's section belongs to the code's table.
            models.UniqueConstraint(fields=["id", "table"], name="section_in_table"),
        ]

    def __str__(self) -> str:
        return self.name or "(no section)"


def section_slug(name: str, existing: Container[str], numbers: dict[str, int] | None = None) -> str:
    """Return a slug for a section that is not in `existing`; readable where the name allows it.

    `numbers` remembers the next number of each slug between calls: an import may bring many names with the same one.
    """
    base = slugify(name, allow_unicode=True)[:70] or "all"
    numbers = {} if numbers is None else numbers
    slug, number = base, numbers.get(base, 2)
    while slug in existing:
        slug, number = f"{base}-{number}", number + 1
    numbers[base] = number
    return slug
