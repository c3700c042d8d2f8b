"""Tokens of programs, and their owners with the rights of a token."""

from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from kb.models.visibility import READ_INTERNAL


class Scope(models.TextChoices):
    """What a token may do. It never exceeds the rights of its user."""

    READ_PUBLIC = "read_public", "Read public data"
    READ_INTERNAL = "read_internal", "Read public and internal data"
    DETECT = "detect", "Find codes in a text"
    EXPORT = "export", "Export what it may read as files"


READING = frozenset({Scope.READ_PUBLIC.value, Scope.READ_INTERNAL.value})

EXPORT_TABLE = "kb.export_table"
SCOPE_OF_PERMISSION = {READ_INTERNAL: Scope.READ_INTERNAL.value, EXPORT_TABLE: Scope.EXPORT.value}
"""The permissions that a token may have, with the scope that each needs. An export also needs a scope for reading."""


class Bearer(User):
    """The user of a token, with the permissions of its scopes alone.

    `visible_to` checks the permissions of a user, so the rule of who may read what applies to tokens, too.
    """

    scopes: frozenset[str] = frozenset()
    token_id: int = 0

    class Meta:
        proxy = True
        default_permissions = ()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether both the token and its user have a permission."""
        return SCOPE_OF_PERMISSION.get(perm) in self.scopes and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Return False: tokens have no access to the admin."""
        return False

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raise TypeError, because a request with a token must not change an account."""
        raise TypeError("The user of a token is for reading.")


def known_scopes(scopes: Any) -> None:
    """Raise ValidationError for anything but a list of known scopes."""
    unknown = [scope for scope in scopes if scope not in Scope.values] if isinstance(scopes, list) else [scopes]
    if unknown or not scopes:
        names = ", ".join(map(str, unknown)) or "none"
        raise ValidationError(f"Not scopes: {names}; allowed are {', '.join(Scope.values)}.")


class ScopesField(models.JSONField):
    """A list of scopes. Migrations see a plain field."""

    default_validators = [known_scopes]

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """Describe Django's own field, because a migration must not import the product."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Chainable reads of tokens."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Keep a user's own tokens; every token for a superuser."""
        return self if user.is_active and user.is_superuser else self.filter(user_id=user.pk)


class ApiToken(models.Model):
    """The token that a program sends. Only its hash is stored, so nobody can read the token again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, help_text="Which program uses the token.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=16, editable=False, help_text="How the token begins.")
    scopes = ScopesField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Leave empty for a token that never expires.")
    revoked_at = models.DateTimeField(null=True, editable=False)
    # Accurate to the hour, so that most reads need no write.
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def state(self) -> str:
        """One word: live, expired or revoked."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "live"
