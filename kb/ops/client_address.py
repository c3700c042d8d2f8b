"""The address of a request's caller, behind the site's own proxies."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Return the address of the caller."""
    return address_in(request.META)


def address_in(environ: dict[str, Any]) -> str:
    """Return the address of the caller of a WSGI request.

    Every proxy appends its caller to `X-Forwarded-For`. The caller can forge the entries before those of the site's
    own proxies.
    """
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    addresses = [part.strip() for part in forwarded if part.strip()] + [environ.get("REMOTE_ADDR", "")]
    return str(addresses[max(0, len(addresses) - 1 - settings.PROXY_COUNT)])
