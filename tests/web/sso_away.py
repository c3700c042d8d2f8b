"""An identity provider that is away, in every way. Run by test_sso.py in a process of its own, with KB_SSO on."""

import contextlib
import json
import socket
import socketserver
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from config import provider
from tests import make

pytestmark = pytest.mark.django_db
BASE = settings.KB_SSO_ISSUER
PORT = urlsplit(BASE).port
IN_TIME = 2 * provider.SECONDS
"""Seconds: what hangs would take longer, also on a machine under load."""


def http(body, status="200 OK"):
    """Return the bytes of a response."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"{head}\r\n\r\n{body}".encode()


def saying(response):
    return lambda connection: connection.sendall(response)


def hang(connection):
    while connection.recv(1000):
        pass


def drip(connection):
    for byte in http('{"a": "' + "b" * 10_000):
        connection.sendall(bytes([byte]))
        time.sleep(0.5)


def drip_body(connection):
    connection.sendall(http("x" * 10_000)[:-10_000])
    while True:
        connection.sendall(b" ")
        time.sleep(0.5)


DISCOVERY = json.dumps(
    {
        "issuer": BASE,
        "authorization_endpoint": f"{BASE}/authorize",
        "token_endpoint": f"{BASE}/token",
        "userinfo_endpoint": f"{BASE}/userinfo",
        "jwks_uri": f"{BASE}/keys",
    }
)
AWAY = {
    "hangs": hang,
    "closes": lambda connection: None,
    "drips": drip,
    "drips its body": drip_body,
    "500": saying(http("{}", "500 Internal Server Error")),
    "503": saying(http("busy", "503 Service Unavailable")),
    "404": saying(http("{}", "404 Not Found")),
    "garbage": saying(b"\x00\xff\x80 nothing of HTTP\r\n\r\n"),
    "HTML": saying(http("<!doctype html>")),
    "a list": saying(http("[]")),
    "a number": saying(http("1")),
    "null": saying(http("null")),
    "an empty object": saying(http("{}")),
}


class Away:
    """A server at the provider's address that does one thing, or another by the path."""

    def __init__(self, behave, paths=None):
        self.asked, self.sockets = [], []
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                outer.sockets.append(self.request)
                with contextlib.suppress(OSError):
                    path = self.request.recv(65536).decode("latin-1").split(" ")[1]
                    outer.asked.append(path)
                    (paths or {}).get(path, behave)(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads, block_on_close, request_queue_size = True, True, False, 100

        self.server = Server(("127.0.0.1", PORT), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        """Close every connection, as a provider that is restarted."""
        self.server.shutdown()
        self.server.server_close()
        for connection in self.sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def away(monkeypatch):
    """Start a provider; in the end, each call gives its seat back."""
    monkeypatch.setattr(provider, "_rests_until", 0.0)
    servers = []
    yield lambda *behaviours: servers.append(Away(*behaviours)) or servers[-1]
    for server in servers:
        server.stop()
    seats = [provider._seats.acquire(timeout=10) for _ in range(provider.AT_ONCE)]
    for _ in filter(None, seats):
        provider._seats.release()
    assert all(seats)


def begin(client=None):
    """Press the button; return the response and its seconds."""
    started = time.monotonic()
    return (client or Client()).post("/sso/oidc/sso/login/"), time.monotonic() - started


def check(response, seconds):
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert seconds < IN_TIME
    page = response.content.decode()
    assert "login service does not answer" in page
    assert "Codebook password" in page


@pytest.mark.parametrize("kind", AWAY)
def test_a_provider_that_does_not_answer_gets_a_page_in_time(kind, away):
    away(AWAY[kind])
    check(*begin())


def test_a_provider_without_a_listener_gets_a_page_in_time(away):
    check(*begin())


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
@pytest.mark.parametrize("kind", AWAY)
def test_a_provider_that_fails_during_a_login_gets_a_page_in_time(kind, path, away):
    paths = {
        "/.well-known/openid-configuration": saying(http(DISCOVERY)),
        "/token": saying(http('{"access_token": "t", "token_type": "Bearer"}')),
        path: AWAY[kind],
    }
    away(hang, paths)
    client = Client()
    there, _ = begin(client)
    state = parse_qs(urlsplit(there["Location"]).query)["state"][0]
    started = time.monotonic()
    back = client.get("/sso/oidc/sso/login/callback/", {"code": "c", "state": state})
    # Some answers look like a refusal of this person, which has a page of its own.
    assert back.status_code in (403, 503)
    assert back.status_code == 503 or path == "/token"
    assert time.monotonic() - started < IN_TIME
    assert client.get("/login/").wsgi_request.user.is_anonymous


def test_all_calls_of_a_login_have_one_deadline(away, monkeypatch):
    def slowly(response):
        return lambda connection: time.sleep(0.7 * provider.SECONDS) or connection.sendall(response)

    away(
        hang,
        {
            "/.well-known/openid-configuration": slowly(http(DISCOVERY)),
            "/token": slowly(http('{"access_token": "t", "token_type": "Bearer"}')),
        },
    )
    client = Client()
    there, _ = begin(client)
    state = parse_qs(urlsplit(there["Location"]).query)["state"][0]
    started = time.monotonic()
    back = client.get("/sso/oidc/sso/login/callback/", {"code": "c", "state": state})
    check(back, time.monotonic() - started)


def test_a_provider_that_is_away_is_left_alone_for_some_seconds(away, monkeypatch):
    server = away(AWAY["500"])
    check(*begin())
    for _ in range(5):
        check(*begin())
    assert len(server.asked) == 1
    assert provider._rests_until - time.monotonic() <= provider.REST_SECONDS
    monkeypatch.setattr(provider, "_rests_until", time.monotonic())
    check(*begin())
    assert len(server.asked) == 2


def test_a_provider_that_is_back_logs_people_in_again(away, monkeypatch):
    away(hang).stop()
    check(*begin())
    away(saying(http(DISCOVERY)))
    monkeypatch.setattr(provider, "_rests_until", 0.0)
    assert begin()[0].status_code == 302


def test_a_person_whom_the_provider_refuses_is_no_sign_that_it_is_away(away):
    paths = {"/token": saying(http('{"error": "invalid_grant"}', "400 Bad Request"))}
    away(saying(http(DISCOVERY)), paths)
    client = Client()
    there, _ = begin(client)
    state = parse_qs(urlsplit(there["Location"]).query)["state"][0]
    assert client.get("/sso/oidc/sso/login/callback/", {"code": "c", "state": state}).status_code == 403
    assert begin()[0].status_code == 302


def test_few_calls_go_on_at_once_and_the_others_are_told_without_waiting(away):
    server, ends, begun = away(hang), [], time.monotonic()

    def call():
        with contextlib.suppress(provider.ProviderAway), provider.ProviderSession() as session:
            session.get(f"{BASE}/")
        ends.append(time.monotonic() - begun)

    threads = [threading.Thread(target=call) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) <= provider.AT_ONCE
    assert sum(seconds < provider.SECONDS / 2 for seconds in ends) >= 40 - provider.AT_ONCE
    assert max(ends) < IN_TIME


def test_a_local_password_still_works(away):
    make.user("bert", "agent")
    away(hang)
    check(*begin())
    assert Client().post("/login/", {"username": "bert", "password": make.PASSWORD}).status_code == 302


def test_the_log_says_that_the_provider_is_away_without_an_address(away, caplog):
    away(AWAY["garbage"])
    begin()
    assert "provider is away: ProviderAway" in caplog.text
    assert "127.0.0.1" not in caplog.text
