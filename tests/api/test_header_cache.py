"""Headers in memory: by count and by bytes, and without bodies."""

import gc
from datetime import date

import pytest

from kb.api.framework import header_cache
from kb.api.framework.front import Front
from kb.api.framework.generation import Generation
from kb.api.framework.header_cache import HeaderCache, LatestHeaders
from kb.api.framework.response_cache import CachedResponse
from tests import make
from tests.api.whole_site import application, ask

NOW = Generation("", 1, None, date(2026, 3, 3), 0, 0)


def latest(site="https://kb.example/", value="a"):
    return LatestHeaders(NOW, [("Vary", value)], "api-codes", site)


def test_the_latest_headers_of_a_kind_are_returned():
    cache = HeaderCache()
    for value in "ab":
        cache.put(("public", "/"), latest(value=value))
    assert cache.get(("public", "/")).headers == [("Vary", "b")]
    assert cache.get(("internal", "/")) is None


@pytest.mark.parametrize(
    ("kind", "latest"), [("x" * 2**18, latest()), ("", latest("x" * 2**18)), ("", latest(value="x" * 2**18))]
)
def test_neither_kinds_nor_headers_exceed_the_size(kind, latest):
    cache = HeaderCache()
    for n in range(20):
        cache.put((kind, str(n)), latest)
        assert (len(cache._latest), cache._size < header_cache.MAX_BYTES) == (n % 3 + 1, True)


def test_headers_that_are_too_large_alone_are_not_stored():
    cache = HeaderCache()
    cache.put(("a",), latest())
    cache.put(("x" * header_cache.MAX_BYTES,), latest())
    assert [*cache._latest] == [("a",)]


def test_kinds_have_a_maximum(monkeypatch):
    monkeypatch.setattr(header_cache, "MAX_KINDS", 3)
    cache = HeaderCache()
    for n in range(10):
        cache.put((str(n),), latest())
    assert [*cache._latest] == [("9",)]


def test_a_body_that_left_the_cache_is_in_memory_no_more(caching):
    make.code("1", description="x" * 60_000)
    site = Front(application, lambda *args: None)
    for port in range(1, 40):
        ask(site=site, host=f"testserver:{port}")
    gc.collect()
    responses = [one for one in gc.get_objects() if type(one) is CachedResponse]
    assert 0 < sum(len(response.body) > 60_000 for response in responses) < 30
