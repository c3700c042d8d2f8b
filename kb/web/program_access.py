"""Access to pages for programs: they get 401 where people are redirected to the login."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from kb.models.visibility import Reader, reader


def for_programs(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a view that answers 401 to people who may read nothing, and keeps logged-in responses out of caches."""

    @require_safe
    @login_not_required
    @wraps(view)
    def view_for_readers(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if reader(request.user) == Reader.NOTHING:
            refusal = HttpResponse("Log in to read this.\n", "text/plain; charset=utf-8", 401)
            # HTTP requires a scheme; browsers show no password box for this one.
            refusal["WWW-Authenticate"] = "Session"
            return refusal
        response = view(request, *args, **kwargs)
        if request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return view_for_readers
