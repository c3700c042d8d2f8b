"""An id for every request: in the response's `X-Request-ID`, in each log record, and in the API's errors.

A caller or a proxy may send its own id, so that one id follows a request through several services.
"""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Request-ID"
NONE = "-"
"""The id in log records outside of requests."""

# UUIDs, ULIDs and trace ids fit. Other texts could forge lines of a log.
_VALID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")

_current: ContextVar[str] = ContextVar("request_id", default=NONE)


def current() -> str:
    """Return the id of the current request."""
    return _current.get()


def clean_id(header: str) -> str:
    """Return the caller's id, or a new one if the header has no valid id."""
    return header if _VALID.fullmatch(header) else uuid4().hex


class RequestIdMiddleware:
    """Gives each request an id. It is the outermost layer, so that every response has one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the caller's id, or with a new one."""
        # Not reset afterwards: a streamed body is made later, and the thread's next request sets its own id.
        _current.set(clean_id(request.headers.get(HEADER, "")))
        response = self.get_response(request)
        response[HEADER] = current()
        return response


class RequestIdFilter(logging.Filter):
    """Adds the id to each log record, as `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with the id."""
        record.request_id = current()
        return True
