"""Who gets pages at all: the default is nobody."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control

from kb.models.visibility import Reader, reader


class ReadersOnlyMiddleware(LoginRequiredMiddleware):
    """Send whoever may read nothing to the login page, from every view that does not say `login_not_required`."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Let readers through. The API answers for itself: REST framework marks its views."""
        if reader(request.user) != Reader.NOTHING:
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Keep pages of a logged-in reader out of every cache, the browser's too."""
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and hasattr(request, "user") and request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response
