"""The doctor's checks of a site, each at the border of the fault that it names, and how it says what it found."""

import json
from collections import namedtuple
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import checks as django_checks
from django.db import DatabaseError, connection
from django.utils import timezone

from kb.models import WatchedSource
from kb.ops.doctor import checks, findings, rows, site
from kb.services.roles import ROLES
from tests import make

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(("count", "text"), [(0, ""), (1, "0"), (5, "0, 1, 2, 3, 4"), (6, "0, 1, 2, 3, 4 and more")])
def test_a_sentence_names_five_rows(count, text):
    assert findings.listing(range(count)) == text


def check_of(count):
    return lambda: iter(f"Fault {n}." for n in range(count))


@pytest.mark.parametrize(
    ("count", "length", "last"), [(0, 0, None), (20, 20, "Fault 19."), (21, 21, "... and more like this.")]
)
def test_an_area_has_twenty_sentences(count, length, last):
    sentences = checks._sentences(check_of(count))
    assert (len(sentences), sentences[-1] if sentences else None) == (length, last)


def test_an_area_that_fails_is_one_sentence_without_details():
    def fail():
        yield "A fault."
        raise DatabaseError("the secret of the database")

    assert checks._sentences(fail) == ["This could not be checked: DatabaseError. Are all migrations applied?"]


def test_without_a_database_the_checks_that_need_none_run():
    areas = {"settings": check_of(1), "feed": check_of(1), "disk": check_of(2)}
    assert checks.examine_without_database(areas, DatabaseError("a\n\tb")) == {
        "database": ["The database does not answer: a b"],
        "settings": ["Fault 0."],
        "disk": ["Fault 0.", "Fault 1."],
    }
    assert set(checks.examine_without_database({"feed": check_of(1)}, DatabaseError(""))) == {"database"}


@pytest.fixture
def sound(settings, tmp_path, monkeypatch, db):
    """Settings of a server without a fault."""
    # The browser tests of the same process set this.
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)
    (tmp_path / "staticfiles.json").write_text(json.dumps({}))
    settings.DEBUG, settings.INSECURE_HTTP, settings.REDIS_URL, settings.STATIC_ROOT = False, False, "", str(tmp_path)
    settings.SECRET_KEY, settings.ALLOWED_HOSTS = "abcdefghijklm" * 5, ["codebook.example"]
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 3600, True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER, settings.PROXY_COUNT = ("HTTP_X_FORWARDED_PROTO", "https"), 1
    return settings


TLS = ("SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")


def faults():
    return "\n".join(site.configured())


def test_sound_settings_have_no_fault(sound):
    assert faults() == ""


@pytest.mark.parametrize(("name", "number"), [*zip(TLS, ("004", "008", "012", "016"), strict=True)])
def test_a_site_without_tls_is_named_by_each_setting_or_once(sound, name, number):
    setattr(sound, name, 0)
    assert f"(security.W{number})" in faults()
    sound.INSECURE_HTTP = True
    assert faults() == "INSECURE_HTTP is on: passwords and sessions cross the network unencrypted."


def test_other_warnings_are_named_with_plain_http_too(sound):
    sound.INSECURE_HTTP, sound.SECRET_KEY = True, "short"
    assert "(security.W009)" in faults()
    sound.SILENCED_SYSTEM_CHECKS = ["security.W009", "security.W021"]
    assert "(security.W009)" not in faults()


def test_a_note_below_a_warning_is_no_fault(sound, monkeypatch):
    messages = [django_checks.Info("Nice.", id="a.I1"), django_checks.Warning("Bad.", id="a.W1")]
    monkeypatch.setattr(site.checks, "run_checks", lambda include_deployment_checks: messages)
    assert faults() == "Bad. (a.W1)"
    sound.DEBUG = True
    assert faults() == "DEBUG is on. Use it only for the demo and for development."


def test_a_proxy_is_counted_and_static_files_are_collected(sound, tmp_path):
    sound.PROXY_COUNT = 0
    assert faults().startswith("BEHIND_TLS_PROXY is on and PROXY_COUNT is 0")
    sound.SECURE_PROXY_SSL_HEADER = None
    assert faults().startswith("PROXY_COUNT is 0. Without a proxy")
    sound.PROXY_COUNT = 1
    assert faults() == ""
    (tmp_path / "staticfiles.json").unlink()
    assert faults() == "Static files are not collected. Run manage.py collectstatic."
    sound.STATIC_ROOT = None
    assert faults() == ""


def test_redis_is_asked_if_there_is_one(sound, monkeypatch):
    def fail(key):
        raise OSError("the secret of Redis")

    monkeypatch.setattr(site, "cache", SimpleNamespace(get=fail))
    assert faults() == ""
    sound.REDIS_URL = "redis://host"
    assert faults() == "Redis does not answer (OSError): the database counts API rates instead."
    monkeypatch.setattr(site, "cache", SimpleNamespace(get=lambda key: None))
    assert faults() == ""


@pytest.mark.parametrize(
    ("version", "encoding", "sentence"),
    [
        (140_000, "UTF8", ""),
        (139_999, "UTF8", "PostgreSQL 13 is too old: 14 or later is needed."),
        (170_000, "LATIN1", "The database's encoding is LATIN1; only UTF8 holds every vendor's text."),
    ],
)
def test_an_old_or_narrow_postgresql_is_named(monkeypatch, version, encoding, sentence):
    monkeypatch.setattr(site, "rows", lambda sql: [(version, encoding)])
    assert "\n".join(site._postgres()) == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, ""),
        ({"journal_mode": "memory"}, ""),
        ({"journal_mode": "delete"}, "SQLite's journal_mode is delete, not wal."),
        ({"foreign_keys": 0}, "SQLite's foreign_keys is 0, not 1."),
        ({"foreign_keys": "memory"}, "SQLite's foreign_keys is memory, not 1."),
        ({"FTS5": 0}, "SQLite is built without FTS5, which search requires."),
    ],
)
def test_an_sqlite_with_unsafe_settings_is_named(monkeypatch, values, sentence):
    values = {"journal_mode": "wal", "foreign_keys": 1, "FTS5": 1} | values
    monkeypatch.setattr(site, "rows", lambda sql: [[value for name, value in values.items() if name in sql]])
    assert "\n".join(site._sqlite()) == sentence


def test_a_missing_index_is_named_before_one_that_is_late(monkeypatch):
    monkeypatch.setattr(site.answers, "lag", lambda: 1)
    monkeypatch.setattr(site.searching, "lag", lambda: 3)
    for is_there, sentence in ((False, "missing. Run manage.py migrate"), (True, "differ by 3. Run manage.py reindex")):
        monkeypatch.setattr(site.searching, "is_there", lambda is_there=is_there: is_there)
        (said,) = site.index()
        assert sentence in said
    monkeypatch.setattr(site.searching, "lag", lambda: 0)
    assert ["differ by 1." in said for said in site.index()] == [True]
    monkeypatch.setattr(site.answers, "lag", lambda: 0)
    assert list(site.index()) == []


def test_a_damaged_file_of_sqlite_is_named(monkeypatch):
    def answer(sql):
        return (
            [("row 3 missing from index x",), ("ok",)] if "integrity" in sql else [(name,) for name in rows._TRIGGERS]
        )

    monkeypatch.setattr(rows, "is_postgres", lambda: False)
    monkeypatch.setattr(rows, "rows", answer)
    assert list(rows.guards()) == ["SQLite reports a damaged file: row 3 missing from index x."]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has neither")
@pytest.mark.django_db
def test_constraints_and_indexes_that_are_not_valid_are_named():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kb_flag ADD CONSTRAINT unproved CHECK (id > 0) NOT VALID")
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'change_object'::regclass")
    assert list(rows.guards()) == [
        "The database has constraints that are not validated: unproved.",
        "The database has broken indexes: change_object.",
    ]


@pytest.fixture
def staffed(db, admin):
    """A site with its roles and a superuser."""
    return admin


def permission_faults():
    return list(site.permissions())


def test_a_staffed_site_has_no_fault(staffed):
    for role in ROLES:
        make.user(f"{role} of the site", role)
    make.user("stranger")
    assert permission_faults() == []


def test_each_role_has_exactly_the_permissions_of_the_release(staffed):
    editor, extra = Group.objects.get(name="editor"), Permission.objects.get(codename="import_table")
    lost = editor.permissions.filter(content_type__app_label="kb").order_by("codename")[0]
    editor.permissions.remove(lost)
    assert permission_faults() == [f"The role editor lacks {lost.codename}. Run manage.py migrate."]
    editor.permissions.add(lost, extra)
    assert permission_faults() == ["The role editor may also import_table, which it should not."]
    # Permissions of other packages are not the product's.
    editor.permissions.remove(extra)
    editor.permissions.add(Permission.objects.get(codename="view_session"))
    assert permission_faults() == []
    Group.objects.filter(name="agent").delete()
    assert permission_faults() == ["The role agent is missing. Run manage.py migrate."]


@pytest.mark.parametrize("values", [{"is_active": False}, {"is_superuser": False, "is_staff": False}])
def test_a_site_has_an_active_superuser(staffed, values):
    type(staffed).objects.filter(pk=staffed.pk).update(**values)
    assert permission_faults() == ["There is no active superuser. Run manage.py createsuperuser."]


def test_staff_have_a_permission_by_a_role_or_of_their_own(staffed):
    people = [make.user(f"idle{n}", is_staff=True) for n in range(6)]
    ids = [person.pk for person in people]
    assert permission_faults() == [f"Staff users without any permission: {', '.join(map(str, ids[:5]))} and more."]
    people[0].user_permissions.add(Permission.objects.get(codename="view_internal"))
    people[1].groups.add(Group.objects.get(name="agent"))
    people[2].user_permissions.add(Permission.objects.get(codename="view_session"))
    make.User.objects.filter(pk=ids[3]).update(is_active=False)
    make.User.objects.filter(pk=ids[4]).update(is_staff=False)
    assert permission_faults() == [f"Staff users without any permission: {ids[2]}, {ids[5]}."]


@pytest.mark.parametrize("is_sqlite", [True, False])
def test_a_disk_needs_room_for_an_import_and_for_the_database(monkeypatch, tmp_path, is_sqlite):
    (tmp_path / "db").write_bytes(b"x" * 2**20)
    databases = {"default": {"NAME": str(tmp_path / "db")}}
    monkeypatch.setattr(site, "settings", SimpleNamespace(DATABASES=databases))
    monkeypatch.setattr(site, "is_postgres", lambda: not is_sqlite)
    needed, asked = site.SPARE + 2**20 * is_sqlite, []

    def faults_with(free):
        monkeypatch.setattr(site.shutil, "disk_usage", lambda folder: asked.append(folder) or Usage(0, 0, free))
        return list(site.disk())

    assert faults_with(needed) == []
    assert (tmp_path in asked) is is_sqlite
    sentences = faults_with(needed - 1)
    uses = ["temporary files", "the database"][: 1 + is_sqlite]
    assert sentences == [
        f"{(needed - 1) // 2**20} MB are free for {use}; {needed // 2**20} MB are recommended." for use in uses
    ]
    (tmp_path / "db").unlink()
    assert faults_with(site.SPARE) == []


@pytest.mark.django_db
def test_sources_that_fail_or_are_a_day_late_are_named():
    source = WatchedSource.objects.create(table=make.table(), address="https://vendor.example/")
    assert list(site.sources()) == []
    WatchedSource.objects.update(due_at=timezone.now() - site.LATE - timedelta(minutes=1))
    assert list(site.sources()) == ["Sources are a day late: zim-server. Does a timer run manage.py fetch_tables?"]
    WatchedSource.objects.update(due_at=timezone.now(), needs_attention=True, failures=3, problem="It is gone.")
    assert list(site.sources()) == ["The source of zim-server needs attention: It is gone."]
    WatchedSource.objects.filter(pk=source.pk).update(is_enabled=False)
    assert list(site.sources()) == []
