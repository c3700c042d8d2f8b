"""The page for a new password: a session cannot guess the old one."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests import make

pytestmark = pytest.mark.django_db
PAGE, NEW = "/admin/password_change/", "another-long-password"


def change(client, old, address="192.0.2.1"):
    given = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
    return client.post(PAGE, given, REMOTE_ADDR=address)


def logged_in(user):
    client = Client()
    client.force_login(user)
    return client


def guess(client, times=5, **options):
    return [change(client, f"guess-{number}", **options).status_code for number in range(times)]


def test_the_right_old_password_changes_it(editor):
    client = logged_in(editor)
    assert change(client, make.PASSWORD)["Location"] == "/admin/password_change/done/"
    editor.refresh_from_db()
    assert editor.check_password(NEW)
    assert client.get("/admin/").status_code == 200, "this session goes on"


def test_a_few_wrong_old_passwords_end_the_session_and_lock_the_page(editor):
    client, elsewhere = logged_in(editor), logged_in(editor)
    assert guess(client, 4) == [200] * 4
    page = change(client, "guess-5")
    assert (page.status_code, page["Retry-After"]) == (429, "900")
    assert "you were logged out" in page.text
    assert Session.objects.count() == 1
    assert "/login/" in change(client, make.PASSWORD)["Location"]
    # Another session of the account has no tries left, not even with the right password.
    assert change(elsewhere, make.PASSWORD).status_code == 429
    editor.refresh_from_db()
    assert editor.check_password(make.PASSWORD)


def test_other_sessions_and_addresses_have_no_tries_of_their_own(editor):
    answers = [change(logged_in(editor), "x", address=f"192.0.2.{number}").status_code for number in range(1, 9)]
    assert answers == [200] * 4 + [429] * 4


def test_the_lock_ends_by_itself(editor):
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        guess(logged_in(editor))
    with time_machine.travel(now + timedelta(minutes=14), tick=False):
        assert change(logged_in(editor), make.PASSWORD).status_code == 429
    with time_machine.travel(now + timedelta(minutes=16), tick=False):
        assert change(logged_in(editor), make.PASSWORD).status_code == 302


def test_the_right_password_forgets_the_wrong_ones(editor):
    client = logged_in(editor)
    for old in (make.PASSWORD, NEW):
        assert guess(client, 4) == [200] * 4
        assert change(client, old).status_code == 302


def test_the_lock_concerns_neither_the_log_in_nor_other_people(editor, reviewer):
    guess(logged_in(editor))
    given = {"username": "editor", "password": make.PASSWORD}
    assert Client().post("/login/", given, REMOTE_ADDR="192.0.2.1").status_code == 302
    assert change(logged_in(reviewer), make.PASSWORD).status_code == 302


def test_nobody_can_lock_it_from_the_log_in(editor):
    for name in ("editor", f" old password of {editor.pk}", f"\u3000old password of {editor.pk}"):
        for _ in range(6):
            Client().post("/login/", {"username": name, "password": "x"})
    assert change(logged_in(editor), make.PASSWORD).status_code == 302


def test_a_form_without_a_new_password_is_a_try_too(editor):
    client = logged_in(editor)
    assert [client.post(PAGE, {"old_password": "x"}).status_code for _ in range(5)] == [200] * 4 + [429]


def test_no_password_is_stored(editor):
    guess(logged_in(editor), 3)
    kept = AccessAttempt.objects.get()
    assert "guess" not in kept.post_data
    assert NEW not in kept.post_data


def test_the_log_names_nobody(editor, caplog):
    guess(logged_in(editor))
    assert "too many wrong old passwords" in caplog.text
    assert "editor" not in caplog.text
    assert "guess" not in caplog.text
