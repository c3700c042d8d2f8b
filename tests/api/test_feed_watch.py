"""Who waits at the feed: counted by person, and authenticated again before anything is read."""

import threading
import time

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from kb.api.framework.feed_watch import WATCH
from kb.models import ApiToken, Door
from kb.queries.replication import FeedPlace, end_for
from kb.services import tokens
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make

CHANGES = "/api/v1/changes/"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_tokens")]
ALICE = "alice"


@pytest.fixture
def fresh_tokens(monkeypatch):
    """No token is from memory, as it is a second later; when the test ends, nobody waits and nothing looks."""
    monkeypatch.setattr(tokens, "KEPT_SECONDS", 0)
    yield
    assert WATCH._places == {}
    if looking := WATCH._thread:
        looking.join(5)


@pytest.fixture
def secret_code():
    return make.code("2", make.table("hidden", audience="internal"), description="internal")


def token_of(user, scope="read_internal"):
    return {"Authorization": f"Bearer {tokens.create(user, scope, [scope], None)[1]}"}


def client_of(user, door):
    if door == "token":
        return Client(headers=token_of(user))
    client = Client()
    client.force_login(user)
    return client


def revoke():
    tokens.revoke(ApiToken.objects.get())


def expire():
    ApiToken.objects.update(expires_at=ApiToken.objects.get().created_at)


def lose_the_scope():
    ApiToken.objects.update(scopes=["detect"])


def end_session():
    Session.objects.all().delete()


def change_the_password():
    user = User.objects.get(username=ALICE)
    user.set_password("another one 4711")
    user.save()


def deactivate():
    User.objects.filter(username=ALICE).update(is_active=False)


def lose_the_right():
    User.objects.get(username=ALICE).groups.clear()


def nothing():
    pass


def elsewhere(*steps):
    """Take steps on another connection, as another process would."""

    def take():
        try:
            for step in steps:
                step()
        finally:
            connection.close()

    thread = threading.Thread(target=take)
    thread.start()
    return thread


def wait_until_someone_waits(count=1):
    until = time.monotonic() + 10
    while len(WATCH._places) < count and time.monotonic() < until:
        time.sleep(0.01)


# What happens while somebody waits, and the answers of a closed site and of one that the public may read.
EVENTS = [
    ("token", revoke, 401, 401),
    ("token", expire, 401, 401),
    ("token", lose_the_scope, 403, 403),
    ("token", deactivate, 401, 401),
    ("token", lose_the_right, 410, 410),
    ("token", nothing, 200, 200),
    ("session", end_session, 401, 410),
    ("session", change_the_password, 401, 410),
    ("session", deactivate, 401, 410),
    ("session", lose_the_right, 410, 410),
    ("session", nothing, 200, 200),
]


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize(("door", "event", "closed", "opened"), EVENTS)
def test_a_caller_is_authenticated_again_after_the_wait(
    secret_code, admin, settings, door, event, closed, opened, is_open
):
    settings.KB_PUBLIC_READ = is_open
    alice = make.user(ALICE, "agent")
    client, query = client_of(alice, door), {"since": str(FeedPlace(*end_for(alice))), "wait": 20}

    def edit():
        edit_code(secret_code, secret_code.version, {"description": "internal, edited"}, By(admin, Door.SHELL))

    other = elsewhere(wait_until_someone_waits, event, edit)
    start = time.monotonic()
    answer = client.get(CHANGES, query)
    other.join()
    assert time.monotonic() - start < 10
    assert answer.status_code == (opened if is_open else closed)
    assert ("internal, edited" in answer.content.decode()) == (event is nothing)
    assert answer["Cache-Control"] == "private, no-store"
    anew = client.get(CHANGES, query)
    assert (anew.status_code, anew.get("WWW-Authenticate")) == (answer.status_code, answer.get("WWW-Authenticate"))
    assert anew.json().get("code") == answer.json().get("code")


def wait_in_a_thread(answers, headers=None, **extra):
    query = {"since": "0", "wait": 20}

    def ask():
        try:
            answers.append(Client(headers=headers, **extra).get(CHANGES, query))
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_all_tokens_and_sessions_of_a_user_wait_in_one_place():
    alice, answers = make.user(ALICE, "agent"), []
    first = wait_in_a_thread(answers, token_of(alice))
    wait_until_someone_waits()
    second = wait_in_a_thread(answers, token_of(alice, "read_public"))
    first.join(10)
    assert [answer["Retry-After"] for answer in answers] == ["5"]
    session = client_of(alice, "session").get(CHANGES, {"since": "0", "wait": 1})
    second.join(10)
    assert (len(answers), "Retry-After" in answers[1], "Retry-After" in session) == (2, True, False)


def test_other_users_and_addresses_have_places_of_their_own():
    alice, answers = make.user(ALICE, "agent"), []
    asks = [{"headers": token_of(alice)}, {"headers": token_of(make.user("bob", "agent"))}, {}]
    threads = []
    for count, ask in enumerate(asks, 1):
        threads.append(wait_in_a_thread(answers, **ask))
        wait_until_someone_waits(count)
    assert answers == []
    late = Client(REMOTE_ADDR="192.0.2.9").get(CHANGES, {"since": "0", "wait": 20})
    assert late["Retry-After"] == "5"
    make.code("1")
    edited = make.code("3")
    edit_code(edited, edited.version, {"description": "Seen."}, By(make.user("editor", "editor"), Door.SHELL))
    for thread in threads:
        thread.join(10)
    assert ["Seen." in answer.content.decode() for answer in answers] == [True] * 3
