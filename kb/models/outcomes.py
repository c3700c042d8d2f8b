"""Outcomes: how often a note worked, did not work or did not apply."""

from django.db import models
from django.db.models import Q

from kb.models.notes import TroubleshootingNote
from kb.models.visibility import ReaderQuerySet


class Outcome(models.TextChoices):
    """How a note served a ticket."""

    WORKED = "worked", "Worked"
    DID_NOT_WORK = "did_not_work", "Did not work"
    NOT_APPLICABLE = "not_applicable", "Not applicable"


class NoteOutcomeQuerySet(ReaderQuerySet["NoteOutcome"]):
    """Chainable reads of outcomes. All outcomes are internal."""


class NoteOutcome(models.Model):
    """How often a note had an outcome on a day (UTC). Nothing is stored about who reported it."""

    note = models.ForeignKey(TroubleshootingNote, on_delete=models.CASCADE, related_name="outcomes", db_index=False)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    objects = NoteOutcomeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["note", "outcome", "day"], name="note_outcome_once_a_day"),
            models.CheckConstraint(name="note_outcome_known", condition=Q(outcome__in=Outcome.values)),
        ]

    def __str__(self) -> str:
        return f"{self.note_id} {self.get_outcome_display().lower()} on {self.day}: {self.count}"
