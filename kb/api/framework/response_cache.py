"""Whole API responses in memory, by the rights of their reader and the address. `front.py` sends them again."""

import gzip
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings

from kb.api.framework.generation import Generation
from kb.api.framework.http_cache import Address

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
        """Approximate bytes: compressed text takes at most a third, and each key that was counted about a hundred."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        keys = sum(len(keys) for _, keys in self.counts)
        return len(self.body) * 4 // 3 + headers + 100 * keys + 2000


_Entry = tuple[tuple[str, int, date], CachedResponse, int]
"""The state of the knowledge base, the response, and the bytes of both response and address."""


class ResponseCache:
    """Responses by reader and address, up to the size in the settings; the least recently used are dropped first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[str, Address], _Entry] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, now: Generation, audience: str, address: Address) -> CachedResponse | None:
        """Return the response of this generation, or None."""
        entry = self._entries.get((audience, address))
        if entry is None or entry[0] != now.state:
            return None
        with self._lock:
            if (audience, address) in self._entries:
                self._entries.move_to_end((audience, address))
        return entry[1]

    def put(self, now: Generation, audience: str, address: Address, response: CachedResponse) -> None:
        """Store a response, unless it alone would fill an eighth of the cache."""
        limit = settings.KB_API_CACHE_MEGABYTES * 2**20
        # A caller chooses the length of the address, too.
        size = response.size + sum(map(len, address))
        if size > limit // 8:
            return
        with self._lock:
            self._subtract(self._entries.pop((audience, address), None))
            self._entries[(audience, address)] = (now.state, response, size)
            self._size += size
            while self._size > limit:
                self._subtract(self._entries.popitem(last=False)[1])

    def clear(self) -> None:
        """Remove everything."""
        with self._lock:
            self._entries.clear()
            self._size = 0

    def _subtract(self, entry: _Entry | None) -> None:
        self._size -= entry[2] if entry else 0


responses = ResponseCache()
