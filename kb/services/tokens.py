"""Tokens of programs: create, check and revoke them.

As in django-rest-knox, only hashes are stored and a token is shown once. Knox itself does not fit: it deletes expired
tokens during reads, reads all tokens of a user at each request, and has no revoked tokens, names or scopes.

Tokens are not part of the feed and need no journal entry. The admin's log says who created them.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from kb.models import ApiToken, Bearer, Scope
from kb.models.tokens import EXPORT_TABLE, READING
from kb.services import usage
from kb.services.journal import NotAllowed

PREFIX = "codebook_"
"""With a prefix, scanners of leaked secrets recognise a token."""

DEFAULT_LIFE = timedelta(days=90)
KEPT_SECONDS = 1.0
"""Seconds for which a process caches a token. A revocation by another process takes effect after this time."""

_HINT = len(PREFIX) + 6
_USE_INTERVAL = timedelta(hours=1)
_CACHE_SIZE = 2000
_LIFE = re.compile(r"([0-9]{1,4})([hdwy])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}

_SCHEMES = {"apikey", "basic", "digest", "dpop", "jwt", "negotiate", "ntlm", "oauth", "token"}
"""Schemes that an error may repeat. Any other word may be a part of a secret."""


_cache: dict[str, tuple[float, ApiToken, Bearer]] = {}


class BadToken(Exception):
    """The token is refused. The message tells the person who runs the program why."""


class WrongScheme(Exception):
    """The `Authorization` header is not `Bearer` and a token. The message says what to send instead."""


def secret_in(header: str) -> str:
    """Return the token in an `Authorization` header. Raises WrongScheme for anything else than `Bearer <token>`."""
    scheme, rest = [*header.split(maxsplit=1), "", ""][:2]
    if scheme.lower() == "bearer" and rest:
        return rest.strip()
    if scheme.lower() == "bearer":
        problem = "has no token after “Bearer”"
    elif rest and scheme.lower() in _SCHEMES:
        problem = f"has the scheme “{scheme}”, which this site does not take"
    else:
        problem = "has no scheme that this site knows" if scheme else "is empty"
    raise WrongScheme(f"The Authorization header {problem}. Send “Authorization: Bearer <token>”, or no such header.")


def challenge(error: str = "", scope: str = "") -> str:
    """Return the value of WWW-Authenticate, with an error and the scope that would do (RFC 6750)."""
    parts = [("realm", "codebook"), *([("error", error)] if error else []), *([("scope", scope)] if scope else [])]
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts)


def check_use(user: User, scopes: Collection[str], expires_at: datetime | None) -> None:
    """Raise ValidationError for a token that could do nothing, or not what its scopes say."""
    problems = []
    if Scope.EXPORT in scopes and not READING.intersection(scopes):
        problems.append(f"export needs a scope for reading beside it: {' or '.join(sorted(READING))}.")
    if Scope.EXPORT in scopes and not user.has_perm(EXPORT_TABLE):
        problems.append(f"{user} may not export, so this token could not. Leave out export, or choose another user.")
    if expires_at and expires_at <= timezone.now():
        problems.append("The token would expire at once. Choose a later time.")
    if problems:
        raise ValidationError(problems)


def create(user: User, name: str, scopes: list[str], expires_at: datetime | None) -> tuple[ApiToken, str]:
    """Store a new token; return it with its secret, which is not stored. Raises ValidationError."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(user=user, name=name, scopes=sorted(scopes), expires_at=expires_at)
    token.digest, token.hint = digest(secret), secret[:_HINT]
    token.full_clean()
    token.save()
    return token, secret


def revoke(token: ApiToken) -> None:
    """Revoke a token. It stays listed. Raises NotAllowed if it is revoked already."""
    if token.revoked_at:
        raise NotAllowed(f"{token} is already revoked.")
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    _cache.pop(token.digest, None)


def bearer(secret: str) -> Bearer:
    """Return the user of a token, limited to its scopes. Raises BadToken."""
    token, user = _read(digest(secret))
    if token.state != "live":
        raise BadToken(f"The token {token.name} is {token.state}.")
    if not user.is_active:
        raise BadToken("The token's user is no longer active.")
    if not token.last_used_at or timezone.now() - token.last_used_at > _USE_INTERVAL:
        usage.count_token(token.pk)
    return user


def digest(secret: str) -> str:
    """Return the hash of a token, which is stored. A plain hash is enough for 256 random bits."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def expiry(life: str) -> datetime | None:
    """Return when a new token expires: after `90d`, `12h`, `2w`, `1y`, or None for `never`. Raises ValueError."""
    if life == "never":
        return None
    match = _LIFE.fullmatch(life)
    if not match:
        raise ValueError(f"“{life}” is not a valid lifetime. Allowed: 12h, 90d, 2w, 1y, never.")
    try:
        return timezone.now() + int(match[1]) * _UNITS[match[2]]
    except OverflowError:
        raise ValueError(f"“{life}” ends after the year 9999; never is allowed.") from None


def _read(key: str) -> tuple[ApiToken, Bearer]:
    cached = _cache.get(key)
    if cached and time.monotonic() - cached[0] < KEPT_SECONDS:
        return cached[1], cached[2]
    read_at = time.monotonic()
    token = ApiToken.objects.filter(digest=key).first()
    user = token and Bearer.objects.filter(pk=token.user_id).first()
    if not token or not user:
        raise BadToken("No such token.")
    user.scopes, user.token_id = frozenset(token.scopes), token.pk
    if len(_cache) >= _CACHE_SIZE:
        _cache.clear()
    _cache[key] = (read_at, token, user)
    return token, user
