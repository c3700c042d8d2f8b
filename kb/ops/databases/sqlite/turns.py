"""The queue of a database file's writers.

# Note [Turns]
SQLite has one writer at a time and no queue: whoever finds it busy sleeps up to 100 ms and tries again, and under load
somebody always loses. Here the threads of a process queue in order, and only the first of each process tries for the
lock file, every millisecond. A process that has just written pauses first, so that each process has the same chance. A
killed process releases the lock file, because the system closes its files.
"""

import fcntl
import os
import threading
import time
from collections import deque
from functools import cache

PAUSE = 0.001
"""Seconds between two tries for the lock file."""

MAX_WAITERS = 12
"""Most threads of a process that wait: the others of its 16 go on reading and answering probes."""


class Queue:
    """The threads of this process that want to write to one file, in order."""

    def __init__(self, path: str) -> None:
        self._path, self._file, self._pid = path, -1, 0
        self._guard = threading.Lock()
        self._line: deque[threading.Event] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for the turn, at most so many seconds; return whether it came. The caller gives it back."""
        until, turn = time.monotonic() + seconds, threading.Event()
        with self._guard:
            self._forget_parent()
            if len(self._line) >= MAX_WAITERS:
                return False
            self._line.append(turn)
            is_first = len(self._line) == 1
        is_mine = False
        try:
            is_mine = (is_first or self._wait(turn, seconds)) and self._lock_file(until)
        finally:
            if not is_mine:
                self._leave(turn)
        return is_mine

    def give(self) -> None:
        """Give the turn to the next, in this process or another."""
        if self._pid == os.getpid():
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._leave(self._line[0])

    def _leave(self, turn: threading.Event) -> None:
        with self._guard:
            self._line.remove(turn)
            if self._line:
                self._line[0].set()

    def _forget_parent(self) -> None:
        """Start anew in a child process: it has none of the threads, and shares the lock of its parent's file."""
        if self._pid != os.getpid():
            self._line.clear()
            self._file, self._pid = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), os.getpid()

    def _wait(self, turn: threading.Event, seconds: float) -> bool:
        is_mine = turn.wait(seconds)
        # See Note [Turns].
        time.sleep(PAUSE)
        return is_mine

    def _lock_file(self, until: float) -> bool:
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    return False
                time.sleep(PAUSE)
            else:
                return True


@cache
def queue_of(path: str) -> Queue:
    """Return this process's queue for a database file."""
    return Queue(f"{path}-queue")
