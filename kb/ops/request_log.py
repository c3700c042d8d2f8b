"""One log line and one count for every response, by the name of its route. The address is never logged."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from kb.ops import metrics

NO_ROUTE = "none"
_PROBES = {"healthz", "readyz", "metrics"}
log = logging.getLogger("codebook.request")


class ObservingMiddleware:
    """Times the responses of the layers below. It comes right after the request ids."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Store the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response of the next layer, after logging and counting it."""
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        route = route_of(request)
        metrics.count_response(route, request.method or "", response.status_code, seconds)
        log.log(
            logging.DEBUG if route in _PROBES or _is_static(route, response) else logging.INFO,
            "answered",
            extra={
                "route": route,
                "method": request.method,
                "status": response.status_code,
                "milliseconds": round(seconds * 1000, 1),
                "user_id": _user_id(request),
            },
        )
        return response


def _is_static(route: str, response: HttpResponseBase) -> bool:
    return route == NO_ROUTE and response.status_code < 400


def route_of(request: HttpRequest) -> str:
    """Return the name of a request's route. The address itself may contain a search, so it is not logged."""
    match = request.resolver_match
    return (match.view_name or NO_ROUTE) if match else NO_ROUTE


def _user_id(request: HttpRequest) -> int | None:
    # Only if another layer has loaded the user, because logging must not query the database.
    user = request.__dict__.get("_cached_user") or request.__dict__.get("user")
    return None if user is None or isinstance(user, SimpleLazyObject) else user.pk
