"""A cache of whole API responses in front of Django: a hit is sent before any middleware runs.

Internal texts cannot leak from here. A response is stored by its reader's rights and the whole address, and only a
reader with the same rights gets it. A hit needs a request without a cookie, and without a token or with one that is
checked here. Django handles every other case: a session, a bad token, an exhausted rate, an error.
"""

import gzip
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.urls import resolve

from kb.api.framework import throttle
from kb.api.framework.generation import Generation, generation
from kb.api.framework.http_cache import Address, address_of, etag_of, is_unchanged
from kb.models import Bearer
from kb.models.tokens import READING
from kb.models.visibility import Reader, reader
from kb.ops import metrics, rates, request_ids
from kb.services import tokens, usage

PREFIX = "/api/v1/"
_MIN_COMPRESSED = 1000
"""Minimum bytes of a body that is worth compressing."""

log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Headers = list[tuple[str, str]]


@dataclass(slots=True)
class CachedResponse:
    """A response as it was sent, for the next caller with the same rights. Compressed when first needed."""

    etag: str
    headers: Headers
    body: bytes
    route: str
    counts: list[Any]
    is_compressible: bool
    _compressed: bytes = b""

    @property
    def compressed(self) -> bytes:
        """The body by gzip."""
        self._compressed = self._compressed or gzip.compress(self.body, 5, mtime=0)
        return self._compressed

    @property
    def size(self) -> int:
        """Approximate bytes: compressed text takes at most a third."""
        return len(self.body) * 4 // 3 + 2000


class ResponseCache:
    """Responses by reader and address, up to the size in the settings; the least recently used are dropped first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[str, Address], tuple[int, date, CachedResponse]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, now: Generation, audience: str, address: Address) -> CachedResponse | None:
        """Return the response of this generation, or None."""
        entry = self._entries.get((audience, address))
        if entry is None or entry[0] != now.sequence or entry[1] != now.day:
            return None
        with self._lock:
            if (audience, address) in self._entries:
                self._entries.move_to_end((audience, address))
        return entry[2]

    def put(self, now: Generation, audience: str, address: Address, response: CachedResponse) -> None:
        """Store a response, unless it alone would fill an eighth of the cache."""
        limit = settings.KB_API_CACHE_MEGABYTES * 2**20
        if response.size > limit // 8:
            return
        with self._lock:
            self._subtract(self._entries.pop((audience, address), None))
            self._entries[(audience, address)] = (now.sequence, now.day, response)
            self._size += response.size
            while self._size > limit:
                self._subtract(self._entries.popitem(last=False)[1])

    def clear(self) -> None:
        """Remove everything."""
        with self._lock:
            self._entries.clear()
            self._size = 0

    def _subtract(self, entry: tuple[int, date, CachedResponse] | None) -> None:
        self._size -= entry[2].size if entry else 0


responses = ResponseCache()


@dataclass(frozen=True, slots=True)
class _CacheSlot:
    """Where the response to a request is stored, and whose request it is."""

    now: Generation
    audience: str
    address: Address
    user: Bearer | None

    def etag(self, environ: Environ) -> str:
        """Return the ETag that an answer for this slot has."""
        return etag_of(self.now, reader(self.user), address_of(environ))


class _ForDjango(Exception):
    """Django must handle this request."""


class Front:
    """A WSGI application that answers from the cache if it can, and passes other requests to Django."""

    def __init__(self, application: Callable[[Environ, StartResponse], Iterable[bytes]]) -> None:
        """Store the next layer."""
        self.application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Return the body of the response."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not environ["PATH_INFO"].startswith(PREFIX):
            return self.application(environ, start_response)
        started_at = time.perf_counter()
        slot = _slot_for(environ)
        if slot:
            response = responses.get(slot.now, slot.audience, slot.address)
            metrics.count_cache_use("api", response is not None)
            if response and not _seconds_to_wait(environ, slot.user):
                # As Django does after a request: otherwise this thread would keep a pooled connection for itself.
                close_old_connections()
                return _send_cached(response, environ, start_response, started_at)
        return self._ask_django(environ, start_response, slot)

    def _ask_django(self, environ: Environ, start_response: StartResponse, slot: _CacheSlot | None) -> Iterable[bytes]:
        start: list[Any] = []

        def listen(status: str, headers: Headers, *error: Any) -> None:
            start[:] = [status, headers]

        with usage.record_counts() as counts:
            chunks = self.application(environ, listen)
        status, headers = start
        names = {name.lower(): value for name, value in headers}
        if "content-length" not in names or not status.startswith("200"):
            # A stream passes through as it is produced.
            start_response(status, headers)
            return chunks
        try:
            body = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        response = _cacheable(headers, names, body, environ, counts)
        # A replica that is behind or ahead answers with another generation; do not store its answer under this one.
        if slot and response.etag == slot.etag(environ) and "set-cookie" not in names:
            responses.put(slot.now, slot.audience, slot.address, response)
        request_id = [(name, value) for name, value in headers if name.lower() == request_ids.HEADER.lower()]
        return _send(response, environ, start_response, request_id)


def _slot_for(environ: Environ) -> _CacheSlot | None:
    """Return where the response to this request is stored; None if Django must handle the request."""
    # A cookie may be a session, or name the reader's time zone.
    if not settings.KB_API_CACHE_MEGABYTES or environ.get("HTTP_COOKIE"):
        return None
    try:
        user = _authenticate(environ)
        audience = reader(user)
        if audience == Reader.NOTHING:
            return None
        # With a token the headers say private, even if the body is the public one.
        audience_key = audience + ("" if user is None else " by token")
        return _CacheSlot(generation(), audience_key, (*address_of(environ), environ.get("HTTP_ORIGIN", "")), user)
    except (_ForDjango, tokens.BadToken):
        return None
    except Exception as error:
        # For example, the database closed the connection: Django opens another.
        log.warning("asked Django instead of the cache: %s", type(error).__name__)
        close_old_connections()
        return None


def _seconds_to_wait(environ: Environ, user: Bearer | None) -> int:
    return rates.wait_for(throttle.caller_of(environ, user), throttle.rate_of(user))


def _authenticate(environ: Environ) -> Bearer | None:
    authorization = environ.get("HTTP_AUTHORIZATION")
    if authorization is None:
        return None
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise _ForDjango
    user = tokens.bearer(secret.strip())
    if not user.scopes & READING:
        raise _ForDjango
    return user


def _cacheable(
    headers: Headers, names: dict[str, str], body: bytes, environ: Environ, counts: list[Any]
) -> CachedResponse:
    per_request = {"content-length", "vary", request_ids.HEADER.lower()}
    lasting = [(name, value) for name, value in headers if name.lower() not in per_request]
    lasting.append(("Vary", ", ".join(filter(None, [names.get("vary"), "Accept-Encoding"]))))
    is_compressible = "content-encoding" not in names and len(body) >= _MIN_COMPRESSED
    route = resolve(environ["PATH_INFO"]).view_name
    return CachedResponse(names.get("etag", ""), lasting, body, route, counts, is_compressible)


def _send_cached(
    response: CachedResponse, environ: Environ, start_response: StartResponse, started_at: float
) -> Iterable[bytes]:
    request_id = [(request_ids.HEADER, request_ids.clean_id(environ.get("HTTP_X_REQUEST_ID", "")))]
    usage.repeat_counts(response.counts)
    if is_unchanged(response.etag, environ):
        headers = [(name, value) for name, value in response.headers if name != "Content-Type"]
        start_response("304 Not Modified", [*headers, *request_id])
        status, body = 304, []
    else:
        status, body = 200, _send(response, environ, start_response, request_id)
    metrics.count_response(response.route, environ["REQUEST_METHOD"], status, time.perf_counter() - started_at)
    return body


def _send(response: CachedResponse, environ: Environ, start_response: StartResponse, more: Headers) -> list[bytes]:
    encodings = environ.get("HTTP_ACCEPT_ENCODING", "")
    compress = response.is_compressible and "gzip" in encodings and "gzip;q=0" not in encodings.replace(" ", "")
    body = response.compressed if compress else response.body
    encoding = [("Content-Encoding", "gzip")] if compress else []
    start_response("200 OK", [*response.headers, *encoding, ("Content-Length", str(len(body))), *more])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
