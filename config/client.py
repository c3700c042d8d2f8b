"""Whose request it is, seen from behind the site's own proxies."""

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Return the address of the caller.

    Every proxy appends whom it saw to `X-Forwarded-For`; what stands before the site's own proxies is the caller's
    word, which anybody can make up.
    """
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    seen.append(request.META.get("REMOTE_ADDR", ""))
    return seen[max(0, len(seen) - 1 - settings.PROXY_COUNT)]
