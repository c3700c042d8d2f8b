"""Error pages in the dress of the other pages."""

import logging
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from kb.ops import outages
from kb.web import read_only

log = logging.getLogger(__name__)


class InvalidParameter(Exception):
    """An address holds a value that is not allowed; the message says which, and what is, for a person."""


class ErrorPagesMiddleware:
    """Show what a page raised on purpose in the product's dress, also with DEBUG."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request as the next layer does."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a page's own errors, and a full disk to whoever would save; leave every other one to Django."""
        if isinstance(exception, Http404):
            return not_found(request, exception)
        if isinstance(exception, InvalidParameter):
            return _page(request, 400, "kb/not_understood.html", {"reason": str(exception)})
        if request.method == "POST" and read_only.is_full(exception):
            log.error("the database has no room left")
            return read_only.refusal(request)
        return None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 without a look at the request, which may be forged."""
    return _bare("kb/400.html", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _page(request, 403, "kb/403.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 for a form without a valid token. The reason is for logs: Django wrote it there."""
    return _page(request, 403, "kb/403_csrf.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: the same for what is not there and what the reader may not see."""
    return _page(request, 404, "kb/404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503, with nothing that can fail again: no database, no context processor, no manifest."""
    # Asked first: while another error is handled, this one is its cause.
    is_away = outages.is_handled()
    status = 503 if is_away else 500
    try:
        response = _bare(f"kb/{status}.html", status)
    except Exception:
        words = outages.DETAIL if is_away else "Something went wrong on our side. Please try again."
        response = HttpResponse(words, "text/plain; charset=utf-8", status)
    if is_away:
        response["Retry-After"] = str(outages.RETRY_SECONDS)
    return response


def _page(request: HttpRequest, status: int, template: str, context: dict[str, Any] | None = None) -> HttpResponse:
    return render(request, template, context, status=status)


def _bare(template: str, status: int) -> HttpResponse:
    return HttpResponse(render_to_string(template), status=status)
