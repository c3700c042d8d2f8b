"""Choose the database for a query."""

from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS as PRIMARY
from django.db import connections

read_database: ContextVar[str] = ContextVar("read_database", default=PRIMARY)
"""The alias of the database that the current request reads. Commands and other threads read from the primary."""


class Router:
    """Writes, and reads inside a transaction, go to the primary. Other reads go to the database of the request."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Return the database to read from."""
        return PRIMARY if connections[PRIMARY].in_atomic_block else read_database.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Return the primary."""
        return PRIMARY

    def allow_relation(self, *args: Any, **hints: Any) -> bool:
        """Allow every relation: all databases hold the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Migrate the primary; replicas follow."""
        return db == PRIMARY
