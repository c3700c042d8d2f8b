"""How much of the rate limit each caller of the API has used, in all processes together."""

from django.db import models


class Quota(models.Model):
    """How much one caller used in one window of time. Rows of past windows may be deleted."""

    window = models.BigIntegerField(help_text="When it began, in seconds since 1970.")
    caller = models.CharField(max_length=80)
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["window", "caller"], name="quota_once_a_window")]

    def __str__(self) -> str:
        return f"{self.caller} in {self.window}: {self.taken}"
