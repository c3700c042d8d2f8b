"""Proposals: changes of a validated note that wait for a reviewer."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kb.models.codes import ReturnCode
from kb.models.history import history_table
from kb.models.notes import NOTE_TEXTS, NoteWords, TroubleshootingNote
from kb.models.ranges import CodeRange
from kb.models.visibility import Audience, ReaderQuerySet

PROPOSED = (*NOTE_TEXTS, "audience")
"""The fields that a proposal changes, besides its links. Owner and review date need no reviewer."""
PROPOSED_LINKS = ("codes", "ranges")


class ProposalState(models.TextChoices):
    """Life of a proposal."""

    OPEN = "open", "Waiting for review"
    RETURNED = "returned", "Returned to author"
    ACCEPTED = "accepted", "Accepted"
    WITHDRAWN = "withdrawn", "Withdrawn"


UNSETTLED = (ProposalState.OPEN, ProposalState.RETURNED)


class ProposalQuerySet(ReaderQuerySet["Proposal"]):
    """Chainable reads of proposals. All proposals are internal, whatever audience they propose."""

    def open(self) -> Self:
        """Keep the proposals that wait for a reviewer."""
        return self.filter(state=ProposalState.OPEN)

    def unsettled(self) -> Self:
        """Keep the proposals that wait for a reviewer or, once returned, for their author."""
        return self.filter(state__in=UNSETTLED)


class Proposal(NoteWords):
    """A whole note as its author wants it, with the texts that the author started from."""

    note = models.ForeignKey(TroubleshootingNote, on_delete=models.PROTECT, related_name="proposals", editable=False)
    base = models.JSONField(editable=False, help_text="The live text and links that the proposal was based on.")
    base_version = models.PositiveIntegerField(editable=False)
    codes = models.ManyToManyField(ReturnCode, related_name="+", blank=True)
    ranges = models.ManyToManyField(CodeRange, related_name="+", blank=True)
    reason = models.CharField(max_length=100, blank=True, help_text="What the change is for.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="proposals"
    )
    state = models.CharField(max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN, editable=False)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    comment = models.TextField(blank=True, max_length=2000, editable=False, help_text="The reviewer's answer.")
    decided_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ProposalQuerySet.as_manager()
    history = history_table(m2m_fields=[codes, ranges])

    class Meta:
        ordering = ["-updated_at", "-id"]
        # Users who may change notes may propose. A separate permission would often be forgotten.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["note", "author"], condition=Q(state__in=UNSETTLED), name="proposal_one_a_person_and_note"
            ),
            models.CheckConstraint(name="proposal_title_given", condition=~Q(title="")),
            models.CheckConstraint(name="proposal_state_known", condition=Q(state__in=ProposalState.values)),
            models.CheckConstraint(name="proposal_audience_known", condition=Q(audience__in=Audience.values)),
        ]
        indexes = [
            # The reviewers' queue, and a user's own proposals.
            models.Index(fields=["state", "-updated_at"], name="proposal_state"),
        ]

    def __str__(self) -> str:
        return f"Proposal: {self.title}"

    @property
    def is_unsettled(self) -> bool:
        """Whether it waits for a reviewer or for its author."""
        return self.state in UNSETTLED
