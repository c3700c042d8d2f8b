"""Login: a lock against guessing, new sessions, secure cookies and key changes."""

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.utils import timezone

from kb.models import Change
from tests import make
from tests.config.test_settings import GOOD, start

pytestmark = pytest.mark.django_db
WRONG = "not-the-password"


def attempt(username="anna", password=WRONG, client=None, address="192.0.2.1", **headers):
    given = {"username": username, "password": password}
    return (client or Client()).post("/login/", given, REMOTE_ADDR=address, headers=headers)


def fail(times=5, **options):
    return [attempt(**options).status_code for _ in range(times)]


@pytest.fixture
def anna(db):
    return make.user("anna", "agent")


def test_a_few_failed_attempts_lock_the_login_even_for_the_right_password(anna):
    assert fail(5) == [200, 200, 200, 200, 429]
    answer = attempt(password=make.PASSWORD)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "sessionid" not in answer.cookies
    page = answer.content.decode()
    assert "Too many attempts to log in" in page
    assert "anna" not in page


def test_the_lock_ends_by_itself_and_attempts_do_not_extend_it(anna):
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        fail(5)
    with time_machine.travel(now + timedelta(minutes=14), tick=False):
        assert attempt().status_code == 429
    with time_machine.travel(now + timedelta(minutes=16), tick=False):
        assert attempt(password=make.PASSWORD).status_code == 302


def test_existing_and_unknown_names_get_the_same_answer(anna):
    hidden = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|<code>\w{32}</code>')
    answers = [attempt(username=name) for name in ("anna", "nobody") for _ in range(5)]
    pages = [hidden.sub("", a.content.decode()).replace("nobody", "anna") for a in answers]
    assert [a.status_code for a in answers[:5]] == [a.status_code for a in answers[5:]]
    assert pages[:5] == pages[5:]


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"username": "bert"}, 302),
        ({"address": "192.0.2.99"}, 302),
        ({"username": "ａｎｎａ"}, 429),
        ({"username": " anna "}, 429),
        ({"x_forwarded_for": "198.51.100.7"}, 429),
    ],
    ids=["another name", "another address", "the name in full width", "the name with spaces", "a forged address"],
)
def test_the_lock_is_per_name_and_address(other, status, anna):
    make.user("bert", "agent")
    fail(5)
    assert attempt(password=make.PASSWORD, **other).status_code == status


def test_behind_a_proxy_the_lock_uses_the_address_that_the_proxy_saw(anna, settings):
    settings.PROXY_COUNT = 1
    fail(5, x_forwarded_for="198.51.100.7")
    same = {"x_forwarded_for": "203.0.113.1, 198.51.100.7"}
    assert attempt(password=make.PASSWORD, **same).status_code == 429
    assert attempt(password=make.PASSWORD, x_forwarded_for="198.51.100.8").status_code == 302


def test_a_login_resets_the_failures(anna):
    for _ in range(3):
        assert fail(4) == [200] * 4
        assert attempt(password=make.PASSWORD).status_code == 302


def test_the_admin_uses_the_same_login(anna):
    answer = Client().get("/admin/kb/returncode/")
    assert answer["Location"].startswith("/admin/login/?next=") or answer["Location"].startswith("/login/?next=")
    answer = Client().post("/admin/login/", {"username": "anna", "password": WRONG})
    assert answer["Location"].startswith("/login/?next=")


def test_the_log_records_a_refused_login_without_the_name(anna, caplog):
    with caplog.at_level(logging.INFO):
        fail(5)
    assert "log-in refused" in caplog.text
    assert "anna" not in caplog.text
    assert "192.0.2" not in caplog.text
    assert not Change.objects.exists()


def test_a_session_is_new_after_logging_in(anna):
    client = Client()
    client.get("/login/")
    session = client.session
    session["before"] = "kept"
    session.save()
    client.cookies["sessionid"] = session.session_key
    attempt(password=make.PASSWORD, client=client)
    assert client.cookies["sessionid"].value != session.session_key
    assert not Session.objects.filter(session_key=session.session_key).exists()
    assert client.get("/changes/").wsgi_request.user == anna


def test_logging_out_ends_the_session(anna):
    client = Client()
    attempt(password=make.PASSWORD, client=client)
    key = client.cookies["sessionid"].value
    client.post("/logout/")
    assert not Session.objects.filter(session_key=key).exists()


def test_a_new_password_ends_sessions_elsewhere(anna):
    elsewhere = Client()
    attempt(password=make.PASSWORD, client=elsewhere)
    anna.set_password("another-long-password")
    anna.save()
    assert elsewhere.get("/changes/").wsgi_request.user.is_anonymous


def test_a_session_survives_a_key_change_while_the_old_key_is_a_fallback(anna, settings):
    client = Client()
    attempt(password=make.PASSWORD, client=client)
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new key " * 5, [former]
    assert client.get("/changes/").wsgi_request.user == anna
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get("/changes/").wsgi_request.user == anna, "the session is signed anew meanwhile"
    settings.SECRET_KEY = "a third key " * 5
    assert client.get("/changes/").wsgi_request.user.is_anonymous


def test_a_session_works_on_servers_with_the_old_and_the_new_key(anna, settings):
    """As in docs/operating.md: all servers know the new key before one signs with it."""
    client, former, new = Client(), settings.SECRET_KEY, "the new key " * 5
    attempt(password=make.PASSWORD, client=client)
    first, second, third = (former, [new]), (new, [former]), (new, [])
    for server in (first, (former, []), first, second, first, second, third, second, third):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = server
        assert client.get("/changes/").wsgi_request.user == anna, server


def test_values_signed_with_an_old_key_are_accepted_and_forged_ones_are_not(settings):
    signed = signing.dumps({"a": 1})
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new key " * 5, [settings.SECRET_KEY]
    assert signing.loads(signed) == {"a": 1}
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(signing.BadSignature):
        signing.loads(signed)


def production(expression, **environment):
    """Return the value of a setting on a production server."""
    script = f"from django.conf import settings; print({expression})"
    result = start("shell", "--no-imports", "-c", script, **GOOD, **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.slow
def test_production_has_secure_cookies_tls_and_hsts():
    names = "SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SESSION_COOKIE_HTTPONLY SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS"
    expression = f"[getattr(settings, name) for name in {names.split()}]"
    assert production(expression) == "[True, True, True, True, 31536000]"
    assert production(expression, INSECURE_HTTP="1") == "[False, False, True, False, 0]"


def test_responses_over_tls_set_hsts_for_a_year(settings):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    answer = Client().get("/login/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert configured.SESSION_COOKIE_SAMESITE == "Lax"
