"""Error pages that look like the other pages."""

import logging
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from kb.ops import outages, request_ids
from kb.ops.passwords import TooManyHashes
from kb.web import rates, read_only

log = logging.getLogger(__name__)


class InvalidParameter(Exception):
    """An address has a value that is not allowed; the message says which, and what is allowed."""


class ErrorPagesMiddleware:
    """Answers exceptions of our own pages, also with DEBUG."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Store the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the next layer's response."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return a page for our own exceptions and for the database's; None leaves the others to Django."""
        if isinstance(exception, Http404):
            return not_found(request, exception)
        if isinstance(exception, InvalidParameter):
            return _page(request, 400, "kb/invalid_parameter.html", {"reason": str(exception)})
        if isinstance(exception, TooManyHashes):
            return rates.too_many_hashes()
        if request.method == "POST" and read_only.is_full(exception):
            log.error("the database has no room left")
            return read_only.refusal(request)
        if request.method == "POST" and outages.is_busy(exception):
            log.warning("a writer waited too long for others")
            return read_only.refusal(request, is_busy=True)
        return _failure(is_away=True) if outages.is_away(exception) else None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 without reading the request, which may be forged."""
    return _bare("kb/400.html", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _page(request, 403, "kb/403.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 for a form without a valid token. Django has logged the reason."""
    return _page(request, 403, "kb/403_csrf.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: the same for missing rows and for rows that the reader may not see."""
    return _page(request, 404, "kb/404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 or 503 with a page that needs no database, context processor or manifest."""
    return _failure(outages.is_handled())


def _failure(is_away: bool) -> HttpResponse:
    status = 503 if is_away else 500
    try:
        response = _bare(f"kb/{status}.html", status)
    except Exception:
        words = outages.DETAIL if is_away else "Something went wrong on our side. Try again."
        text = f"{words}\nRequest ID: {request_ids.current()}\n"
        response = HttpResponse(text, "text/plain; charset=utf-8", status)
    if is_away:
        response["Retry-After"] = str(outages.RETRY_SECONDS)
    return response


def _page(request: HttpRequest, status: int, template: str, context: dict[str, Any] | None = None) -> HttpResponse:
    return render(request, template, context, status=status)


def _bare(template: str, status: int) -> HttpResponse:
    return HttpResponse(render_to_string(template), status=status)
