"""An id for every request: in the answer's `X-Request-ID`, in each log record, and in the API's errors.

A caller, or the proxy in front, may send its own, so that one id follows a request through several services.
"""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Request-ID"
NONE = "-"
"""What a log record holds that belongs to no request."""

# What ids look like everywhere: UUIDs, ULIDs, trace ids. Anything else could forge lines of a log.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")

_current: ContextVar[str] = ContextVar("request_id", default=NONE)


def current() -> str:
    """Return the id of the request that is being answered."""
    return _current.get()


def take(given: str) -> str:
    """Return the caller's id, or a new one where it gave none that is sane."""
    return given if _SANE.fullmatch(given) else uuid4().hex


class RequestIdMiddleware:
    """Give each request an id. Stands first, so that what other layers answer has one too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the caller's id, or with a new one."""
        # Not reset afterwards: the body of a streamed answer is made later, and the thread's next request has its own.
        _current.set(take(request.headers.get(HEADER, "")))
        response = self.get_response(request)
        response[HEADER] = current()
        return response


class RequestIdFilter(logging.Filter):
    """Writes the id into each log record, as `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with the id."""
        record.request_id = current()
        return True
