"""In front of Django: answers of the API that are in memory go out before any middleware runs.

Nothing internal can leak from here. An answer is kept under what its reader may read and under the whole address, and
is found again only by who may read the same: no cookie, and either no token or one that is checked here. Whatever is
unclear, a session, a bad token, a full rate, an error, goes on to Django.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.urls import resolve

from kb.api.framework import throttle
from kb.api.framework.cache import Address, Generation, Kept, address_of, etag_of, generation, matches, memory
from kb.models import Bearer
from kb.models.tokens import READING
from kb.models.visibility import Reader, reader
from kb.ops import metrics, request_ids
from kb.services import tokens, usage

PREFIX = "/api/v1/"
_WORTH_PACKING = 1000
log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Headers = list[tuple[str, str]]


class _Unclear(Exception):
    """Django is to say what becomes of this request."""


class Front:
    """A WSGI application that answers from memory what it can, and asks Django for the rest."""

    def __init__(self, application: Callable[[Environ, StartResponse], Iterable[bytes]]) -> None:
        """Keep the next layer."""
        self.application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not environ["PATH_INFO"].startswith(PREFIX):
            return self.application(environ, start_response)
        started = time.perf_counter()
        place = _place(environ)
        if place:
            now, allowed, address, user = place
            kept = memory.get(now, allowed, address)
            metrics.count_cache_use("api", kept is not None)
            if kept and not throttle.wait_for(throttle.caller_of(environ, user), throttle.rate_of(user)):
                # As Django does after its requests: kept by this thread, a pool's connection would be nobody's again.
                close_old_connections()
                return _from_memory(kept, environ, start_response, started)
        return self._ask(environ, start_response, place)

    def _ask(self, environ: Environ, start_response: StartResponse, place: Any) -> Iterable[bytes]:
        said: list[Any] = []

        def listen(status: str, headers: Headers, *error: Any) -> None:
            said[:] = [status, headers]

        with usage.record_counts() as counted:
            chunks = self.application(environ, listen)
        status, headers = said
        names = {name.lower(): value for name, value in headers}
        if "content-length" not in names or not status.startswith("200"):
            # A stream goes through as it is made.
            start_response(status, headers)
            return chunks
        try:
            body = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        kept = _kept(headers, names, body, environ, counted)
        # An answer of another generation, from a replica that is behind or ahead, would be kept as what it is not.
        if place and kept.etag == _etag(place, environ) and "set-cookie" not in names:
            now, allowed, address, _ = place
            memory.put(now, allowed, address, kept)
        rid = [(name, value) for name, value in headers if name.lower() == request_ids.HEADER.lower()]
        return _send(kept, environ, start_response, rid)


def _place(environ: Environ) -> tuple[Generation, str, Address, Bearer | None] | None:
    """Return where an answer to this request is kept, and who asks; None where Django is to say."""
    # A cookie may be a session, or say in which zone its reader's days end.
    if not settings.KB_API_CACHE_MEGABYTES or environ.get("HTTP_COOKIE"):
        return None
    try:
        user = _user(environ)
        allowed = reader(user)
        if allowed == Reader.NOTHING:
            return None
        origin = environ.get("HTTP_ORIGIN", "")
        # A token's answers say that they are private, though they hold what the public reads.
        return generation(), allowed + ("" if user is None else " by token"), (*address_of(environ), origin), user
    except (_Unclear, tokens.BadToken):
        return None
    except Exception as error:
        # Such as a connection that the database closed: Django opens another.
        log.warning("asked Django instead of memory: %s", type(error).__name__)
        close_old_connections()
        return None


def _etag(place: Any, environ: Environ) -> str:
    return etag_of(place[0], reader(place[3]), address_of(environ))


def _user(environ: Environ) -> Bearer | None:
    authorization = environ.get("HTTP_AUTHORIZATION")
    if authorization is None:
        return None
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise _Unclear
    user = tokens.bearer(secret.strip())
    if not user.scopes & READING:
        raise _Unclear
    return user


def _kept(headers: Headers, names: dict[str, str], body: bytes, environ: Environ, counted: list[Any]) -> Kept:
    passing = {"content-length", "vary", request_ids.HEADER.lower()}
    lasting = [(name, value) for name, value in headers if name.lower() not in passing]
    lasting.append(("Vary", ", ".join(filter(None, [names.get("vary"), "Accept-Encoding"]))))
    may_pack = "content-encoding" not in names and len(body) >= _WORTH_PACKING
    route = resolve(environ["PATH_INFO"]).view_name
    return Kept(names.get("etag", ""), lasting, body, route, counted, may_pack)


def _from_memory(kept: Kept, environ: Environ, start_response: StartResponse, started: float) -> Iterable[bytes]:
    rid = [(request_ids.HEADER, request_ids.clean_id(environ.get("HTTP_X_REQUEST_ID", "")))]
    usage.repeat_counts(kept.counted)
    if matches(kept.etag, environ):
        start_response("304 Not Modified", [*_validators(kept), *rid])
        status, body = 304, []
    else:
        status, body = 200, _send(kept, environ, start_response, rid)
    metrics.count_response(kept.route, environ["REQUEST_METHOD"], status, time.perf_counter() - started)
    return body


def _validators(kept: Kept) -> Headers:
    return [(name, value) for name, value in kept.headers if name != "Content-Type"]


def _send(kept: Kept, environ: Environ, start_response: StartResponse, more: Headers) -> list[bytes]:
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    is_packed = kept.may_pack and "gzip" in accepted and "gzip;q=0" not in accepted.replace(" ", "")
    body = kept.packed if is_packed else kept.body
    encoding = [("Content-Encoding", "gzip")] if is_packed else []
    start_response("200 OK", [*kept.headers, *encoding, ("Content-Length", str(len(body))), *more])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
