"""Whose request it is, seen from behind the site's own proxies."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Return the address of the caller."""
    return address_in(request.META)


def address_in(environ: dict[str, Any]) -> str:
    """Return the address of the caller of a WSGI request.

    Every proxy appends whom it saw to `X-Forwarded-For`; what stands before the site's own proxies is the caller's
    word, which anybody can make up.
    """
    said = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    seen = [part.strip() for part in said if part.strip()] + [environ.get("REMOTE_ADDR", "")]
    return seen[max(0, len(seen) - 1 - settings.PROXY_COUNT)]
