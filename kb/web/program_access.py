"""Pages that programs fetch: they are told 401 where a person is sent to log in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from kb.models.visibility import Reader, reader


def for_programs(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 401 to whoever may read nothing, and keep what a logged-in reader gets out of caches."""

    @require_safe
    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if reader(request.user) == Reader.NOTHING:
            told = HttpResponse("Log in to read this.\n", "text/plain; charset=utf-8", 401)
            # HTTP wants a scheme named; this one opens no password box in browsers.
            told["WWW-Authenticate"] = "Session"
            return told
        response = view(request, *args, **kwargs)
        if request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return guarded
