"""Password hashes: one at a time in each process, so that log-ins leave the other processors to readers.

Hashing is slow on purpose. Without a limit, some hundred log-ins at once take every thread and processor of a server.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.hashers import PBKDF2PasswordHasher

SEATS = 4
"""The most requests in a process that hash or wait for their turn. The others are refused without waiting."""
SEATS_OF_A_CALLER = 2
"""A flood from one address leaves the other seats to everybody else."""
RETRY_SECONDS = 2

caller: ContextVar[str] = ContextVar("caller", default="")
"""Whose requests count together; set for each request."""

_seats: Counter[str] = Counter()
_lock = threading.Lock()
_turn = threading.Lock()


class TooManyHashes(Exception):
    """All seats are taken: no password was checked. Try again after RETRY_SECONDS."""


class LimitedHasher(PBKDF2PasswordHasher):
    """Django's own hasher; it hashes for few requests at once. The hashes are the same."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Return the hash. Raises TooManyHashes without hashing if all seats are taken."""
        with _seat(caller.get()), _turn:
            return super().encode(password, salt, iterations)


@contextmanager
def _seat(key: str) -> Iterator[None]:
    with _lock:
        if _seats.total() >= SEATS or _seats[key] >= SEATS_OF_A_CALLER:
            raise TooManyHashes
        _seats[key] += 1
    try:
        yield
    finally:
        with _lock:
            _seats[key] -= 1
            if not _seats[key]:
                del _seats[key]
