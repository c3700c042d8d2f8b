"""The backend that `config/settings.py` names for PostgreSQL. See Note [Bounds]."""

import time
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel
from psycopg_pool import PoolTimeout

from kb.ops.databases.postgres import bounds
from kb.ops.databases.postgres.bounds import BoundedConnection


class BoundedPostgres(base.DatabaseWrapper):
    """Opens connections that wait no longer than their limits."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return what to connect with."""
        options = self.settings_dict["OPTIONS"]
        if "pool" in options:
            options["pool"]["connection_class"] = BoundedConnection
        return super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a new connection, or one of the pool."""
        self.isolation_level = IsolationLevel.READ_COMMITTED
        if not self.pool:
            return BoundedConnection.connect(**conn_params)
        self.pool.open()
        return _take_from(self.pool)


def _take_from(pool: Any) -> Any:
    """Return a connection of a pool. Raises PoolTimeout, soon if the server keeps all of them waiting.

    Without this, every thread would wait for a connection while the server hangs, and none would answer probes.
    """
    ends = time.monotonic() + pool.timeout
    while True:
        hangs = bounds.waiters() >= pool.max_size
        try:
            return pool.getconn(timeout=bounds.SHORT_PATIENCE if hangs else bounds.PATIENCE)
        except PoolTimeout:
            if hangs or time.monotonic() >= ends:
                raise


DatabaseWrapper = BoundedPostgres
