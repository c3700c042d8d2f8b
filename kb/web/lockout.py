"""The response to too many failed logins."""

import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

log = logging.getLogger("codebook.login")


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None) -> HttpResponse:
    """Answer 429. It is the same for existing and unknown names, and for right and wrong passwords."""
    log.warning("log-in refused: too many failed attempts")
    minutes = settings.LOGIN_LOCK_MINUTES
    page = render(request, "kb/lockout.html", {"minutes": minutes}, status=429)
    page["Retry-After"] = str(minutes * 60)
    return page
