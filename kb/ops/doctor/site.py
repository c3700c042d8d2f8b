"""Checks of a site: its settings, its database, permissions, watched sources and room on the disk."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core import checks
from django.core.cache import cache
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from kb import answers, searching
from kb.models import WatchedSource
from kb.models.sql import is_postgres, rows
from kb.ops import readiness
from kb.ops.doctor.findings import MAX_LISTED, listing
from kb.ops.replicas import status
from kb.services.roles import ROLES

SPARE = 512 * 2**20
"""Bytes that should be free, because the file of an import is unpacked there."""

LATE = timedelta(days=1)
"""A source that waits so long after it was due is asked by no timer."""

_OF_TLS = {f"security.W{number}" for number in ("004", "008", "012", "016")}
"""Django's four warnings about a site without TLS."""


def configured() -> Iterator[str]:
    """Yield the warnings of Django's deployment checks, and settings that contradict each other."""
    if settings.DEBUG:
        yield "DEBUG is on. Use it only for the demo and for development."
    if settings.INSECURE_HTTP:
        yield "INSECURE_HTTP is on: passwords and sessions cross the network unencrypted."
    for message in [] if settings.DEBUG else checks.run_checks(include_deployment_checks=True):
        is_said = settings.INSECURE_HTTP and message.id in _OF_TLS
        if message.level >= checks.WARNING and not message.is_silenced() and not is_said:
            yield f"{message.msg} ({message.id})"
    if settings.SECURE_PROXY_SSL_HEADER and not settings.PROXY_COUNT:
        yield "BEHIND_TLS_PROXY is on and PROXY_COUNT is 0: every client appears to have the address of the proxy."
    if not settings.DEBUG and not settings.PROXY_COUNT:
        yield "PROXY_COUNT is 0. Without a proxy such as deploy/nginx.conf, slow clients can keep others from sending."
    if settings.STATIC_ROOT and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield "Static files are not collected. Run manage.py collectstatic."
    yield from _redis()


def _redis() -> Iterator[str]:
    if not settings.REDIS_URL:
        return
    try:
        cache.get("doctor")
    except Exception as error:
        # Catch any error, because the error classes belong to a library that may not be installed.
        yield f"Redis does not answer ({type(error).__name__}): the database counts API rates instead."


def database() -> Iterator[str]:
    """Yield the problems of the database, and everything that this release needs and the database lacks."""
    yield from _postgres() if is_postgres() else _sqlite()
    yield from status.problems()
    missing = readiness.missing_migrations()
    if missing:
        yield f"Migrations are not applied: {listing(missing)}. Run manage.py migrate."
    ours = readiness.released() | readiness.replaced()
    applied = MigrationRecorder(connection).applied_migrations()
    unknown = sorted(f"{app}.{name}" for app, name in applied if app == "kb" and (app, name) not in ours)
    if unknown:
        yield f"The database is from a later release: it has {listing(unknown)}."


def _postgres() -> Iterator[str]:
    version, encoding = rows("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")[0]
    if version < 140_000:
        yield f"PostgreSQL {version // 10_000} is too old: 14 or later is needed."
    if encoding != "UTF8":
        yield f"The database's encoding is {encoding}; only UTF8 holds every vendor's text."


def _sqlite() -> Iterator[str]:
    expected = {"journal_mode": "wal", "foreign_keys": 1}
    for pragma, expected_value in expected.items():
        value = rows(f"PRAGMA {pragma}")[0][0]
        if value != expected_value and not (pragma == "journal_mode" and value == "memory"):
            yield f"SQLite's {pragma} is {value}, not {expected_value}."
    if not rows("SELECT sqlite_compileoption_used('ENABLE_FTS5')")[0][0]:
        yield "SQLite is built without FTS5, which search requires."


def index() -> Iterator[str]:
    """Yield the number of codes by which the search index differs."""
    if not searching.is_there():
        yield "The search index is missing. Run manage.py migrate."
    elif behind := max(searching.lag(), answers.lag()):
        yield f"The search index and the codes differ by {behind}. Run manage.py reindex."


def permissions() -> Iterator[str]:
    """Yield roles that differ from this release's, a missing superuser, and staff without permissions."""
    for name, expected in ROLES.items():
        group = Group.objects.filter(name=name).first()
        if group is None:
            yield f"The role {name} is missing. Run manage.py migrate."
            continue
        actual = set(group.permissions.filter(content_type__app_label="kb").values_list("codename", flat=True))
        if expected - actual:
            yield f"The role {name} lacks {listing(sorted(expected - actual))}. Run manage.py migrate."
        if actual - expected:
            yield f"The role {name} may also {listing(sorted(actual - expected))}, which it should not."
    users = get_user_model().objects.filter(is_active=True)
    if not users.filter(is_superuser=True).exists():
        yield "There is no active superuser. Run manage.py createsuperuser."
    able = Permission.objects.filter(content_type__app_label="kb")
    idle = users.filter(is_staff=True, is_superuser=False).exclude(groups__permissions__in=able)
    numbers = list(idle.exclude(user_permissions__in=able).order_by("pk").values_list("pk", flat=True)[:6])
    if numbers:
        yield f"Staff users without any permission: {listing(numbers)}."


def sources() -> Iterator[str]:
    """Yield the watched sources that need attention, and those that nobody asks any more."""
    for source in WatchedSource.objects.troubled().select_related("table").order_by("problem_since")[:MAX_LISTED]:
        yield f"The source of {source.table.slug} needs attention: {source.problem}"
    late = WatchedSource.objects.due(timezone.now() - LATE).order_by("due_at")
    slugs = list(late.values_list("table__slug", flat=True)[: MAX_LISTED + 1])
    if slugs:
        yield f"Sources are a day late: {listing(slugs)}. Does a timer run manage.py fetch_tables?"


def disk() -> Iterator[str]:
    """Yield the folders whose disk is nearly full: of the database's file and of the files of imports."""
    places = {"temporary files": Path(tempfile.gettempdir())}
    needed = SPARE
    name = str(settings.DATABASES["default"]["NAME"])
    if not is_postgres() and Path(name).exists():
        places["the database"] = Path(name).parent
        needed += Path(name).stat().st_size
    for use, folder in places.items():
        free = shutil.disk_usage(folder).free
        if free < needed:
            yield f"{free // 2**20} MB are free for {use}; {needed // 2**20} MB are recommended."
