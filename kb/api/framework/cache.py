"""Answers of the API: which caches may keep them, how a caller finds out that nothing changed, and a memory of them.

# Note [Generation]
The feed's sequence moves with everything that a reader sees, so one number says whether an answer still holds. With
the day, because a review falls due without anybody's doing; with the class of reader and the address, it makes the
ETag. A process trusts the number for a second; one that writes looks again at once.
"""

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, router
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import http_date
from rest_framework.request import Request
from rest_framework.response import Response

from kb.models import Bearer, Change, ChangeCounter
from kb.models.visibility import Reader, reader
from kb.services import journal

KEPT_SECONDS = 1.0
PUBLIC_SECONDS = 10
"""How long a cache on the way may answer the public without asking."""

Address = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Generation:
    """What the knowledge base is at, as of a moment. See Note [Generation]."""

    sequence: int
    changed_at: datetime | None
    day: date
    read_at: float
    moves: int

    @property
    def holds(self) -> bool:
        """Whether it may still be trusted."""
        return self.moves == journal.moves() and time.monotonic() - self.read_at < KEPT_SECONDS


_generations: dict[str, Generation] = {}
"""By database: a replica may be a moment behind, and its answers are of its own generation."""


def generation() -> Generation:
    """Return what the knowledge base is at, at most a second ago."""
    if connection.in_atomic_block:
        # What is not committed is nobody else's.
        return _read_generation()
    database = router.db_for_read(ChangeCounter)
    kept = _generations.get(database)
    if kept is None or not kept.holds:
        kept = _generations[database] = _read_generation()
    return kept


def _read_generation() -> Generation:
    # Both before the query: a write meanwhile makes it stale and not the other way around.
    moves, read_at = journal.moves(), time.monotonic()
    at = Change.objects.filter(sequence=OuterRef("last")).values("at")
    row = ChangeCounter.objects.filter(id=1).values_list("last", Subquery(at)).first()
    sequence, changed_at = row or (0, None)
    return Generation(
        sequence, changed_at, timezone.localdate(timezone=timezone.get_default_timezone()), read_at, moves
    )


def _build() -> str:
    """Return a hash of the product's code: another version may answer differently."""
    made = hashlib.blake2b(digest_size=8)
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        made.update(path.read_bytes())
    return made.hexdigest()


_BUILD = _build()


def address_of(environ: dict[str, Any]) -> Address:
    """Return what of a request an answer depends on, beside who asks: links in it name the scheme and the host."""
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


def etag_of(now: Generation, allowed: Reader, address: Address) -> str:
    """Return the validator of an answer. Weak, because the same answer may come compressed."""
    parts = "\n".join((_BUILD, str(now.sequence), str(now.day), allowed, *address))
    return f'W/"{hashlib.blake2b(parts.encode(errors="replace"), digest_size=12).hexdigest()}"'


def matches(etag: str, environ: dict[str, Any]) -> bool:
    """Whether the caller holds this very answer already."""
    given = environ.get("HTTP_IF_NONE_MATCH", "")
    return bool(given) and etag.removeprefix("W/") in given


def conditional(answer: Callable[..., Response]) -> Callable[..., Response]:
    """Answer 304 where the caller holds the answer: a validator is only ever given with one that succeeded."""

    @wraps(answer)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        now = generation()
        etag = etag_of(now, reader(request.user), address_of(request.META))
        held = matches(etag, request.META)
        response = Response(status=304) if held else answer(view, request, *args, **kwargs)
        response["ETag"] = etag
        if now.changed_at:
            response["Last-Modified"] = http_date(now.changed_at.timestamp())
        return response

    return wrapped


def kept_apart(request: Request, response: Response) -> Response:
    """Keep caches from mixing up who may read what, and browsers from holding internal words at all."""
    patch_vary_headers(response, ["Accept", "Authorization", "Cookie"])
    user = getattr(request, "user", None)
    is_known = user is not None and user.is_authenticated
    if is_known and not isinstance(user, Bearer):
        patch_cache_control(response, private=True, no_store=True)
    elif is_known or response.status_code >= 400:
        patch_cache_control(response, private=True, no_cache=True)
    else:
        patch_cache_control(response, public=True, max_age=PUBLIC_SECONDS, must_revalidate=True)
    return response


@dataclass(slots=True)
class Kept:
    """An answer as it went out, for the next caller who may read the same. Packed for the first who asks for that."""

    etag: str
    headers: list[tuple[str, str]]
    body: bytes
    route: str
    counted: list[Any]
    may_pack: bool
    _packed: bytes = b""

    @property
    def packed(self) -> bytes:
        """The body by gzip."""
        self._packed = self._packed or gzip.compress(self.body, 5, mtime=0)
        return self._packed

    @property
    def size(self) -> int:
        """Bytes, roughly: packed, text takes a third at most."""
        return len(self.body) * 4 // 3 + 2000


class Memory:
    """Answers by reader and address, as many as the setting allows; the longest unused leave first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._kept: OrderedDict[tuple[str, Address], tuple[int, date, Kept]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, now: Generation, allowed: str, address: Address) -> Kept | None:
        """Return the answer of this generation, if there is one."""
        found = self._kept.get((allowed, address))
        if found is None or found[0] != now.sequence or found[1] != now.day:
            return None
        with self._lock:
            if (allowed, address) in self._kept:
                self._kept.move_to_end((allowed, address))
        return found[2]

    def put(self, now: Generation, allowed: str, address: Address, answer: Kept) -> None:
        """Keep an answer, unless one would fill the memory."""
        room = settings.KB_API_CACHE_MEGABYTES * 2**20
        if answer.size > room // 8:
            return
        with self._lock:
            self._drop(self._kept.pop((allowed, address), None))
            self._kept[(allowed, address)] = (now.sequence, now.day, answer)
            self._size += answer.size
            while self._size > room:
                self._drop(self._kept.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._size = 0

    def _drop(self, entry: tuple[int, date, Kept] | None) -> None:
        self._size -= entry[2].size if entry else 0


memory = Memory()
