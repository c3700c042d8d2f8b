"""Rates of requests by caller and minute, counted across all processes: of the API, of pages and of log-ins.

# Note [Leases]
One shared counter would cost a write for every read. Instead a process leases a fiftieth of a caller's rate with one
write, and counts it down in memory. All processes together never admit more than the rate. They may admit less: each
process loses what it leased and did not use, at most a fiftieth.

# Note [Free requests]
A page or a log-in must not cost a write at all, unless somebody sends many. A process admits the first `free` requests
of a minute without asking anybody, and adds them to the shared counter with its first lease. One process admits exactly
the rate; each other process may admit `free` requests more.

# Note [Redis gone]
If Redis is configured, it counts. When it does not answer, the database counts instead, from zero: in that minute a
caller may use the rate a second time. Redis is tried again after some seconds, so that not every request waits for it.
"""

import hashlib
import ipaddress
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction

from kb.models import Quota
from kb.models.counters import add_counts
from kb.models.sql import is_postgres, run
from kb.ops import client_address

WINDOW = 60
"""Seconds."""

_PARTS = 50
_MAX_CALLERS = 10_000
_REST = 5.0
"""Seconds before Redis is tried again after it did not answer."""
_PATIENCE = 100
"""Milliseconds that a read waits for SQLite's only writer, such as a long import."""

log = logging.getLogger(__name__)
_lock = threading.Lock()


@dataclass
class _Lease:
    window: int
    left: int = 0
    uncounted: int = 0
    """Requests that were free, and that the shared counter does not have yet."""
    is_spent: bool = False
    beyond: int = 0
    """Requests that nobody had leased at the last lease."""


class Allowance(NamedTuple):
    """What a caller has left after a request."""

    seconds: int
    """To wait before the next attempt; 0 if the request is within the rate."""

    left: int
    """Requests until the end of the window, as far as this process knows."""

    resets_in: int
    """Seconds until the next window."""


_leases: dict[str, _Lease] = {}
_redis_rests_until = 0.0


def address_key(environ: dict[str, Any]) -> str:
    """Return the key of a caller's address. It is a hash, so that no address is stored; IPv6 counts by /64."""
    address = client_address.address_in(environ)
    key = settings.SECRET_KEY.encode()[:64]
    return "address:" + hashlib.blake2s(_network(address).encode(), key=key[:32], digest_size=12).hexdigest()


def wait_for(caller: str, rate: int, free: int = 0) -> int:
    """Count one request; return 0, or the seconds until the next window. A rate of 0 is no limit."""
    return take(caller, rate, free).seconds if rate else 0


def take(caller: str, rate: int, free: int = 0) -> Allowance:
    """Count one request; return what is left of a rate above 0. See Note [Leases] and Note [Free requests]."""
    now = time.time()
    window = int(now) // WINDOW * WINDOW
    with _lock:
        lease = _lease_of(caller, window, free)
        if lease.left:
            lease.left -= 1
            return Allowance(0, lease.left + lease.beyond, window + WINDOW - int(now))
        uncounted, lease.uncounted = lease.uncounted, 0
    # Outside the lock, so that other callers do not wait for this write.
    part = max(1, rate // _PARTS)
    grant, beyond = (0, 0) if lease.is_spent else _lease_more(window, caller, part, rate, uncounted)
    with _lock:
        lease.left += max(0, grant - 1)
        lease.is_spent, lease.beyond = not grant, beyond
    resets_in = max(1, window + WINDOW - int(now))
    return Allowance(0 if grant else resets_in, lease.left + beyond, resets_in)


def _lease_of(caller: str, window: int, free: int) -> _Lease:
    lease = _leases.get(caller)
    if lease is None or lease.window != window:
        if len(_leases) >= _MAX_CALLERS:
            _leases.clear()
        lease = _leases[caller] = _Lease(window, free, free)
    return lease


def _lease_more(window: int, caller: str, part: int, rate: int, uncounted: int) -> tuple[int, int]:
    """Return how many more requests the caller has here, and how many nobody has leased."""
    try:
        total = _add(window, caller, part + uncounted)
    except Exception as error:
        # If counting fails, the reader gets an answer all the same, without waiting.
        log.warning("a rate is not counted: %s", type(error).__name__)
        return part, 0
    return max(0, min(part, rate - (total - part))), max(0, rate - total)


def _add(window: int, caller: str, part: int) -> int:
    """Add to the total of all processes in a window; return the new total. See Note [Redis gone]."""
    global _redis_rests_until
    if settings.REDIS_URL and time.monotonic() >= _redis_rests_until:
        try:
            return _add_in_redis(window, caller, part)
        except Exception as error:
            # Catch any error: the error classes belong to a library that may not be installed.
            _redis_rests_until = time.monotonic() + _REST
            log.warning("Redis does not answer, the database counts rates: %s", type(error).__name__)
    return _add_in_database(window, caller, part)


def _add_in_redis(window: int, caller: str, part: int) -> int:
    key = f"quota:{window}:{caller}"
    cache.add(key, 0, timeout=2 * WINDOW)
    return cache.incr(key, part)


def _add_in_database(window: int, caller: str, part: int) -> int:
    with _short_wait(), transaction.atomic():
        add_counts(Quota, ("window", "caller"), ["taken"], [(window, caller, part)])
        total = Quota.objects.values_list("taken", flat=True).get(window=window, caller=caller)
        if total == part:
            Quota.objects.filter(window__lt=window - WINDOW).delete()
    return total


@contextmanager
def _short_wait() -> Iterator[None]:
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
    """Return the address; for IPv6 its /64 network, because one customer has all of its addresses."""
    # IPv4 has one spelling, so reading it would return the same text.
    if ":" not in address:
        return address[:100]
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return address[:100]
    return str(ipaddress.ip_network(f"{parsed}/64", strict=False))
