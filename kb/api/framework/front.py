"""A layer in front of Django, which answers two kinds of requests to the API before any middleware runs.

A whole response that is in memory is sent again. For a look-up of codes, the body is read from the stored answers, and
a search runs its queries alone. The headers are those of Django's latest response to such a request, to a reader with
the same rights: see Note [Headers].

Internal texts cannot leak from here. A response is stored by its reader's rights and the whole address, and only a
reader with the same rights gets it. A hit needs a request without a session, and without a token or with one that is
checked here. Django handles every other case: a session, a bad token, an exhausted rate, an error.

# Note [Headers]
The headers of an answer about codes depend on the kind of address, the host, the reader's rights and the state of the
knowledge base, but not on the code or the words. So Django answers the first request after each change, and its headers
are kept for the others. Only ETag and length differ.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest, get_script_name
from django.db import close_old_connections
from django.urls import resolve

from kb.api.framework import throttle
from kb.api.framework.generation import Generation, generation, last_known
from kb.api.framework.header_cache import HeaderCache, LatestHeaders
from kb.api.framework.http_cache import (
    Address,
    accepts_gzip,
    address_of,
    etag_of,
    has_etag,
    is_unchanged,
    last_modified,
)
from kb.api.framework.link_headers import links_in
from kb.api.framework.response_cache import CachedResponse, Headers, responses
from kb.models import Bearer
from kb.models.tokens import READING
from kb.models.visibility import Reader, reader
from kb.ops import metrics, rates, replicas, request_ids
from kb.services import tokens, usage

PREFIX = "/api/v1/"
STALE = ("Warning", '110 - "Response is Stale"')
"""Marks an answer from before an outage of the database (RFC 9111)."""

_PER_REQUEST = {request_ids.HEADER.lower(), "last-modified", "ratelimit", "ratelimit-policy"}
"""Headers that each answer has anew."""

_MIN_COMPRESSED = 1000
"""Minimum bytes of a body that is worth compressing."""

log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

Find = Callable[[str, str, Bearer | None, str], tuple[bytes, usage.Records] | None]
"""Returns the body for a path, a query, a caller and a site, and what to count.

It returns None if only Django can answer.
"""

_DIGITS = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class _CacheSlot:
    """Where the response to a request is stored, and whose request it is."""

    now: Generation
    audience: str
    address: Address
    user: Bearer | None
    is_stale: bool = False
    """Whether the database could not be asked for the generation, so that the answer may be outdated."""

    def etag(self, environ: Environ) -> str:
        """Return the ETag that an answer for this slot has."""
        return etag_of(self.now, reader(self.user), address_of(environ))


class _ForDjango(Exception):
    """Django must handle this request."""


class Front:
    """A WSGI application that answers from the cache if it can, and passes other requests to Django."""

    def __init__(self, application: Callable[[Environ, StartResponse], Iterable[bytes]], find: Find) -> None:
        """Store the next layer, and what finds the answers about codes."""
        self.application, self.find = application, find
        self._headers = HeaderCache()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Return the body of the response."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not environ["PATH_INFO"].startswith(PREFIX):
            return self.application(environ, start_response)
        if environ.get("HTTP_ORIGIN", "") not in settings.CORS_ALLOWED_ORIGINS:
            # It changes no answer: with it, the same answer would be in memory as often as somebody invents an origin.
            environ.pop("HTTP_ORIGIN", None)
        started_at = time.perf_counter()
        slot = _slot_for(environ)
        if slot is None:
            return self.application(environ, start_response)
        response = None if slot.is_stale else self._answer(slot, environ)
        rate = _take_rate(environ, slot.user) if response else None
        if response and rate is not None:
            # As Django does after a request: otherwise this thread would keep a pooled connection for itself.
            close_old_connections()
            return _send_cached(response, environ, start_response, started_at, slot, rate)
        return self._ask_django(environ, start_response, slot, started_at)

    def _answer(self, slot: _CacheSlot, environ: Environ) -> CachedResponse | None:
        response = responses.get(slot.now, slot.audience, slot.address)
        if settings.KB_API_CACHE_MEGABYTES:
            metrics.count_cache_use("api", response is not None)
        if response is None and (response := self._find(slot, environ)):
            responses.put(slot.now, slot.audience, slot.address, response)
        return response

    def _find(self, slot: _CacheSlot, environ: Environ) -> CachedResponse | None:
        """Return the answer from the database, without Django. With replicas, Django chooses the database."""
        latest, etag = self._headers.get(_kind_of(slot)), slot.etag(environ)
        *_, accept, _origin = slot.address
        if accept or latest is None or latest.now.state != slot.now.state:
            return None
        if has_etag(etag, environ):
            # Django answers that without a query.
            return None
        try:
            answer = self.find(environ["PATH_INFO"], environ.get("QUERY_STRING", ""), slot.user, latest.site)
        except Exception as error:
            log.warning("asked Django instead of the stored answers: %s", type(error).__name__)
            return None
        if answer is None:
            return None
        body, counts = answer
        headers = [(name, etag if name == "ETag" else value) for name, value in latest.headers]
        headers += [("Link", links)] if (links := links_in(body)) else []
        return CachedResponse(etag, headers, body, latest.route, counts, len(body) >= _MIN_COMPRESSED)

    def _ask_django(
        self, environ: Environ, start_response: StartResponse, slot: _CacheSlot, started_at: float
    ) -> Iterable[bytes]:
        start: list[Any] = []

        def listen(status: str, headers: Headers, *error: Any) -> None:
            start[:] = [status, headers]

        with usage.record_counts() as counts:
            chunks = self.application(environ, listen)
        status, headers = start
        if slot.is_stale:
            older = responses.get(slot.now, slot.audience, slot.address)
            if older and status.startswith("503"):
                getattr(chunks, "close", lambda: None)()
                return _send_cached(older, environ, start_response, started_at, slot, [])
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
        if not slot.is_stale and response.etag == slot.etag(environ) and "set-cookie" not in names:
            responses.put(slot.now, slot.audience, slot.address, response)
            self._keep_headers(slot, environ, response)
        own = [(name, value) for name, value in headers if name.lower() in _PER_REQUEST]
        return _send(response, environ, start_response, own)

    def _keep_headers(self, slot: _CacheSlot, environ: Environ, response: CachedResponse) -> None:
        *_, accept, _origin = slot.address
        if accept or replicas.are_on():
            # Nothing asks for them.
            return
        site = WSGIRequest(environ).build_absolute_uri(f"{get_script_name(environ)}/")
        headers = [(name, value) for name, value in response.headers if name != "Link"]
        self._headers.put(_kind_of(slot), LatestHeaders(slot.now, headers, response.route, site))


def _kind_of(slot: _CacheSlot) -> tuple[str, ...]:
    *site, path, _query, _accept, origin = slot.address
    return (slot.audience, _DIGITS.sub("0", path), *site, origin)


def _slot_for(environ: Environ) -> _CacheSlot | None:
    """Return where the response to this request is stored; None if Django must handle the request."""
    # Other cookies, such as the time zone of a reader of the pages, are no part of an answer.
    if settings.SESSION_COOKIE_NAME in environ.get("HTTP_COOKIE", ""):
        return None
    try:
        user = _authenticate(environ)
        audience = reader(user)
        if audience == Reader.NOTHING:
            return None
        # With a token the headers say private, even if the body is the public one.
        audience_key = audience + ("" if user is None else " by token")
        return _CacheSlot(generation(), audience_key, (*address_of(environ), environ.get("HTTP_ORIGIN", "")), user)
    except (_ForDjango, tokens.BadToken, tokens.WrongScheme):
        return None
    except Exception as error:
        # For example, the database closed the connection: Django opens another.
        log.warning("asked Django instead of the cache: %s", type(error).__name__)
        close_old_connections()
        return _stale_slot(environ)


def _stale_slot(environ: Environ) -> _CacheSlot | None:
    """Return where an answer for the public from before the outage is stored. A token cannot be checked now."""
    now, audience = last_known(), reader(None)
    if now is None or audience == Reader.NOTHING or "HTTP_AUTHORIZATION" in environ:
        return None
    address = (*address_of(environ), environ.get("HTTP_ORIGIN", ""))
    return _CacheSlot(now, audience, address, None, is_stale=True)


def _take_rate(environ: Environ, user: Bearer | None) -> Headers | None:
    """Count the request; return the headers that tell what is left, or None if nothing is."""
    rate = throttle.rate_of(user)
    if not rate:
        return []
    allowance = rates.take(throttle.caller_of(environ, user), rate)
    return None if allowance.seconds else throttle.headers_of(rate, allowance)


def _authenticate(environ: Environ) -> Bearer | None:
    header = environ.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    user = tokens.bearer(tokens.secret_in(header))
    if not user.scopes & READING:
        raise _ForDjango
    return user


def _cacheable(
    headers: Headers, names: dict[str, str], body: bytes, environ: Environ, counts: list[Any]
) -> CachedResponse:
    lasting = [
        (name, value) for name, value in headers if name.lower() not in {"content-length", "vary", *_PER_REQUEST}
    ]
    lasting.append(("Vary", ", ".join(filter(None, [names.get("vary"), "Accept-Encoding"]))))
    is_compressible = "content-encoding" not in names and len(body) >= _MIN_COMPRESSED
    route = resolve(environ["PATH_INFO"]).view_name
    return CachedResponse(names.get("etag", ""), lasting, body, route, counts, is_compressible)


def _send_cached(
    response: CachedResponse,
    environ: Environ,
    start_response: StartResponse,
    started_at: float,
    slot: _CacheSlot,
    rate: Headers,
) -> Iterable[bytes]:
    own = [(request_ids.HEADER, request_ids.clean_id(environ.get("HTTP_X_REQUEST_ID", ""))), *rate]
    audience = reader(slot.user)
    own += [("Last-Modified", modified)] if (modified := last_modified(slot.now, audience)) else []
    own += [STALE] if slot.is_stale else []
    usage.repeat_counts(response.counts)
    if is_unchanged(response.etag, slot.now, audience, environ):
        headers = [(name, value) for name, value in response.headers if name != "Content-Type"]
        start_response("304 Not Modified", [*headers, *own])
        status, body = 304, []
    else:
        status, body = 200, _send(response, environ, start_response, own)
    metrics.count_response(response.route, environ["REQUEST_METHOD"], status, time.perf_counter() - started_at)
    return body


def _send(response: CachedResponse, environ: Environ, start_response: StartResponse, more: Headers) -> list[bytes]:
    compress = response.is_compressible and accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
    body = response.compressed if compress else response.body
    encoding = [("Content-Encoding", "gzip")] if compress else []
    start_response("200 OK", [*response.headers, *encoding, ("Content-Length", str(len(body))), *more])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
