"""What an editor is told while nothing can be saved, with what they typed kept."""

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

RETRY_SECONDS = 15
MAX_RESEND = 2**20
"""Characters of a form that are kept in the page that refuses it."""

_SECRET = ("password", "token", "secret")


class ReadOnlyMiddleware:
    """Refuses what would write. Stands after the layers that know the person and check the form's token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request as the next layer does."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Answer 503 to what would write while nothing can be written."""
        if getattr(request, "read_only_since", None) is None or getattr(request, "reads_only", True):
            return None
        return refusal(request)


def refusal(request: HttpRequest) -> HttpResponse:
    """Answer 503 to what could not be saved, with what was typed."""
    context = {"kept": resendable_fields(request), "files": list(request.FILES)}
    response = render(request, "kb/read_only.html", context, status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    add_never_cache_headers(response)
    return response


def is_full(error: Exception) -> bool:
    """Whether the database had no room left for what was to be saved."""
    cause = error.__cause__
    codes = {getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorname", None)}
    return isinstance(error, DatabaseError) and not codes.isdisjoint({"53100", "SQLITE_FULL"})


def state(request: HttpRequest) -> dict[str, Any]:
    """Tell templates since when the database only reads, if it does."""
    return {"read_only_since": getattr(request, "read_only_since", None)}


def resendable_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the fields of a refused form that go into the page, to be sent again; nothing secret."""
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    shown = [pair for pair in fields if not any(word in pair[0].lower() for word in _SECRET)]
    return shown if sum(len(name) + len(value) for name, value in shown) <= MAX_RESEND else []
