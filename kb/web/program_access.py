"""Access to pages for programs: a token opens them, and who may not read gets 401 instead of the login page.

Only pages that read use this. A token opens no other page, so no request with a token can write.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from kb.models import Bearer
from kb.models.tokens import READING
from kb.models.visibility import Reader, reader
from kb.services import tokens

CLOSED = "Log in to read this. Programs send “Authorization: Bearer <token>”."


class ProgramRefused(Exception):
    """The caller's `Authorization` header is refused. The message tells the person who runs the program why."""

    def __init__(self, message: str, status: int = 401, challenge: str = "") -> None:
        """Store the status, and the value of WWW-Authenticate."""
        super().__init__(message)
        self.status, self.challenge = status, challenge or tokens.challenge()

    @property
    def response(self) -> HttpResponse:
        """The answer as plain text."""
        response = HttpResponse(f"{self}\n", "text/plain; charset=utf-8", self.status)
        # HTTP requires a scheme; browsers show no password box for this one.
        response["WWW-Authenticate"] = self.challenge
        response["Cache-Control"] = "private, no-store"
        return response


def token_user(request: HttpRequest) -> Bearer | None:
    """Return the user of the request's token, or None without one. Raises ProgramRefused."""
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    try:
        user = tokens.bearer(tokens.secret_in(header))
    except tokens.WrongScheme as error:
        raise ProgramRefused(str(error)) from None
    except tokens.BadToken as error:
        raise ProgramRefused(str(error), challenge=tokens.challenge("invalid_token")) from None
    if user.scopes.isdisjoint(READING):
        scopes = sorted(READING)
        message = f"The token needs the scope {' or '.join(scopes)}. It has: {', '.join(sorted(user.scopes))}."
        raise ProgramRefused(message, 403, tokens.challenge("insufficient_scope", " ".join(scopes)))
    return user


def for_programs(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a view that also takes a token, answers 401 to who may read nothing, and keeps others' texts private."""

    @require_safe
    @login_not_required
    @wraps(view)
    def view_for_readers(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            request.user = token_user(request) or request.user
            if reader(request.user) == Reader.NOTHING:
                raise ProgramRefused(CLOSED)
        except ProgramRefused as refusal:
            return refusal.response
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ["Authorization"])
        if request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return view_for_readers
