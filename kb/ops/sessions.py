"""Sessions in the database, read by plain SQL."""

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from kb.models.sql import objects

_FORMER = {
    "django.contrib.auth.backends.ModelBackend": "kb.ops.accounts.AccountBackend",
    "allauth.account.auth_backends.AuthenticationBackend": "config.sso.SsoBackend",
}
"""The backends of release 0.3, so that an upgrade logs nobody out, and what took their place."""


class SessionStore(db.SessionStore):
    """Django's store of sessions in the database, with a quicker read."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; {} without a valid session."""
        found = objects(Session, "SELECT * FROM django_session WHERE session_key = %s", self.session_key)
        stored = next(iter(found), None)
        if stored is None or stored.expire_date <= timezone.now():
            # Django's own also forgets the key.
            return super().load()
        held: dict[str, Any] = self.decode(stored.session_data)
        if held.get(BACKEND_SESSION_KEY) in _FORMER:
            held[BACKEND_SESSION_KEY] = _FORMER[held[BACKEND_SESSION_KEY]]
        return held
