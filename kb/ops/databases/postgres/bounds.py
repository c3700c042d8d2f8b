"""A connection to PostgreSQL that waits no longer than its limit.

# Note [Bounds]
PostgreSQL itself ends a statement after `statement_timeout` and a wait for a lock after `lock_timeout`. A frozen server
ends nothing, and its system still acknowledges what arrives, so that TCP sees no fault. So the client counts, too, and
closes the connection. For some seconds after that, the process refuses everybody at once: otherwise each thread would
wait in turn, and probes would get no thread. One caller then asks again for all.

# Note [Crowd]
If most threads of a process wait for slow answers, the others must stay free for probes and quick questions. So only
MAX_WAITERS threads may wait longer than PATIENCE; whoever comes on top of them is refused after SHORT_PATIENCE.
"""

import threading
import time
from collections.abc import Generator
from typing import Any, Self

import psycopg

REST = 5.0
"""Seconds for which a server that did not answer is not asked."""

MAX_WAITERS = 12
"""Of a process's 16 threads."""

PATIENCE, SHORT_PATIENCE = 0.5, 0.1
"""Seconds. See Note [Crowd]."""

_guard = threading.Lock()
_asked_again_at: dict[str, float] = {}
_waiters = 0


class BoundedConnection(psycopg.Connection[Any]):
    """A connection whose every wait has an end; `seconds` is None for no end. See Note [Bounds]."""

    seconds: float | None = None
    server = ""

    @classmethod
    def connect(  # type: ignore[override]
        cls, conninfo: str = "", *, seconds: float | None = None, **kwargs: Any
    ) -> Self:
        """Return a new connection. Raises OperationalError, at once if the server did not answer lately."""
        server = f"{kwargs.get('host')}:{kwargs.get('port')}"
        if seconds is not None:
            _refuse_if_away(server)
        try:
            connection = super().connect(conninfo, **kwargs)
        except psycopg.errors.ConnectionTimeout:
            _remember(server, is_away=True)
            raise
        _remember(server, is_away=False)
        connection.seconds, connection.server = seconds, server
        return connection

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        """Return the result of the library's generator. Raises OperationalError if it takes too long."""
        if self.seconds is None:
            return super().wait(gen, *args, **kwargs)
        try:
            _refuse_if_away(self.server)
            return super().wait(self._within_limits(gen), *args, **kwargs)
        except _TooLong as error:
            # The answer to this statement may still come, so that nobody can use the connection.
            self.close()
            raise psycopg.OperationalError(str(error)) from None

    def _within_limits(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Pass everything on, and look at the clock whenever nothing has arrived."""
        began, is_waiter = time.monotonic(), False
        try:
            wants = next(gen)
            while True:
                ready = yield wants
                if not ready:
                    is_waiter = self._check(time.monotonic() - began, is_waiter)
                wants = gen.send(ready)
        except StopIteration as end:
            if self.server in _asked_again_at:
                _remember(self.server, is_away=False)
            return end.value
        finally:
            if is_waiter:
                _count_waiters(-1)

    def _check(self, seconds: float, is_waiter: bool) -> bool:
        """Return whether this thread counts as a waiter. Raises _TooLong."""
        if self.seconds is not None and seconds >= self.seconds:
            _remember(self.server, is_away=True)
            raise _TooLong(f"the server did not answer within {self.seconds:g} s")
        if is_waiter:
            _refuse_if_away(self.server, is_asked=True)
            return True
        is_crowd = _waiters >= MAX_WAITERS
        if seconds < (SHORT_PATIENCE if is_crowd else PATIENCE):
            return False
        if is_crowd:
            raise _TooLong(f"{MAX_WAITERS} other threads wait for the server already")
        _count_waiters(1)
        return True


class _TooLong(psycopg.OperationalError):
    pass


def _refuse_if_away(server: str, is_asked: bool = False) -> None:
    """Raise _TooLong if a server did not answer lately; `is_asked` says that the caller has asked before that."""
    if server not in _asked_again_at:
        return
    with _guard:
        at, now = _asked_again_at.get(server, 0.0), time.monotonic()
        if is_asked or now < at:
            raise _TooLong("the server did not answer a few seconds ago and is asked again soon")
        # This caller asks, for all.
        _asked_again_at[server] = now + REST


def _remember(server: str, is_away: bool) -> None:
    with _guard:
        if is_away:
            _asked_again_at[server] = time.monotonic() + REST
        else:
            _asked_again_at.pop(server, None)


def waiters() -> int:
    """Return how many threads of this process wait for a slow answer. See Note [Crowd]."""
    return _waiters


def _count_waiters(number: int) -> None:
    global _waiters
    with _guard:
        _waiters += number
