"""HTTP caching: ETags, conditional requests and the headers that tell caches what they may store.

# Note [Last-Modified]
An answer changes with the knowledge base, with the day and with the code that makes it: the latest of these times is
its Last-Modified. A date has only seconds, and a process knows the knowledge base as it was up to a second ago, so the
date is left out until some seconds have passed in which nothing changed.

A date says less than an ETag, so it is given and taken only where it says enough:
- It does not name the reader's rights. So only answers with what the public reads have one. Who may read more has the
  ETag alone: a date from before they got or lost that right would otherwise call the other answer current.
- It does not name the incarnation. A restored database may have changed last before midnight, as what it replaces, and
  a promoted one goes back without another incarnation. So no date is before the moment at which the process first saw
  this history: it looked at the knowledge base for the first time, or saw it go back or get another incarnation. It is
  also compared for equality, because a restored database is older than what it replaces.
- It does not name the database. A replica that is behind may have the date of its primary, with fewer changes of that
  second. So a site with replicas has no dates.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import datetime
from datetime import time as clock
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import http_date, parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

from kb.api.framework.generation import Generation, generation
from kb.api.framework.negotiation import quality_of
from kb.models import Bearer
from kb.models.visibility import Reader, reader
from kb.ops import replicas

PUBLIC_SECONDS = 10
"""Seconds for which a shared cache may answer the public without revalidation."""

_latest: tuple[Generation | None, int, str] = (None, 0, "")
_history_since = 0
"""When this process first saw the present history of the knowledge base. See Note [Last-Modified]."""

_QUIET_SECONDS = 3
"""More than `TRUST_SECONDS` of a generation, rounded up."""

Address = tuple[str, ...]


def _hash_code() -> str:
    """Return a hash of the API's code: another version may answer differently."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


_CODE_HASH = _hash_code()


def address_of(environ: dict[str, Any]) -> Address:
    """Return the parts of a request that its answer depends on, without the reader. Links include scheme and host."""
    accept = environ.get("HTTP_ACCEPT", "")
    proto = environ.get("HTTP_X_FORWARDED_PROTO", "") if settings.BEHIND_TLS_PROXY else ""
    return (
        environ.get("wsgi.url_scheme", ""),
        proto,
        environ.get("HTTP_HOST") or f"{environ.get('SERVER_NAME')}:{environ.get('SERVER_PORT')}",
        environ.get("SCRIPT_NAME", ""),
        environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        "" if accept in ("*/*", "application/json") else accept,
    )


def etag_of(now: Generation, audience: Reader, address: Address) -> str:
    """Return the ETag of an answer. It is weak, because the same answer may be sent compressed."""
    parts = "\n".join((_CODE_HASH, *map(str, now.state), audience, *address))
    return f'W/"{hashlib.blake2b(parts.encode(errors="replace"), digest_size=12).hexdigest()}"'


def has_etag(etag: str, environ: dict[str, Any]) -> bool:
    """Whether the caller names this ETag, so that it has the answer. Both may be weak."""
    header = environ.get("HTTP_IF_NONE_MATCH", "")
    if not header:
        return False
    return header == etag or etag.removeprefix("W/") in (one.removeprefix("W/") for one in parse_etags(header))


def is_unchanged(etag: str, now: Generation, audience: Reader, environ: dict[str, Any]) -> bool:
    """Whether the caller already has an answer that exists, by its ETag or its date. See Note [Last-Modified]."""
    header = environ.get("HTTP_IF_NONE_MATCH")
    if header is not None:
        return header.strip() == "*" or has_etag(etag, environ)
    since = environ.get("HTTP_IF_MODIFIED_SINCE", "").strip()
    return bool(since) and since == last_modified(now, audience)


def last_modified(now: Generation, audience: Reader) -> str:
    """Return the value of Last-Modified; "" where a date would say too little. See Note [Last-Modified]."""
    if audience != Reader.PUBLIC or replicas.are_on():
        return ""
    seconds, text = _modified(now)
    return text if time.time() >= seconds + _QUIET_SECONDS else ""


@lru_cache(64)
def accepts_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` header allows gzip: by its name or by a star, and with a quality above 0."""
    qualities: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        qualities[name] = quality_of(quality)
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _modified(now: Generation) -> tuple[int, str]:
    """Return the time of Last-Modified in seconds and as text, which a process needs for each request of a second."""
    global _latest, _history_since
    before, seconds, text = _latest
    if before is not now:
        if before is None or before.incarnation != now.incarnation or before.sequence > now.sequence:
            _history_since = int(time.time())
        midnight = timezone.make_aware(datetime.combine(now.day, clock.min), timezone.get_default_timezone())
        times = (int(moment.timestamp()) for moment in (midnight, now.changed_at) if moment)
        seconds = max(_history_since, *times)
        text = http_date(seconds)
        _latest = (now, seconds, text)
    return seconds, text


def conditional(get: Callable[..., Response]) -> Callable[..., Response]:
    """Return a view method that adds an ETag, and answers 304 if the caller has that answer. Errors get no ETag."""

    @wraps(get)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        now = generation()
        audience = reader(request.user)
        etag = etag_of(now, audience, address_of(request.META))
        # Only an answer that exists has an ETag. A star and a date say nothing about that: the view has to find it.
        response = Response(status=304) if has_etag(etag, request.META) else get(view, request, *args, **kwargs)
        if response.status_code == 200 and is_unchanged(etag, now, audience, request.META):
            response.close()
            response = Response(status=304)
        response["ETag"] = etag
        if modified := last_modified(now, audience):
            response["Last-Modified"] = modified
        return response

    return wrapped


def with_cache_headers(request: Request, response: Response) -> Response:
    """Return the response with headers that separate readers in caches, and keep internal texts out of browsers."""
    patch_vary_headers(response, ["Accept", "Authorization", "Cookie"])
    user = getattr(request, "user", None)
    is_authenticated = user is not None and user.is_authenticated
    if is_authenticated and not isinstance(user, Bearer):
        patch_cache_control(response, private=True, no_store=True)
    elif is_authenticated or response.status_code >= 400:
        patch_cache_control(response, private=True, no_cache=True)
    else:
        patch_cache_control(response, public=True, max_age=PUBLIC_SECONDS, must_revalidate=True)
    return response
