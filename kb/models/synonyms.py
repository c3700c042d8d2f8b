"""Synonyms: words that mean the same in a search."""

from django.db import models
from django.utils import timezone

from kb.models.history import history_table
from kb.models.visibility import Audience, ReaderQuerySet


class SynonymQuerySet(ReaderQuerySet["Synonym"]):
    """Chainable reads of synonyms. The list is internal, but every reader's search uses it."""


class Synonym(models.Model):
    """A group of words that mean the same: a search for one finds the others, too."""

    words = models.CharField(
        max_length=400,
        unique=True,
        help_text="Two or more words or short phrases that mean the same, with commas: withdraw, recall.",
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SynonymQuerySet.as_manager()
    history = history_table()

    audience = Audience.INTERNAL

    class Meta:
        ordering = ["words"]

    def __str__(self) -> str:
        return self.words
