"""The rate limit of each caller of the API."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from kb.models import Bearer
from kb.models.visibility import Person
from kb.ops import rates


class CallerThrottle(BaseThrottle):
    """Refuses callers over the rate in the settings, and says how long to wait."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; return whether it is within the rate."""
        self.seconds = rates.wait_for(caller_of(request.META, request.user), rate_of(request.user))
        return not self.seconds

    def wait(self) -> float:
        """Return the seconds until the next attempt."""
        return self.seconds


def caller_of(environ: dict[str, Any], user: Person | None) -> str:
    """Return whose requests count together: a token, a user or an address (stored only as a hash)."""
    if isinstance(user, Bearer):
        return f"token:{user.token_id}"
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    return rates.address_key(environ)


def rate_of(user: Person | None) -> int:
    """Return the requests per minute of a caller; 0 means no limit."""
    is_authenticated = user is not None and user.is_authenticated
    return settings.KB_API_RATE_KNOWN if is_authenticated else settings.KB_API_RATE_ANONYMOUS
