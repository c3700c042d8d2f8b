"""The backend that `config/settings.py` names for PostgreSQL. See Note [Bounds]."""

from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel

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
        if self.pool:
            return super().get_new_connection(conn_params)
        self.isolation_level = IsolationLevel.READ_COMMITTED
        return BoundedConnection.connect(**conn_params)


DatabaseWrapper = BoundedPostgres
