"""Redis is configured and away: readers are served without waiting, and their rate holds."""

import socket
import threading
import time

import pytest
import redis.connection  # noqa: F401 - loaded before anybody waits for it
from django.core.cache import caches

from kb.api.framework import throttle
from kb.models import Quota
from kb.ops.doctor import site

PATIENCE = 1.0
"""Seconds that nobody may wait longer: two timeouts of a quarter, and what the answer itself takes."""


def refused():
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free, free.getsockname()[1]


def silent():
    """Return a server that takes connections and never answers."""
    server = socket.create_server(("127.0.0.1", 0))
    return server, server.getsockname()[1]


def dying():
    """Return a server that closes each connection as soon as something was asked."""
    server = socket.create_server(("127.0.0.1", 0))

    def run():
        while True:
            try:
                asked, _ = server.accept()
                asked.recv(10)
                asked.close()
            except OSError:
                return

    threading.Thread(target=run, daemon=True).start()
    return server, server.getsockname()[1]


@pytest.fixture(params=[refused, silent, dying], ids=lambda make: make.__name__)
def redis_gone(request, settings):
    server, port = request.param()
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
    timeouts = {"socket_connect_timeout": 0.25, "socket_timeout": 0.25}
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": settings.REDIS_URL, "OPTIONS": timeouts}}
    yield settings
    caches.close_all()
    server.close()


@pytest.mark.django_db
def test_without_redis_readers_are_served_at_once_and_their_rate_holds(redis_gone, client):
    # The first answer takes as long as it takes to load the product.
    client.get("/api/v1/codes/")
    redis_gone.KB_API_RATE_ANONYMOUS = 20
    took, answers = [], []
    for _ in range(25):
        began = time.monotonic()
        answers.append(client.get("/api/v1/codes/").status_code)
        took.append(time.monotonic() - began)
    # A minute may end in between.
    assert answers[:20] == [200] * 20
    assert 429 in answers or Quota.objects.count() == 2
    assert max(took) < PATIENCE
    assert sum(seconds > 0.2 for seconds in took) <= 2, "each request waits for Redis"


@pytest.mark.django_db
def test_redis_is_asked_again_after_some_seconds(redis_gone, monkeypatch):
    asked = []
    monkeypatch.setattr(throttle, "_add_in_redis", lambda *given: asked.append(given) or len(asked))
    throttle._redis_rests_until = time.monotonic() + 0.1
    throttle.wait_for("token:1", 50)
    assert asked == []
    time.sleep(0.15)
    throttle.wait_for("token:1", 50)
    assert len(asked) == 1


def test_the_doctor_says_that_redis_is_away(redis_gone):
    said = [sentence for sentence in site.configured() if "Redis" in sentence]
    assert len(said) == 1
    assert "database counts API rates" in said[0]
