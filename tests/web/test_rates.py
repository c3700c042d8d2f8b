"""Rates of pages and log-ins: who sends too many is told so, before anything costs much."""

from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kb.ops import metrics, passwords, rates
from kb.web import rates as web_rates
from tests import make

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 3, 12, 0, 10, tzinfo=UTC)
FORGED = "sessionid=forged-and-long-enough-to-be-one"


@pytest.fixture(autouse=True)
def limits(settings, time_machine):
    """Small rates, and a clock that stands still."""
    settings.KB_PAGE_RATE_ANONYMOUS, settings.KB_PAGE_RATE_KNOWN, settings.KB_DETECT_RATE = 4, 6, 2
    settings.KB_LOGIN_RATE_ADDRESS, settings.KB_LOGIN_RATE_SITE = 3, 5
    time_machine.move_to(NOON, tick=False)
    return settings


@pytest.fixture
def hashes(monkeypatch):
    """The passwords that were hashed, in order."""
    hashed, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, password, salt: hashed.append(password) or encode(self, password, salt),
    )
    return hashed


def pages(times, path="/changes/", client=None, **extra):
    return [(client or Client()).get(path, **extra).status_code for _ in range(times)]


def log_in(name="nobody", password="wrong", address="192.0.2.1", client=None, **extra):
    fields = {"username": name, "password": password}
    return (client or Client()).post("/login/", fields, REMOTE_ADDR=address, **extra)


def test_more_pages_than_the_rate_are_refused_in_words_until_the_next_minute(time_machine):
    assert pages(6) == [200] * 4 + [429] * 2
    refused = Client().get("/changes/")
    assert refused["Retry-After"] == "50"
    page = refused.content.decode()
    assert "Too many pages in one minute" in page
    assert "Try again in a minute" in page
    assert refused["Content-Type"].startswith("text/html")
    for header in ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "X-Request-ID"):
        assert refused[header], header
    assert "no-store" in refused["Cache-Control"]
    time_machine.move_to(NOON + timedelta(seconds=50))
    assert pages(1) == [200]


@pytest.mark.parametrize(
    ("address", "status"),
    [("2001:db8::1", 429), ("2001:db8::ffff", 429), ("2001:db8:0:1::1", 200), ("192.0.2.1", 200)],
)
def test_strangers_count_by_address_and_ipv6_by_its_network(address, status):
    pages(4, REMOTE_ADDR="2001:db8::1")
    assert pages(1, REMOTE_ADDR=address) == [status]


@pytest.mark.parametrize(("proxies", "expected"), [(0, [200] * 4 + [429]), (1, [200] * 5)])
def test_a_forwarded_address_counts_only_behind_a_proxy(limits, proxies, expected):
    limits.PROXY_COUNT = proxies
    assert [pages(1, HTTP_X_FORWARDED_FOR=f"192.0.2.{n}")[0] for n in range(5)] == expected


def test_people_count_by_account_from_any_address(agent, editor):
    one, other = Client(), Client()
    one.force_login(agent)
    other.force_login(editor)
    pages(5)
    found = pages(3, client=one) + pages(4, client=one, REMOTE_ADDR="192.0.2.7")
    assert found == [200] * 6 + [429]
    assert pages(1, client=other) == [200]


@pytest.mark.parametrize("path", ["/changes/", "/nothing/", "/suggest/?q=1", "/a.json", "/admin/", "/login/"])
def test_a_forged_session_counts_by_its_address(path):
    assert pages(6, path, HTTP_COOKIE=FORGED)[4:] == [429, 429]
    assert pages(1) == [429], "with and without a cookie, the address has one rate"


@pytest.mark.parametrize("path", ["/suggest/?q=1", "/nothing/", "/llms.txt", "/admin/login/"])
def test_every_address_counts(path):
    assert pages(5, path, HTTP_HX_REQUEST="true")[4] == 429


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/v1/tables/", "/static/kb/codebook.css"])
def test_probes_static_files_and_the_api_do_not_count(path):
    assert pages(6, path) == [200] * 6
    assert pages(4) == [200] * 4
    assert pages(1, path) == [200], "they answer those whose pages are refused"


def test_zero_is_no_limit(limits, django_assert_num_queries):
    limits.KB_PAGE_RATE_ANONYMOUS = 0
    assert pages(10) == [200] * 10


def test_a_refusal_takes_no_query(agent, django_assert_num_queries):
    pages(5)
    with django_assert_num_queries(0):
        assert pages(2) == [429, 429]
    for _ in range(4):
        log_in()
    with django_assert_num_queries(0):
        assert log_in().status_code == 429


def test_a_page_within_the_first_tenth_of_the_rate_takes_no_query_more(limits, agent):
    client = Client()
    client.force_login(agent)
    counts = []
    for rate in (0, 600):
        limits.KB_PAGE_RATE_ANONYMOUS = limits.KB_PAGE_RATE_KNOWN = rate
        with CaptureQueriesContext(
            connection,
        ) as queries:
            pages(20)
            pages(20, client=client)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_one_process_admits_exactly_the_rate_also_with_free_requests(limits):
    limits.KB_PAGE_RATE_ANONYMOUS = 30
    assert sum(not rates.wait_for("page a", 30, 3) for _ in range(40)) == 30


def test_two_processes_admit_the_rate_and_at_most_the_free_requests_of_one(monkeypatch):
    processes, total = [{}, {}], 0
    for n in range(80):
        monkeypatch.setattr(rates, "_leases", processes[n % 2])
        total += not rates.wait_for("page a", 30, 3)
    assert 30 <= total <= 33


def detect(client=None, **extra):
    return (client or Client()).post("/detect/", {"text": "error 1"}, **extra)


def test_pasted_texts_have_a_tighter_rate_than_pages(agent):
    assert [detect().status_code for _ in range(3)] == [200, 200, 429]
    client = Client()
    client.force_login(agent)
    assert [detect(client).status_code for _ in range(3)] == [200, 200, 429]
    assert "Too many texts in one minute" in detect(client).content.decode()
    assert pages(1, "/detect/", client) == [200], "the empty form is a page"


def test_more_logins_than_the_rate_of_an_address_are_refused_before_any_hash(hashes):
    statuses = [log_in(f"n{n}").status_code for n in range(10)]
    assert statuses == [200] * 3 + [429] * 7
    assert len(hashes) == 3
    refused = log_in("n10")
    assert refused["Retry-After"] == "50"
    assert "Your password was not checked" in refused.content.decode()
    assert "sessionid" not in refused.cookies


def test_the_right_password_from_another_address_gets_in_during_a_flood(agent):
    for n in range(20):
        log_in(f"n{n}")
    assert log_in("agent", make.PASSWORD).status_code == 429
    assert log_in("agent", make.PASSWORD, "192.0.2.2").status_code == 302


def test_the_whole_login_has_a_rate(hashes):
    statuses = [log_in(f"n{n}", address=f"192.0.2.{n}").status_code for n in range(8)]
    assert statuses == [200] * 5 + [429] * 3
    assert len(hashes) == 5
    assert "This site receives more log-ins" in log_in(address="192.0.2.99").content.decode()


def test_a_session_or_another_method_is_no_way_around_the_login_rate(agent, hashes):
    client = Client()
    client.force_login(agent)
    assert [log_in(client=client).status_code for _ in range(4)][3] == 429
    assert log_in(HTTP_COOKIE=FORGED).status_code == 429
    assert Client().put("/login/", REMOTE_ADDR="192.0.2.1").status_code == 429
    assert Client().get("/login/", REMOTE_ADDR="192.0.2.1").status_code == 200
    assert len(hashes) == 3


def test_a_locked_name_is_refused_before_any_hash(limits, agent, hashes):
    limits.KB_LOGIN_RATE_ADDRESS = limits.KB_LOGIN_RATE_SITE = 0
    assert [log_in("agent").status_code for _ in range(5)] == [200] * 4 + [429]
    count = len(hashes)
    assert log_in("agent").status_code == 429
    assert len(hashes) == count


def test_the_login_and_the_detection_are_where_the_rates_look():
    assert (reverse("login"), reverse("detect")) == ("/login/", web_rates._DETECT)


@pytest.fixture
def full(monkeypatch, admin, agent):
    """No seat is free for a hash."""

    def refuse(*_):
        raise passwords.TooManyHashes

    monkeypatch.setattr(MD5PasswordHasher, "encode", refuse)


def test_a_login_without_a_free_seat_is_told_to_try_again(full, admin):
    answer = log_in("admin", make.PASSWORD)
    assert (answer.status_code, answer["Retry-After"]) == (429, "2")
    page = answer.content.decode()
    assert "Many people are logging in right now" in page
    assert "Try again in 2 seconds" in page
    assert not AccessAttempt.objects.exists(), "it is no failed attempt"


def test_a_new_password_without_a_free_seat_changes_nothing(full, admin, agent):
    client, former = Client(), agent.password
    client.force_login(admin)
    new = "a-long-new-password"
    answer = client.post(f"/admin/auth/user/{agent.pk}/password/", {"password1": new, "password2": new})
    assert answer.status_code == 429
    agent.refresh_from_db()
    assert agent.password == former


def test_refusals_are_counted_by_what_was_limited():
    counter = metrics.REFUSALS.labels("page")
    before = counter._value.get()
    pages(6)
    assert counter._value.get() == before + 2
