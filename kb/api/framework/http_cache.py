"""HTTP caching: ETags, conditional requests and the headers that tell caches what they may store."""

import hashlib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import http_date
from rest_framework.request import Request
from rest_framework.response import Response

from kb.api.framework.generation import Generation, generation
from kb.models import Bearer
from kb.models.visibility import Reader, reader

PUBLIC_SECONDS = 10
"""Seconds for which a shared cache may answer the public without revalidation."""

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


def is_unchanged(etag: str, environ: dict[str, Any]) -> bool:
    """Whether the caller already has the answer with this ETag."""
    candidates = environ.get("HTTP_IF_NONE_MATCH", "")
    return bool(candidates) and etag.removeprefix("W/") in candidates


def conditional(get: Callable[..., Response]) -> Callable[..., Response]:
    """Return a view method that adds an ETag, and answers 304 if the caller has that answer. Errors get no ETag."""

    @wraps(get)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        now = generation()
        etag = etag_of(now, reader(request.user), address_of(request.META))
        unchanged = is_unchanged(etag, request.META)
        response = Response(status=304) if unchanged else get(view, request, *args, **kwargs)
        response["ETag"] = etag
        if now.changed_at:
            response["Last-Modified"] = http_date(now.changed_at.timestamp())
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
