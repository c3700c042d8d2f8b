"""Look-ups of agents: counts by day, without any data about people."""

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, Max, OuterRef, Sum
from django.utils import timezone

from kb.models.codes import ReturnCode
from kb.models.visibility import Audience, ReaderQuerySet

MISS_LENGTH = 64
"""Most characters of a search without an answer that are stored."""


class CodeUse(models.Model):
    """How often a code was looked up on a day (UTC), and how often it had a validated note then."""

    code = models.ForeignKey(ReturnCode, on_delete=models.CASCADE, related_name="uses", db_index=False)
    day = models.DateField()
    lookups = models.PositiveIntegerField(default=0)
    covered = models.PositiveIntegerField(default=0, help_text="Look-ups while the code had a validated note.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "day"], name="code_use_once_a_day")]
        # The codes with the most look-ups of a day.
        indexes = [models.Index(fields=["day", "-lookups", "code"], name="code_use_most")]

    def __str__(self) -> str:
        return f"{self.code_id} on {self.day}: {self.lookups}"


class MissQuerySet(ReaderQuerySet["Miss"]):
    """Chainable reads of misses. What people type is internal."""

    def open(self) -> Self:
        """Keep the texts that nobody has ignored."""
        return self.exclude(Exists(IgnoredMiss.objects.filter(text=OuterRef("text"))))

    def by_text(self, since: date) -> "models.QuerySet[Any, Any]":
        """Return each text with its look-ups (`asked`), number of days and last day; most look-ups first."""
        texts = self.filter(day__gte=since).order_by().values("text")
        sums = texts.annotate(asked=Sum("lookups"), days=Count("day"), last=Max("day"))
        return sums.order_by("-asked", "text")


class Miss(models.Model):
    """A search without an answer, masked and cut, with its count for a day (UTC)."""

    text = models.CharField(max_length=MISS_LENGTH)
    day = models.DateField()
    lookups = models.PositiveIntegerField(default=0)

    objects = MissQuerySet.as_manager()

    class Meta:
        verbose_name = "search without an answer"
        verbose_name_plural = "searches without an answer"
        constraints = [models.UniqueConstraint(fields=["day", "text"], name="miss_once_a_day")]

    def __str__(self) -> str:
        return f"{self.text} on {self.day}: {self.lookups}"


class IgnoredMiss(models.Model):
    """A text that support ignores among the searches without an answer."""

    text = models.CharField(max_length=MISS_LENGTH, unique=True)
    ignored_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    ignored_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1, editable=False)

    audience = Audience.INTERNAL

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.text
