"""Codes that only rolled-back imports brought: the vendor never listed them."""

from django.db import models

from kb.models.codes import ReturnCode


class Tombstone(models.Model):
    """Marks a code that was never the vendor's. Its row stays for notes, tickets and revisions that refer to it.

    A table of its own, because there are few, and a column of the codes would have to be read with each of them.
    """

    code = models.OneToOneField(ReturnCode, on_delete=models.CASCADE, primary_key=True, related_name="tombstone")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.code_id}"
