"""Sessions: who has logged in, and for how long."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from kb.ops.sessions import SessionStore
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent():
    return make.user("agent", "agent")


@pytest.fixture
def agents(client, agent, settings):
    settings.KB_PUBLIC_READ = True
    client.force_login(agent)
    return client


def is_known(client):
    """Whether the start page greets the agent."""
    return b"agent</span>" in client.get("/").content


def only_session():
    return Session.objects.get()


def test_a_session_is_read_by_one_query_and_the_account_by_two(agents, django_assert_num_queries):
    assert is_known(agents)
    with django_assert_num_queries(5) as queries:
        # The session, the account, its permissions; then the tables and the number of the last change.
        assert is_known(agents)
    read = ("django_session", "auth_user WHERE", "auth_permission")
    assert [sum(name in query["sql"] for query in queries.captured_queries) for name in read] == [1, 1, 1]


def test_an_expired_session_logs_nobody_in_and_its_key_is_not_used_again(agents):
    session = only_session()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    store = SessionStore(session.session_key)
    assert store.load() == {}
    assert store.session_key is None
    assert not is_known(agents)
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    agents.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    assert is_known(agents)


def test_a_key_that_nobody_got_is_not_kept(db):
    store = SessionStore("a" * 32)
    store["colour"] = "red"
    store.save()
    assert store.session_key != "a" * 32
    assert SessionStore(store.session_key).load() == {"colour": "red"}


def with_another_end(text):
    return text[:-1] + ("A" if text[-1] != "A" else "B")


@pytest.mark.parametrize("tamper", [with_another_end, str.swapcase, lambda text: ""])
def test_a_session_that_somebody_changed_in_the_database_logs_nobody_in(tamper, agents):
    session = only_session()
    Session.objects.update(session_data=tamper(session.session_data))
    assert SessionStore(session.session_key).load() == {}
    assert not is_known(agents)


def test_logging_out_ends_the_session_also_for_a_copy_of_its_cookie(agents, agent):
    copy = agents.cookies[settings.SESSION_COOKIE_NAME].value
    assert agents.post("/logout/").status_code == 302
    agents.cookies[settings.SESSION_COOKIE_NAME] = copy
    assert not is_known(agents)
    assert not Session.objects.filter(session_key=copy).exists()


def test_a_new_password_ends_the_sessions_of_the_old_one(agents, agent):
    agent.set_password("another-long-password")
    agent.save()
    assert not is_known(agents)


@pytest.mark.parametrize("end", ["deleted", "closed"])
def test_the_session_of_an_account_that_is_gone_is_nobodys(end, agents, agent):
    assert is_known(agents)
    if end == "deleted":
        agent.delete()
    else:
        type(agent).objects.filter(pk=agent.pk).update(is_active=False)
    assert not is_known(agents)


def test_a_session_of_release_0_2_goes_on(client, agent):
    client.force_login(agent)
    session = client.session
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session.save()
    assert is_known(client)
    session[BACKEND_SESSION_KEY] = "some.other.Backend"
    session.save()
    assert b"agent</span>" not in client.get("/").content
