"""Logins, failed logins, tokens and pasted secrets leave none of their text in the log."""

import json
import logging

import pytest
from django.test import Client

from kb.services import tokens
from tests import make
from tests.ops.test_logs import written  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
MAIL, WRONG, TICKET = "carla.customer@example.com", "wr0ng-passw0rd", "4711-0815-secret"


@pytest.mark.parametrize("written", ["json", "line"], indirect=True)
def test_logins_tokens_and_pasted_text_leave_no_secret_in_the_log(written, settings):  # noqa: F811
    settings.KB_PUBLIC_READ = True
    agent = make.user("anna-of-support", "agent", email="anna@example.org")
    _token, secret = tokens.create(agent, "carlas-laptop", ["read_internal", "detect"], None)
    code = make.code()
    logging.getLogger().setLevel(logging.DEBUG)
    browser = Client(raise_request_exception=False)
    for password in (WRONG, make.PASSWORD, WRONG, WRONG, WRONG, WRONG, WRONG):
        browser.post("/login/", {"username": agent.username, "password": password}, REMOTE_ADDR="192.0.2.77")
    browser.force_login(agent)
    session = browser.cookies["sessionid"].value
    program = Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)
    forged = Client(headers={"Authorization": f"Bearer {secret[:-4]}XXXX"}, raise_request_exception=False)
    for client in (browser, program, forged):
        for query in (MAIL, TICKET, f"password={WRONG}"):
            for path in ("/", "/suggest/", "/go", "/api/v1/search/", "/api/v1/codes/", "/embed/"):
                client.get(path, {"q": query, "text": query})
        client.post("/detect/", {"text": f"{MAIL} {TICKET} code=1"})
        client.post("/api/v1/detect/", {"text": f"{MAIL} {TICKET} code=1"}, content_type="application/json")
        client.post("/api/v1/lookup/", {"codes": [TICKET]}, content_type="application/json")
        client.post("/api/v1/lookup/", f"{{broken {MAIL}", content_type="application/json")
        client.get(f"/codes/zim-server/{TICKET}/")
        client.get(f"/nowhere/{MAIL}/", headers={"Referer": f"https://crm.example/{MAIL}", "User-Agent": MAIL})
        client.post(f"/flag/{code.pk}/", {"comment": f"{MAIL} says so"})
    logging.getLogger().setLevel(logging.WARNING)
    text = written.getvalue()
    assert len(text.splitlines()) > 20
    secrets = [MAIL, WRONG, TICKET, secret, secret[:-4], session, make.PASSWORD, agent.username, agent.email]
    assert [one for one in [*secrets, "carlas-laptop", "192.0.2.77"] if one in text] == []
    if text.startswith("{"):
        assert all(json.loads(line)["level"] for line in text.splitlines())
