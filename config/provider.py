"""Calls to the single sign-on provider: few at once, none for long, and none while it is known to be away.

A provider that hangs must not take the threads that serve pages. Timeouts of the library count from one received byte
to the next, and a name that does not resolve has none; so each call runs in a thread of its own, and the log-in waits
for it until its deadline. A call that goes on after that keeps its seat until it ends.
"""

import queue
import threading
import time
from contextvars import ContextVar
from typing import Any

import requests

SECONDS = 2.5
"""The longest that one request of a log-in waits for the provider, all calls together."""
AT_ONCE = 4
"""The most calls of a process that go on at the same time."""
REST_SECONDS = 10
"""After a call without an answer, the provider is not called again for this time."""

_CONNECT_READ = (1.0, 2.0)
"""Seconds to connect, and from one received byte to the next."""

_deadline: ContextVar[float] = ContextVar("deadline", default=0.0)
_seats = threading.BoundedSemaphore(AT_ONCE)
_rests_until = 0.0


class ProviderAway(requests.RequestException):
    """The provider did not answer in time, or answered that it cannot."""


def start_clock() -> None:
    """Begin the SECONDS of a log-in's request. Calls without it have SECONDS each."""
    _deadline.set(time.monotonic() + SECONDS)


class ProviderSession(requests.Session):
    """A session of `requests` whose calls end in time."""

    def request(self, method: str, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """Return the provider's response.

        Raises ProviderAway without an answer in time, for a status of 500 or more, while the provider rests, and while
        AT_ONCE calls go on.
        """
        if time.monotonic() < _rests_until:
            raise ProviderAway("it did not answer a moment ago")
        if not _seats.acquire(blocking=False):
            raise ProviderAway("too many calls wait for it")
        answers: queue.SimpleQueue[requests.Response | Exception] = queue.SimpleQueue()

        def call() -> None:
            try:
                answers.put(super(ProviderSession, self).request(method, url, *args, **options))
            except Exception as error:
                answers.put(error)
            finally:
                _seats.release()

        options["timeout"] = _CONNECT_READ
        threading.Thread(target=call, daemon=True).start()
        return _checked(answers)


def _checked(answers: "queue.SimpleQueue[requests.Response | Exception]") -> requests.Response:
    global _rests_until
    now = time.monotonic()
    try:
        answer = answers.get(timeout=max(0.0, (_deadline.get() or now + SECONDS) - now))
    except queue.Empty:
        answer = ProviderAway("no complete answer in time")
    if isinstance(answer, requests.Response) and answer.status_code >= 500:
        answer = ProviderAway(f"status {answer.status_code}")
    if isinstance(answer, requests.Response):
        return answer
    _rests_until = time.monotonic() + REST_SECONDS
    raise ProviderAway(type(answer).__name__) from answer
