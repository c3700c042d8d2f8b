"""Refusals in memory: a flood from a refused address gets the same answer again, without asking Django.

Django takes half a millisecond to refuse, which a hundred clients that never pause turn into all of a server's time.
A refusal by address depends on nothing but the address, and holds until the end of its minute.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from kb.ops import metrics, rates, request_ids, request_log

REFUSED = "codebook.refused"
"""Where the middleware leaves the key of a refusal that may be repeated, in the environment of a WSGI request."""
SITE = "login site"
"""The key of the whole log-in."""
_MOST = 1000
"""The most refusals in memory; then all are forgotten."""
_PER_REQUEST = {request_ids.HEADER.lower(), "retry-after", "content-length", "set-cookie"}

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class _Refusal:
    ends: int
    """When, in seconds since 1970."""
    status: str
    headers: list[tuple[str, str]]
    body: bytes
    request_id: str
    """The id in the body: each repetition has its own."""


_refusals: dict[str, _Refusal] = {}


class RefusalMemory:
    """A WSGI application that repeats refusals, and passes other requests to Django."""

    def __init__(self, application: Callable[[Environ, StartResponse], Iterable[bytes]]) -> None:
        """Store the next layer."""
        self.application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Return the body of the response."""
        if _refusals:
            started, now = time.perf_counter(), time.time()
            for key in _keys(environ):
                refusal = _refusals.get(key)
                if refusal and now < refusal.ends:
                    return _repeat(refusal, key, environ, start_response, started)
        start: list[Any] = []

        def listen(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            start[:] = [status, headers]
            return start_response(status, headers, *error)

        chunks = self.application(environ, listen)
        if REFUSED in environ:
            status, headers = start
            chunks = _remember(environ[REFUSED], status, headers, chunks)
        return chunks


def is_login(path: str, method: str | None) -> bool:
    """Whether a request is an attempt to log in. Django's views treat PUT as POST."""
    return path == "/login/" and method in ("POST", "PUT")


def is_page(path: str) -> bool:
    """Whether a request counts as a page. The API counts for itself."""
    return not path.startswith(("/api/", "/mcp/"))


def _keys(environ: Environ) -> list[str]:
    """Return the keys under which a refusal of this request may be in memory."""
    path = environ["PATH_INFO"]
    if is_login(path, environ["REQUEST_METHOD"]):
        return [SITE, f"login {rates.address_key(environ)}"]
    # A cookie may be a session. Probes and static files are answered in any case.
    is_open = path.startswith(settings.STATIC_URL) or path in ("/healthz", "/readyz", "/metrics")
    if environ.get("HTTP_COOKIE") or is_open or not is_page(path):
        return []
    return [f"page {rates.address_key(environ)}"]


def _remember(key: str, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> list[bytes]:
    try:
        body = b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    if len(_refusals) >= _MOST:
        _refusals.clear()
    lasting = [(name, value) for name, value in headers if name.lower() not in _PER_REQUEST]
    request_id = dict(headers).get(request_ids.HEADER, request_ids.NONE)
    ends = int(time.time()) // rates.WINDOW * rates.WINDOW + rates.WINDOW
    _refusals[key] = _Refusal(ends, status, lasting, body, request_id)
    return [body]


def _repeat(
    refusal: _Refusal, key: str, environ: Environ, start_response: StartResponse, started: float
) -> list[bytes]:
    request_id = request_ids.clean_id(environ.get("HTTP_X_REQUEST_ID", ""))
    body = refusal.body.replace(refusal.request_id.encode(), request_id.encode())
    own = [
        ("Retry-After", str(max(1, refusal.ends - int(time.time())))),
        ("Content-Length", str(len(body))),
        (request_ids.HEADER, request_id),
    ]
    start_response(refusal.status, [*refusal.headers, *own])
    metrics.count_refusal("page" if key.startswith("page") else "login_site" if key == SITE else "login_address")
    method, status = environ["REQUEST_METHOD"], int(refusal.status[:3])
    metrics.count_response(request_log.NO_ROUTE, method, status, time.perf_counter() - started)
    return [] if method == "HEAD" else [body]
