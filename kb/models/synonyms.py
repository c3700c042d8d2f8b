"""Synonyms: words that mean the same in a search."""

from typing import Self

from django.db import models
from django.utils import timezone

from kb.models.history import history_table
from kb.models.visibility import Audience, Reader, ReaderQuerySet


class SynonymQuerySet(ReaderQuerySet["Synonym"]):
    """Chainable reads of synonyms. The list is internal; a search uses those that are for its reader."""

    def used_by(self, allowed: str) -> Self:
        """Keep the groups that a search uses, in order: all for an internal reader, else the public ones."""
        rows = self if allowed == Reader.INTERNAL else self.filter(audience=Audience.PUBLIC)
        return rows.order_by("pk")


class Synonym(models.Model):
    """A group of words that mean the same: a search for one finds the others, too."""

    words = models.CharField(
        max_length=400,
        unique=True,
        help_text="Two or more words or short phrases that mean the same, with commas: withdraw, recall.",
    )
    audience = models.CharField(
        max_length=10,
        choices=Audience.choices,
        default=Audience.INTERNAL,
        # Groups from before there was a choice steer every search, as they did then.
        db_default=Audience.PUBLIC,
        help_text="Whose searches it steers. An internal word can show in what a public search finds.",
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SynonymQuerySet.as_manager()
    history = history_table()

    class Meta:
        ordering = ["words"]
        constraints = [
            models.CheckConstraint(name="synonym_audience_known", condition=models.Q(audience__in=Audience.values))
        ]

    def __str__(self) -> str:
        return self.words
