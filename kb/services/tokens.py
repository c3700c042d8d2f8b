"""Tokens of programs: making, checking and revoking them.

Our own and not django-rest-knox, which this follows in storing hashes and showing a token once: Knox deletes expired
tokens while it reads, asks for all tokens of a user at each request, and knows no revoked token, name or scope.

Tokens are no knowledge: they stand in no feed and need no journal entry. The admin's own log says who made them.
"""

import hashlib
import re
import secrets
import time
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from kb.models import ApiToken, Bearer
from kb.services import usage
from kb.services.journal import NotAllowed

PREFIX = "codebook_"
"""So that scanners of leaked secrets can know one."""

DEFAULT_LIFE = timedelta(days=90)
KEPT_SECONDS = 1.0
"""How long a process trusts what it read of a token: another process's revocation is seen after this."""

_HINT = len(PREFIX) + 6
_USED_AGAIN = timedelta(hours=1)
_MOST_KEPT = 2000
_LIFE = re.compile(r"([0-9]{1,4})([hdwy])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}

_kept: dict[str, tuple[float, ApiToken, Bearer]] = {}


class BadToken(Exception):
    """The token lets nobody in; the message says why, for whoever runs the program."""


def create(user: User, name: str, scopes: list[str], expires_at: datetime | None) -> tuple[ApiToken, str]:
    """Store a new token; return it with the secret, which is never seen again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(user=user, name=name, scopes=sorted(scopes), expires_at=expires_at)
    token.digest, token.hint = digest(secret), secret[:_HINT]
    token.full_clean()
    token.save()
    return token, secret


def revoke(token: ApiToken) -> None:
    """End a token. It stays listed, so that one can still tell what it was."""
    if token.revoked_at:
        raise NotAllowed(f"{token} is already revoked.")
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    _kept.pop(token.digest, None)


def bearer(secret: str) -> Bearer:
    """Return the user of a token, limited to its scopes. Raises BadToken."""
    token, user = _read(digest(secret))
    if token.state != "live":
        raise BadToken(f"The token {token.name} is {token.state}.")
    if not user.is_active:
        raise BadToken("The token's user is no longer active.")
    if not token.last_used_at or timezone.now() - token.last_used_at > _USED_AGAIN:
        usage.count_token(token.pk)
    return user


def digest(secret: str) -> str:
    """Return what is stored of a token: a plain hash is enough for 256 random bits."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def expiry(life: str) -> datetime | None:
    """Return when a token made now ends: after `90d`, `12h`, `2w`, `1y`, or `never`. Raises ValueError."""
    if life == "never":
        return None
    found = _LIFE.fullmatch(life)
    if not found:
        raise ValueError(f"“{life}” is not a valid lifetime. Allowed: 12h, 90d, 2w, 1y, never.")
    try:
        return timezone.now() + int(found[1]) * _UNITS[found[2]]
    except OverflowError:
        raise ValueError(f"“{life}” ends after the year 9999; never is allowed.") from None


def _read(key: str) -> tuple[ApiToken, Bearer]:
    kept = _kept.get(key)
    if kept and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1], kept[2]
    read_at = time.monotonic()
    token = ApiToken.objects.filter(digest=key).first()
    user = token and Bearer.objects.filter(pk=token.user_id).first()
    if not token or not user:
        raise BadToken("No such token.")
    user.scopes, user.token_id = frozenset(token.scopes), token.pk
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[key] = (read_at, token, user)
    return token, user
