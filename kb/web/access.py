"""Access to pages: denied unless a rule allows it."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control

from kb.models.visibility import Reader, reader


class ReadersOnlyMiddleware(LoginRequiredMiddleware):
    """Redirects people who may read nothing to the login page, except from views marked `login_not_required`."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Let readers through. REST framework marks the API's views, which check access themselves."""
        if reader(request.user) != Reader.NOTHING:
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Keep pages of logged-in readers out of every cache, including the browser's."""
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and hasattr(request, "user") and request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response
