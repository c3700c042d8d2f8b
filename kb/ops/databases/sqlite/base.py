"""The backend that `config/settings.py` names for SQLite. See Note [Turns]."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from kb.ops.databases.sqlite.turns import Queue, queue_of

_WRITE = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)


class QueuedSqlite(base.DatabaseWrapper):
    """Waits for its turn before each transaction that writes, and before each write outside a transaction."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Watch the statements."""
        super().__init__(*args, **kwargs)
        self._queue: Queue | None = None
        self.execute_wrappers.append(self._in_turn)

    def commit(self) -> None:
        """Commit, and give the turn to the next writer."""
        try:
            super().commit()
        finally:
            self._give()

    def rollback(self) -> None:
        """Roll back, and give the turn to the next writer."""
        try:
            super().rollback()
        finally:
            self._give()

    def close(self) -> None:
        """Close the connection, and give the turn to the next writer."""
        try:
            super().close()
        finally:
            self._give()

    def _in_turn(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        begins = sql.startswith("BEGIN IMMEDIATE")
        if self._queue is not None or not (begins or self._writes_alone(sql)):
            return execute(sql, params, many, context)
        self._take()
        try:
            result = execute(sql, params, many, context)
        except BaseException:
            self._give()
            raise
        if not begins:
            self._give()
        return result

    def _writes_alone(self, sql: str) -> bool:
        """Whether a statement is a transaction of its own that writes to the file."""
        # A temporary table belongs to the connection: see Note [No lock while planning].
        return (
            _WRITE.match(sql) is not None
            and not self.connection.in_transaction
            and not any(name in sql for (name,) in self.connection.execute("SELECT name FROM temp.sqlite_master"))
        )

    def _take(self) -> None:
        if self.is_in_memory_db():
            return
        # The same patience as SQLite's own: whoever shortens that, shortens this.
        (milliseconds,) = self.connection.execute("PRAGMA busy_timeout").fetchone()
        queue = queue_of(str(self.settings_dict["NAME"]))
        # On a medium that cannot be written, SQLite itself says so.
        with suppress(OSError):
            if not queue.take(milliseconds / 1000):
                raise OperationalError("database is locked: other writers are in front")
            self._queue = queue

    def _give(self) -> None:
        queue, self._queue = self._queue, None
        if queue is not None:
            queue.give()


DatabaseWrapper = QueuedSqlite
