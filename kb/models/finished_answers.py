"""Finished answers: what the API says about a code, stored as JSON, for each audience."""

from django.db import models

from kb.models.codes import ReturnCode


class FinishedAnswer(models.Model):
    """What readers get about one code. `kb.answers` keeps it current in the transaction of each edit."""

    code = models.OneToOneField(ReturnCode, on_delete=models.CASCADE, primary_key=True, related_name="answer")
    row = models.TextField(help_text="The code, for internal readers.")
    card = models.TextField(help_text="Its notes and incidents, for internal readers.")
    public_row = models.TextField(  # noqa: DJ001 - empty and null differ
        null=True, help_text="For the public: empty if it is the same, null if it is hidden."
    )
    public_card = models.TextField(default="", help_text="For the public: empty if it is the same.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"the answer about code {self.code_id}"
