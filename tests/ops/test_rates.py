"""Leases of a rate: together all processes admit exactly the rate, in each minute, to each caller."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import OperationalError, connection

from kb.api.framework import throttle
from kb.models import Bearer, Quota
from kb.ops import rates
from tests import make

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def clock(monkeypatch):
    """Noon, standing still."""
    clock = SimpleNamespace(now=NOON, seconds=100.0)
    monkeypatch.setattr(rates, "time", SimpleNamespace(time=lambda: clock.now, monotonic=lambda: clock.seconds))
    return clock


def admitted(times, rate, caller="token:1"):
    return sum(not rates.wait_for(caller, rate) for _ in range(times))


@pytest.mark.parametrize("rate", [1, 2, 49, 50, 51, 100, 101, 149])
def test_exactly_the_rate_is_admitted_in_each_minute(clock, rate):
    assert admitted(rate + 3, rate) == rate
    clock.now += 59.9
    assert admitted(1, rate) == 0
    clock.now += 0.1
    assert admitted(rate + 1, rate) == rate


def test_a_rate_of_zero_is_no_limit(clock, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert admitted(100, 0) == 100


@pytest.mark.parametrize(("rate", "writes"), [(1, 1), (49, 49), (50, 50), (99, 99), (100, 50), (149, 75), (150, 50)])
def test_a_lease_is_a_fiftieth_of_the_rate(clock, rate, writes, monkeypatch):
    parts, add = [], rates._add
    monkeypatch.setattr(rates, "_add", lambda window, caller, part: parts.append(part) or add(window, caller, part))
    admitted(rate, rate)
    assert (len(parts), set(parts)) == (writes, {max(1, rate // 50)})


def test_a_refused_caller_causes_no_more_writes(clock, django_assert_num_queries):
    assert admitted(4, 3) == 3
    with django_assert_num_queries(0):
        assert admitted(5, 3) == 0


@pytest.mark.parametrize("rate", [1, 50, 125])
def test_processes_together_admit_the_rate_whoever_asks(clock, rate, monkeypatch):
    processes, total = [{}, {}, {}], 0
    for n in range(rate * 2 + 6):
        monkeypatch.setattr(rates, "_leases", processes[n % 3])
        total += not rates.wait_for("token:1", rate)
    assert total == rate


@pytest.mark.parametrize(("second", "wait"), [(0, 60), (0.9, 60), (1, 59), (59, 1), (59.9, 1)])
def test_the_wait_ends_with_the_minute(clock, second, wait):
    clock.now = NOON + second
    admitted(1, 1)
    assert rates.wait_for("token:1", 1) == wait


def test_each_caller_has_a_lease_of_their_own(clock):
    assert admitted(3, 2, "token:1") == 2
    assert admitted(3, 2, "token:2") == 2


def test_a_process_keeps_the_leases_of_ten_thousand_callers(clock, monkeypatch):
    assert rates._MAX_CALLERS == 10_000
    monkeypatch.setattr(rates, "_MAX_CALLERS", 2)
    for caller in "ab":
        rates.wait_for(caller, 2)
    assert set(rates._leases) == {"a", "b"}
    rates.wait_for("a", 2)
    assert set(rates._leases) == {"a", "b"}
    rates.wait_for("c", 2)
    assert set(rates._leases) == {"c"}


def test_quotas_of_two_minutes_are_kept(clock):
    for _ in range(4):
        admitted(1, 1)
        clock.now += rates.WINDOW
    assert sorted(Quota.objects.values_list("window", flat=True)) == [int(NOON) + 120, int(NOON) + 180]


def test_old_quotas_are_deleted_once_a_minute_per_caller(clock):
    Quota.objects.create(window=0, caller="old", taken=1)
    admitted(1, 2)
    assert not Quota.objects.filter(caller="old").exists()
    Quota.objects.create(window=0, caller="old", taken=1)
    admitted(1, 2)
    assert Quota.objects.filter(caller="old").exists()


@pytest.fixture
def redis(settings, monkeypatch):
    """A cache that counts in memory, in the place of Redis."""
    settings.REDIS_URL = "redis://nowhere:6379/0"
    cache.clear()
    yield cache
    cache.clear()


def test_redis_counts_in_the_place_of_the_database(clock, redis, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert admitted(53, 50) == 50
        clock.now += rates.WINDOW
        assert admitted(53, 50) == 50


def test_counts_in_redis_outlive_their_minute_and_no_more(clock, redis, monkeypatch):
    timeouts = []
    monkeypatch.setattr(rates.cache, "add", lambda key, value, timeout: timeouts.append((key, value, timeout)))
    monkeypatch.setattr(rates.cache, "incr", lambda key, part: part)
    admitted(1, 50)
    assert timeouts == [(f"quota:{int(NOON)}:token:1", 0, 120)]


def test_redis_that_fails_rests_for_five_seconds(clock, redis, monkeypatch, caplog):
    calls = []

    def fail(*arguments):
        calls.append(clock.seconds)
        raise OSError("away")

    monkeypatch.setattr(rates, "_add_in_redis", fail)
    for seconds in (100.0, 104.9, 105.0):
        clock.seconds = seconds
        assert rates.wait_for("token:1", 50) == 0
    assert calls == [100.0, 105.0]
    assert Quota.objects.get().taken == 3
    assert caplog.messages == ["Redis does not answer, the database counts rates: OSError"] * 2


def test_a_rate_that_cannot_be_counted_is_a_lease(clock, caplog):
    def fail(execute, sql, params, many, context):
        raise OperationalError("the secret of the database")

    with connection.execute_wrapper(fail):
        assert admitted(4, 100) == 4
    assert caplog.messages == ["a rate is not counted: OperationalError"] * 2


def address(of, **more):
    return {"REMOTE_ADDR": of, **more}


SAME = [
    ("192.0.2.1", "192.0.2.1", True),
    ("192.0.2.1", "192.0.2.2", False),
    ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),
    ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
    ("x" * 100 + "a", "x" * 100 + "b", True),
    ("x" * 99 + "a", "x" * 99 + "b", False),
]


@pytest.mark.parametrize(("one", "other", "is_same"), SAME)
def test_callers_without_a_login_are_told_apart_by_their_network(one, other, is_same):
    callers = {throttle.caller_of(address(of), None) for of in (one, other)}
    assert (len(callers) == 1) is is_same
    assert not any(one in caller for caller in callers)


def test_the_hash_of_an_address_depends_on_the_secret_key(settings):
    first = throttle.caller_of(address("192.0.2.1"), AnonymousUser())
    settings.SECRET_KEY = "another key"
    assert throttle.caller_of(address("192.0.2.1"), AnonymousUser()) != first


def test_a_caller_is_a_token_before_a_user_before_an_address(agent, settings):
    settings.KB_API_RATE_ANONYMOUS, settings.KB_API_RATE_KNOWN = 3, 5
    bearer = Bearer.objects.get(pk=agent.pk)
    bearer.token_id = 7
    people = [
        (bearer, "token:7", 5),
        (agent, f"user:{agent.pk}", 5),
        (AnonymousUser(), "address:", 3),
        (None, "address:", 3),
    ]
    for person, begin, rate in people:
        assert throttle.caller_of(address("192.0.2.1"), person).startswith(begin)
        assert throttle.rate_of(person) == rate
    assert throttle.caller_of({}, make.user("other")).startswith("user:")


@pytest.mark.parametrize(
    ("count", "forwarded", "expected"),
    [
        (0, "198.51.100.1, 203.0.113.9", "192.0.2.1"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (3, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (1, "", "192.0.2.1"),
        (1, " , 203.0.113.9 ,", "203.0.113.9"),
    ],
)
def test_a_forwarded_address_counts_as_far_as_the_sites_own_proxies_go(settings, count, forwarded, expected):
    settings.PROXY_COUNT = count
    environ = address("192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert rates.client_address.address_in(environ) == expected
