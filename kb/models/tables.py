"""Code tables: one published table of return codes."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from kb.models.visibility import Audience, ReaderQuerySet
from kb.text.detection.context_words import word_problem
from kb.text.safety.links import is_web_address


class CodeTableQuerySet(ReaderQuerySet["CodeTable"]):
    """Chainable reads of code tables. A table has its own audience."""

    audience_column = "audience"


class CodeTable(models.Model):
    """One published table of return codes."""

    slug = models.SlugField(max_length=80, unique=True, help_text="Used in URLs, e.g. zim-server.")
    vendor = models.CharField(max_length=120, blank=True, default="")
    product = models.CharField(max_length=120)
    name = models.CharField(max_length=200, help_text="As the vendor titles it.")
    language = models.CharField(max_length=16, default="en", help_text="Language tag of the vendor's text, e.g. en.")
    source_url = models.URLField(max_length=500, blank=True, help_text="Where the vendor publishes it.")
    audience = models.CharField(
        max_length=10,
        choices=Audience.choices,
        default=Audience.INTERNAL,
        help_text="Public tables may be read without logging in where the site allows it.",
    )
    context_words = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="Words near a code that tell that it is of this table: a product, service, host, logger or SDK. One "
        "word or phrase a line, or with commas between them. The table's own names count without it.",
    )
    is_in_number_order = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Whether the codes with a number are in its order. An import keeps it: see kb.answers.number_order.",
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CodeTableQuerySet.as_manager()

    class Meta:
        ordering = ["vendor", "product", "slug"]
        constraints = [
            models.CheckConstraint(name="table_audience_known", condition=Q(audience__in=Audience.values)),
        ]
        permissions = [
            ("view_internal", "Can read internal tables, notes and incidents"),
            ("import_table", "Can upload a file and plan an import"),
            ("apply_import", "Can apply a planned import"),
            ("rollback_import", "Can roll an import back"),
            ("export_table", "Can export tables"),
        ]

    def __str__(self) -> str:
        # A table of one's own may have no vendor, and its name for its product.
        place = f"{self.vendor} {self.product if self.product != self.name[:120] else ''}".strip()
        return f"{place}: {self.name}" if place else self.name

    def clean(self) -> None:
        """Raise ValidationError if pages may not link to the vendor's address, or for a context word that is none."""
        if self.source_url and not is_web_address(self.source_url):
            rule = "It must begin with https:// or http:// and a host, without a username, spaces or backslashes."
            raise ValidationError({"source_url": f"“{self.source_url[:60]}” cannot be a link. {rule}"})
        if problem := word_problem(self.context_words):
            raise ValidationError({"context_words": problem})

    @property
    def names(self) -> str:
        """Vendor, product, short name and name, in which detection looks for words that name the table."""
        return f"{self.vendor} {self.product} {self.slug} {self.name}"

    def get_absolute_url(self) -> str:
        """Return the address of the table's page."""
        return reverse("table", args=[self.slug])
