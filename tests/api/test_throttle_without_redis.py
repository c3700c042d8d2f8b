"""Redis is configured and does not answer: readers do not wait, and their rate limit holds."""

import socket
import threading
import time

import pytest
from django.core.cache import caches

from kb.models import Quota
from kb.ops import rates
from kb.ops.doctor import site


def refused():
    """Return a port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free, free.getsockname()[1]


def silent():
    """Return a server that accepts connections and never answers."""
    server = socket.create_server(("127.0.0.1", 0))
    return server, server.getsockname()[1]


def dying():
    """Return a server that closes each connection at the first request."""
    server = socket.create_server(("127.0.0.1", 0))

    def run():
        while True:
            try:
                connection, _ = server.accept()
                connection.recv(10)
                connection.close()
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
def test_without_redis_readers_do_not_wait_and_their_rate_holds(redis_gone, client, monkeypatch):
    tries, add_in_redis = [], rates._add_in_redis
    monkeypatch.setattr(rates, "_add_in_redis", lambda *arguments: tries.append(1) or add_in_redis(*arguments))
    monkeypatch.setattr(rates, "_REST", 3600)
    redis_gone.KB_API_RATE_ANONYMOUS = 20
    answers = [client.get("/api/v1/codes/").status_code for _ in range(25)]
    # A minute may end in between.
    assert answers[:20] == [200] * 20
    assert 429 in answers or Quota.objects.count() == 2
    assert tries == [1], "each request waits for Redis"


@pytest.mark.django_db
def test_redis_is_tried_again_after_some_seconds(redis_gone, monkeypatch):
    calls = []
    monkeypatch.setattr(rates, "_add_in_redis", lambda *arguments: calls.append(arguments) or len(calls))
    rates._redis_rests_until = time.monotonic() + 3600
    rates.wait_for("token:1", 50)
    assert calls == []
    rates._redis_rests_until = time.monotonic()
    rates.wait_for("token:1", 50)
    assert len(calls) == 1


def test_the_doctor_reports_that_redis_does_not_answer(redis_gone):
    sentences = [sentence for sentence in site.configured() if "Redis" in sentence]
    assert len(sentences) == 1
    assert "database counts API rates" in sentences[0]
