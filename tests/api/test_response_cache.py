"""ETags and the response cache: an answer is reused until something changes, and never for another reader."""

import gzip
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kb.api.framework import generation, response_cache
from kb.models import Audience, CodeUse, Door
from kb.models.visibility import reader
from kb.ops import rates
from kb.services import tokens, usage
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make
from tests.api.whole_site import ask, is_from_memory

HERE = "https://desk.example"
ALLOWED = "access-control-allow-origin"
READS = ["tables/", "codes/", "codes/1/", "notes/", "incidents/", "search/?q=660300001", "schema/"]


@pytest.fixture
def code(caching):
    make.code("2", make.table("hidden", audience=Audience.INTERNAL))
    return make.code("1")


def edit(code, words):
    code.refresh_from_db()
    by = By(make.User.objects.filter(username="editor").first() or make.user("editor", "editor"), Door.SHELL)
    edit_code(code, code.version, {"description": words}, by)


@pytest.mark.django_db
@pytest.mark.parametrize("path", READS)
def test_an_unchanged_answer_is_a_304(client, agent, path):
    code = make.code("660300001", pk=1)
    make.note("Room is gone", code)
    edit(code, "Gone.")
    first = client.get(f"/api/v1/{path}")
    assert first.status_code == 200
    for etag in (first["ETag"], f'"other", {first["ETag"]}', first["ETag"].removeprefix("W/")):
        again = client.get(f"/api/v1/{path}", headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["Vary"] == first["Vary"]
    edit(code, "Gone for good.")
    assert client.get(f"/api/v1/{path}", headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.django_db
def test_an_etag_depends_on_reader_address_host_and_day(client, agent, time_machine):
    make.code("1")
    etags = [client.get(f"/api/v1/codes/{query}")["ETag"] for query in ("", "?page_size=1")]
    etags.append(client.get("/api/v1/codes/", headers={"Host": "localhost"})["ETag"])
    time_machine.move_to(timezone.now() + timedelta(days=1))
    etags.append(client.get("/api/v1/codes/")["ETag"])
    client.force_login(agent)
    etags.append(client.get("/api/v1/codes/")["ETag"])
    assert len(set(etags)) == 5


@pytest.mark.django_db
def test_an_error_has_no_etag_and_is_not_cached(client):
    answer = client.get("/api/v1/codes/?cod=3")
    assert "ETag" not in answer
    assert answer["Cache-Control"] == "private, no-cache"


@pytest.mark.django_db
def test_cache_control_depends_on_the_caller(client, agent):
    secret = tokens.create(agent, "bot", ["read_public"], None)[1]
    assert client.get("/api/v1/codes/")["Cache-Control"] == "public, max-age=10, must-revalidate"
    with_token = client.get("/api/v1/codes/", headers={"Authorization": f"Bearer {secret}"})
    assert with_token["Cache-Control"] == "private, no-cache"


def test_an_answer_is_shared_by_readers_with_the_same_rights(code, agent):
    one, two = (tokens.create(agent, name, ["read_internal"], None)[1] for name in "ab")
    first = ask(token=one)
    reader(tokens.bearer(two))
    with CaptureQueriesContext(connection) as queries:
        again = ask(token=two)
    assert len(queries) <= 1
    assert (again.status, again.body) == (200, first.body)
    assert first.codes == ["1", "2"]


def test_a_304_takes_at_most_one_query(code, agent):
    secret = tokens.create(agent, "bot", ["read_internal"], None)[1]
    etags = {token: ask(token=token).headers["ETag"] for token in ("", secret)}
    for token, etag in etags.items():
        generation._generations.clear()
        with CaptureQueriesContext(connection) as queries:
            unchanged = ask(token=token, if_none_match=etag)
        assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", etag)
        assert "Content-Type" not in unchanged.headers
        assert len(queries) <= 1
        response_cache.responses.clear()
        generation._generations.clear()
        with CaptureQueriesContext(connection) as queries:
            assert ask(token=token, if_none_match=etag).status == 304
        assert len(queries) <= 1, "without the cache, too"


def test_a_process_sees_its_own_change_at_once(code):
    assert "Gone." not in ask().body.decode()
    for words in ("Gone.", "Gone again."):
        edit(code, words)
        assert words in ask().body.decode()


def test_uncommitted_changes_are_not_cached(code):
    changed, ended = threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            edit(code, "Never.")
            ask()
            changed.set()
            ended.wait(10)
            transaction.set_rollback(True)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert changed.wait(10)
    during = ask()
    ended.set()
    writer.join()
    assert ask().body == during.body
    assert "Never." not in during.body.decode()


def test_only_long_answers_are_compressed(code):
    for n in range(3, 20):
        make.code(str(n))
    plain, packed = ask(), ask(accept_encoding="br, gzip")
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["Content-Length"] == str(len(packed.body))
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Content-Encoding" not in ask("/api/v1/codes/?page_size=1&fields=code", accept_encoding="gzip").headers
    assert "Content-Encoding" not in ask(accept_encoding="gzip;q=0").headers


def test_head_has_the_headers_of_get(code):
    get = ask()
    for _ in range(2):
        head = ask(method="HEAD")
        assert (head.body, head.headers["Content-Length"]) == (b"", get.headers["Content-Length"])


def test_each_answer_has_its_own_request_id(code):
    ids = [ask().headers["X-Request-ID"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert ask(x_request_id="mine").headers["X-Request-ID"] == "mine"


def test_a_cached_answer_has_the_same_headers(code):
    first, cached = ask(), ask()
    assert {name for name in first.headers if first.headers[name] != cached.headers.get(name)} == {"X-Request-ID"}
    assert sorted(cached.headers) == sorted(first.headers)


def test_cached_lookups_are_counted(code):
    for _ in range(3):
        assert ask(f"/api/v1/codes/{code.pk}/").status == 200
    usage.flush()
    assert CodeUse.objects.get(code=code).lookups == 3


def test_cached_answers_count_against_the_rate(code, caching):
    caching.KB_API_RATE_ANONYMOUS = 3
    rates._leases.clear()
    assert sorted(ask().status for _ in range(5))[:3] == [200, 200, 200]
    assert ask().status == 429


def test_the_cache_has_a_maximum_size(code):
    make.code("long", description="x" * 60_000)
    for size in range(2, 22):
        ask(f"/api/v1/codes/?page_size={size}")
    count = len(response_cache.responses._entries)
    assert 2**19 < response_cache.responses._size <= 2**20
    assert count < 20
    ask("/api/v1/codes/?page_size=21")
    assert len(response_cache.responses._entries) == count


def test_the_length_of_an_address_counts(code):
    for n in range(30):
        ask("/api/v1/codes/?page_size=1", accept=f"application/json, a/b{n}{'x' * 100_000}")
    assert len(response_cache.responses._entries) == 10


def test_an_origin_that_changes_no_answer_shares_it(code, settings):
    settings.CORS_ALLOWED_ORIGINS = [HERE, "https://wiki.example"]
    first = ask("/api/v1/codes/")
    for other in ("https://other.example", "null", f"{HERE}/path", HERE.upper(), "http://["):
        assert is_from_memory(path="/api/v1/codes/", origin=other)
        assert ALLOWED not in ask("/api/v1/codes/", origin=other).headers
    for mine in settings.CORS_ALLOWED_ORIGINS:
        for _ in range(2):
            answer = ask("/api/v1/codes/", origin=mine)
            assert (answer.body, answer.headers[ALLOWED]) == (first.body, mine)
    assert len(response_cache.responses._entries) == 3


def test_a_broken_connection_is_not_an_error(code):
    ask()
    generation._generations.clear()
    connection.close()

    def fail(*args, **kwargs):
        raise OSError("away")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("kb.api.framework.front.generation", fail)
        assert ask().codes == ["1"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has pools")
def test_a_thread_that_answers_from_the_cache_releases_its_connection(code):
    """A pooled connection that it kept would be lost, until the pool has none."""
    results = []

    def request_twice():
        connection.settings_dict = connection.settings_dict | {"CONN_MAX_AGE": 0}
        for _ in range(2):
            # Each checks in the database whether the cached answer is current.
            generation._generations.clear()
            results.append((ask("/api/v1/codes/").status, connection.connection))
        connection.close()

    thread = threading.Thread(target=request_twice)
    thread.start()
    thread.join()
    assert results == [(200, None), (200, None)]


def test_an_outage_is_answered_from_memory_and_marked_for_the_public_alone(code, agent, monkeypatch):
    token = tokens.create(agent, "bot", ["read_internal"], None)[1]
    before = [ask(), ask(token=token)]

    def fail(*args, **kwargs):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("kb.api.framework.front.generation", fail)
    fresh = ask()
    assert (fresh.body, "Warning" in fresh.headers) == (before[0].body, False), "Django answers while it can"
    monkeypatch.setattr("kb.api.framework.http_cache.generation", fail)
    stale = ask()
    assert (stale.status, stale.body, stale.headers["Warning"]) == (200, before[0].body, '110 - "Response is Stale"')
    assert ask(token=token).status == 503
    assert ask("/api/v1/codes/?code=2").status == 503


@pytest.mark.parametrize("cookie", ["zone=Europe/Berlin", "csrftoken=abc; zone=Asia/Tokyo"])
def test_a_cookie_that_is_no_session_changes_nothing(caching, cookie):
    make.code("1")
    ask("/api/v1/codes/")
    plain, other = ask("/api/v1/codes/"), ask("/api/v1/codes/", cookie=cookie)
    assert (plain.body, plain.headers["ETag"]) == (other.body, other.headers["ETag"])
    assert is_from_memory(path="/api/v1/codes/", cookie=cookie)
    assert not is_from_memory(path="/api/v1/codes/", cookie=f"{cookie}; sessionid=abc")


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "a; x*=''%22%3bcharset=utf-16%3bz=" + r'; y="\\"'])
@pytest.mark.parametrize("path", ["/api/v1/codes/?text=room%20exist", "/api/v1/search/?q=%E6%88%BF%E9%97%B4"])
def test_the_charset_of_a_content_type_changes_no_answer_for_others(caching, path, charset):
    make.code("660300001", description="The room does not exist. 房间")
    before = ask(path, CONTENT_TYPE=f"text/plain; charset={charset}")
    assert b"660300001" in before.body
    assert ask(path).body == before.body
