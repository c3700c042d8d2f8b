"""Responses while the database accepts no writes."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from kb.ops import replicas

RETRY_SECONDS = 15
MAX_RESEND = 2**20
"""The most characters of a form that the page repeats."""

_SECRET = ("password", "token", "secret")


class ReadOnlyMiddleware:
    """Refuses writing requests. It comes after the layers for login and CSRF."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Store the next layer. Raises MiddlewareNotUsed without replicas."""
        if not replicas.are_on():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the next layer's response."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Answer 503 to a writing request while the database is read-only."""
        if getattr(request, "read_only_since", None) is None or getattr(request, "reads_only", True):
            return None
        return refusal(request)


def refusal(request: HttpRequest, is_busy: bool = False) -> HttpResponse:
    """Answer 503 to a request that could not be saved, because of others if it `is_busy`, and repeat its input."""
    context = {"fields": resendable_fields(request), "files": list(request.FILES), "is_busy": is_busy}
    response = render(request, "kb/read_only.html", context, status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    add_never_cache_headers(response)
    return response


def is_full(error: Exception) -> bool:
    """Whether a write failed because the disk is full."""
    cause = error.__cause__
    codes = {getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorname", None)}
    return isinstance(error, DatabaseError) and not codes.isdisjoint({"53100", "SQLITE_FULL"})


def state(request: HttpRequest) -> dict[str, Any]:
    """Return for templates since when the database is read-only, or None."""
    return {"read_only_since": getattr(request, "read_only_since", None)}


def resendable_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the fields that the page repeats, to be sent again, without secrets; [] if they are too long."""
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    pairs = [pair for pair in fields if not any(word in pair[0].lower() for word in _SECRET)]
    return pairs if sum(len(name) + len(value) for name, value in pairs) <= MAX_RESEND else []
