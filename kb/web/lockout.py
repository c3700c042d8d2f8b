"""The answer to who tried too many passwords."""

import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

log = logging.getLogger("codebook.login")


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None) -> HttpResponse:
    """Answer 429. The same for names that exist and names that do not, right passwords and wrong ones."""
    log.warning("log-in refused: too many failed attempts")
    minutes = settings.LOGIN_LOCK_MINUTES
    page = render(request, "kb/locked.html", {"minutes": minutes}, status=429)
    page["Retry-After"] = str(minutes * 60)
    return page
