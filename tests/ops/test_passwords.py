"""Few password hashes at once: the others are refused without waiting, and the hashes are Django's own."""

import contextvars
import threading

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password

from config import settings as product
from kb.ops import passwords
from kb.ops.passwords import SEATS, SEATS_OF_A_CALLER, LimitedHasher, TooManyHashes

QUICK = 10
"""Iterations."""


class Slow:
    """Hashes that go on until they are told to end; counts how many went on at the same time."""

    def __init__(self, monkeypatch):
        self.end, self.lock, self.now, self.most = threading.Event(), threading.Lock(), 0, 0
        self.threads, self.results = [], []
        monkeypatch.setattr(PBKDF2PasswordHasher, "encode", self._encode)

    def _encode(self, *_):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.end.wait(10)
        with self.lock:
            self.now -= 1
        return "hash"

    def start(self, caller):
        """Hash in a thread of its own, for a caller."""
        thread = threading.Thread(target=contextvars.Context().run, args=(self._run, caller))
        thread.start()
        self.threads.append(thread)

    def _run(self, caller):
        passwords.caller.set(caller)
        try:
            self.results.append(LimitedHasher().encode("p", "salt"))
        except TooManyHashes:
            self.results.append("refused")

    def finish(self):
        """Let all end."""
        self.end.set()
        for thread in self.threads:
            thread.join(10)


@pytest.fixture
def slow(monkeypatch):
    slow = Slow(monkeypatch)
    yield slow
    slow.finish()
    assert passwords._seats.total() == 0


def wait_for_seats(count):
    for _ in range(1000):
        if passwords._seats.total() == count:
            return
        threading.Event().wait(0.005)
    raise AssertionError(passwords._seats)


def test_the_hashes_are_those_of_django():
    assert LimitedHasher().encode("p", "salt", QUICK) == PBKDF2PasswordHasher().encode("p", "salt", QUICK)
    assert product.PASSWORD_HASHERS == ["kb.ops.passwords.LimitedHasher"]


def test_a_password_that_django_hashed_is_still_right(settings):
    stored = PBKDF2PasswordHasher().encode("right", "salt" * 8, PBKDF2PasswordHasher.iterations)
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    assert check_password("right", stored)
    assert not check_password("wrong", stored)
    assert make_password("right").startswith("pbkdf2_sha256$")


def test_one_address_takes_two_seats_and_all_addresses_four(slow):
    for _ in range(10):
        slow.start("one")
    wait_for_seats(SEATS_OF_A_CALLER)
    slow.start("two")
    slow.start("three")
    wait_for_seats(SEATS)
    slow.start("four")
    for thread in slow.threads:
        thread.join(0.05)
    assert slow.results == ["refused"] * 9, "at once, while the others hash or wait"
    slow.finish()
    assert slow.results.count("hash") == SEATS
    assert slow.most == 1
    slow.start("one")
    slow.finish()
    assert slow.results[-1] == "hash", "seats are given back"


def test_a_hash_that_fails_gives_its_seat_back():
    for _ in range(2 * SEATS):
        with pytest.raises(ValueError, match="salt"):
            LimitedHasher().encode("p", "sa$lt")
    assert passwords._seats.total() == 0
