"""Finished answers: what the API says about a code, stored as JSON, for each audience."""

from django.db import models

from kb.models.codes import ReturnCode

SHAPE = 2
"""The shape of the answers that this release stores. Each change of shape raises it, and the limit of the index."""


class FinishedAnswer(models.Model):
    """What readers get about one code. `kb.answers` keeps it current in the transaction of each edit."""

    code = models.OneToOneField(ReturnCode, on_delete=models.CASCADE, primary_key=True, related_name="answer")
    row = models.TextField(help_text="The code, for internal readers.")
    card = models.TextField(help_text="Its notes and incidents, for internal readers.")
    public_row = models.TextField(  # noqa: DJ001 - empty and null differ
        null=True, help_text="For the public: empty if it is the same, null if it is hidden."
    )
    public_card = models.TextField(default="", help_text="For the public: empty if it is the same.")

    shape = models.SmallIntegerField(
        default=SHAPE, db_default=1, help_text="Servers of an earlier release store another, which is not read."
    )

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["code"], condition=models.Q(shape__lt=SHAPE), name="answer_of_older_shape")]

    def __str__(self) -> str:
        return f"the answer about code {self.code_id}"
