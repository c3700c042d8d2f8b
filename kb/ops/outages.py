"""Errors that mean the database is unavailable: callers get a 503 and the time to retry."""

import sys

from django.db import InterfaceError, OperationalError

RETRY_SECONDS = 5
DETAIL = "The database is not available right now. Nothing was changed. Try again in a few seconds."


def is_away(error: BaseException | None) -> bool:
    """Whether an error means that the database is unreachable, is full, or answers too late."""
    return isinstance(error, OperationalError | InterfaceError)


def is_busy(error: BaseException) -> bool:
    """Whether the database works and the statement had to wait too long: for a lock, a turn, or its own end."""
    codes = {getattr(error.__cause__, name, None) for name in ("sqlstate", "sqlite_errorname")}
    is_locked = str(error).startswith("database is locked")
    return isinstance(error, OperationalError) and (is_locked or not codes.isdisjoint(_BUSY))


_BUSY = {"55P03", "57014", "SQLITE_BUSY"}
"""PostgreSQL's lock_not_available and query_canceled."""


def is_handled() -> bool:
    """Whether the error that is being handled means that the database is away: see `is_away`."""
    return is_away(sys.exc_info()[1])
