"""The rules of the settings, each at its border, without starting a process."""

import ast
import os
import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from environs import ValidationError

from kb.ops import environment
from tests import ROOT

KEY = "correct horse battery staple " * 2
GOOD = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "codebook.example", "DATABASE_URL": "sqlite://:memory:"}


@pytest.fixture
def settings_of(monkeypatch):
    """The settings that the product has in an environment with nothing else in it."""

    def settings(**values):
        monkeypatch.setattr(os, "environ", dict(values))
        return runpy.run_path(str(ROOT / "config" / "settings.py"))

    return settings


def refusal_of(settings_of, **values):
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_of(**values)
    return str(refused.value)


TEN = "abcdefghij" * 5


@pytest.mark.parametrize(
    ("key", "flaw"),
    [
        (TEN, ""),
        (TEN[:49], "has 49 characters"),
        ("abcdefghi" * 6, "can be guessed"),
        (f"django-insecure-{TEN}", "can be guessed"),
        (f"my-django-insecure-{TEN}", ""),
        ("", "is not set"),
    ],
)
def test_a_secret_key_is_long_and_random(key, flaw):
    assert environment._key_flaw(key) == flaw
    missing = environment.missing_in_production(key, [], ["a.example"])
    assert [*missing] == (["SECRET_KEY"] if flaw else [])
    assert not key or key not in str(missing)
    former = environment.missing_in_production(TEN, [TEN, key], ["a.example"])
    assert former.get("SECRET_KEY_FALLBACKS", "").startswith(f"number 2 {flaw}") is bool(flaw)


@pytest.mark.parametrize(("hosts", "is_refused"), [(["a"], False), ([], True), (["a", "*"], True), (None, True)])
def test_a_server_names_its_hosts(hosts, is_refused):
    assert ("ALLOWED_HOSTS" in environment.missing_in_production(TEN, [], hosts)) is is_refused


RULES = {
    environment.is_database: (
        ["sqlite:///a.db", "sqlite://:memory:", "postgres://u:p@host/name", "postgresql://host/name"],
        ["mysql://host/name", "nonsense", "", "file:///a.db"],
    ),
    environment.is_redis: (
        ["", "redis://host:6379/0", "rediss://host", "unix:///run/redis"],
        ["host:6379", "http://host", "xredis://host"],
    ),
    environment.is_zone: (["UTC", "Europe/Berlin"], ["", "Mars/Base", "europe/berlin"]),
    environment.is_issuer: (
        ["", "https://login.example/realms/a", "http://localhost:8080/a"],
        ["http://login.example", "login.example", "https://"],
    ),
    environment.is_registry: (
        ["", "https://registry.example/npm/", "http://localhost:4873"],
        ["registry.example", "https://me:secret@registry.example", "file:///srv"],
    ),
    environment.is_token: (["", "x" * 16, "!~" * 8], ["x" * 15, "x" * 16 + " ", "é" * 16]),
}
LIST_RULES = {
    environment.are_postgres: (["postgres://host/a", "postgresql://host/a"], ["sqlite:///a.db", "nonsense"]),
    environment.are_origins: (
        ["https://a.example", "https://a.example:8443", "http://localhost", "http://127.0.0.1:8000", "https://a"],
        [
            "http://a.example",
            "https:",
            "'self'",
            "*",
            "https://*.example",
            "https://a.example/",
            "https://a.example:123456",
        ],
    ),
    environment.are_trusted_origins: (
        ["https://a.example", "http://a.example", "https://*.a.example", "https://a.example:8443"],
        ["a.example", "https://", "https://*", "https://a.example/x", "ftp://a.example"],
    ),
    environment.are_networks: (
        ["10.0.0.7", "10.0.0.0/8", "::1", "2001:db8::/32"],
        ["10.0.0.1/8", "everybody", "10.0.0"],
    ),
    environment.are_absolute_paths: (["/srv/tables", "/srv/more/"], ["tables", "", "../tables", "/"]),
    environment.are_hosts: (
        ["jira", "jira.example.com", "*.example.com", ".example.com"],
        ["https://a", "a:80", "", "a b"],
    ),
    environment.are_own_hosts: (["a.example", ".a.example", "[::1]", "*"], ["https://a", "a:80", "*.a", ""]),
    environment.are_emails: (
        ["a@b.example", "a.b+c@d.e.example"],
        ["a@b", "a b@c.example", "@c.example", "a@b@c.example"],
    ),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_value_is_of_its_kind(rule):
    allowed, refused = RULES[rule]
    for value in allowed:
        rule(value)
    for value in refused:
        with pytest.raises(ValidationError):
            rule(value)


@pytest.mark.parametrize("rule", LIST_RULES, ids=lambda rule: rule.__name__)
def test_each_value_of_a_list_is_of_its_kind(rule):
    allowed, refused = LIST_RULES[rule]
    rule([])
    rule(allowed)
    for value in refused:
        with pytest.raises(ValidationError) as error:
            rule([allowed[0], value])
        # A sentence about an address does not quote its password.
        assert rule is environment.are_postgres or value in str(error.value)


def test_a_folder_exists_and_can_be_written_to(tmp_path, monkeypatch):
    environment.is_folder("")
    environment.is_folder(str(tmp_path))
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(ValidationError):
            environment.is_folder(str(path))
    asked = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append(mode))
    with pytest.raises(ValidationError):
        environment.is_folder(str(tmp_path))
    assert asked == [os.W_OK | os.X_OK]


BAD = {
    "ALLOWED_HOSTS": "https://a.example",
    "CSRF_TRUSTED_ORIGINS": "a.example",
    "DATABASE_URL": "mysql://u:pass@host/name",
    "DATABASE_POOL": "-1",
    "REPLICA_URLS": "sqlite:///a.db",
    "DATABASE_MAX_AGE": "-1",
    "DEBUG": "perhaps",
    "LOG_LEVEL": "LOUD",
    "LOG_FORMAT": "xml",
    "PROXY_COUNT": "-1",
    "LOGIN_FAILURES": "0",
    "LOGIN_LOCK_MINUTES": "0",
    "PROMETHEUS_MULTIPROC_DIR": "/nowhere/at/all",
    "TIME_ZONE": "Mars/Base",
    "KB_CORS_ORIGINS": "*",
    "KB_API_RATE_ANONYMOUS": "-1",
    "KB_API_RATE_KNOWN": "-1",
    "KB_PAGE_RATE_ANONYMOUS": "-1",
    "KB_PAGE_RATE_KNOWN": "-1",
    "KB_DETECT_RATE": "-1",
    "KB_LOGIN_RATE_ADDRESS": "-1",
    "KB_LOGIN_RATE_SITE": "-1",
    "KB_API_CACHE_MEGABYTES": "-1",
    "REDIS_URL": "localhost:6379",
    "KB_EMBED_ORIGINS": "http://a.example",
    "KB_SSO_ISSUER": "http://login.example",
    "KB_METRICS_TOKEN": "guessme",
    "KB_METRICS_ADDRESSES": "10.0.0.0/8,everybody",
    "KB_USAGE_FLUSH_SECONDS": "-1",
    "KB_INTERNAL_HOSTS": "https://jira.example",
    "KB_PUBLIC_EMAILS": "support",
    "KB_IMPORT_RETIRE_GUARD_PERCENT": "101",
    "KB_IMPORT_RETIRE_GUARD_CODES": "-1",
    "KB_UPLOAD_DAYS": "0",
    "KB_IMPORT_MAX_BYTES": "0",
    "KB_IMPORT_MAX_ROWS": "0",
    "KB_IMPORT_MAX_COLUMNS": "0",
    "KB_IMPORT_MAX_CELL": "131073",
    "KB_FETCH_HOSTS": "https://docs.example",
    "KB_FETCH_PORTS": "80,65536",
    "KB_FETCH_NETWORKS": "10.0.0.1/8",
    "KB_FETCH_MAX_BYTES": "0",
    "KB_FETCH_SECONDS": "601",
    "KB_NPM_REGISTRY": "registry.example",
    "KB_SOURCE_FOLDERS": "tables",
}
AT_THE_LIMIT = {
    "DATABASE_POOL": "0",
    "DATABASE_MAX_AGE": "0",
    "PROXY_COUNT": "0",
    "LOGIN_FAILURES": "1",
    "LOGIN_LOCK_MINUTES": "1",
    "KB_API_RATE_ANONYMOUS": "0",
    "KB_API_RATE_KNOWN": "0",
    "KB_PAGE_RATE_ANONYMOUS": "0",
    "KB_PAGE_RATE_KNOWN": "0",
    "KB_DETECT_RATE": "0",
    "KB_LOGIN_RATE_ADDRESS": "0",
    "KB_LOGIN_RATE_SITE": "0",
    "KB_API_CACHE_MEGABYTES": "0",
    "KB_USAGE_FLUSH_SECONDS": "0",
    "KB_IMPORT_RETIRE_GUARD_PERCENT": "100",
    "KB_IMPORT_RETIRE_GUARD_CODES": "0",
    "KB_UPLOAD_DAYS": "1",
    "KB_IMPORT_MAX_BYTES": "1",
    "KB_IMPORT_MAX_ROWS": "1",
    "KB_IMPORT_MAX_COLUMNS": "1",
    "KB_IMPORT_MAX_CELL": "131072",
    "KB_FETCH_MAX_BYTES": "1",
    "KB_FETCH_SECONDS": "600",
}


def test_every_bad_variable_is_named_in_one_refusal(settings_of):
    sentence = refusal_of(settings_of, SECRET_KEY="short", **BAD)
    names = [line.strip().partition(":")[0] for line in sentence.splitlines()[1:]]
    assert sorted(names) == sorted({*BAD, "SECRET_KEY"})
    assert "pass" not in sentence.replace("password", "")


def test_every_variable_with_a_rule_has_a_bad_value_here():
    text = (ROOT / "config" / "settings.py").read_text()
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and node.keywords]
    with_rule = {call.args[0].value for call in calls if "validate" in {keyword.arg for keyword in call.keywords}}
    assert len(with_rule) > 20
    assert with_rule - set(BAD) == set()


def test_a_variable_at_its_limit_is_allowed(settings_of):
    settings = settings_of(**GOOD | AT_THE_LIMIT)
    assert {name: str(settings[name]) for name in AT_THE_LIMIT} == AT_THE_LIMIT
    for name in ("KB_IMPORT_RETIRE_GUARD_PERCENT", "KB_IMPORT_MAX_CELL"):
        assert settings_of(**GOOD, **{name: "0" if "PERCENT" in name else "1"})[name] in (0, 1)
        assert name in refusal_of(settings_of, **GOOD, **{name: "-1" if "PERCENT" in name else "0"})


def test_debug_needs_no_key_and_no_hosts_and_a_server_needs_both(settings_of):
    debug = settings_of(DEBUG="1", DATABASE_URL="sqlite://:memory:")
    assert debug["SECRET_KEY"]
    assert "localhost" in debug["ALLOWED_HOSTS"]
    own = settings_of(DEBUG="1", SECRET_KEY="mine", ALLOWED_HOSTS="a.example")
    assert (own["SECRET_KEY"], own["ALLOWED_HOSTS"]) == ("mine", ["a.example"])
    assert "SECRET_KEY: is not set" in refusal_of(settings_of, ALLOWED_HOSTS="a.example")
    assert "ALLOWED_HOSTS: is not set" in refusal_of(settings_of, SECRET_KEY=KEY)
    fallbacks = refusal_of(settings_of, **GOOD, SECRET_KEY_FALLBACKS=f"{KEY},old")
    assert "SECRET_KEY_FALLBACKS: number 2 has 3 characters" in fallbacks
    # A flaw of the value itself is said before the lack of it.
    assert "ALLOWED_HOSTS: not a host" in refusal_of(settings_of, SECRET_KEY=KEY, ALLOWED_HOSTS="https://a")


SECURE = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_INCLUDE_SUBDOMAINS"]


@pytest.mark.parametrize(
    ("environment_of_it", "is_secure"),
    [
        ({}, True),
        ({"INSECURE_HTTP": "1"}, False),
        ({"DEBUG": "1"}, False),
        ({"DEBUG": "1", "INSECURE_HTTP": "1"}, False),
    ],
)
def test_a_server_insists_on_tls_unless_told_otherwise(settings_of, environment_of_it, is_secure):
    settings = settings_of(**GOOD | environment_of_it)
    assert {settings[name] for name in SECURE} == {is_secure}
    assert settings["SECURE_HSTS_SECONDS"] == (31_536_000 if is_secure else 0)
    assert (settings["SESSION_COOKIE_HTTPONLY"], settings["SESSION_COOKIE_SAMESITE"]) == (True, "Lax")
    assert (settings["X_FRAME_OPTIONS"], settings["CSRF_COOKIE_SAMESITE"]) == ("DENY", "Lax")


def test_the_header_of_a_proxy_counts_only_behind_one(settings_of):
    alone, behind = settings_of(**GOOD), settings_of(**GOOD, BEHIND_TLS_PROXY="1")
    assert "SECURE_PROXY_SSL_HEADER" not in alone
    assert behind["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert [alone["PROXY_COUNT"], behind["PROXY_COUNT"]] == [0, 1]


def test_what_is_off_unless_it_is_asked_for(settings_of):
    settings = settings_of(**GOOD)
    off = (
        "DEBUG",
        "KB_PUBLIC_READ",
        "KB_SSO",
        "INSECURE_HTTP",
        "KB_VALIDATE_OWN_WORDS",
        "KB_METRICS_TOKEN",
        "REDIS_URL",
    )
    assert [name for name in off if settings[name]] == []
    empty = ("KB_METRICS_ADDRESSES", "KB_CORS_ORIGINS", "KB_EMBED_ORIGINS", "REPLICAS", "DATABASE_ROUTERS")
    assert [name for name in empty if settings[name]] == []
    assert "CACHES" not in settings
    assert not [app for app in settings["INSTALLED_APPS"] if app.startswith("allauth")]
    assert settings["CORS_ALLOWED_ORIGINS"] == []
    assert "CORS_ALLOW_CREDENTIALS" not in settings
    assert settings["IMPORT_EXPORT_IMPORT_PERMISSION_CODE"] == "import_table"
    assert settings["IMPORT_EXPORT_EXPORT_PERMISSION_CODE"] == "export_table"


def test_guessing_passwords_is_locked_by_name_and_address(settings_of):
    settings = settings_of(**GOOD, LOGIN_FAILURES="3", LOGIN_LOCK_MINUTES="7")
    assert (settings["AXES_FAILURE_LIMIT"], settings["AXES_COOLOFF_TIME"].total_seconds()) == (3, 420)
    lock_by = import_string(settings["AXES_LOCKOUT_PARAMETERS"])
    assert lock_by(None, {"username": "anna"}) == lock_by(None, None) == [["username", "ip_address"]]
    assert settings["AUTHENTICATION_BACKENDS"][0].startswith("axes.")
    assert settings["AXES_DISABLE_ACCESS_LOG"]
    assert not settings["AXES_ENABLE_ADMIN"]


@pytest.mark.parametrize("missing", ["KB_SSO_ISSUER", "KB_SSO_CLIENT_ID", "KB_SSO_CLIENT_SECRET"])
def test_single_sign_on_needs_all_of_its_variables(settings_of, missing):
    whole = {"KB_SSO_ISSUER": "https://login.example/a", "KB_SSO_CLIENT_ID": "id", "KB_SSO_CLIENT_SECRET": "secret"}
    sentence = refusal_of(settings_of, **GOOD, KB_SSO="1", **whole | {missing: ""})
    assert sentence == f"KB_SSO is on, and these are not set: {missing}"
    assert "allauth" not in settings_of(**GOOD, **whole)["INSTALLED_APPS"]


def test_single_sign_on_needs_its_package(monkeypatch):
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match="extra `sso`"):
        environment.refuse_half_a_login("https://a.example", "id", "secret")


def test_databases_have_pools_or_lasting_connections(settings_of):
    url = "postgres://u:p@host/name"
    plain = environment.database(url, 0, 60)
    assert (plain["CONN_MAX_AGE"], "pool" in plain["OPTIONS"], plain["CONN_HEALTH_CHECKS"]) == (60, False, True)
    pooled = environment.database(url, 6, 60)
    assert (pooled["CONN_MAX_AGE"], pooled["OPTIONS"]["pool"]["max_size"]) == (0, 6)
    assert (plain["OPTIONS"]["connect_timeout"], plain["OPTIONS"]["seconds"]) == (2, 8)
    assert plain["OPTIONS"]["options"].startswith(
        "-c jit=off -c random_page_cost=1.1 -c statement_timeout=5000 -c lock_timeout=2000 "
    )
    mine = {"options": "-c x", "sslmode": "require"}
    assert environment.database(f"{url}?options=-c%20x&sslmode=require", 0, 0)["OPTIONS"] == plain["OPTIONS"] | mine
    small = environment.database("sqlite:///a.db", 6, 60)
    assert (small["OPTIONS"]["transaction_mode"], small["OPTIONS"]["timeout"]) == ("IMMEDIATE", 20)
    assert "journal_mode=WAL" in small["OPTIONS"]["init_command"]
    settings = settings_of(**GOOD | {"DATABASE_URL": url, "REPLICA_URLS": f"{url}, {url}2"})
    assert (settings["REPLICAS"], [*settings["DATABASES"]]) == (
        ["replica1", "replica2"],
        ["default", "replica1", "replica2"],
    )
    assert settings["DATABASES"]["replica2"]["NAME"] == "name2"
    assert settings["DATABASE_ROUTERS"] == ["kb.ops.replicas.router.Router"]


def test_redis_is_a_cache_that_gives_up_quickly(settings_of):
    cache = settings_of(**GOOD, REDIS_URL="redis://host:6379/0")["CACHES"]["default"]
    assert cache["LOCATION"] == "redis://host:6379/0"
    assert max(cache["OPTIONS"].values()) == 0.25


def test_an_origin_is_the_scheme_and_host_of_an_address():
    assert environment.origin_of("https://login.example:8443/realms/a?b=c") == "https://login.example:8443"
    assert environment.refuse({}) is None
