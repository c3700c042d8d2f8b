"""Whether this server is fit to answer: asked every few seconds by whatever spreads the requests."""

from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from kb import searching
from kb.ops.replicas.watch import MAX_LAG, WATCH


def problems() -> list[str]:
    """Return what keeps this server from answering well, in sentences without a secret; [] where nothing does."""
    if reads_only():
        # Its migrations and its index were the primary's until it went away.
        return []
    try:
        connection.ensure_connection()
        missing = missing_migrations()
        if missing:
            return [f"Migrations are not applied, {len(missing)} of them. Run manage.py migrate."]
        behind = searching.lag()
    except DatabaseError as error:
        # Its message may name hosts and users.
        return [f"The database does not answer ({type(error).__name__})."]
    return [f"The search index and the codes differ by {behind}. Run manage.py reindex."] if behind else []


def replicas() -> list[str]:
    """Return in sentences which databases of several are away or behind. Servers go on answering without them."""
    if not settings.REPLICAS:
        return []
    state = WATCH.state()
    away = [alias for alias in settings.REPLICAS if alias not in state.replicas]
    behind = [alias for alias, position in state.replicas.items() if position < state.fresh_from]
    said = ["The primary database is not available: reads work, writes do not."] * (state.primary is None)
    said += [f"{alias} does not answer." for alias in away]
    return said + [f"{alias} is more than {MAX_LAG:g} s behind and is not used." for alias in sorted(behind)]


def reads_only() -> bool:
    """Whether the primary is away and a replica answers in its place."""
    state = WATCH.state() if settings.REPLICAS else None
    return state is not None and state.primary is None and bool(state.replicas)


def missing_migrations() -> list[str]:
    """Return the names of the migrations that this release has and the database has not."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    return [f"{app}.{name}" for app, name in sorted(released() - applied)]


@cache
def released() -> frozenset[tuple[str, str]]:
    """Return the migrations of this release, by app and name."""
    return frozenset(MigrationLoader(None).disk_migrations)


@cache
def replaced() -> frozenset[tuple[str, str]]:
    """Return the migrations of releases before that this one's replace, by app and name."""
    migrations = MigrationLoader(None).disk_migrations.values()
    return frozenset(name for migration in migrations for name in migration.replaces)
