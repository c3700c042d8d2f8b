"""Answers carry validators, memory gives them again until something changes, and never to whom they are not for."""

import gzip
import io
import json
import threading
import time
from datetime import timedelta
from wsgiref.util import setup_testing_defaults

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.http import parse_http_date

from config.wsgi import application
from kb.api.framework import generation, response_cache, throttle
from kb.models import Audience, CodeUse, Door
from kb.models.visibility import reader
from kb.services import journal, tokens, usage
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make

READS = ["tables/", "codes/", "codes/1/", "notes/", "incidents/", "search/?q=660300001", "schema/"]


class Said:
    """What the site answered, as it goes over the wire."""

    def __init__(self, status, headers, body):
        self.status = int(status.split()[0])
        self.headers = dict(headers)
        self.body = body

    @property
    def codes(self):
        return sorted(code["code"] for code in json.loads(self.body)["results"])


def ask(path="/api/v1/codes/", token="", method="GET", **headers):
    """Ask the whole site, memory in front."""
    path, _, query = path.partition("?")
    environ = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method, "HTTP_HOST": "testserver"}
    environ |= {"wsgi.input": io.BytesIO(), "REMOTE_ADDR": "192.0.2.1"}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    if token:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    setup_testing_defaults(environ)
    said = []
    chunks = application(environ, lambda status, headers, *error: said.extend([status, headers]))
    body = b"".join(chunks)
    getattr(chunks, "close", lambda: None)()
    return Said(*said, body)


@pytest.fixture
def remembering(transactional_db, settings):
    """The memory is on, and nothing in it is another test's."""
    settings.KB_API_CACHE_MEGABYTES = 1
    generation._generations.clear()
    response_cache.responses.clear()
    yield settings
    generation._generations.clear()
    response_cache.responses.clear()


@pytest.fixture
def code(remembering):
    make.code("2", make.table("hidden", audience=Audience.INTERNAL))
    return make.code("1")


def edit(code, words):
    code.refresh_from_db()
    by = By(make.User.objects.filter(username="editor").first() or make.user("editor", "editor"), Door.SHELL)
    edit_code(code, code.version, {"description": words}, by)


@pytest.mark.django_db
@pytest.mark.parametrize("path", READS)
def test_a_read_has_validators_and_is_not_sent_twice(client, agent, path):
    code = make.code("660300001", pk=1)
    make.note("Room is gone", code)
    edit(code, "Gone.")
    first = client.get(f"/api/v1/{path}")
    assert first.status_code == 200
    assert parse_http_date(first["Last-Modified"]) <= time.time()
    for given in (first["ETag"], f'"other", {first["ETag"]}', first["ETag"].removeprefix("W/")):
        again = client.get(f"/api/v1/{path}", headers={"If-None-Match": given})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["Vary"] == first["Vary"]
    edit(code, "Gone for good.")
    assert client.get(f"/api/v1/{path}", headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.django_db
def test_a_validator_is_of_one_reader_one_address_one_host_and_one_day(client, agent, time_machine):
    make.code("1")
    etags = [client.get(f"/api/v1/codes/{query}")["ETag"] for query in ("", "?page_size=1")]
    etags.append(client.get("/api/v1/codes/", headers={"Host": "localhost"})["ETag"])
    time_machine.move_to(timezone.now() + timedelta(days=1))
    etags.append(client.get("/api/v1/codes/")["ETag"])
    client.force_login(agent)
    etags.append(client.get("/api/v1/codes/")["ETag"])
    assert len(set(etags)) == 5


@pytest.mark.django_db
def test_an_error_has_no_validator_and_is_kept_by_nobody(client):
    answer = client.get("/api/v1/codes/?cod=3")
    assert "ETag" not in answer
    assert answer["Cache-Control"] == "private, no-cache"


@pytest.mark.django_db
def test_who_may_keep_an_answer(client, agent):
    secret = tokens.create(agent, "bot", ["read_public"], None)[1]
    assert client.get("/api/v1/codes/")["Cache-Control"] == "public, max-age=10, must-revalidate"
    with_token = client.get("/api/v1/codes/", headers={"Authorization": f"Bearer {secret}"})
    assert with_token["Cache-Control"] == "private, no-cache"


def test_an_answer_is_made_once_for_all_who_may_read_the_same(code, agent):
    one, two = (tokens.create(agent, name, ["read_internal"], None)[1] for name in "ab")
    first = ask(token=one)
    reader(tokens.bearer(two))
    with CaptureQueriesContext(connection) as asked:
        again = ask(token=two)
    assert len(asked) <= 1
    assert (again.status, again.body) == (200, first.body)
    assert first.codes == ["1", "2"]


def test_a_304_costs_one_query_at_most(code, agent):
    secret = tokens.create(agent, "bot", ["read_internal"], None)[1]
    etags = {token: ask(token=token).headers["ETag"] for token in ("", secret)}
    for token, etag in etags.items():
        generation._generations.clear()
        with CaptureQueriesContext(connection) as asked:
            held = ask(token=token, if_none_match=etag)
        assert (held.status, held.body, held.headers["ETag"]) == (304, b"", etag)
        assert "Content-Type" not in held.headers
        assert len(asked) <= 1
        response_cache.responses.clear()
        generation._generations.clear()
        with CaptureQueriesContext(connection) as asked:
            assert ask(token=token, if_none_match=etag).status == 304
        assert len(asked) <= 1, "out of memory, too"


def test_the_public_gets_nothing_that_a_token_warmed(code, agent):
    secret = tokens.create(agent, "bot", ["read_internal"], None)[1]
    for _ in range(2):
        assert ask(token=secret).codes == ["1", "2"]
        assert ask().codes == ["1"]
        assert ask(token="nonsense").status == 401
        assert ask(cookie="sessionid=stale").codes == ["1"]


def test_memory_ends_with_public_reading(code, remembering):
    assert ask().status == 200
    remembering.KB_PUBLIC_READ = False
    assert ask().status == 401


def test_memory_ends_with_the_token(code, agent):
    token, secret = tokens.create(agent, "bot", ["read_internal"], None)
    assert [ask(token=secret).status for _ in range(2)] == [200, 200]
    tokens.revoke(token)
    assert ask(token=secret).status == 401


def test_a_change_is_seen_at_once_by_the_process_that_made_it(code):
    assert "Gone." not in ask().body.decode()
    for words in ("Gone.", "Gone again."):
        edit(code, words)
        assert words in ask().body.decode()


def test_a_change_by_another_process_is_seen_within_a_second(code, monkeypatch):
    ask()
    # As another process writes: nothing in this one hears of it.
    monkeypatch.setattr(journal, "_move", lambda: None)
    edit(code, "Gone.")
    seen = time.monotonic() + 1.2
    while "Gone." not in ask().body.decode():
        assert time.monotonic() < seen
        time.sleep(0.05)


def test_what_a_transaction_has_not_committed_is_kept_for_nobody(code):
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


def test_long_answers_are_packed_once_and_short_ones_never(code):
    for n in range(3, 20):
        make.code(str(n))
    plain, packed = ask(), ask(accept_encoding="br, gzip")
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["Content-Length"] == str(len(packed.body))
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Content-Encoding" not in ask("/api/v1/codes/?page_size=1&fields=code", accept_encoding="gzip").headers
    assert "Content-Encoding" not in ask(accept_encoding="gzip;q=0").headers


def test_head_has_the_headers_of_get(code):
    asked = ask()
    for _ in range(2):
        head = ask(method="HEAD")
        assert (head.body, head.headers["Content-Length"]) == (b"", asked.headers["Content-Length"])


def test_each_answer_has_a_request_id_of_its_own(code):
    ids = [ask().headers["X-Request-ID"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert ask(x_request_id="mine").headers["X-Request-ID"] == "mine"


def test_an_answer_from_memory_has_every_header_of_one_that_was_made(code):
    made, remembered = ask(), ask()
    assert {name for name in made.headers if made.headers[name] != remembered.headers.get(name)} == {"X-Request-ID"}
    assert list(remembered.headers) == list(made.headers)


def test_lookups_from_memory_are_counted(code):
    for _ in range(3):
        assert ask(f"/api/v1/codes/{code.pk}/").status == 200
    usage.flush()
    assert CodeUse.objects.get(code=code).lookups == 3


def test_answers_from_memory_count_against_the_rate(code, remembering):
    remembering.KB_API_RATE_ANONYMOUS = 3
    throttle._leases.clear()
    assert sorted(ask().status for _ in range(5))[:3] == [200, 200, 200]
    assert ask().status == 429


def test_memory_is_bounded(code):
    make.code("long", description="x" * 60_000)
    for size in range(2, 22):
        ask(f"/api/v1/codes/?page_size={size}")
    kept = len(response_cache.responses._entries)
    assert 2**19 < response_cache.responses._size <= 2**20
    assert kept < 20
    ask("/api/v1/codes/?page_size=21")
    assert len(response_cache.responses._entries) == kept


def test_an_answer_is_kept_for_its_host_and_scheme_alone(code, remembering):
    remembering.ALLOWED_HOSTS = ["testserver", "other"]
    assert b"http://testserver/" in ask().body
    assert b"http://other/" in ask(host="other").body
    assert ask(host="evil").status == 400
    assert b"http://testserver/" in ask(x_forwarded_proto="https").body


def test_a_connection_that_broke_is_no_error(code):
    ask()
    generation._generations.clear()
    connection.close()

    def fail(*args, **kwargs):
        raise OSError("away")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("kb.api.framework.response_cache.generation", fail)
        assert ask().codes == ["1"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has pools")
def test_a_thread_that_answers_from_memory_keeps_no_connection(code):
    """A pool's connection that it kept would be nobody's again, and soon the pool would have none."""
    found = []

    def read():
        connection.settings_dict = connection.settings_dict | {"CONN_MAX_AGE": 0}
        for _ in range(2):
            # Each asks the database whether what is in memory still holds.
            generation._generations.clear()
            found.append((ask("/api/v1/codes/").status, connection.connection))
        connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == [(200, None), (200, None)]
