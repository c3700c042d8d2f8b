"""Whether this server is ready. The load balancer checks it every few seconds."""

from concurrent.futures import Future
from functools import cache
from threading import Lock, Thread

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from kb import answers, searching
from kb.ops.replicas import status

SECONDS = 0.7
"""How long a probe waits for the databases. Load balancers give up after a second or two."""

_lock = Lock()
_latest: Future[list[list[str]]] | None = None


def report_soon() -> list[list[str]]:
    """Return what `report` does, or within SECONDS that the database does not answer.

    One thread looks for all probes, so that no more than one is ever stuck.
    """
    global _latest
    with _lock:
        if _latest is None or _latest.done():
            _latest = Future()
            Thread(target=_look, args=(_latest,), name="readiness", daemon=True).start()
        look = _latest
    try:
        return look.result(SECONDS)
    except TimeoutError:
        return [[f"The database did not answer within {SECONDS:g} s."], []]


def report() -> list[list[str]]:
    """Return `problems`, and what is wrong with the replicas of a server that can take requests all the same."""
    return [problems(), status.problems()]


def _look(look: "Future[list[list[str]]]") -> None:
    try:
        look.set_result(report())
    except BaseException as error:
        look.set_exception(error)
    finally:
        connection.close()


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
