"""Sessions in the database, read by plain SQL."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone


class SessionStore(db.SessionStore):
    """Django's store of sessions in the database, with a quicker read."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; {} without a valid session."""
        found = Session.objects.raw("SELECT * FROM django_session WHERE session_key = %s", [self.session_key])
        stored = next(iter(found), None)
        if stored is None or stored.expire_date <= timezone.now():
            # Django's own also forgets the key.
            return super().load()
        return self.decode(stored.session_data)
