"""Requests that wait for the next change of the feed.

# Note [Waiting]
A request that waits holds one of the 16 threads of its process, because the server speaks WSGI: an application that
waits without a thread would need a second protocol, a second way into Django, and connections to the database that no
limit of the threads knows. So few may wait: MAX_WAITERS of a process, and one of each caller. Whoever comes on top of
them is answered at once, and told when to ask again, which is what every client does anyway. Those that wait sleep; one
thread looks at the feed's counter for all of them, and ends when nobody waits. If the database does not answer, it
wakes them all: together with those of Note [Crowd] they never fill a process.
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
        self._callers: set[str] = set()
        self._end: FeedEnd | None = None
        self._thread: threading.Thread | None = None

    @contextmanager
    def place_for(self, caller: str) -> Iterator[bool]:
        """Give a caller a place to wait, if one is free; yield whether it is so."""
        with self._change:
            has_place = caller not in self._callers and len(self._callers) < MAX_WAITERS
            if has_place:
                self._callers.add(caller)
        try:
            yield has_place
        finally:
            if has_place:
                with self._change:
                    self._callers.discard(caller)

    def wait(self, end: FeedEnd, until: float) -> bool:
        """Wait until the feed ends elsewhere, or cannot be read; return whether it does. `until` is monotonic time."""
        with self._change:
            # Also after a fork, because the child process has no such thread.
            if self._thread is None or not self._thread.is_alive():
                self._end = end
                self._thread = threading.Thread(target=self._look, name="feed", daemon=True)
                self._thread.start()
            self._change.wait_for(lambda: self._end != end, max(0.0, until - time.monotonic()))
            return self._end not in (end, None)

    def _look(self) -> None:
        try:
            while True:
                end = _read()
                with self._change:
                    self._end = end
                    self._change.notify_all()
                    if end is None or not self._callers:
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
