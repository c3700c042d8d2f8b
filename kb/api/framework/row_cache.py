"""Rows of lists as JSON, each made once: a code is in many lists, and changes far more seldom than lists are asked for.

Answers in memory serve a list that was asked for before (`kb.api.framework.cache`); rows serve those that were not.
What holds for answers holds here: see Note [Generation]. A cookie may be a session, or name the reader's time zone:
a request with one gets rows made anew.
"""

import json
import threading
from collections.abc import Callable, Hashable, Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from kb.api.framework.cache import Generation, generation
from kb.models.visibility import reader

Shelf = dict[int, bytes]
_ENTRY = 150
"""Bytes that an entry takes beside its row, roughly."""


class Made(list[bytes]):
    """Rows that are JSON already."""


class Rows:
    """Rows by what they show and to whom; forgotten together when anything changes, or when they take too much."""

    def __init__(self) -> None:
        """Begin empty."""
        self._at: tuple[int, date] | None = None
        self._shelves: dict[Hashable, Shelf] = {}
        self._size = 0
        self._lock = threading.Lock()

    def of(self, now: Generation, place: Hashable) -> Shelf:
        """Return the rows of a generation and place."""
        with self._lock:
            if self._at != (now.sequence, now.day):
                self._at, self._shelves, self._size = (now.sequence, now.day), {}, 0
            return self._shelves.setdefault(place, {})

    def add(self, shelf: Shelf, made: Shelf) -> None:
        """Keep rows on a shelf, unless there is no room: then all begin anew."""
        with self._lock:
            self._size += sum(len(row) + _ENTRY for row in made.values())
            if self._size > settings.KB_API_CACHE_MEGABYTES * 2**19:
                self._shelves, self._size = {}, 0
            else:
                shelf.update(made)


_rows = Rows()


def rows_of(
    request: Request, shown: Iterable[str], ids: list[int], make: Callable[[list[int]], dict[int, Any]]
) -> Made:
    """Return the rows of these ids, in this order, without what is gone meanwhile; `make` makes what is not kept."""
    shelf = _shelf(request, shown)
    missing = [pk for pk in ids if pk not in shelf]
    made = {pk: JSONRenderer().render(row) for pk, row in make(missing).items()} if missing else {}
    # Looked up before they are kept: there may be no room.
    found = Made(filter(None, (made.get(pk) or shelf.get(pk) for pk in ids)))
    _rows.add(shelf, made)
    return found


def _shelf(request: Request, shown: Iterable[str]) -> Shelf:
    meta = request.META
    # What is not committed is nobody else's.
    if not settings.KB_API_CACHE_MEGABYTES or meta.get("HTTP_COOKIE") or connection.in_atomic_block:
        return {}
    site = request.build_absolute_uri("/")
    return _rows.of(generation(), (reader(request.user), site, frozenset(shown)))


class Renderer(JSONRenderer):
    """JSON, of which `results` may be made already."""

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> Any:
        """Return the body."""
        made = data.get("results") if isinstance(data, dict) else None
        if not isinstance(made, Made):
            return super().render(data, accepted_media_type, renderer_context)
        is_wide = self.get_indent(accepted_media_type, renderer_context or {}) is not None
        frame = {**data, "results": [json.loads(row) for row in made] if is_wide else []}
        body = super().render(frame, accepted_media_type, renderer_context)
        # No text of JSON holds these bytes: a quotation mark in one is escaped.
        return body if is_wide else body.replace(b'"results":[]', b'"results":[' + b",".join(made) + b"]", 1)
