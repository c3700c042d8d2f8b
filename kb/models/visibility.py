"""Who may read what: the one rule that every QuerySet's `visible_to(user)` applies."""

from collections.abc import Callable
from typing import ClassVar, Protocol, Self, TypeVar

from django.conf import settings
from django.db import models

READ_INTERNAL = "kb.view_internal"
"""The permission to read internal tables, notes and incidents."""

Row = TypeVar("Row", bound=models.Model, covariant=True)


class Audience(models.TextChoices):
    """Who a table, note or incident is for."""

    INTERNAL = "internal", "Internal"
    PUBLIC = "public", "Public"


class Reader(models.TextChoices):
    """What somebody may read."""

    NOTHING = "nothing"
    PUBLIC = "public"
    INTERNAL = "internal"


class Person(Protocol):
    """Somebody who reads or writes: a user, the bearer of a token, or an anonymous visitor."""

    @property
    def pk(self) -> int | None:
        """The key of the account; None for an anonymous visitor."""

    @property
    def is_active(self) -> bool:
        """Whether the account may be used."""

    @property
    def is_authenticated(self) -> bool:
        """Whether the person has logged in."""

    def has_perm(self, perm: str) -> bool:
        """Whether a permission such as `kb.view_internal` is granted."""

    def get_username(self) -> str:
        """Return the name to show; empty for an anonymous visitor."""


def reader(user: Person | None) -> Reader:
    """Return what a user may read: nothing by default. `user` may be None or anonymous."""
    if user is not None and user.is_active and user.has_perm(READ_INTERNAL):
        return Reader.INTERNAL
    if settings.KB_PUBLIC_READ or (user is not None and user.is_active and user.is_authenticated):
        return Reader.PUBLIC
    return Reader.NOTHING


def condition(level: Reader, audience: str) -> str:
    """Return `visible_to` as a condition in SQL. `audience` is the column with a row's audience."""
    if level == Reader.INTERNAL:
        return "1 = 1"
    return f"{audience} = '{Audience.PUBLIC}'" if level == Reader.PUBLIC else "1 = 0"


class ReaderQuerySet(models.QuerySet[Row]):
    """A QuerySet that knows its readers. A subclass defines which rows are public; all others are internal."""

    audience_column: ClassVar[str] = ""
    """The column with a row's audience, its own or its table's; empty where no row is public."""

    def visible_to(self, user: Person | None) -> Self:
        """Keep the rows that a user may read: every row, the public ones, or none."""
        return self.for_reader(user, self.public)

    def public(self) -> Self:
        """Keep the rows that everybody may read."""
        return self.filter(**{self.audience_column: Audience.PUBLIC}) if self.audience_column else self.none()

    def for_reader(self, user: Person | None, public: Callable[[], Self]) -> Self:
        """Return every row to an internal reader, what `public` returns to a public one, and none to anybody else."""
        level = reader(user)
        if level == Reader.INTERNAL:
            return self
        return public() if level == Reader.PUBLIC else self.none()
