"""Times in the reader's own zone."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

COOKIE = "zone"


class ReaderZoneMiddleware:
    """Activates the zone that the browser put into a cookie; without one, and for programs, the site's zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Store the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the next layer's response, with the reader's zone active."""
        cookie = "" if request.path_info.startswith("/api/") else request.COOKIES.get(COOKIE, "")
        with timezone.override(_zone(cookie)):
            return self.get_response(request)


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    # Readers can forge the cookie: ZoneInfo raises ValueError for names that leave its folder.
    try:
        return zoneinfo.ZoneInfo(name) if 0 < len(name) < 64 else None
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None
