"""The store of responses: what it keeps, what it drops first, and how a response is sent."""

import gzip
from datetime import date

import pytest

from config.wsgi import site
from kb.api.framework.front import Front
from kb.api.framework.generation import Generation
from kb.api.framework.response_cache import CachedResponse, ResponseCache
from kb.ops import request_ids
from tests import make
from tests.api.whole_site import ask, hits, is_from_memory

NOW = Generation("a", 1, None, date(2026, 3, 3), 0.0, 0)


def nothing(*_):
    """Find no answer without Django."""


def response(size):
    return CachedResponse("", [], b"x" * size, "api-code-list", [], True)


@pytest.fixture
def store(settings):
    settings.KB_API_CACHE_MEGABYTES = 1
    return ResponseCache()


def free_address(number):
    """Return one of many addresses that take no space."""
    return ("",) * (number + 1)


# The size of a response counts what it takes compressed, too.
EIGHTH = (2**17 - 2000) * 3 // 4


def test_a_response_of_an_eighth_of_the_store_is_kept(store):
    assert (response(EIGHTH).size, response(EIGHTH + 2).size) == (2**17, 2**17 + 2)
    store.put(NOW, "public", free_address(10), response(EIGHTH))
    store.put(NOW, "public", free_address(11), response(EIGHTH + 2))
    assert store.get(NOW, "public", free_address(10))
    assert store.get(NOW, "public", free_address(11)) is None


def test_a_full_store_drops_what_was_not_used_for_longest(store):
    for n in range(8):
        store.put(NOW, "public", free_address(n), response(EIGHTH))
    assert [bool(store.get(NOW, "public", free_address(n))) for n in range(8)] == [True] * 8
    store.get(NOW, "public", free_address(0))
    store.put(NOW, "public", free_address(8), response(1))
    assert [bool(store.get(NOW, "public", free_address(n))) for n in range(9)] == [True, False, *[True] * 7]


def test_a_response_that_is_replaced_takes_its_space_once(store):
    for _ in range(20):
        store.put(NOW, "public", free_address(10), response(EIGHTH))
    for n in range(7):
        store.put(NOW, "public", free_address(n), response(EIGHTH))
    assert all(store.get(NOW, "public", key) for key in map(free_address, (10, *range(7))))


def test_an_empty_store_has_all_of_its_space_again(store):
    for _ in range(2):
        for n in range(8):
            store.put(NOW, "public", free_address(n), response(EIGHTH))
        assert all(store.get(NOW, "public", free_address(n)) for n in range(8))
        store.clear()
        assert store.get(NOW, "public", free_address(0)) is None


@pytest.mark.parametrize(
    ("now", "audience", "address"),
    [
        (Generation("a", 2, None, NOW.day, 0.0, 0), "public", free_address(10)),
        (Generation("b", 1, None, NOW.day, 0.0, 0), "public", free_address(10)),
        (Generation("a", 1, None, date(2026, 3, 4), 0.0, 0), "public", free_address(10)),
        (NOW, "internal", ("a",)),
        (NOW, "public by token", ("a",)),
        (NOW, "public", free_address(11)),
    ],
)
def test_a_response_is_for_its_generation_reader_and_address(store, now, audience, address):
    store.put(NOW, "public", free_address(10), response(1))
    assert store.get(NOW, "public", free_address(10))
    assert store.get(now, audience, address) is None


class Sender:
    """A site that sends one answer, with headers of its own, and notes that it was closed."""

    def __init__(self, body, status="200 OK", **headers):
        self.body, self.status, self.closed = body, status, 0
        self.headers = [(name.replace("_", "-"), value) for name, value in headers.items()]

    def __call__(self, environ, start_response):
        start_response(self.status, self.headers)
        return self

    def __iter__(self):
        return iter([self.body])

    def close(self):
        self.closed += 1


def sent(sender, **request):
    return ask(site=Front(sender, nothing), **request)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("size", "accept", "headers", "is_packed"),
    [
        (1000, "gzip", {}, True),
        (999, "gzip", {}, False),
        (1000, "br, gzip;q=0.9", {}, True),
        (1000, "deflate, gzip", {}, True),
        (1000, "br", {}, False),
        (1000, "", {}, False),
        (1000, "gzip; q=0", {}, False),
        (1000, "gzip", {"Content-Encoding": "br"}, False),
    ],
)
def test_a_long_answer_is_compressed_for_callers_who_can_read_that(size, accept, headers, is_packed):
    sender = Sender(b"x" * size, Content_Length=str(size), Vary="Cookie", **headers)
    answer = sent(sender, accept_encoding=accept)
    assert (gzip.decompress(answer.body) if is_packed else answer.body) == b"x" * size
    assert (answer.headers.get("Content-Encoding") == "gzip") is is_packed
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.headers["Vary"] == "Cookie, Accept-Encoding"
    assert sender.closed == 1


@pytest.mark.django_db
def test_a_stream_and_an_error_pass_through_as_they_are():
    for sender in (Sender(b"x" * 2000), Sender(b"x" * 2000, "404 Not Found", Content_Length="2000")):
        answer = sent(sender, accept_encoding="gzip")
        assert (answer.body, answer.status) == (b"x" * 2000, int(sender.status[:3]))
        assert "Vary" not in answer.headers
        # By the server, which closes what it sends.
        assert sender.closed == 1


@pytest.mark.django_db
def test_an_answer_has_the_headers_of_the_site_and_its_own_request_id():
    sender = Sender(b"x", Content_Length="1", X_Request_ID="mine", X_Other="kept")
    answer = sent(sender)
    assert (answer.headers[request_ids.HEADER], answer.headers["X-Other"]) == ("mine", "kept")
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert sent(sender, method="HEAD").body == b""


def test_other_addresses_are_the_sites_own(caching):
    sender = Sender(b"x" * 2000, Content_Length="2000")
    for path in ("/", "/api/docs/", "/api/v1"):
        assert "Vary" not in sent(sender, path=path, accept_encoding="gzip").headers


def test_an_answer_that_sets_a_cookie_is_not_stored(caching):
    make.code("1")

    def with_cookie(environ, start_response):
        return site(environ, lambda status, headers, *error: start_response(status, [*headers, ("Set-Cookie", "a=b")]))

    before = hits()
    assert [ask(site=Front(with_cookie, nothing)).headers["Set-Cookie"] for _ in range(2)] == ["a=b"] * 2
    assert hits() == before


def test_errors_and_empty_answers_are_not_stored(caching):
    assert [ask("/api/v1/codes/7/").status for _ in range(2)] == [404, 404]
    make.code("1", pk=7)
    assert ask("/api/v1/codes/7/").status == 200
    etag = ask("/api/v1/notes/", site=site).headers["ETag"]
    # A 304 is for callers who have the answer; others get the answer.
    assert [ask("/api/v1/notes/", if_none_match=etag).status, ask("/api/v1/notes/").status] == [304, 200]


def test_a_caller_with_the_answer_gets_304_before_and_after_it_is_stored(caching):
    make.code("1")
    etag = ask().headers["ETag"]
    from_django = ask(if_none_match=etag, site=site)
    assert (from_django.status, from_django.body) == (304, b"")
    assert is_from_memory(if_none_match=etag)
    from_memory = ask(if_none_match=etag)
    assert (from_memory.status, from_memory.body, from_memory.headers["ETag"]) == (304, b"", etag)
    assert ask(if_none_match='"another"').status == 200


def test_without_space_nothing_is_stored(caching):
    make.code("1")
    caching.KB_API_CACHE_MEGABYTES = 0
    before = hits()
    ask()
    ask()
    caching.KB_API_CACHE_MEGABYTES = 1
    assert not is_from_memory()
    assert hits() == before
