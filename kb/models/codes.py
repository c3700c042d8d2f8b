"""Return codes."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Upper
from django.urls import get_script_prefix, reverse
from django.utils import timezone

from kb.models.fields import VENDOR_TEXTS
from kb.models.history import CodeRevision, history_table
from kb.models.origins import Origin
from kb.models.phrasings import phrasings_field
from kb.models.sections import Section
from kb.models.sql import is_postgres
from kb.models.subqueries import any_of, linked, without_index
from kb.models.tables import CodeTable
from kb.models.visibility import Audience, Person, ReaderQuerySet
from kb.text.codes import forms as text_code
from kb.text.codes.disposition import DISPOSITIONS, FIXERS

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
"""Codes that an address has unchanged."""


def card_address(table: str, section: str, code: str, prefix: str = "") -> str:
    """Return the address of a code's card. It has the section, because a table may have a code twice.

    Pass Django's script prefix if you need many addresses.
    """
    if not _PLAIN.fullmatch(code):
        return reverse("section-code", args=[table, section, code])
    return f"{_folder(prefix or get_script_prefix(), table, section)}{code}/"


@lru_cache(maxsize=1000)
def _folder(prefix: str, table: str, section: str) -> str:
    """Return how the addresses of a section's codes begin. Django takes 50 times longer to make an address."""
    return reverse("section-code", args=[table, section, "0"]).removesuffix("0/")


PUBLISHED = "NOT EXISTS (SELECT 1 FROM kb_tombstone AS x WHERE x.code_id = c.id)"
"""The condition, in SQL, that a vendor listed a code `c`: see `kb.models.tombstones`."""


class ReturnCodeQuerySet(ReaderQuerySet["ReturnCode"]):
    """Chainable reads of return codes. A code is as public as its table."""

    def visible_to(self, user: Person | None) -> Self:
        """Keep the codes that a user may read. Nobody reads those that the vendor never listed."""
        return super().visible_to(user).published()

    def published(self) -> Self:
        """Keep the codes that the vendor listed at some time, and leave out those of rolled-back imports alone."""
        # They are retired, too: most codes need no look at them. Not by a join, which would be read before an index.
        tombstones = self.model._meta.apps.get_model("kb", "Tombstone").objects.filter(code=OuterRef("pk"))
        return self.filter(Q(retired_at=None) | ~Exists(tombstones))

    def public(self) -> Self:
        """Keep the codes of public tables. By no index: all codes of these tables would be read first."""
        public = CodeTable.objects.filter(audience=Audience.PUBLIC).order_by()
        return self.filter(without_index(Q(table_id__in=public.values("pk"))))

    def with_successor_for(self, user: Person | None) -> Self:
        """Keep the codes that another one replaces, in a table that a user may read."""
        # The first condition is there so that the index of the codes that have one is used.
        tables = CodeTable.objects.visible_to(user).order_by()
        return self.filter(successor__isnull=False, successor__table__in=tables)

    def current(self) -> Self:
        """Keep the codes that the vendor still lists."""
        return self.filter(retired_at=None)

    def matching(self, code: str) -> Self:
        """Keep the codes that a text may mean, in any of its readings; none for an empty text."""
        return self.matching_any([code])

    def matching_any(self, codes: Iterable[str]) -> Self:
        """Keep the codes that one of several texts may mean."""
        return self.filter(canonical__in={reading.canonical for code in codes for reading in text_code.readings(code)})

    def beginning_with(self, canonical: str) -> Self:
        """Keep the codes whose canonical form begins with a text. Comparisons always use the index; LIKE does not."""
        return self.filter(canonical__gte=canonical, canonical__lt=canonical + "\U0010ffff")

    def among_tables(self, pks: Iterable[int]) -> Self:
        """Keep the codes of some tables, without the index of tables: the caller's other conditions have a better one.

        `+ 0` tells SQLite, which would walk through a table of 100,000 codes.
        """
        return self.alias(of=F("table_id") + 0).filter(of__in=pks)

    def with_beginning(self, text: str) -> Self:
        """Keep the codes that may begin with a text in some case: by the index, so this may keep others, too."""
        beginning = text_code.identity(text)
        # The next letter may be an accent that joins the last one.
        beginning = beginning if beginning[-1:] in "0123456789-_." else beginning[:-1]
        if is_postgres():
            return self.filter(identity__startswith=beginning)
        return self.filter(identity__gte=beginning, identity__lt=beginning + "\U0010ffff")

    def numbered(self, first: int, last: int) -> Self:
        """Keep the codes with these numbers or one between. With the sort keys, because these have an index."""
        keys = (text_code.sort_key(str(first)), text_code.sort_key(str(last)))
        return self.filter(number__range=(first, last), sort_key__range=keys)

    def without_long_texts(self) -> Self:
        """Defer the texts that only a card shows. Reading them later costs a query for each code."""
        return self.defer(
            "possible_reasons", "suggested_actions", "extra", *(f"vendor_{name}" for name in VENDOR_TEXTS)
        )

    def in_vendor_order(self) -> Self:
        """Order as the vendor published them."""
        return self.order_by("table_id", "position", "id")

    def with_note_flag(self, notes: "models.QuerySet[Any]") -> Self:
        """Add `has_notes`: whether one of these notes is about the code."""
        return self.annotate(has_notes=linked(notes))

    def with_any_note(self, notes: "models.QuerySet[Any]") -> Self:
        """Add `has_any_note`: whether one of these notes is about the code, or about a range around it."""
        number = OuterRef("number")
        on_range = notes.filter(ranges__table=OuterRef("table"), ranges__first__lte=number, ranges__last__gte=number)
        return self.annotate(has_any_note=any_of(notes.filter(codes=OuterRef("pk")), on_range))


class ReturnCode(models.Model):
    """One return code in one section of one table. No code is deleted: `retired_at` is set when the vendor drops it."""

    table = models.ForeignKey(CodeTable, on_delete=models.PROTECT, related_name="codes", db_index=False)
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="codes")
    code = models.CharField(max_length=text_code.MAX_LENGTH, help_text="As the vendor writes it.")
    identity = models.CharField(max_length=4 * text_code.MAX_LENGTH, editable=False)
    canonical = models.CharField(max_length=4 * text_code.MAX_LENGTH, editable=False)
    number = models.BigIntegerField(null=True, editable=False)
    sort_key = models.CharField(max_length=2000, editable=False)
    position = models.PositiveIntegerField(default=0, help_text="The vendor's order in the table.")

    symbol = models.CharField(max_length=200, blank=True, help_text="The vendor's name for the code, if any.")
    description = models.TextField(blank=True)
    possible_reasons = models.TextField(blank=True)
    suggested_actions = models.TextField(blank=True)
    vendor_symbol = models.CharField(max_length=200, blank=True, editable=False)
    vendor_description = models.TextField(blank=True, editable=False)
    vendor_possible_reasons = models.TextField(blank=True, editable=False)
    vendor_suggested_actions = models.TextField(blank=True, editable=False)
    extra = models.JSONField(default=dict, blank=True, editable=False, help_text="Other columns of the vendor's table.")

    disposition = models.CharField("what to do", max_length=16, choices=list(DISPOSITIONS.items()), default="unknown")
    disposition_origin = models.CharField(max_length=6, choices=Origin.choices, default=Origin.VENDOR, editable=False)
    fixer = models.CharField("who can fix it", max_length=8, choices=list(FIXERS.items()), default="unknown")
    fixer_origin = models.CharField(max_length=6, choices=Origin.choices, default=Origin.VENDOR, editable=False)
    successor = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaces",
        help_text="For a retired code: the code that took its place.",
    )
    phrasings = phrasings_field("Everybody who may read the table finds the code by them.")
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ReturnCodeQuerySet.as_manager()
    # Revisions are found by their code, user or time. Each further index would lengthen every import.
    history = history_table(CodeRevision, no_db_index=["table", "section", "successor"])

    class Meta:
        ordering = ["table", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["table", "section", "identity"],
                name="code_once_per_section",
                violation_error_message="This section already has this code.",
            ),
            models.CheckConstraint(name="code_not_empty", condition=~Q(code="") & ~Q(identity="")),
            models.CheckConstraint(name="disposition_known", condition=Q(disposition__in=list(DISPOSITIONS))),
            models.CheckConstraint(name="fixer_known", condition=Q(fixer__in=list(FIXERS))),
        ]
        indexes = [
            # Every look-up: exact codes in all their readings, near codes, and beginnings of codes.
            models.Index(fields=["canonical"], name="code_canonical"),
            # Look-ups of a symbol, in any case.
            models.Index(Upper("symbol"), name="code_symbol", condition=Q(symbol__gt="")),
            # The table's page and the API's default order. It also serves the foreign key to the table. The number, so
            # that a number range in this order is found without reading the rows.
            models.Index(fields=["table", "position", "id", "number"], name="code_vendor_order"),
            # The API's order by code or number, and its number range, for all codes and for one table; neighbours.
            models.Index(fields=["sort_key", "id"], name="code_natural"),
            models.Index(fields=["table", "sort_key", "id"], name="code_natural_in_table"),
            # The API's order by time, and copies that ask what has changed since.
            models.Index(fields=["updated_at", "id"], name="code_updated"),
            models.Index(fields=["table", "updated_at", "id"], name="code_updated_in_table"),
            models.Index(fields=["created_at"], name="code_created"),
            models.Index(fields=["table", "id"], name="code_in_table"),
            # How a code begins. PostgreSQL's usual order of text does not keep beginnings together.
            models.Index(fields=["identity"], name="code_beginning", opclasses=["varchar_pattern_ops"]),
            # What to do and who can fix it, in the vendor's order.
            models.Index(fields=["disposition", "table", "position", "id"], name="code_disposition"),
            models.Index(fields=["fixer", "table", "position", "id"], name="code_fixer"),
            # What few codes have: these cost an import nothing.
            models.Index(fields=["retired_at"], name="code_retired", condition=Q(retired_at__isnull=False)),
            models.Index(fields=["version"], name="code_edited", condition=Q(version__gt=1)),
            models.Index(fields=["id"], name="code_replaced", condition=Q(successor__isnull=False)),
            models.Index(fields=["id"], name="code_decided", condition=Q(disposition_origin=Origin.STAFF)),
            models.Index(fields=["id"], name="code_assigned", condition=Q(fixer_origin=Origin.STAFF)),
            models.Index(fields=["id"], name="code_phrased", condition=Q(phrasings__gt="")),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the code with its derived forms."""
        forms = text_code.forms(self.code)
        self.code, self.identity, self.canonical = forms.code, forms.identity, forms.canonical
        self.number, self.sort_key = forms.number, forms.sort_key
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """Return the address of the code's card."""
        return card_address(self.table.slug, self.section.slug, self.code)

    @property
    def is_retired(self) -> bool:
        """Whether the vendor no longer lists the code."""
        return self.retired_at is not None

    @property
    def edited_texts(self) -> list[str]:
        """Names of the text fields in which support's text differs from the vendor's."""
        return [name for name in VENDOR_TEXTS if getattr(self, name) != getattr(self, f"vendor_{name}")]
