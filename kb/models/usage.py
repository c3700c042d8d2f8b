"""What agents look for: counts by day, without a word about who asked."""

from django.db import models

from kb.models.code import ReturnCode

MISS_LENGTH = 64
"""Characters kept of a text that nothing was found for."""


class CodeUse(models.Model):
    """How often a code was looked up on a day (UTC)."""

    code = models.ForeignKey(ReturnCode, on_delete=models.CASCADE, related_name="uses", db_index=False)
    day = models.DateField()
    lookups = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "day"], name="code_use_once_a_day")]
        # What was asked for most in a span of days.
        indexes = [models.Index(fields=["day", "code"], name="code_use_day")]

    def __str__(self) -> str:
        return f"{self.code_id} on {self.day}: {self.lookups}"


class Miss(models.Model):
    """A text that nothing was found for, cut and masked, and how often it was asked for on a day (UTC)."""

    text = models.CharField(max_length=MISS_LENGTH)
    day = models.DateField()
    lookups = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "misses"
        constraints = [models.UniqueConstraint(fields=["day", "text"], name="miss_once_a_day")]

    def __str__(self) -> str:
        return f"{self.text} on {self.day}: {self.lookups}"
