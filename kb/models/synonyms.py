"""Words that mean the same to who searches."""

from typing import Self

from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from kb.models.history import Revision
from kb.models.visibility import Audience, Person, Reader, reader


class SynonymQuerySet(models.QuerySet["Synonym"]):
    """Chainable reads of synonyms."""

    def visible_to(self, user: Person | None) -> Self:
        """Keep what a user may read: the list itself is for the inside, though it helps everybody's search."""
        return self if reader(user) == Reader.INTERNAL else self.none()


class Synonym(models.Model):
    """A group of words that mean the same: whoever searches for one finds the others."""

    words = models.CharField(
        max_length=400,
        unique=True,
        help_text="Two or more words or short phrases that mean the same, with commas: withdraw, recall.",
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SynonymQuerySet.as_manager()
    history = HistoricalRecords(bases=[Revision])

    audience = Audience.INTERNAL

    class Meta:
        ordering = ["words"]

    def __str__(self) -> str:
        return self.words
