"""Phrasings: questions by which a search finds a code or a note, one a line."""

from django.db import models


def phrasings_field(readers: str) -> "models.TextField[str, str]":
    """Return the field of a code's or a note's phrasings. `readers` is a sentence that says who finds it by them."""
    return models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text=f"What customers and agents ask, in their words: one question a line. {readers}",
    )
