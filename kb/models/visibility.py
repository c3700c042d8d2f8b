"""Who may read what: the one rule that every QuerySet's `visible_to(user)` applies."""

from typing import Protocol

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


class Person(Protocol):
    """Somebody who asks or acts: a user, the bearer of a token, or nobody known."""

    @property
    def pk(self) -> int | None:
        """The key of the account; None for nobody known."""

    @property
    def is_active(self) -> bool:
        """Whether the account may be used."""

    @property
    def is_authenticated(self) -> bool:
        """Whether it is known who this is."""

    def has_perm(self, perm: str) -> bool:
        """Whether a permission such as `kb.view_internal` is granted."""

    def get_username(self) -> str:
        """Return the name to show; empty for nobody known."""


def reader(user: Person | None) -> Reader:
    """Return what a user may read; `user` may be None or anonymous. The default is nothing."""
    if user is not None and user.is_active and user.has_perm(READ_INTERNAL):
        return Reader.INTERNAL
    if settings.KB_PUBLIC_READ or (user is not None and user.is_active and user.is_authenticated):
        return Reader.PUBLIC
    return Reader.NOTHING
