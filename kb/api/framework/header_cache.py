"""The headers of the latest response to each kind of request, in memory. `front.py` sends them with other bodies."""

import threading
from dataclasses import dataclass

from kb.api.framework.generation import Generation
from kb.api.framework.response_cache import Headers

Kind = tuple[str, ...]

MAX_KINDS = 1_000
"""Most kinds of requests whose headers are in memory. A host is a part of the kind."""

MAX_BYTES = 2**20
"""Most bytes of these headers and their kinds, because a caller chooses the length of a host's port."""


@dataclass(frozen=True, slots=True)
class LatestHeaders:
    """What Django's latest response to one kind of request had beside its body."""

    now: Generation
    headers: Headers
    route: str
    site: str

    @property
    def size(self) -> int:
        """Approximate bytes."""
        return len(self.site) + sum(len(name) + len(value) + 200 for name, value in self.headers)


class HeaderCache:
    """The headers by kind. When they are too many or too large, all of them are dropped."""

    def __init__(self) -> None:
        self._latest: dict[Kind, LatestHeaders] = {}
        self._size = 0
        self._lock = threading.Lock()

    def get(self, kind: Kind) -> LatestHeaders | None:
        """Return the headers of this kind, or None."""
        return self._latest.get(kind)

    def put(self, kind: Kind, latest: LatestHeaders) -> None:
        """Store the headers of a kind, unless they alone are too large."""
        size = _size(kind, latest)
        if size > MAX_BYTES:
            return
        with self._lock:
            if older := self._latest.pop(kind, None):
                self._size -= _size(kind, older)
            if len(self._latest) >= MAX_KINDS or self._size + size > MAX_BYTES:
                self._latest.clear()
                self._size = 0
            self._latest[kind] = latest
            self._size += size


def _size(kind: Kind, latest: LatestHeaders) -> int:
    return sum(map(len, kind)) + latest.size
