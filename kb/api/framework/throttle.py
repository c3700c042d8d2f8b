"""How much of the API a caller may take, counted for all processes together.

# Note [Leases]
A counter that all processes share would cost every read a write. So a process leases a part of a caller's rate, a
fiftieth, by one write, and counts that down in memory. All processes together never admit more than the rate; they
admit less by what a process leased and did not need, at most a fiftieth for each process.

# Note [Redis gone]
Where Redis is configured it counts. When it does not answer, the database counts from there on, from zero: within that
minute a caller may take the rate once more. Redis is asked again after some seconds, and not by each request before.
"""

import hashlib
import ipaddress
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from kb.models import Bearer, Quota
from kb.models.counters import add_counts
from kb.models.sql import is_postgres, run
from kb.models.visibility import Person
from kb.ops import client_address

WINDOW = 60
"""Seconds."""

_PARTS = 50
_MOST_CALLERS = 10_000
_REST = 5.0
"""Seconds for which a Redis that did not answer is not asked again."""
_PATIENCE = 100
"""Milliseconds that a read waits for SQLite's one writer, such as a long import."""

log = logging.getLogger(__name__)
_lock = threading.Lock()


@dataclass
class _Lease:
    window: int
    left: int = 0
    is_spent: bool = False


_leases: dict[str, _Lease] = {}
_redis_rests_until = 0.0


class CallerThrottle(BaseThrottle):
    """Refuses a caller who took more than the settings allow, with the time to wait."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request, and say whether it is answered."""
        self.seconds = wait_for(caller_of(request.META, request.user), rate_of(request.user))
        return not self.seconds

    def wait(self) -> float:
        """Return the seconds after which it may be tried again."""
        return self.seconds


def caller_of(environ: dict[str, Any], user: Person | None) -> str:
    """Return who counts together: a token, a person, or an address, of which only a hash is kept."""
    if isinstance(user, Bearer):
        return f"token:{user.token_id}"
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    address = client_address.address_in(environ)
    key = settings.SECRET_KEY.encode()[:64]
    return "address:" + hashlib.blake2s(_network(address).encode(), key=key[:32], digest_size=12).hexdigest()


def rate_of(user: Person | None) -> int:
    """Return how many requests a minute a caller has; 0 is any number."""
    known = user is not None and user.is_authenticated
    return settings.KB_API_RATE_KNOWN if known else settings.KB_API_RATE_ANONYMOUS


def wait_for(caller: str, rate: int) -> int:
    """Count one request; return 0, or the seconds to wait until the next window. See Note [Leases]."""
    if not rate:
        return 0
    now = time.time()
    window = int(now) // WINDOW * WINDOW
    with _lock:
        lease = _lease_of(caller, window)
        if lease.left:
            lease.left -= 1
            return 0
    # Outside the lock: other callers do not wait for this one's write.
    part = max(1, rate // _PARTS)
    granted = 0 if lease.is_spent else _granted(window, caller, part, rate)
    with _lock:
        lease.left += max(0, granted - 1)
        lease.is_spent = not granted
    return 0 if granted else max(1, window + WINDOW - int(now))


def _lease_of(caller: str, window: int) -> _Lease:
    lease = _leases.get(caller)
    if lease is None or lease.window != window:
        if len(_leases) >= _MOST_CALLERS:
            _leases.clear()
        lease = _leases[caller] = _Lease(window)
    return lease


def _granted(window: int, caller: str, part: int, rate: int) -> int:
    try:
        taken = _add(window, caller, part)
    except Exception as error:
        # Counting must not refuse a reader, nor keep one waiting.
        log.warning("a rate is not counted: %s", type(error).__name__)
        return part
    return max(0, min(part, rate - (taken - part)))


def _add(window: int, caller: str, part: int) -> int:
    """Add to what all processes took of a window; return the sum. See Note [Redis gone]."""
    global _redis_rests_until
    if settings.REDIS_URL and time.monotonic() >= _redis_rests_until:
        try:
            return _add_in_redis(window, caller, part)
        except Exception as error:
            # Whatever goes wrong there: its errors are of a library that may not be installed.
            _redis_rests_until = time.monotonic() + _REST
            log.warning("Redis does not answer, the database counts rates: %s", type(error).__name__)
    return _add_in_database(window, caller, part)


def _add_in_redis(window: int, caller: str, part: int) -> int:
    key = f"quota:{window}:{caller}"
    cache.add(key, 0, timeout=2 * WINDOW)
    return cache.incr(key, part)


def _add_in_database(window: int, caller: str, part: int) -> int:
    with _impatient(), transaction.atomic():
        add_counts(Quota, ("window", "caller"), ["taken"], [(window, caller, part)])
        taken = Quota.objects.values_list("taken", flat=True).get(window=window, caller=caller)
        if taken == part:
            Quota.objects.filter(window__lt=window - WINDOW).delete()
    return taken


@contextmanager
def _impatient() -> Iterator[None]:
    if is_postgres():
        yield
        return
    usual = int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
    run(f"PRAGMA busy_timeout = {_PATIENCE}")
    try:
        yield
    finally:
        run(f"PRAGMA busy_timeout = {usual}")


def _network(address: str) -> str:
    """Return the address, or for IPv6 the network of a customer: one person has all of its addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network(f"{parsed}/64", strict=False))
