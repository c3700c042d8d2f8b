"""Callers have a rate limit across all processes; no request is refused because counting fails."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, connections

from kb.models import Quota
from kb.ops.rates import wait_for
from kb.services import tokens
from tests import ROOT
from tests.api.whole_site import ask

NOON = datetime(2026, 3, 3, 12, 0, 10, tzinfo=UTC)


@pytest.fixture
def rates(settings, time_machine):
    settings.KB_API_RATE_ANONYMOUS, settings.KB_API_RATE_KNOWN = 3, 5
    time_machine.move_to(NOON, tick=False)
    return settings


def statuses(client, times, **extra):
    return [client.get("/api/v1/codes/", **extra).status_code for _ in range(times)]


@pytest.mark.django_db
def test_more_than_the_rate_is_refused_until_the_next_window(client, rates, time_machine):
    assert statuses(client, 5) == [200, 200, 200, 429, 429]
    refused = client.get("/api/v1/codes/")
    assert (refused["Retry-After"], refused["Content-Type"]) == ("50", "application/problem+json")
    time_machine.move_to(NOON + timedelta(seconds=50))
    assert statuses(client, 1) == [200]


@pytest.mark.django_db
def test_each_answer_tells_the_rate_and_what_is_left(client, rates, agent):
    answers = [client.get("/api/v1/codes/") for _ in range(4)]
    assert [answer["RateLimit"] for answer in answers] == [f'"default";r={left};t=50' for left in (2, 1, 0, 0)]
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"default";q=3;w=60'}
    assert client.get("/api/v1/codes/?cod=1")["RateLimit"] == '"default";r=0;t=50'
    token = client.get("/api/v1/codes/?cod=1", headers={"authorization": f"Bearer {secret_of(agent)}"})
    assert (token.status_code, token["RateLimit-Policy"], token["RateLimit"]) == (
        400,
        '"default";q=5;w=60',
        '"default";r=4;t=50',
    )
    rates.KB_API_RATE_ANONYMOUS = 0
    assert "RateLimit" not in client.get("/api/v1/codes/")


@pytest.mark.django_db
def test_the_layer_in_front_tells_the_same(caching, rates):
    answers = [ask("/api/v1/codes/").headers for _ in range(3)]
    assert [answer["RateLimit"] for answer in answers] == [f'"default";r={left};t=50' for left in (2, 1, 0)]


@pytest.mark.django_db
def test_a_refusal_says_the_rate_and_that_a_token_raises_it(client, rates, agent):
    statuses(client, 3)
    detail = client.get("/api/v1/codes/").json()["detail"]
    assert detail == "You sent more than 3 requests in a minute. Wait 50 seconds. A token raises the rate to 5."
    headers = {"authorization": f"Bearer {secret_of(agent)}"}
    answers = [client.get("/api/v1/codes/", headers=headers) for _ in range(6)]
    assert "more than 5 requests in a minute. Wait 50 seconds. This is the rate of a token." in answers[-1].text
    rates.KB_API_RATE_KNOWN = 0
    assert client.get("/api/v1/codes/").json()["detail"].endswith("A token has no limit.")


def secret_of(person):
    return tokens.create(person, "bot", ["read_public"], None)[1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "is_refused"),
    [("192.0.2.1", True), ("192.0.2.2", False), ("2001:db8:1:2:3::4", False), ("nonsense", False)],
)
def test_each_address_has_its_own_rate(client, rates, address, is_refused):
    statuses(client, 3, REMOTE_ADDR="192.0.2.1")
    assert (statuses(client, 1, REMOTE_ADDR=address) == [429]) is is_refused


@pytest.mark.django_db
def test_addresses_of_one_ipv6_network_count_together(client, rates):
    statuses(client, 3, REMOTE_ADDR="2001:db8::1")
    assert statuses(client, 1, REMOTE_ADDR="2001:db8::ffff") == [429]


@pytest.mark.django_db
@pytest.mark.parametrize(("behind_proxy", "expected"), [(False, [200] * 3 + [429] * 2), (True, [200] * 5)])
def test_a_forwarded_address_counts_only_behind_a_proxy(client, rates, behind_proxy, expected):
    rates.PROXY_COUNT = int(behind_proxy)
    results = [statuses(client, 1, HTTP_X_FORWARDED_FOR=f"192.0.2.9, 192.0.2.{n}")[0] for n in range(5)]
    assert results == expected


@pytest.mark.django_db
def test_a_token_has_its_own_rate_from_any_address(client, rates, agent):
    one, other = (
        {"HTTP_AUTHORIZATION": f"Bearer {tokens.create(agent, name, ['read_public'], None)[1]}"} for name in "ab"
    )
    assert statuses(client, 3, **one) + statuses(client, 3, REMOTE_ADDR="192.0.2.7", **one) == [200] * 5 + [429]
    assert statuses(client, 1, **other) == [200]


@pytest.mark.django_db
def test_no_address_is_stored(client, rates):
    statuses(client, 1, REMOTE_ADDR="192.0.2.1")
    assert "192" not in Quota.objects.get().caller


@pytest.mark.django_db
def test_past_windows_are_deleted(client, rates, time_machine):
    statuses(client, 1)
    time_machine.move_to(NOON + timedelta(hours=1))
    statuses(client, 1)
    assert Quota.objects.count() == 1


@pytest.mark.django_db
def test_a_failure_to_count_refuses_no_request(client, rates):
    def fail(execute, sql, params, many, context):
        if "kb_quota" in sql:
            raise OperationalError("the database is busy")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        assert statuses(client, 10) == [200] * 10


@pytest.mark.django_db
def test_a_large_rate_takes_one_write_for_many_reads(rates, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        assert [wait_for("token:1", 1000) for _ in range(20)] == [0] * 20


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_processes_share_a_rate():
    # The same time for both: if a minute ended between them, each would have the full rate.
    count = "\n".join(
        [
            "import os, types, django",
            "from django.conf import settings",
            "settings.DATABASES['default']['NAME'] = os.environ['TEST_NAME']",
            "django.setup()",
            "from kb.ops import rates",
            f"rates.time = types.SimpleNamespace(time=lambda: {NOON.timestamp()})",
            "print(sum(not rates.wait_for('token:1', 100) for _ in range(80)))",
        ]
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_NAME": str(connection.settings_dict["NAME"]),
    }
    admitted = [
        subprocess.Popen([sys.executable, "-c", count], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    # A lease is two requests: the process that is refused first may leave one unused.
    assert sum(int(process.communicate()[0]) for process in admitted) in range(98, 101)


@pytest.mark.django_db(transaction=True)
def test_a_reader_does_not_wait_behind_a_long_write(rates):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has one writer")
    writing, finished = threading.Event(), threading.Event()

    def write():
        with connection.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            writing.set()
            finished.wait(10)
            cursor.execute("ROLLBACK")
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    writing.wait(10)
    try:
        assert wait_for("token:1", 1) == 0, "admitted without being counted"
    finally:
        finished.set()
        writer.join()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone()[0] > 1000, "everybody else waits as before"
