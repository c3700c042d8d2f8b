"""An answer from memory is the answer that Django would give: to every reader, after every change, at every address."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from config.wsgi import site
from kb.api.framework import generation, http_cache
from kb.api.framework.front import Front
from kb.api.framework.http_cache import address_of, etag_of
from kb.api.resources.first_reads import find
from kb.models import ApiToken
from kb.models.sql import is_postgres, run
from kb.models.visibility import Reader
from kb.ops.replicas.router import read_database
from kb.services import tokens
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make
from tests.api.conftest import forget
from tests.api.whole_site import ask, environ_of, hits, is_from_memory, session_of

pytestmark = pytest.mark.wide

EVENING = datetime(2026, 3, 3, 23, 59, 50, tzinfo=UTC)
SOON = timedelta(days=1)
PATHS = {True: ["codes/{hidden}/", "notes/?count=1"], False: ["notes/?count=1"]}
FROM_MEMORY = {"public", "token public", "token internal", "token both", "token in capitals", "token of a stranger"}


@pytest.fixture
def hidden(caching):
    """A code and a note for everybody, and better matches that are internal."""
    hidden = make.code("1", make.table("hidden", audience="internal"), description="Hush, room does not exist.")
    make.note("Hush", hidden, audience="internal")
    make.note("Room is gone", make.code("2"))
    return hidden


def secret_of(user, *scopes, lives=SOON):
    return tokens.create(user, "bot", list(scopes), timezone.now() + lives)[1]


def spoilt(user, **values):
    secret = secret_of(user, "read_internal")
    ApiToken.objects.filter(digest=tokens.digest(secret)).update(**values)
    return secret


@pytest.fixture
def readers(hidden, agent, stranger):
    """What each kind of reader sends, those who may read most first."""
    past, left = timezone.now() - SOON, make.user("left", "agent")
    secret = secret_of(left, "read_internal")
    make.User.objects.filter(pk=left.pk).update(is_active=False)
    return {
        "session of an agent": {"cookie": session_of(agent)},
        "token internal": {"token": secret_of(agent, "read_internal")},
        "token both": {"token": secret_of(agent, "read_internal", "read_public")},
        "token in capitals": {"authorization": f"BEARER  {secret_of(agent, 'read_internal')} "},
        "token public": {"token": secret_of(agent, "read_public")},
        "token of a stranger": {"token": secret_of(stranger, "read_internal")},
        "session of a stranger": {"cookie": session_of(stranger)},
        "public": {},
        "cookie of nobody": {"cookie": "sessionid=stale"},
        "token for detection": {"token": secret_of(agent, "detect")},
        "expired token": {"token": spoilt(agent, expires_at=past)},
        "revoked token": {"token": spoilt(agent, revoked_at=past)},
        "token of somebody who left": {"token": secret},
        "unknown token": {"token": "nonsense"},
        "other scheme": {"authorization": f"Basic {secret_of(agent, 'read_internal')}"},
    }


@pytest.mark.parametrize("is_open", [True, False])
def test_memory_never_changes_what_a_reader_gets(hidden, readers, caching, is_open):
    caching.KB_PUBLIC_READ = is_open
    places = [f"/api/v1/{path.format(hidden=hidden.pk)}" for path in PATHS[is_open]]
    requests = {
        (who, path): {"path": path, "x_request_id": "same", **readers[who]} for path in places for who in readers
    }
    caching.KB_API_CACHE_MEGABYTES = 0
    expected = {key: ask(**request).parts for key, request in requests.items()}
    assert hits() == (before := hits())
    caching.KB_API_CACHE_MEGABYTES = 1
    for _ in range(2):
        answers = {key: ask(**request).parts for key, request in requests.items()}
        assert {key for key in answers if answers[key] != expected[key]} == set()
    assert hits() > before
    assert len({body for _, _, body in expected.values()}) > len(places), "the readers get different answers"


def test_memory_answers_tokens_and_the_public_alone(readers, caching):
    for request in readers.values():
        ask(**request)
    assert {who for who, request in readers.items() if is_from_memory(**request)} == FROM_MEMORY
    caching.KB_PUBLIC_READ = False
    assert {who for who, request in readers.items() if is_from_memory(**request)} == FROM_MEMORY - {"public"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_memory_answers_reads_alone(hidden, method):
    ask()
    assert not is_from_memory(method=method)
    assert ask(method=method).parts[2] != ask().body


def change_token(**values):
    ApiToken.objects.update(**values)


def change_person(**values):
    make.User.objects.filter(username="agent").update(**values)


ENDINGS = {
    "revoked": (lambda clock: change_token(revoked_at=timezone.now()), 401),
    "expired": (lambda clock: clock.shift(SOON.total_seconds()), 401),
    "not yet expired": (lambda clock: clock.shift(SOON.total_seconds() - 1), ["1", "2"]),
    "deleted": (lambda clock: ApiToken.objects.all().delete(), 401),
    "limited to the public": (lambda clock: change_token(scopes=["read_public"]), ["2"]),
    "limited to detection": (lambda clock: change_token(scopes=["detect"]), 403),
    "its person deactivated": (lambda clock: change_person(is_active=False), 401),
    "its person without a role": (lambda clock: make.User.objects.get(username="agent").groups.clear(), ["2"]),
    "its person deleted": (lambda clock: make.User.objects.filter(username="agent").delete(), 401),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_memory_ends_with_the_rights_of_a_token(hidden, agent, monkeypatch, time_machine, ending):
    monkeypatch.setattr(tokens, "KEPT_SECONDS", 0)
    time_machine.move_to(EVENING.replace(hour=0), tick=False)
    secret, (end, expected) = secret_of(agent, "read_internal"), ENDINGS[ending]
    assert (ask(token=secret).codes, is_from_memory(token=secret)) == (["1", "2"], True)
    end(time_machine)
    answer = ask(token=secret)
    assert (answer.codes if isinstance(expected, list) else answer.status) == expected


def test_a_review_falls_due_at_midnight(hidden, agent, time_machine):
    note, path = (
        make.note("Review me", review_on=EVENING.date() + timedelta(days=1)),
        "/api/v1/notes/?due=true&fields=id",
    )
    time_machine.move_to(EVENING, tick=False)
    secret = secret_of(agent, "read_internal", lives=timedelta(days=9))
    before = ask(path, secret)
    assert (before.body.count(b'"id"'), is_from_memory(path=path, token=secret)) == (0, True)
    time_machine.shift(10)
    # A second later, another process or this one: the day is read again.
    generation._generations.clear()
    after = ask(path, secret, if_none_match=before.headers["ETag"])
    assert (after.status, after.body.count(f'"id":{note.pk}'.encode())) == (200, 1)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_the_day_of_an_answer_is_the_sites_own(db, time_machine, zone):
    for hour, day in ((0, 3), (12, 3), (23, 3)):
        time_machine.move_to(EVENING.replace(hour=hour), tick=False)
        with timezone.override(zone):
            assert generation.generation().day.day == day


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still."""

    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(generation, "time", clock)
    return clock


def test_a_generation_is_read_again_after_a_second_and_after_a_write(
    caching, clock, monkeypatch, django_assert_num_queries
):
    with django_assert_num_queries(1):
        generation.generation()
        clock.now += generation.TRUST_SECONDS - 0.001
        generation.generation()
    with django_assert_num_queries(1):
        clock.now += 0.001
        generation.generation()
    move = generation.journal.moves() + 1
    monkeypatch.setattr(generation.journal, "moves", lambda: move)
    with django_assert_num_queries(1):
        generation.generation()
        generation.generation()


@pytest.mark.parametrize("what", ["a write", "a second"])
def test_a_generation_is_as_old_as_the_start_of_its_query(caching, clock, what):
    def happen(execute, *arguments):
        rows = execute(*arguments)
        if what == "a write":
            generation.journal._move()
        else:
            clock.now += generation.TRUST_SECONDS
        return rows

    with connections["default"].execute_wrapper(happen):
        now = generation.generation()
    assert not now.is_trusted


def test_an_answer_is_as_old_as_the_last_change(hidden, editor, time_machine, look_anew):
    time_machine.move_to(EVENING.replace(hour=0), tick=False)
    look_anew()
    code, by = hidden.__class__.objects.get(code="2"), By(editor, "shell")
    assert generation.generation().changed_at is None
    for hour in (1, 2):
        time_machine.move_to(EVENING.replace(hour=hour), tick=False)
        code = edit_code(code, code.version, {"description": f"Gone {hour}."}, by)
        assert generation.generation().changed_at == EVENING.replace(hour=hour)
        time_machine.shift(5)
        assert ask().headers["Last-Modified"] == f"Tue, 03 Mar 2026 0{hour}:59:50 GMT"


def test_a_change_of_another_process_is_visible_after_a_second(hidden, clock, editor, monkeypatch):
    assert "Gone." not in ask("/api/v1/codes/?code=2").body.decode()
    # Like a write of another process, which this one does not notice.
    monkeypatch.setattr(generation.journal, "_move", lambda: None)
    code = hidden.__class__.objects.get(code="2")
    edit_code(code, code.version, {"description": "Gone."}, By(editor, "shell"))
    clock.now += generation.TRUST_SECONDS
    assert "Gone." in ask("/api/v1/codes/?code=2").body.decode()


SITES = {
    "plain": {},
    "other host": {"host": "other"},
    "other port": {"host": "other:8080"},
    "encrypted by the proxy": {"x_forwarded_proto": "https"},
    "below a path": {"SCRIPT_NAME": "/kb"},
    "other list": {"path": "/api/v1/tables/"},
    "other query": {"path": "/api/v1/codes/?fields=id"},
    "indented": {"accept": "application/json; indent=2"},
    "from a page of another site": {"origin": "https://desk.example"},
    "from a page that is not allowed": {"origin": "https://evil.example"},
}


def at(site_name):
    request = {"x_request_id": "same", **SITES[site_name]}
    environ = {name: request.pop(name) for name in list(request) if name.isupper()}
    return ask(site=lambda base, start: Front(site, find)(base | environ, start), **request)


def test_each_site_and_format_has_its_own_answer(hidden, caching):
    caching.ALLOWED_HOSTS, caching.BEHIND_TLS_PROXY = ["testserver", "other"], True
    caching.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    caching.CORS_ALLOWED_ORIGINS = ["https://desk.example"]
    caching.KB_API_CACHE_MEGABYTES = 0
    expected = {name: at(name).parts for name in SITES}
    caching.KB_API_CACHE_MEGABYTES = 1
    before = hits()
    for _ in range(2):
        assert {name for name in SITES if at(name).parts != expected[name]} == set()
    # A page that is not allowed gets what everybody gets, from memory already the first time.
    assert hits() == before + len(SITES) + 1
    answers = [(body, headers.get("access-control-allow-origin")) for _, headers, body in expected.values()]
    assert len(set(answers)) == len(SITES) - 1


DIFFERENT = [
    *({name: "other"} for name in ("HTTP_HOST", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_ACCEPT")),
    {"wsgi.url_scheme": "https"},
    {"HTTP_X_FORWARDED_PROTO": "https"},
    {"HTTP_HOST": ""},
    {"HTTP_HOST": "", "SERVER_NAME": "other"},
    {"HTTP_HOST": "", "SERVER_PORT": "81"},
]


def test_an_address_has_every_part_that_an_answer_depends_on(settings):
    settings.BEHIND_TLS_PROXY = True
    base = environ_of("/api/v1/codes/")
    assert len({address_of(base | change) for change in DIFFERENT}) == len(DIFFERENT)
    assert address_of(base) not in {address_of(base | change) for change in DIFFERENT if change != {"HTTP_HOST": ""}}
    same = [{"HTTP_ACCEPT": accept} for accept in ("*/*", "application/json", "")] + [{"REMOTE_ADDR": "192.0.2.9"}]
    assert {address_of(base | change) for change in same} == {address_of(base)}
    settings.BEHIND_TLS_PROXY = False
    # Without a proxy the caller could send this header.
    assert address_of(base | {"HTTP_X_FORWARDED_PROTO": "https"}) == address_of(base)


def test_an_etag_has_every_part_that_an_answer_depends_on(monkeypatch):
    def state(sequence=1, day=EVENING, incarnation="a"):
        return generation.Generation(incarnation, sequence, None, day.date(), 0.0, 0)

    address = ("https", "codes")
    parts = [
        (state(), Reader.PUBLIC, address),
        (state(2), Reader.PUBLIC, address),
        (state(incarnation="b"), Reader.PUBLIC, address),
        (state(day=EVENING + SOON), Reader.PUBLIC, address),
        (state(), Reader.INTERNAL, address),
        (state(), Reader.PUBLIC, ("http", "codes")),
    ]
    etags = {etag_of(*part) for part in parts}
    monkeypatch.setattr(http_cache, "_CODE_HASH", "another release")
    assert len(etags | {etag_of(*parts[0])}) == len(parts) + 1


@pytest.fixture
def late_replica(hidden, settings, editor):
    """A replica that has not replayed the last edit yet."""
    settings.DATABASE_ROUTERS = ["kb.ops.replicas.router.Router"]
    connections["replica1"] = replica = connections["default"].copy("replica1")
    # Otherwise SQLite would take its only lock for writing.
    replica.settings_dict["OPTIONS"].pop("transaction_mode", None)
    with transaction.atomic(using="replica1"):
        if is_postgres():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", database=replica)
        run("SELECT count(*) FROM kb_change", database=replica)
        code = hidden.__class__.objects.get(code="2")
        edit_code(code, code.version, {"description": "Gone."}, By(editor, "shell"))
        yield
    read_database.set("default")
    replica.close()
    del connections["replica1"]


def test_each_database_has_its_own_generation_and_answers(late_replica):
    bodies = []
    for database in ("default", "replica1", "default", "replica1"):
        read_database.set(database)
        bodies.append("Gone." in ask("/api/v1/codes/?code=2").body.decode())
    assert bodies == [True, False, True, False]


def test_an_answer_of_a_late_replica_is_not_stored_as_the_latest(late_replica):
    def on_the_replica(environ, start_response):
        read_database.set("replica1")
        return site(environ, start_response)

    path = "/api/v1/codes/?code=2"
    assert "Gone." not in ask(path, site=Front(on_the_replica, find)).body.decode()
    read_database.set("default")
    forgotten = ask(path)
    assert "Gone." in forgotten.body.decode()
    forget()
