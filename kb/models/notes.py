"""Troubleshooting notes: what support knows about codes, in the KCS shape."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from kb.models.codes import ReturnCode
from kb.models.folded_text import FoldedTextField
from kb.models.history import history_table
from kb.models.phrasings import phrasings_field
from kb.models.ranges import CodeRange
from kb.models.subqueries import any_of
from kb.models.visibility import Audience, Person, Reader, ReaderQuerySet, condition

NOTE_TEXTS = ("title", "issue", "environment", "cause", "resolution", "customer_reply")


class NoteState(models.TextChoices):
    """Life of a note: the KCS confidence levels, and an archive."""

    DRAFT = "draft", "Draft"
    NOT_VALIDATED = "not_validated", "Not validated"
    VALIDATED = "validated", "Validated"
    ARCHIVED = "archived", "Archived"


LIVE = (NoteState.NOT_VALIDATED, NoteState.VALIDATED)


NEWEST_FIRST = ("-history_id",)
"""Order of one note's revisions, latest first. Ids follow the order of writes; dates depend on clocks."""


def authors(revisions: Iterable[Any]) -> set[int | None]:
    """Return the ids of the users who changed a note's texts since its last validation.

    `revisions` are the note's, latest first. A user who only changed the state is not an author.
    """
    author_ids: set[int | None] = set()
    newer = None
    for revision in revisions:
        if newer and any(getattr(revision, name) != getattr(newer, name) for name in NOTE_TEXTS):
            author_ids.add(newer.history_user_id)
        if revision.state == NoteState.VALIDATED:
            return author_ids
        newer = revision
    return author_ids | ({newer.history_user_id} if newer else set())


class TroubleshootingNoteQuerySet(ReaderQuerySet["TroubleshootingNote"]):
    """Chainable reads of notes."""

    audience_column = "audience"

    def public(self) -> Self:
        """Keep the validated public notes about a public code or range."""
        about = {"table__audience": Audience.PUBLIC, "notes": OuterRef("pk")}
        # Not EXISTS: PostgreSQL would read all public codes first.
        return self.public_texts().filter(any_of(ReturnCode.objects.filter(**about), CodeRange.objects.filter(**about)))

    def meant_for(self, user: Person | None) -> Self:
        """Like `visible_to`, but faster: use it when the notes are about a code or range that the user may read."""
        return self.for_reader(user, self.public_texts)

    def public_texts(self) -> Self:
        """Keep the notes that the public may read where they are about a public code or range."""
        return super().public().filter(state=NoteState.VALIDATED)

    def current(self) -> Self:
        """Keep the notes that are not archived."""
        return self.exclude(state=NoteState.ARCHIVED)

    def about(self, code: ReturnCode) -> Self:
        """Keep the notes on a code or on a range around it. A union, because an OR would read all notes."""
        links, range_links = TroubleshootingNote.codes.through.objects, TroubleshootingNote.ranges.through.objects
        of_code = links.filter(returncode=code).values("troubleshootingnote_id")
        ranges = CodeRange.objects.filter(table=code.table_id).holding(code.number).order_by()
        of_ranges = range_links.filter(coderange__in=ranges).values("troubleshootingnote_id")
        return self.filter(pk__in=of_code.union(of_ranges))

    def published(self) -> Self:
        """Keep the notes that agents work with: not validated and validated ones."""
        return self.filter(state__in=LIVE)

    def due(self, at: date) -> Self:
        """Keep published notes whose review date is `at` or earlier."""
        return self.published().filter(review_on__lte=at)

    def to_verify(self, at: date) -> Self:
        """Keep published notes that need another look: somebody or an import requested one, or the review is due."""
        return self.published().filter(Q(verify_since__isnull=False) | Q(review_on__lte=at))

    def with_words_of(self, user: Person) -> set[int]:
        """Return the ids of the notes with texts by a user that are not validated yet."""
        revisions = TroubleshootingNote.history.filter(id__in=self.values("pk")).order_by("id", *NEWEST_FIRST)
        grouped = groupby(revisions.iterator(), key=attrgetter("id"))
        return {pk for pk, of_note in grouped if user.pk in authors(of_note)}


def meant_for(level: Reader) -> str:
    """Return the QuerySet's `meant_for` as a condition in SQL on a note `n`."""
    visible = condition(level, "n.audience")
    return f"{visible} AND n.state = '{NoteState.VALIDATED}'" if level == Reader.PUBLIC else visible


class NoteWords(models.Model):
    """The texts of a note or of a proposal, in Markdown."""

    title = models.CharField(max_length=200, help_text="What goes wrong, in words that people search for.")
    issue = models.TextField(blank=True, help_text="The customer's own words; several phrasings help the search.")
    environment = models.TextField(blank=True, help_text="Where it happens: product, version, interface, plan.")
    cause = models.TextField(blank=True, help_text="Why it happens.")
    resolution = models.TextField(blank=True, help_text="What the agent does, step by step.")
    customer_reply = models.TextField(
        blank=True,
        help_text="What to send to the customer; {code} and {date} are filled in. No internal links or names.",
    )
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.INTERNAL)

    class Meta:
        abstract = True


class TroubleshootingNote(NoteWords):
    """A runbook article for one code or many."""

    codes = models.ManyToManyField(ReturnCode, related_name="notes", blank=True)
    ranges = models.ManyToManyField(CodeRange, related_name="notes", blank=True)
    phrasings = phrasings_field("Everybody who may read the note finds it by them.")
    folded_text = FoldedTextField(sources=(*NOTE_TEXTS, "phrasings"), default="", db_default="", editable=False)
    state = models.CharField(max_length=16, choices=NoteState.choices, default=NoteState.DRAFT, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_notes",
        help_text="Who keeps the note up to date.",
    )
    review_on = models.DateField("review date", null=True, blank=True, help_text="When somebody should check it again.")
    validated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    validated_at = models.DateTimeField(null=True, editable=False)
    verify_since = models.DateTimeField(null=True, editable=False, help_text="Since when the note needs attention.")
    verify_reason = models.CharField(max_length=250, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TroubleshootingNoteQuerySet.as_manager()
    history = history_table(m2m_fields=[codes, ranges], excluded_fields=["folded_text"])

    class Meta:
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(name="note_title_given", condition=~Q(title="")),
            models.CheckConstraint(name="note_state_known", condition=Q(state__in=NoteState.values)),
            models.CheckConstraint(name="note_audience_known", condition=Q(audience__in=Audience.values)),
        ]
        indexes = [
            # The queue of notes to review: `due(at)`.
            models.Index(fields=["review_on"], name="note_review"),
            # The work queue: notes that need attention, and those that wait for a reviewer.
            models.Index(fields=["verify_since"], condition=Q(verify_since__isnull=False), name="note_attention"),
            models.Index(fields=["updated_at"], condition=Q(state="not_validated"), name="note_waiting"),
            # The default order of the admin's and the API's lists.
            models.Index(fields=["-updated_at", "-id"], name="note_newest"),
        ]
        permissions = [("validate_note", "Can validate, return and archive notes")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the address of the note's page."""
        return reverse("note", args=[self.pk])

    @property
    def is_live(self) -> bool:
        """Whether agents work with it."""
        return self.state in LIVE

    @property
    def is_validated(self) -> bool:
        """Whether a reviewer has validated its texts."""
        return self.state == NoteState.VALIDATED

    @property
    def is_due(self) -> bool:
        """Whether its review date is today or earlier. `due(today)` keeps such notes."""
        return self.is_live and self.review_on is not None and self.review_on <= timezone.localdate()

    @property
    def is_to_verify(self) -> bool:
        """Whether it needs another look. `to_verify(today)` keeps such notes."""
        return self.is_live and (self.verify_since is not None or self.is_due)
