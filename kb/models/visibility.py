"""Who may read what: the one rule that every QuerySet's `visible_to(user)` applies."""

from typing import Any

from django.conf import settings
from django.db import models

READ_INTERNAL = "kb.view_internal"


class Audience(models.TextChoices):
    """For whom a table, note or incident is meant."""

    INTERNAL = "internal", "Internal"
    PUBLIC = "public", "Public"


class Reader(models.TextChoices):
    """What somebody may read."""

    NOTHING = "nothing"
    PUBLIC = "public"
    INTERNAL = "internal"


def reader(user: Any) -> Reader:
    """Return what a user may read; `user` may be None or anonymous. The default is nothing."""
    if user is not None and user.is_active and user.has_perm(READ_INTERNAL):
        return Reader.INTERNAL
    if settings.KB_PUBLIC_READ or (user is not None and user.is_active and user.is_authenticated):
        return Reader.PUBLIC
    return Reader.NOTHING
