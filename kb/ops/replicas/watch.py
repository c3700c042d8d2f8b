"""Check the state of each database several times a second."""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS as PRIMARY
from django.db import Error, connections
from django.db.utils import ConnectionHandler
from django.utils import timezone

INTERVAL = 0.25
"""Seconds between two checks."""

SECONDS = 2.0
"""A database that says nothing for this long counts as away."""

MAX_LAG = 1.0
"""Most seconds that a replica in use may be behind. Readers may see a change this much later."""

_POSITION = """
    SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean,
           (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0')::bigint
"""
log = logging.getLogger(__name__)


def _without_pool(database: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a connection of our own: a pool would wait for the database that does not answer."""
    options = {name: value for name, value in database["OPTIONS"].items() if name != "pool"}
    if "seconds" in options:
        options["seconds"] = SECONDS
    return database | {"OPTIONS": options}


_own = ConnectionHandler({alias: _without_pool(database) for alias, database in settings.DATABASES.items()})


@dataclass(frozen=True)
class State:
    """Positions are bytes of the write-ahead log; only databases that answered have one."""

    replicas: dict[str, int] = field(default_factory=dict)
    primary: int | None = None
    fresh_from: int = 0
    """A replica at this position or later is at most MAX_LAG seconds behind."""
    read_only_since: datetime | None = None

    @property
    def is_primary_away(self) -> bool:
        """Whether no database accepts writes."""
        return self.primary is None

    def choose(self, position: int) -> str:
        """Return the database to read for a person whose last write was at a position.

        See Note [A writer reads their own writes].
        """
        if self.is_primary_away and self.replicas:
            return max(self.replicas, key=lambda alias: self.replicas[alias])
        needed = max(self.fresh_from, position)
        fresh = [alias for alias, replayed in self.replicas.items() if replayed >= needed]
        # Each thread uses one replica, so that consecutive pages come from the same one.
        return fresh[threading.get_ident() % len(fresh)] if fresh else PRIMARY


class Watch:
    """Checks the databases in a separate thread, so that no request waits for one that does not answer."""

    def __init__(self) -> None:
        self._lock, self._looking = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._past: deque[tuple[float, int]] = deque()
        self._state = State(primary=0)

    def state(self) -> State:
        """Return the latest state. Starts the thread if it is not running."""
        # Also checked after a fork, because the child process does not have the thread.
        if self._thread is None or not self._thread.is_alive():
            with self._lock:
                if self._thread is None or not self._thread.is_alive():
                    self.look_once()
                    self._thread = threading.Thread(target=self._run, name="replicas", daemon=True)
                    self._thread.start()
        return self._state

    def look(self) -> State:
        """Check every database now."""
        with self._looking:
            return self._look()

    def look_once(self) -> State:
        """Check every database once, and close this thread's connections afterwards."""
        try:
            return self.look()
        finally:
            _own.close_all()

    def _look(self) -> State:
        answers = {alias: _position(_own, alias) for alias in [PRIMARY, *settings.REPLICAS]}
        answer = answers.pop(PRIMARY)
        primary = None if answer is None or answer[0] else answer[1]
        replicas = {alias: answer[1] for alias, answer in answers.items() if answer is not None}
        since = None if primary is not None else self._state.read_only_since or timezone.now()
        if (since is None) != (self._state.read_only_since is None):
            log.warning("the primary database is %s", "away: reading only" if since else "back")
        self._state = State(replicas, primary, self._fresh_from(primary), since)
        return self._state

    def _fresh_from(self, primary: int | None) -> int:
        now = time.monotonic()
        if primary is not None:
            self._past.append((now, primary))
        while len(self._past) > 1 and self._past[1][0] <= now - MAX_LAG:
            self._past.popleft()
        return self._past[0][1] if self._past else 0

    def _run(self) -> None:
        while True:
            time.sleep(INTERVAL)
            self.look()


def primary_position() -> int:
    """Return the primary's position now; 0 if it does not answer."""
    answer = _position(connections, PRIMARY)
    return answer[1] if answer else 0


def _position(handler: ConnectionHandler, alias: str) -> tuple[bool, int] | None:
    """Return whether a database is read-only, and its position; None if it does not answer."""
    try:
        with handler[alias].cursor() as cursor:
            cursor.execute(_POSITION)
            read_only, position = cursor.fetchone()
            return bool(read_only), int(position)
    except Error:
        handler[alias].close()
        return None


WATCH = Watch()
