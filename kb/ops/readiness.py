"""Whether this server is ready. The load balancer checks it every few seconds."""

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from kb import answers, searching
from kb.ops.replicas import status


def problems() -> list[str]:
    """Return the reasons why this server is not ready, as sentences without secrets; [] if it is ready."""
    if status.is_read_only():
        # A replica has the same migrations and index as the primary.
        return []
    try:
        connection.ensure_connection()
        missing = missing_migrations()
        if missing:
            return [f"Migrations are not applied, {len(missing)} of them. Run manage.py migrate."]
        behind = max(searching.lag(), answers.lag())
    except DatabaseError as error:
        # The message may contain hosts and users.
        return [f"The database does not answer ({type(error).__name__})."]
    return [f"The search index and the codes differ by {behind}. Run manage.py reindex."] if behind else []


def missing_migrations() -> list[str]:
    """Return the names of this release's migrations that the database lacks."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    return [f"{app}.{name}" for app, name in sorted(released() - applied)]


@cache
def released() -> frozenset[tuple[str, str]]:
    """Return the migrations of this release, by app and name."""
    return frozenset(MigrationLoader(None).disk_migrations)


@cache
def replaced() -> frozenset[tuple[str, str]]:
    """Return the earlier migrations that this release's squashed ones replace, by app and name."""
    migrations = MigrationLoader(None).disk_migrations.values()
    return frozenset(name for migration in migrations for name in migration.replaces)
