"""The rate limit of each caller of the API, and the headers that tell what is left of it.

The headers follow draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy: "default";q=600;w=60` is the rate, and
`RateLimit: "default";r=599;t=42` what is left until the window ends, as far as the process that answers knows.
"""

from functools import lru_cache
from typing import Any

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from kb.models import Bearer
from kb.models.visibility import Person
from kb.ops import rates
from kb.ops.rates import Allowance

ALLOWANCE = "kb.allowance"
"""Where a request has the rate of its caller and what is left of it, for the headers of the answer."""

Headers = list[tuple[str, str]]


class CallerThrottle(BaseThrottle):
    """Refuses callers over the rate in the settings, and says how long to wait."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; return whether it is within the rate."""
        if rate := rate_of(request.user):
            allowance = rates.take(caller_of(request.META, request.user), rate)
            request.META[ALLOWANCE] = (rate, allowance)
            self.seconds = allowance.seconds
        return not self.seconds

    def wait(self) -> float:
        """Return the seconds until the next attempt."""
        return self.seconds


def headers_of(rate: int, allowance: Allowance) -> Headers:
    """Return the headers for a rate and what is left of it."""
    return [_policy(rate), ("RateLimit", f'"default";r={allowance.left};t={allowance.resets_in}')]


@lru_cache(8)
def _policy(rate: int) -> tuple[str, str]:
    return "RateLimit-Policy", f'"default";q={rate};w={rates.WINDOW}'


def refusal(error: Throttled, request: Request) -> str:
    """Return the sentence for a caller over its rate: the rate, and what raises it."""
    rate, known = rate_of(request.user), settings.KB_API_RATE_KNOWN
    wait = f"Wait {getattr(error, 'wait', None) or rates.WINDOW:.0f} seconds."
    sentence = f"You sent more than {rate:,} requests in a minute. {wait}"
    if isinstance(request.user, Bearer):
        return f"{sentence} This is the rate of a token. One POST to /api/v1/lookup/ looks up many codes."
    if request.user and request.user.is_authenticated:
        return sentence
    if not known:
        return f"{sentence} A token has no limit."
    return f"{sentence} A token raises the rate to {known:,}." if known > rate else sentence


def caller_of(environ: dict[str, Any], user: Person | None) -> str:
    """Return whose requests count together: a token, a user or an address (stored only as a hash)."""
    if isinstance(user, Bearer):
        return f"token:{user.token_id}"
    return person_of(environ, user)


def person_of(environ: dict[str, Any], user: Person | None) -> str:
    """Return who sends a request: a user, whatever token they use, or an address (stored only as a hash)."""
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    return rates.address_key(environ)


def rate_of(user: Person | None) -> int:
    """Return the requests per minute of a caller; 0 means no limit."""
    is_authenticated = user is not None and user.is_authenticated
    return settings.KB_API_RATE_KNOWN if is_authenticated else settings.KB_API_RATE_ANONYMOUS
