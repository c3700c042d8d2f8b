"""Logging in at an OpenID Connect provider. Run by test_sso.py in a process of its own, with KB_SSO on."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from tests import make
from tests.test_access import ACCESS, ALL, NOBODY, is_let_in, let_in, people, routes  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
PORT = urlsplit(settings.KB_SSO_ISSUER).port

# Who may open and who may send to what single sign-on adds; see test_access.py. The ends answer 403.
SSO = {
    "sso/oidc/<str:provider_id>/login/": (ALL, ALL),
    "sso/oidc/<str:provider_id>/login/callback/": (NOBODY, NOBODY),
    "sso/inactive/": (NOBODY, NOBODY),
    "sso/cancelled/": (NOBODY, NOBODY),
    "sso/error/": (NOBODY, NOBODY),
    "sso/signup/": (NOBODY, NOBODY),
    "sso/connections/": (NOBODY, NOBODY),
}


class Provider(BaseHTTPRequestHandler):
    """As little of a provider as logging in takes. `told` is what it says of whoever logs in."""

    told: dict = {}
    asked: list = []

    def do_GET(self):
        base = settings.KB_SSO_ISSUER
        answers = {
            "/.well-known/openid-configuration": {
                "issuer": base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "userinfo_endpoint": f"{base}/userinfo",
                "jwks_uri": f"{base}/keys",
            },
            "/userinfo": self.told,
        }
        self.say(answers[urlsplit(self.path).path])

    def do_POST(self):
        self.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.say({"access_token": "t", "token_type": "Bearer"})

    def say(self, answer):
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module", autouse=True)
def provider():
    server = HTTPServer(("127.0.0.1", PORT), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


def go(client, query="", **told):
    """Log in by the button: there, and back again with what the provider tells."""
    Provider.told = {"sub": "s-1", "preferred_username": "anna", "email": "anna@example.com", **told}
    there = client.post(f"/sso/oidc/sso/login/{query}")
    assert there.status_code == 302
    assert there["Location"].startswith(f"{settings.KB_SSO_ISSUER}/authorize?")
    asked = parse_qs(urlsplit(there["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    return client.get("/sso/oidc/sso/login/callback/", {"code": "c", "state": asked["state"][0]})


def who(client):
    return client.get("/login/").wsgi_request.user


def test_every_address_of_single_sign_on_has_a_line(people):  # noqa: F811
    assert set(routes()) - set(ACCESS) == set(SSO)
    found = {}
    for route in SSO:
        where = "/" + route.replace("<str:provider_id>", "sso")
        found[route] = (let_in(people, where, "get"), let_in(people, where, "post"))
    assert found == SSO


def test_the_login_offers_single_sign_on_and_the_policy_allows_it():
    page = Client().get("/login/?next=/changes/")
    assert "Log in with Example" in page.content.decode()
    assert "/sso/oidc/sso/login/?next=/changes/" in page.content.decode()
    assert f"form-action 'self' {settings.KB_SSO_ISSUER}" in page["Content-Security-Policy"]


def test_a_new_account_has_no_permissions_and_is_found_again():
    client = Client()
    answer = go(client, "?next=/changes/")
    assert (answer.status_code, answer["Location"]) == (302, "/changes/")
    user = who(client)
    assert (user.username, user.is_staff, user.groups.count(), user.has_usable_password()) == ("anna", False, 0, False)
    again = Client()
    go(again, preferred_username="anna-renamed")
    assert who(again) == user


@pytest.mark.parametrize("same", ["username", "email"])
def test_nobody_becomes_somebody_else_by_a_name_or_an_address(same, admin):
    admin.email = "anna@example.com" if same == "email" else ""
    admin.username = "anna" if same == "username" else "admin"
    admin.save()
    client = Client()
    go(client, email_verified=True)
    assert who(client).is_authenticated
    assert who(client) != admin
    assert get_user_model().objects.count() == 2


def test_an_account_that_is_not_active_stays_out():
    client = Client()
    go(client)
    get_user_model().objects.update(is_active=False)
    other = Client()
    answer = go(other)
    assert other.get(answer["Location"]).status_code == 403
    assert who(other).is_anonymous


def test_a_callback_without_a_start_is_refused():
    client = Client()
    answer = client.get("/sso/oidc/sso/login/callback/", {"code": "c", "state": "forged"})
    assert answer.status_code == 403
    assert "Login failed" in answer.content.decode()
    assert who(client).is_anonymous


def test_single_sign_on_does_not_join_a_logged_in_account(agent):
    client = Client()
    client.force_login(agent)
    assert go(client, "?process=connect").status_code == 403
    assert not agent.socialaccount_set.exists()


def test_single_sign_on_needs_a_form_of_this_site():
    assert Client(enforce_csrf_checks=True).post("/sso/oidc/sso/login/").status_code == 403
    confirm = Client().get("/sso/oidc/sso/login/")
    assert "Log in with Example" in confirm.content.decode()
    assert "<style" not in confirm.content.decode()


def test_nobody_is_led_to_another_site():
    client = Client()
    assert go(client, "?next=https://evil.example/")["Location"] == "/"


def test_passwords_are_guarded_as_before():
    make.user("bert", "agent")
    statuses = [
        Client().post("/login/", {"username": "bert", "password": "wrong"}, REMOTE_ADDR="192.0.2.1").status_code
        for _ in range(5)
    ]
    assert statuses == [200, 200, 200, 200, 429]
    assert is_let_in(Client().get("/login/"), "get")
