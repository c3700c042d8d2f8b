"""Flags: an agent reports that something is wrong."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kb.models.codes import ReturnCode
from kb.models.notes import TroubleshootingNote
from kb.models.visibility import Audience, ReaderQuerySet


class FlagState(models.TextChoices):
    """Life of a flag."""

    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"


class FlagQuerySet(ReaderQuerySet["Flag"]):
    """Chainable reads of flags. All flags are internal."""

    def open(self) -> Self:
        """Keep the flags that wait for an answer."""
        return self.filter(state=FlagState.OPEN)


class Flag(models.Model):
    """An agent's report that something about a code or its note is wrong."""

    code = models.ForeignKey(ReturnCode, on_delete=models.PROTECT, related_name="flags")
    note = models.ForeignKey(TroubleshootingNote, on_delete=models.PROTECT, related_name="flags", null=True, blank=True)
    comment = models.TextField(max_length=2000)
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    raised_at = models.DateTimeField(default=timezone.now)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="owned_flags"
    )
    state = models.CharField(max_length=10, choices=FlagState.choices, default=FlagState.OPEN)
    answer = models.TextField(blank=True, max_length=2000, help_text="Shown to the person who raised the flag.")
    answered_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = FlagQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_at", "-id"]
        constraints = [
            models.CheckConstraint(name="flag_says_something", condition=~Q(comment="")),
            models.CheckConstraint(name="flag_state_known", condition=Q(state__in=FlagState.values)),
        ]

    def __str__(self) -> str:
        return f"Flag on {self.code}: {self.comment[:60]}"

    @property
    def audience(self) -> str:
        """Who may read its changes."""
        return Audience.INTERNAL
