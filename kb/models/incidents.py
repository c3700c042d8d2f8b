"""Links to incidents in a tracker, and the codes that they hit."""

from contextlib import suppress
from typing import Any, Self

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Case, F, IntegerField, OuterRef, Q, When
from django.utils import timezone

from kb.models.codes import ReturnCode
from kb.models.history import history_table
from kb.models.subqueries import any_of
from kb.models.visibility import Audience, ReaderQuerySet
from kb.text.trackers import MAX_REFERENCE, NotALink, read_address


class IncidentState(models.TextChoices):
    """Progress of an incident."""

    OPEN = "open", "Open"
    MONITORING = "monitoring", "Monitoring"
    RESOLVED = "resolved", "Resolved"


class IncidentLinkQuerySet(ReaderQuerySet["IncidentLink"]):
    """Chainable reads of incident links."""

    def public(self) -> Self:
        """Keep the public incidents, except those that hit internal codes alone.

        The texts of such an incident could reveal an internal table. An incident without codes, such as a full outage,
        is public.
        """
        codes = ReturnCode.objects.filter(incidents=OuterRef("pk"))
        on_public = any_of(codes.filter(table__audience=Audience.PUBLIC))
        return self.filter(Q(on_public) | ~Q(any_of(codes)), audience=Audience.PUBLIC)

    def open(self) -> Self:
        """Keep the incidents that are not resolved."""
        return self.exclude(state=IncidentState.RESOLVED)

    def open_first(self) -> Self:
        """Order open incidents before resolved ones, the latest first."""
        resolved_last = Case(When(state=IncidentState.RESOLVED, then=1), default=0, output_field=IntegerField())
        return self.order_by(resolved_last, F("started_at").desc(nulls_last=True), "-id")


class IncidentLink(models.Model):
    """A URL into a tracker, with its state, dates and the codes it hit."""

    url = models.URLField(
        "URL",
        max_length=700,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text="Paste it from the tracker: Jira, Zendesk, GitHub, GitLab, PagerDuty, Statuspage, or any other.",
    )
    # Two spellings of one address are one incident. Rows that shared an address before this constraint existed
    # end in " (duplicate of …)", which no address can, because it has a space.
    canonical = models.CharField(max_length=2100, unique=True, editable=False)
    reference = models.CharField(
        max_length=MAX_REFERENCE,
        blank=True,
        help_text="The tracker's own number, e.g. INC-1042. Left empty, it is read from the URL.",
    )
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=IncidentState.choices, default=IncidentState.OPEN)
    started_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    impact = models.TextField(blank=True, help_text="What customers notice.")
    workaround = models.TextField(blank=True, help_text="What helps until it is resolved.")
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.INTERNAL)
    codes = models.ManyToManyField(ReturnCode, related_name="incidents", blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = IncidentLinkQuerySet.as_manager()
    history = history_table(m2m_fields=[codes], excluded_fields=["canonical"])

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="incident_url_is_web",
                condition=Q(url__startswith="http://") | Q(url__startswith="https://"),
                violation_error_message="Only http and https addresses are allowed.",
            ),
            models.CheckConstraint(name="incident_canonical_given", condition=~Q(canonical="")),
            models.CheckConstraint(name="incident_title_given", condition=~Q(title="")),
            models.CheckConstraint(name="incident_state_known", condition=Q(state__in=IncidentState.values)),
            models.CheckConstraint(name="incident_audience_known", condition=Q(audience__in=Audience.values)),
            models.CheckConstraint(
                name="incident_ends_after_start",
                condition=Q(resolved_at=None) | Q(started_at=None) | Q(resolved_at__gte=F("started_at")),
                violation_error_message="An incident cannot be resolved before it started.",
            ),
            models.CheckConstraint(
                name="incident_resolved_has_date",
                condition=Q(resolved_at=None) | Q(state=IncidentState.RESOLVED),
                violation_error_message="Only a resolved incident has a date of resolution.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the address with its canonical form."""
        with suppress(NotALink):  # The database refuses a row without a canonical address.
            canonical = read_address(self.url).canonical
            if self.canonical.partition(" ")[0] != canonical:
                self.canonical = canonical
        super().save(*args, **kwargs)

    @property
    def tracker(self) -> str:
        """The tracker's name; empty for an unknown tracker."""
        return read_address(self.url).tracker

    @property
    def is_open(self) -> bool:
        """Whether the incident is not resolved."""
        return self.state != IncidentState.RESOLVED
