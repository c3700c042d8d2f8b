"""Tokens in the admin: created, shown once, revoked; people see only their own."""

import re

import pytest
from django.test import Client

from kb.models import ApiToken
from kb.services import tokens
from tests import make

pytestmark = pytest.mark.django_db
NEW = {"name": "Ticket bot", "scopes": ["read_internal"], "expires_at_0": "2099-01-01", "expires_at_1": "00:00:00"}


def as_user(user):
    client = Client()
    client.force_login(user)
    return client


def add(client, **fields):
    return client.post("/admin/kb/apitoken/add/", NEW | fields)


def test_a_token_is_shown_once_and_kept_out_of_every_cache(editor):
    client = as_user(editor)
    answer = add(client)
    (secret,) = re.findall(r'value="(codebook_[^"]+)"', answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert tokens.bearer(secret).pk == editor.pk
    token = ApiToken.objects.get()
    for page in ("/admin/kb/apitoken/", f"/admin/kb/apitoken/{token.pk}/change/", "/admin/"):
        body = client.get(page).content.decode()
        assert secret not in body
        assert token.digest not in body


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"scopes": ["all"]}, "all"),
        ({"expires_at_0": "2001-01-01"}, "in the past"),
        ({"name": ""}, "required"),
        ({"scopes": ["export"]}, "needs a scope for reading"),
        ({"scopes": ["read_internal", "export"]}, "may not export"),
    ],
)
def test_an_invalid_token_form_says_why(editor, fields, message):
    assert message in add(as_user(editor), **fields).content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_made_by_a_person_is_theirs_whatever_the_form_says(editor, admin):
    add(as_user(editor), user=admin.pk)
    assert ApiToken.objects.get().user == editor


def test_superusers_create_tokens_for_others(editor, admin):
    add(as_user(admin), user=editor.pk)
    assert ApiToken.objects.get().user == editor


def test_people_see_their_own_tokens_and_superusers_see_all(editor, admin):
    own, others = (tokens.create(user, user.username, ["read_public"], None)[0] for user in (editor, admin))
    client = as_user(editor)
    assert client.get(f"/admin/kb/apitoken/{own.pk}/change/").status_code == 200
    assert client.get(f"/admin/kb/apitoken/{others.pk}/change/").status_code == 302
    assert others.hint not in client.get("/admin/kb/apitoken/").content.decode()
    assert own.hint in as_user(admin).get("/admin/kb/apitoken/").content.decode()


def test_a_revoked_token_stays_in_the_list(editor):
    token, secret = tokens.create(editor, "bot", ["read_public"], None)
    client = as_user(editor)
    client.post(f"/admin/kb/apitoken/{token.pk}/change/", {"revoke": "on"})
    with pytest.raises(tokens.BadToken, match="revoked"):
        tokens.bearer(secret)
    assert "revoked" in client.get("/admin/kb/apitoken/").content.decode()
    assert client.post(f"/admin/kb/apitoken/{token.pk}/delete/").status_code == 403


def test_nobody_revokes_the_token_of_somebody_else(editor):
    other = make.user("other", "editor")
    token, secret = tokens.create(other, "bot", ["read_public"], None)
    as_user(editor).post(f"/admin/kb/apitoken/{token.pk}/change/", {"revoke": "on"})
    assert tokens.bearer(secret).pk == other.pk
