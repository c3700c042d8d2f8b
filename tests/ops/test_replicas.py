"""Which database answers: the primary writes, a fresh replica reads, and a writer reads their own writes."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.db import OperationalError, connections, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from kb.models import CodeTable
from kb.ops.replicas import requests, status, watch
from kb.ops.replicas.requests import COOKIE, ReplicaMiddleware, reads_only
from kb.ops.replicas.router import Router, read_database
from kb.ops.replicas.watch import MAX_LAG, State, Watch

REPLICAS = ["replica1", "replica2"]
FRESH = State({"replica1": 95, "replica2": 90}, primary=100, fresh_from=95)
AWAY = State({"replica1": 90, "replica2": 95}, primary=None, fresh_from=100)


@pytest.fixture(autouse=True)
def reads_from_the_primary():
    read_database.set("default")
    yield
    read_database.set("default")


@pytest.mark.parametrize(
    ("replicas", "primary", "fresh_from", "position", "expected"),
    [
        # A replica serves from the limit on, not one byte before it.
        ({"replica1": 95}, 100, 95, 0, "replica1"),
        ({"replica1": 94}, 100, 95, 0, "default"),
        # A writer waits for their own write, to the byte.
        ({"replica1": 97}, 100, 95, 97, "replica1"),
        ({"replica1": 97}, 100, 95, 98, "default"),
        # An old write does not make an old replica fresh.
        ({"replica1": 94}, 100, 95, 10, "default"),
        ({"replica1": 94, "replica2": 95}, 100, 95, 0, "replica2"),
        ({}, 100, 95, 0, "default"),
        # Without the primary, the replica that has replayed most answers, however old.
        ({"replica1": 50, "replica2": 49}, None, 95, 0, "replica1"),
        ({"replica1": 49, "replica2": 50}, None, 95, 99, "replica2"),
        ({}, None, 0, 0, "default"),
    ],
)
def test_a_request_reads_a_replica_that_is_fresh_enough(replicas, primary, fresh_from, position, expected):
    assert State(replicas, primary, fresh_from).choose(position) == expected


def test_each_thread_stays_on_one_replica_and_all_replicas_are_used(monkeypatch):
    state, chosen = State(dict.fromkeys(REPLICAS, 100), 100, 95), []
    for thread in (1, 1, 2, 2, 3):
        monkeypatch.setattr(watch, "threading", SimpleNamespace(get_ident=lambda thread=thread: thread))
        chosen.append(state.choose(0))
    assert chosen[0] == chosen[1] == chosen[4] != chosen[2] == chosen[3]


@pytest.fixture
def servers(settings, monkeypatch):
    """What each database answers: whether it is read-only, and its position; and the time."""
    settings.REPLICAS = REPLICAS
    answers = SimpleNamespace(now=1000.0, default=(False, 100), replica1=(True, 100), replica2=(True, 100))
    monkeypatch.setattr(watch, "_position", lambda handler, alias: getattr(answers, alias))
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: answers.now))
    return answers


def test_a_replica_is_fresh_if_it_has_what_the_primary_had_a_second_ago(servers):
    looks = Watch()
    positions = []
    for seconds, position in [(0, 10), (0.25, 20), (0.999, 30), (1.0, 40), (1.25, 50), (3.0, 60)]:
        servers.now, servers.default = 1000.0 + seconds * MAX_LAG, (False, position)
        positions.append(looks.look().fresh_from)
    # What is known of the past: at first the first position, then the latest that is at least a second old.
    assert positions == [10, 10, 10, 10, 20, 50]


def test_a_primary_that_does_not_answer_adds_nothing_to_the_past(servers):
    looks = Watch()
    looks.look()
    servers.now, servers.default = 1000.5, (False, 200)
    looks.look()
    servers.default = None
    assert looks.look().fresh_from == 100
    servers.now = 1009
    assert looks.look().fresh_from == 200
    assert Watch().look().fresh_from == 0


@pytest.mark.parametrize(
    ("answers", "primary", "replicas"),
    [
        ({}, 100, {"replica1": 100, "replica2": 100}),
        ({"replica1": None}, 100, {"replica2": 100}),
        ({"default": None}, None, {"replica1": 100, "replica2": 100}),
        # A primary that was replaced and came back as a replica takes no writes.
        ({"default": (True, 100)}, None, {"replica1": 100, "replica2": 100}),
        ({"replica2": (False, 70)}, 100, {"replica1": 100, "replica2": 70}),
    ],
)
def test_a_database_counts_if_it_answers_and_a_primary_if_it_takes_writes(servers, answers, primary, replicas):
    vars(servers).update(answers)
    state = Watch().look()
    assert (state.primary, state.replicas, state.is_primary_away) == (primary, replicas, primary is None)


def test_the_site_is_read_only_since_the_primary_went_away(servers, caplog):
    looks = Watch()
    assert looks.look().read_only_since is None
    servers.default = None
    since = looks.look().read_only_since
    assert since <= timezone.now()
    assert looks.look().read_only_since == since
    servers.default = (False, 101)
    assert looks.look().read_only_since is None
    looks.look()
    assert [record.getMessage() for record in caplog.records] == [
        "the primary database is away: reading only",
        "the primary database is back",
    ]


def test_one_thread_watches_and_another_replaces_it_after_a_fork(servers, monkeypatch):
    looks, threads, closed = Watch(), [], []
    alive = SimpleNamespace(now=True)

    def thread(**options):
        return SimpleNamespace(start=lambda: threads.append(options), is_alive=lambda: alive.now)

    monkeypatch.setattr(watch, "threading", SimpleNamespace(Thread=thread))
    monkeypatch.setattr(watch._own, "close_all", lambda: closed.append("all"))
    assert [looks.state().primary, looks.state().primary] == [100, 100]
    assert (threads, closed) == ([{"target": looks._run, "name": "replicas", "daemon": True}], ["all"])
    # A child process has the object and not the thread.
    alive.now = False
    looks.state()
    assert (len(threads), len(closed)) == (2, 2)


def test_a_database_that_fails_has_no_position_and_its_connection_is_closed():
    closed, asked = [], []

    def cursor():
        return nullcontext(SimpleNamespace(execute=asked.append, fetchone=lambda: (0, "70")))

    def fail():
        raise OperationalError("away")

    handler = {"replica1": SimpleNamespace(cursor=cursor, close=lambda: closed.append("replica1"))}
    assert (watch._position(handler, "replica1"), closed, len(asked)) == ((False, 70), [], 1)
    handler["replica1"].cursor = fail
    assert (watch._position(handler, "replica1"), closed) == (None, ["replica1"])


@pytest.mark.parametrize(("answer", "position"), [((False, 70), 70), ((True, 70), 70), (None, 0)])
def test_the_position_after_a_write_is_the_primarys(monkeypatch, answer, position):
    asked = []
    monkeypatch.setattr(watch, "_position", lambda handler, alias: asked.append((handler, alias)) or answer)
    assert watch.primary_position() == position
    assert asked == [(connections, "default")]


@pytest.mark.django_db(transaction=True)
def test_reads_of_a_transaction_and_all_writes_stay_on_the_primary():
    router = Router()
    read_database.set("replica1")
    assert (router.db_for_read(CodeTable), router.db_for_write(CodeTable)) == ("replica1", "default")
    with transaction.atomic():
        assert router.db_for_read(CodeTable) == "default"
    assert router.db_for_read(CodeTable) == "replica1"
    assert router.allow_relation(None, None)
    assert [router.allow_migrate(alias, "kb") for alias in ("default", "replica1")] == [True, False]


class Site:
    """A site with replicas in a state; it notes which database each request reads."""

    def __init__(self, monkeypatch, state, statuses=(200,), later=None):
        self.databases, self.statuses, self.looked = [], list(statuses), 0
        monkeypatch.setattr(requests, "primary_position", lambda: 77)
        monkeypatch.setattr(requests, "WATCH", SimpleNamespace(state=lambda: state, look_once=lambda: self.look(later)))
        self.site = ReplicaMiddleware(self.answer)

    def look(self, later):
        self.looked += 1
        return later

    def answer(self, request):
        self.request = request
        self.databases.append(read_database.get())
        return HttpResponse(status=self.statuses.pop(0))

    def ask(self, method="GET", path="/codes/", cookie=None, **extra):
        request = RequestFactory().generic(method, path, **extra)
        request.COOKIES = {} if cookie is None else {COOKIE: cookie}
        return self.site(request)


@pytest.fixture
def site(settings, monkeypatch):
    settings.REPLICAS = REPLICAS
    return lambda *arguments, **options: Site(monkeypatch, *arguments, **options)


def test_a_site_without_replicas_has_no_such_layer(settings):
    settings.REPLICAS = []
    with pytest.raises(MiddlewareNotUsed):
        ReplicaMiddleware(lambda request: HttpResponse())


@pytest.mark.parametrize(
    ("method", "path", "is_read"),
    [
        ("GET", "/admin/", True),
        ("HEAD", "/", True),
        ("OPTIONS", "/api/v1/codes/", True),
        ("POST", "/api/v1/lookup/", True),
        ("POST", "/api/v1/detect/", True),
        ("POST", "/detect/", True),
        ("POST", "/admin/login/", False),
        ("POST", "/nowhere/", False),
        ("PUT", "/api/v1/codes/", False),
        ("DELETE", "/api/v1/codes/", False),
    ],
)
def test_a_request_that_may_write_uses_the_primary_and_marks_its_writer(site, method, path, is_read):
    here = site(FRESH)
    answer = here.ask(method, path)
    assert here.databases == ["replica1" if is_read else "default"]
    assert here.request.reads_only is reads_only(here.request) is is_read
    assert (COOKIE in answer.cookies) is not is_read


@pytest.mark.parametrize("is_secure", [True, False])
def test_the_mark_of_a_writer_is_short_lived_and_out_of_reach_of_scripts(site, settings, is_secure):
    settings.SESSION_COOKIE_SECURE = is_secure
    mark = site(FRESH).ask("POST", "/nowhere/").cookies[COOKIE]
    assert (mark.value, mark["max-age"], mark["httponly"], mark["samesite"]) == ("77", 60, True, "Lax")
    assert bool(mark["secure"]) is is_secure


@pytest.mark.parametrize(
    ("cookie", "database"),
    [
        (None, "replica1"),
        ("", "replica1"),
        ("95", "replica1"),
        ("96", "default"),
        ("9" * 19, "default"),
        # A forged mark is no mark.
        ("9" * 20, "replica1"),
        ("-96", "replica1"),
        ("96.5", "replica1"),
        ("\u0669\u0669\u0669", "replica1"),
        ("\u00b2\u00b2\u00b2", "replica1"),
    ],
)
def test_a_writer_reads_the_primary_until_a_replica_has_their_write(site, cookie, database):
    here = site(FRESH)
    here.ask(cookie=cookie)
    assert here.databases == [database]


def test_without_the_primary_every_request_gets_the_furthest_replica_and_no_mark(site):
    for method in ("GET", "POST"):
        here = site(AWAY)
        assert COOKIE not in here.ask(method, "/nowhere/").cookies
        assert here.databases == ["replica2"]


GONE, BACK = State({"replica2": 100}, primary=100, fresh_from=95), State({"replica1": 95}, primary=100, fresh_from=95)


@pytest.mark.parametrize(
    ("method", "statuses", "later", "databases", "status"),
    [
        # The replica has gone: another database answers again.
        ("GET", [500, 200], GONE, ["replica1", "replica2"], 200),
        ("GET", [503, 503], GONE, ["replica1", "replica2"], 503),
        # The page itself fails: once is enough.
        ("GET", [500], BACK, ["replica1"], 500),
        ("GET", [404], GONE, ["replica1"], 404),
        ("GET", [499], GONE, ["replica1"], 499),
        # A write is never sent twice.
        ("POST", [500], GONE, ["default"], 500),
    ],
)
def test_a_read_is_answered_again_if_its_database_has_gone(site, method, statuses, later, databases, status):
    here = site(FRESH, statuses, later)
    connections["replica1"] = closed = SimpleNamespace(
        close=lambda: vars(closed).update(is_closed=True), is_closed=False
    )
    try:
        answer = here.ask(method, "/nowhere/")
    finally:
        del connections["replica1"]
    assert (answer.status_code, here.databases) == (status, databases)
    assert here.looked == ((method == "GET" and status >= 500) or len(databases) == 2)
    assert closed.is_closed is (len(databases) == 2)


@pytest.mark.django_db
def test_a_read_is_answered_by_a_replica_if_the_primary_has_gone(site):
    now = timezone.now()
    late = State({"replica1": 10}, primary=100, fresh_from=95)
    here = site(late, [500, 200], State({"replica1": 10}, None, 95, now))
    assert here.ask().status_code == 200
    assert here.databases == ["default", "replica1"]
    assert here.request.read_only_since == now
    # The primary answers: the page itself fails.
    here = site(late, [500], late)
    assert (here.ask().status_code, here.databases) == (500, ["default"])


def test_the_request_knows_since_when_the_site_is_read_only(site):
    since = timezone.now()
    here = site(State({"replica1": 1}, None, 0, since))
    here.ask()
    assert here.request.read_only_since == since


@pytest.mark.parametrize(
    ("state", "sentences"),
    [
        (State({"replica1": 95, "replica2": 100}, 100, 95), []),
        (FRESH, ["replica2 is more than 1 s behind and is not used."]),
        (
            State({"replica2": 1, "replica1": 2}, 100, 95),
            [f"{name} is more than 1 s behind and is not used." for name in REPLICAS],
        ),
        (State({"replica1": 95}, 100, 95), ["replica2 does not answer."]),
        (
            State({}, None, 95),
            [
                "The primary database is not available: reads work, writes do not.",
                "replica1 does not answer.",
                "replica2 does not answer.",
            ],
        ),
    ],
)
def test_problems_of_replicas_are_named(settings, monkeypatch, state, sentences):
    settings.REPLICAS = REPLICAS
    monkeypatch.setattr(status, "WATCH", SimpleNamespace(state=lambda: state))
    assert status.problems() == sentences


@pytest.mark.parametrize(
    ("state", "is_read_only", "serving", "behind"),
    [
        (FRESH, False, [1, 0], [5, 10]),
        (State({"replica1": 100}, 95, 95), False, [1, 0], [0]),
        (AWAY, True, [1, 1], []),
        (State({}, None, 95), False, [0, 0], []),
    ],
)
def test_metrics_have_what_each_database_does(settings, monkeypatch, state, is_read_only, serving, behind):
    settings.REPLICAS = REPLICAS
    monkeypatch.setattr(status, "WATCH", SimpleNamespace(state=lambda: state))
    samples = {figure.name: figure.samples for figure in status.figures()}
    values = {name: [sample.value for sample in parts] for name, parts in samples.items()}
    assert [one.labels["replica"] for one in samples["codebook_replica_serves"]] == REPLICAS
    assert {*samples["codebook_primary_up"][0].labels} == set()
    assert status.is_read_only() is is_read_only
    assert values == {
        "codebook_primary_up": [int(state.primary is not None)],
        "codebook_replica_serves": serving,
        "codebook_replica_behind_bytes": behind,
    }


def test_without_replicas_there_is_nothing_to_report(settings, monkeypatch):
    settings.REPLICAS = []
    monkeypatch.setattr(status, "WATCH", SimpleNamespace(state=lambda: AWAY))
    assert (status.problems(), status.is_read_only(), list(status.figures())) == ([], False, [])
