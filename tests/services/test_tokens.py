"""Tokens let programs in, with no right beyond their scopes, and only while they are good."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from kb.models import ApiToken, Audience
from kb.models.visibility import Reader, reader
from kb.services import tokens, usage
from kb.services.journal import NotAllowed
from tests import make

pytestmark = pytest.mark.django_db

SOON = timedelta(days=1)


def token_of(user, *scopes, lives=SOON):
    return tokens.create(user, "Ticket bot", list(scopes), timezone.now() + lives)[1]


def ask(client, secret, where="/api/v1/codes/"):
    return client.get(where, headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def things():
    make.code("1")
    make.code("2", make.table("hidden", audience=Audience.INTERNAL))


def codes(answer):
    return [code["code"] for code in answer.json()["results"]]


@pytest.mark.parametrize(
    ("who", "scopes", "read"),
    [
        ("agent", ["read_internal"], ["1", "2"]),
        ("agent", ["read_public", "read_internal"], ["1", "2"]),
        ("agent", ["read_public"], ["1"]),
        ("admin", ["read_public"], ["1"]),
        ("stranger", ["read_internal"], ["1"]),
    ],
)
def test_a_token_reads_what_its_scopes_and_its_user_both_may(client, request, things, who, scopes, read):
    assert codes(ask(client, token_of(request.getfixturevalue(who), *scopes))) == read


def test_a_public_token_gets_exactly_the_publics_responses(client, admin, things):
    make.note("Room is gone", make.code("3"), owner=admin, environment="inside")
    secret = token_of(admin, "read_public")
    for noun in ("tables", "codes", "notes", "incidents"):
        assert ask(client, secret, f"/api/v1/{noun}/").json() == client.get(f"/api/v1/{noun}/").json()


def test_a_token_works_without_public_reading(client, agent, things, settings):
    settings.KB_PUBLIC_READ = False
    assert client.get("/api/v1/codes/").status_code == 401
    assert codes(ask(client, token_of(agent, "read_public"))) == ["1"]


def test_a_token_for_detection_alone_reads_no_list(client, agent):
    assert ask(client, token_of(agent, "detect")).status_code == 403


def test_no_token_exports_or_opens_the_admin(client, admin, things):
    secret = token_of(admin, "read_internal")
    assert ask(client, secret, "/api/v1/tables/zim-server/export.csv").status_code == 403
    assert ask(client, secret, "/admin/").status_code == 302


@pytest.mark.parametrize(
    ("who", "options", "words"),
    [
        ("admin", ["--scope", "export"], "export needs a scope for reading beside it: read_internal or read_public."),
        ("agent", ["--scope", "export", "--scope", "read_internal"], "agent may not export"),
        ("agent", ["--scope", "detect", "--expires", "0d"], "The token would expire at once."),
    ],
)
def test_a_token_that_could_do_nothing_is_refused(request, who, options, words):
    user = request.getfixturevalue(who)
    with pytest.raises(CommandError) as refused:
        call_command("create_token", "Bot", "--user", user.username, *options, stdout=StringIO(), stderr=StringIO())
    assert words in str(refused.value)
    assert not ApiToken.objects.exists()


def spoil(secret, how):
    token = ApiToken.objects.get(digest=tokens.digest(secret))
    if how == "revoked":
        tokens.revoke(token)
    elif how == "expired":
        ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    elif how == "no longer active":
        type(token.user).objects.filter(pk=token.user_id).update(is_active=False)


@pytest.mark.parametrize("how", ["revoked", "expired", "no longer active"])
def test_a_bad_token_is_refused_with_the_reason(client, agent, things, how):
    secret = token_of(agent, "read_internal")
    spoil(secret, how)
    answer = ask(client, secret)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="codebook", error="invalid_token"')
    assert how in answer.json()["detail"]


@pytest.mark.parametrize("secret", ["", "x", "codebook_", "codebook_" + "A" * 43, "a b", "\xff", "x" * 5000])
def test_a_malformed_token_is_refused_despite_public_reading(client, things, secret):
    answer = ask(client, secret)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_a_revocation_takes_effect_at_once_in_its_own_process(client, agent, things):
    secret = token_of(agent, "read_internal")
    assert ask(client, secret).status_code == 200
    spoil(secret, "revoked")
    assert ask(client, secret).status_code == 401


def test_only_a_hash_is_stored(agent):
    secret = token_of(agent, "read_public")
    stored = ApiToken.objects.values_list().get()
    assert secret not in str(stored)
    assert len(secret) > 40


def test_the_last_use_is_stored_by_the_hour_and_after_the_response(client, agent, things, time_machine):
    secret = token_of(agent, "read_public")
    ask(client, secret)
    assert ApiToken.objects.get().last_used_at is None, "written behind the answer"
    usage.flush()
    first = ApiToken.objects.get().last_used_at
    assert first
    tokens._cache.clear()
    ask(client, secret)
    assert not usage._tokens, "not again within the hour"
    time_machine.move_to(timezone.now() + timedelta(hours=2))
    ask(client, secret)
    usage.flush()
    assert ApiToken.objects.get().last_used_at > first


def test_the_command_prints_a_new_token_and_nothing_else(client, agent, things):
    out, err = StringIO(), StringIO()
    call_command("create_token", "bot", user="agent", scope=["read_internal"], expires="2w", stdout=out, stderr=err)
    assert codes(ask(client, out.getvalue().strip())) == ["1", "2"]
    assert out.getvalue().count("\n") == 1
    assert ApiToken.objects.get().expires_at - timezone.now() > timedelta(days=13)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"user": "nobody"}, "“nobody”"),
        ({"expires": "soon"}, "Allowed: 12h"),
        ({"expires": "9999y"}, "9999y"),
        ({"name": "n" * 81}, "80"),
    ],
)
def test_a_token_that_cannot_be_created_is_refused_with_the_reason(agent, given, said):
    options = {"user": "agent", "scope": ["read_public"], "expires": "90d", "name": "bot"} | given
    with pytest.raises(CommandError, match=said):
        call_command("create_token", options.pop("name"), **options)
    assert not ApiToken.objects.exists()


def test_the_user_of_a_token_cannot_be_saved(admin):
    user = tokens.bearer(token_of(admin, "read_internal"))
    assert reader(user) == Reader.INTERNAL
    with pytest.raises(TypeError):
        user.save()


@pytest.mark.parametrize(
    ("life", "after"),
    [
        ("1h", timedelta(hours=1)),
        ("12h", timedelta(hours=12)),
        ("90d", timedelta(days=90)),
        ("2w", timedelta(weeks=2)),
        ("1y", timedelta(days=365)),
        ("0d", timedelta(0)),
        ("9999d", timedelta(days=9999)),
    ],
)
def test_a_lifetime_is_a_number_of_hours_days_weeks_or_years(life, after, time_machine):
    time_machine.move_to("2026-07-01T12:00Z", tick=False)
    assert tokens.expiry(life) - timezone.now() == after
    assert tokens.expiry("never") is None


@pytest.mark.parametrize(
    "life", ["", "90", "d", "90D", "-1d", "1.5d", "10000d", "1d ", " 1d", "1m", "1d1h", "Never", "٣d"]
)
def test_another_lifetime_is_refused_with_what_is_allowed(life):
    with pytest.raises(ValueError, match="Allowed: 12h, 90d, 2w, 1y, never"):
        tokens.expiry(life)


def test_a_token_expires_at_its_time_and_not_before(agent, time_machine):
    time_machine.move_to("2026-07-01T12:00Z", tick=False)
    secret = token_of(agent, "read_public")
    time_machine.move_to("2026-07-02T11:59:59Z", tick=False)
    assert tokens.bearer(secret)
    time_machine.move_to("2026-07-02T12:00Z", tick=False)
    with pytest.raises(tokens.BadToken, match="expired"):
        tokens.bearer(secret)


def test_a_token_is_revoked_once(agent):
    token, _ = tokens.create(agent, "bot", ["read_public"], None)
    tokens.revoke(token)
    revoked_at = ApiToken.objects.get().revoked_at
    with pytest.raises(NotAllowed, match="already revoked"):
        tokens.revoke(token)
    assert ApiToken.objects.get().revoked_at == revoked_at


@pytest.mark.parametrize(("seconds", "is_refused"), [(0.99, False), (1.0, True)])
def test_a_process_uses_a_token_for_a_second_before_it_reads_it_again(agent, monkeypatch, seconds, is_refused):
    now = 1000.0
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now)
    secret = token_of(agent, "read_internal")
    assert reader(tokens.bearer(secret)) == Reader.INTERNAL
    # As another process would.
    ApiToken.objects.update(revoked_at=timezone.now(), scopes=["read_public"])
    now += seconds
    if is_refused:
        with pytest.raises(tokens.BadToken, match="revoked"):
            tokens.bearer(secret)
    else:
        assert reader(tokens.bearer(secret)) == Reader.INTERNAL


def test_a_process_keeps_a_bounded_number_of_tokens(agent, monkeypatch):
    monkeypatch.setattr(tokens, "_CACHE_SIZE", 2)
    secrets = [token_of(agent, "read_public") for _ in range(5)]
    for secret in secrets:
        tokens.bearer(secret)
        assert len(tokens._cache) <= 2
    assert tokens.bearer(secrets[0]).pk == agent.pk


def test_a_bearer_has_exactly_the_scopes_of_its_token(agent):
    token, secret = tokens.create(agent, "bot", ["read_public", "detect"], None)
    user = tokens.bearer(secret)
    assert (user.scopes, user.token_id, user.pk) == ({"detect", "read_public"}, token.pk, agent.pk)
    assert token.scopes == ["detect", "read_public"]
    assert token.hint == secret[: len("codebook_") + 6]
    assert secret.startswith("codebook_")


@pytest.mark.parametrize(
    ("perm", "scopes", "has"),
    [
        ("kb.view_internal", ["read_internal"], True),
        ("kb.view_internal", ["read_public", "detect"], False),
        ("kb.change_returncode", ["read_internal"], False),
        ("kb.export_table", ["read_internal"], False),
        ("kb.view_returncode", ["read_internal"], False),
    ],
)
def test_no_scope_gives_a_right_but_to_read(admin, perm, scopes, has):
    user = tokens.bearer(token_of(admin, *scopes))
    assert user.has_perm(perm) == has
    assert not user.has_module_perms("kb")


@pytest.mark.parametrize("hours", [0.9, 1.1])
def test_the_last_use_is_written_again_after_an_hour(agent, time_machine, hours):
    time_machine.move_to("2026-07-01T12:00Z", tick=False)
    secret = token_of(agent, "read_public")
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(hours=hours))
    tokens.bearer(secret)
    assert bool(usage._tokens) == (hours > 1)


@pytest.mark.parametrize("header", ["Bearer abc", "bearer\tabc", " Bearer \t abc ", "BEARER  abc"])
def test_white_space_is_between_scheme_and_token(header):
    assert tokens.secret_in(header) == "abc"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Basic YTpi", "“Basic”"),
        ("Bearer", "no token"),
        ("Bearer\t", "no token"),
        ("codebook-secret-abc def", "no scheme"),
        ("codebook-secret-abc\tdef", "no scheme"),
        ("codebook-secret-abc", "no scheme"),
        (" ", "is empty"),
    ],
)
def test_a_wrong_header_is_named_without_what_may_be_a_secret(header, words):
    with pytest.raises(tokens.WrongScheme) as caught:
        tokens.secret_in(header)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
