"""Refusals repeated from memory: the same answer as Django's, to the same address alone, until its minute ends."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import RequestFactory
from django.test.client import ClientHandler

from kb.ops import metrics
from kb.web import refusals
from tests import make

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 3, 12, 0, 10, tzinfo=UTC)
LIMITS = ("KB_PAGE_RATE_ANONYMOUS", "KB_DETECT_RATE", "KB_LOGIN_RATE_ADDRESS")


@pytest.fixture(autouse=True)
def limits(settings, time_machine):
    """Two of everything a minute."""
    for name in LIMITS:
        setattr(settings, name, 2)
    settings.KB_LOGIN_RATE_SITE = 3
    time_machine.move_to(NOON, tick=False)
    return settings


@pytest.fixture
def site():
    """The application in memory's care; `site.asked` counts what reached Django."""
    django = ClientHandler(enforce_csrf_checks=True)

    def count(environ, start_response):
        count.asked += 1
        response = django(environ)
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items()])
        return [b"".join(response)]

    count.asked, memory = 0, refusals.RefusalMemory(count)

    def ask(path="/changes/", method="GET", **extra):
        told = []
        environ = RequestFactory().generic(method, path, **extra).environ
        chunks = memory(environ, lambda status, headers, *_: told.extend([int(status[:3]), dict(headers)]))
        body = b"".join(chunks)
        getattr(chunks, "close", lambda: None)()
        ask.asked = count.asked
        return told[0], told[1], body

    return ask


def statuses(site, times, *arguments, **extra):
    return [site(*arguments, **extra)[0] for _ in range(times)]


def test_a_refusal_is_repeated_without_django_and_is_the_same(site, time_machine):
    assert statuses(site, 2) == [200, 200]
    first, again = site(HTTP_X_REQUEST_ID="one"), site(HTTP_X_REQUEST_ID="two")
    assert site.asked == 3
    assert (first[0], first[2].replace(b"one", b"two")) == (again[0], again[2])
    assert first[1].items() - again[1].items() == {("X-Request-ID", "one")}
    assert (again[1]["X-Request-ID"], again[1]["Content-Length"]) == ("two", str(len(again[2])))
    time_machine.move_to(NOON + timedelta(seconds=20))
    assert site()[1]["Retry-After"] == "30"
    assert site(method="HEAD")[2] == b""
    time_machine.move_to(NOON + timedelta(seconds=50))
    assert statuses(site, 1) == [200]


def test_another_address_and_what_does_not_count_are_answered(site):
    statuses(site, 4)
    assert site(REMOTE_ADDR="192.0.2.9")[0] == 200
    for path in ("/healthz", "/readyz", "/static/kb/codebook.css", "/api/v1/tables/"):
        assert site(path)[0] == 200, path


def test_a_logged_in_person_is_answered_at_an_address_that_is_refused(site, client, agent):
    statuses(site, 4)
    client.force_login(agent)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    assert site(HTTP_COOKIE=cookie)[0] == 200
    assert site(HTTP_COOKIE="sessionid=forged")[0] == 429


def test_refused_logins_are_repeated_and_pages_are_still_served(site):
    assert statuses(site, 5, "/login/", "POST")[2:] == [429] * 3
    assert site.asked == 3
    assert site("/login/", "PUT")[0] == 429
    assert site("/login/")[0] == 200
    assert site("/login/", "POST", REMOTE_ADDR="192.0.2.9")[0] == 403, "only the form's token is missing"


def test_a_spent_rate_of_the_whole_login_refuses_every_address(site):
    numbers = [site("/login/", "POST", REMOTE_ADDR=f"192.0.2.{n}")[0] for n in range(8)]
    assert numbers == [403] * 3 + [429] * 5
    assert site.asked == 4


def test_refused_texts_and_accounts_are_not_kept(site, client, agent, limits):
    limits.KB_PAGE_RATE_ANONYMOUS, limits.KB_PAGE_RATE_KNOWN = 100, 2
    assert 429 in [client.post("/detect/", {"text": "1"}).status_code for _ in range(3)]
    assert statuses(site, 3, "/detect/") == [200] * 3
    client.force_login(agent)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    assert statuses(site, 4, HTTP_COOKIE=cookie) == [200, 200, 429, 429]
    assert site()[0] == 200
    assert make.User.objects.count() == 1


def test_the_memory_is_bounded(site, monkeypatch):
    monkeypatch.setattr(refusals, "_MOST", 3)
    for n in range(5):
        statuses(site, 3, REMOTE_ADDR=f"192.0.2.{n}")
    assert len(refusals._refusals) <= 3


def test_repeated_refusals_are_counted(site):
    counter = metrics.REFUSALS.labels("page")
    before = counter._value.get()
    statuses(site, 6)
    assert counter._value.get() == before + 4
