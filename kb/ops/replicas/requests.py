"""The middleware that chooses a database for each request."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS as PRIMARY
from django.db import connections
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from kb.ops import replicas
from kb.ops.replicas.router import read_database
from kb.ops.replicas.watch import WATCH, State, primary_position

COOKIE = "written"
COOKIE_SECONDS = 60
"""Lifetime of the cookie with a writer's position. A replica that lags more than this serves no requests."""

READS_BY_POST = {"detect", "api-lookup", "api-detect", "mcp", "suggest"}
"""Routes that write nothing: they take POST because their input is long."""


class ReplicaMiddleware:
    """Reads from a replica if one is fresh enough. It comes before every layer that queries the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Store the next layer. Raises MiddlewareNotUsed without replicas."""
        if not replicas.are_on():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer from the chosen database. If it has just gone away, answer a read again from another one."""
        state = WATCH.state()
        request.read_only_since = state.read_only_since  # type: ignore[attr-defined]
        reads = request.reads_only = reads_only(request)  # type: ignore[attr-defined]
        response = self._answer(request, state, reads)
        if reads and response.status_code >= 500:
            now = WATCH.look_once()
            if _has_gone(read_database.get(), now):
                connections[read_database.get()].close()
                request.read_only_since = now.read_only_since  # type: ignore[attr-defined]
                response = self._answer(request, now, reads)
        # See Note [A writer reads their own writes].
        if not reads and not state.is_primary_away:
            response.set_cookie(
                COOKIE,
                str(primary_position()),
                max_age=COOKIE_SECONDS,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response

    def _answer(self, request: HttpRequest, state: State, reads: bool) -> HttpResponseBase:
        # Not reset afterwards, because the body of a streamed response is read later. The next request sets it again.
        read_database.set(state.choose(_position_of(request)) if reads or state.is_primary_away else PRIMARY)
        return self.get_response(request)


def reads_only(request: HttpRequest) -> bool:
    """Whether a request only reads. Counts do not matter here, because they are buffered."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return True
    try:
        return resolve(request.path_info).url_name in READS_BY_POST
    except Resolver404:
        return False


def _position_of(request: HttpRequest) -> int:
    value = request.COOKIES.get(COOKIE, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0


def _has_gone(alias: str, state: State) -> bool:
    return state.is_primary_away if alias == PRIMARY else alias not in state.replicas
