"""Codes that only rolled-back imports brought: the vendor never listed them."""

from django.db import models

from kb.models.codes import ReturnCode
from kb.text.codes import forms as text_code


class Tombstone(models.Model):
    """Marks a code that was never the vendor's. Its row stays for notes, tickets and revisions that refer to it.

    A table of its own, because there are few, and a column of the codes would have to be read with each of them. The
    code's own identity gets an ending, so that another code may take its place in the section.
    """

    code = models.OneToOneField(ReturnCode, on_delete=models.CASCADE, primary_key=True, related_name="tombstone")
    identity = models.CharField(max_length=4 * text_code.MAX_LENGTH, help_text="What a later import finds it by.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.code_id}"
