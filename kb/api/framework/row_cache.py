"""A cache of list rows as JSON: a code appears in many lists, and changes much less often than lists are requested.

The response cache serves lists that were requested before; this cache serves new ones. Both follow Note [Generation]. A
cookie may be a session, or name the reader's time zone: a request with a cookie gets freshly rendered rows.
"""

import json
import threading
from collections.abc import Callable, Hashable, Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import get_script_prefix
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from kb.api.framework.generation import Generation, generation
from kb.models.visibility import reader

Shelf = dict[int, bytes]
_ENTRY = 150
"""Approximate bytes of an entry without its row."""


class RenderedRows(list[bytes]):
    """Rows that are JSON already."""


class RowCache:
    """Rows by their fields and reader; all are dropped when anything changes, or when they take too much space."""

    def __init__(self) -> None:
        self._at: tuple[int, date] | None = None
        self._shelves: dict[Hashable, Shelf] = {}
        self._size = 0
        self._lock = threading.Lock()

    def shelf(self, now: Generation, key: Hashable) -> Shelf:
        """Return the rows of a generation and key."""
        with self._lock:
            if self._at != (now.sequence, now.day):
                self._at, self._shelves, self._size = (now.sequence, now.day), {}, 0
            return self._shelves.setdefault(key, {})

    def add(self, shelf: Shelf, rows: Shelf) -> None:
        """Add rows to a shelf; if there is no space, drop everything instead."""
        with self._lock:
            self._size += sum(len(row) + _ENTRY for row in rows.values())
            if self._size > settings.KB_API_CACHE_MEGABYTES * 2**19:
                self._shelves, self._size = {}, 0
            else:
                shelf.update(rows)


_rows = RowCache()


def cached_rows(
    request: Request, fields: Iterable[str], ids: list[int], load: Callable[[list[int]], dict[int, Any]]
) -> RenderedRows:
    """Return the rows of these ids, in this order, without rows that no longer exist; `load` gets the missing ids."""
    shelf = _shelf_for(request, fields)
    missing = [pk for pk in ids if pk not in shelf]
    new = {pk: JSONRenderer().render(row) for pk, row in load(missing).items()} if missing else {}
    # Read the new rows from `new`: the cache may have no space for them.
    rows = RenderedRows(filter(None, (new.get(pk) or shelf.get(pk) for pk in ids)))
    _rows.add(shelf, new)
    return rows


def _shelf_for(request: Request, fields: Iterable[str]) -> Shelf:
    meta = request.META
    # Uncommitted changes are for this transaction only.
    if not settings.KB_API_CACHE_MEGABYTES or meta.get("HTTP_COOKIE") or connection.in_atomic_block:
        return {}
    site = request.build_absolute_uri(get_script_prefix())
    return _rows.shelf(generation(), (reader(request.user), site, frozenset(fields)))


class Renderer(JSONRenderer):
    """JSON whose `results` may be rendered already."""

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> Any:
        """Return the body."""
        rows = data.get("results") if isinstance(data, dict) else None
        if not isinstance(rows, RenderedRows):
            return super().render(data, accepted_media_type, renderer_context)
        is_indented = self.get_indent(accepted_media_type, renderer_context or {}) is not None
        frame = {**data, "results": [json.loads(row) for row in rows] if is_indented else []}
        body = super().render(frame, accepted_media_type, renderer_context)
        # These bytes cannot occur inside a JSON string: quotation marks are escaped there.
        return body if is_indented else body.replace(b'"results":[]', b'"results":[' + b",".join(rows) + b"]", 1)
