"""Requests that wait for the next change of the feed.

# Note [Waiting]
A request that waits holds one of the 16 threads of its process, because the server speaks WSGI: an application that
waits without a thread would need a second protocol, a second way into Django, and connections to the database that no
limit of the threads knows. So few may wait: MAX_WAITERS of a process, and one of each caller: a newer request takes the
place of the older one, whose client may be away. A caller is a person and not a token, or one person's tokens could
take every place. Whoever comes on top of them is answered at once, and told when to ask again, which is what every
client does anyway. Those that wait sleep; one thread looks at the feed's counter for all of them, and ends when nobody
waits. If the database does not answer, it wakes them all: together with those of Note [Crowd] they never fill a
process. Each wait takes another look, because a replica may not have what the last one saw.

While a request waits, its token may be revoked, its session may end, and its user may lose a right. So when the
feed has more, and before that is read, its caller is authenticated anew: see `authenticate_again`.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connections

from kb.models.changes import FeedEnd, feed_end

MAX_WAITERS = 3
"""Of a process's 16 threads. Another 12 may wait for the database, and one stays free for probes."""

INTERVAL = 0.25
"""Seconds between two looks at the counter."""

RETRY_SECONDS = 5
"""After these seconds somebody without a place should ask again."""


class FeedWatch:
    """Those who wait, and the thread that looks for all of them. See Note [Waiting]."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._places: dict[str, object] = {}
        self._end: FeedEnd | None = None
        self._looks = 0
        self._thread: threading.Thread | None = None

    @contextmanager
    def place_for(self, caller: str) -> Iterator[object | None]:
        """Give a caller a place to wait, their older one if they have it; yield it, or None if none is free."""
        place = object()
        with self._change:
            has_place = caller in self._places or len(self._places) < MAX_WAITERS
            if has_place:
                self._places[caller] = place
                self._change.notify_all()
        try:
            yield place if has_place else None
        finally:
            with self._change:
                if self._places.get(caller) is place:
                    del self._places[caller]

    def wait(self, place: object, end: FeedEnd, until: float) -> bool:
        """Wait until a look at the feed finds more than `end`; return whether it does. `until` is monotonic time.

        It does not if the time or the place is over, or if the feed cannot be read.
        """
        with self._change:
            # Also after a fork, because the child process has no such thread.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look, name="feed", daemon=True)
                self._thread.start()
            looks = self._looks
            self._change.wait_for(
                lambda: not self._has(place) or (self._looks > looks and self._is_beyond(end)),
                max(0.0, until - time.monotonic()),
            )
            return self._has(place) and time.monotonic() < until and self._end is not None

    def _has(self, place: object) -> bool:
        return place in self._places.values()

    def _is_beyond(self, end: FeedEnd) -> bool:
        return self._end is None or self._end.incarnation != end.incarnation or self._end.sequence > end.sequence

    def _look(self) -> None:
        try:
            while True:
                end = _read()
                with self._change:
                    self._end = end
                    self._looks += 1
                    self._change.notify_all()
                    if end is None or not self._places:
                        self._thread = None
                        return
                time.sleep(INTERVAL)
        finally:
            connections.close_all()


def _read() -> FeedEnd | None:
    try:
        return feed_end()
    except Error:
        return None


WATCH = FeedWatch()
