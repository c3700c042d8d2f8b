"""A database that does not answer is no mistake of the product: callers are told to come back, and when."""

import sys

from django.db import InterfaceError, OperationalError

RETRY_SECONDS = 5
DETAIL = "The database is not available right now. Nothing was changed. Try again in a few seconds."


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that the database is not there, is full, or keeps others waiting for too long."""
    return isinstance(error, OperationalError | InterfaceError)


def is_handled() -> bool:
    """Whether the error that is being handled says so."""
    return is_away(sys.exc_info()[1])
