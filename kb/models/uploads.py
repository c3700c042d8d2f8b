"""Uploaded files, stored in the database until their plan is applied or discarded."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from kb.models.tables import CodeTable
from kb.models.visibility import ReaderQuerySet


class Upload(models.Model):
    """A file that somebody uploaded, for a table or for a new one, and what they chose about how to read it.

    Its bytes are in pieces, so that no statement and no process holds a large file at once.
    """

    table = models.ForeignKey(CodeTable, on_delete=models.CASCADE, related_name="uploads", null=True)
    new_table = models.JSONField(default=dict, help_text="The fields of the table that the import creates.")
    complete = models.BooleanField(default=False, help_text="The file lists the whole table: other codes are retired.")
    file_name = models.CharField(max_length=250)
    size = models.BigIntegerField(default=0, help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    choices = models.JSONField(default=dict, help_text="What somebody chose about how the file is read.")
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="Who chose last how it is read.",
    )
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)

    objects = ReaderQuerySet["Upload"].as_manager()

    class Meta:
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.file_name


class UploadPiece(models.Model):
    """Some of the bytes of an upload."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField(help_text="Counts from 0.")
    data = models.BinaryField()

    class Meta:
        ordering = ["upload", "number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="upload_piece_once")]

    def __str__(self) -> str:
        return f"{self.upload_id}, piece {self.number}"
