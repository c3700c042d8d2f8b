"""Sources that are watched: where a vendor publishes a table, how often it is asked, and how it answered last."""

from datetime import datetime
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kb.models.table_imports import TableImport
from kb.models.tables import CodeTable
from kb.models.uploads import Upload
from kb.models.visibility import ReaderQuerySet


class SourceKind(models.TextChoices):
    """Where a table comes from."""

    URL = "url", "Page or file"
    GIT = "git", "File in a git repository"
    NPM = "npm", "File in an npm package"
    FOLDER = "folder", "Newest file in a folder of the server"


class WatchedSourceQuerySet(ReaderQuerySet["WatchedSource"]):
    """Chainable reads of sources. All of them are internal."""

    def due(self, at: datetime) -> Self:
        """Keep the sources whose time to be asked has come."""
        return self.filter(is_enabled=True, due_at__lte=at)

    def unclaimed(self, at: datetime) -> Self:
        """Keep the sources that no process asks now. A claim ends by itself, in case its process was killed."""
        return self.filter(Q(claimed_until=None) | Q(claimed_until__lte=at))

    def troubled(self) -> Self:
        """Keep the sources that somebody has to look at."""
        return self.filter(is_enabled=True, needs_attention=True)


class WatchedSource(models.Model):
    """The source of a table. What people choose comes first; the rest is what its last answers were."""

    table = models.OneToOneField(CodeTable, on_delete=models.CASCADE, related_name="watched_source")
    kind = models.CharField(max_length=8, choices=SourceKind.choices, default=SourceKind.URL)
    address = models.CharField(
        max_length=1000,
        help_text="The page or file (https://…), the git repository (https://…), the name of the npm package, or the "
        "folder, below one that KB_SOURCE_FOLDERS allows.",
    )
    ref = models.CharField(
        "branch or version",
        max_length=200,
        blank=True,
        help_text="Of a git repository: branch, tag or commit; empty: the default branch. Of an npm package: version "
        "or tag; empty: latest.",
    )
    path = models.CharField(
        "path inside",
        max_length=500,
        blank=True,
        help_text="The file inside the repository or package. For a folder, a pattern such as codes-*.csv.",
    )
    complete = models.BooleanField(
        "lists the whole table", default=True, help_text="A plan retires the codes that the source no longer lists."
    )
    every_hours = models.PositiveIntegerField(
        "hours between two asks", default=24, validators=[MinValueValidator(1), MaxValueValidator(24 * 366)]
    )
    is_enabled = models.BooleanField("enabled", default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    due_at = models.DateTimeField(default=timezone.now, editable=False, help_text="When it is asked next.")
    claimed_until = models.DateTimeField(null=True, editable=False, help_text="Until when one process asks it alone.")
    asked_at = models.DateTimeField("last asked", null=True, editable=False)
    answered_from = models.CharField(max_length=2000, blank=True, editable=False, help_text="After redirects.")
    etag = models.CharField(max_length=500, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    sha256 = models.CharField(max_length=64, blank=True, editable=False, help_text="Of the last file that was read.")
    rows_digest = models.CharField(max_length=64, blank=True, editable=False, help_text="Of the rows of that file.")
    row_count = models.PositiveIntegerField(default=0, editable=False, help_text="Rows of that file.")
    format = models.CharField(max_length=12, blank=True, editable=False, help_text="Format of that file.")
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="Failures in a row.")
    problem = models.TextField(blank=True, editable=False, help_text="What is wrong; empty after a good answer.")
    problem_kind = models.CharField(max_length=20, blank=True, editable=False)
    problem_since = models.DateTimeField(null=True, editable=False)
    needs_attention = models.BooleanField(default=False, editable=False)
    plan = models.ForeignKey(
        TableImport, on_delete=models.SET_NULL, null=True, editable=False, related_name="+", help_text="Its last plan."
    )
    upload = models.ForeignKey(
        Upload,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="The last file, if somebody has to look at it.",
    )

    objects = WatchedSourceQuerySet.as_manager()

    class Meta:
        ordering = ["table"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="source_kind_known", condition=Q(kind__in=SourceKind.values)),
            models.CheckConstraint(name="source_interval_positive", condition=Q(every_hours__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.address}"

    @property
    def validators(self) -> dict[str, str]:
        """The headers by which the source's server says whether its last answer still holds."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}
