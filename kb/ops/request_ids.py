"""An id for every request: in the response's `X-Request-ID`, in each log record, and in every error.

A caller or a proxy may send its own id, so that one id follows a request through several services. The id of a trace in
`traceparent` (W3C Trace Context) is logged beside it.
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

# Allows UUIDs, ULIDs and trace ids. Other texts could forge log lines.
_VALID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")

# A version, the trace, the caller's span, flags. Version ff and ids of zeros are wrong; later versions may add parts.
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?P<trace>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<later>-.*)?"
)

_current: ContextVar[str] = ContextVar("request_id", default=NONE)
_trace: ContextVar[str] = ContextVar("trace_id", default="")


def current() -> str:
    """Return the id of the current request."""
    return _current.get()


def clean_id(header: str) -> str:
    """Return the caller's id, or a new one if the header has no valid id."""
    return header if _VALID.fullmatch(header) else uuid4().hex


def trace_of(header: str) -> str:
    """Return the id of the trace in a `traceparent` header; "" if the header is not valid."""
    match = _TRACEPARENT.fullmatch(header)
    return "" if match is None or (match["version"] == "00" and match["later"]) else match["trace"]


class RequestIdMiddleware:
    """Gives each request an id. It is the outermost layer, so that every response has an id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Store the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the caller's id, or with a new one."""
        # Not reset afterwards, because a streamed body is made later. The next request sets its own id.
        _current.set(clean_id(request.headers.get(HEADER, "")))
        _trace.set(trace_of(request.headers.get("traceparent", "")))
        response = self.get_response(request)
        response[HEADER] = current()
        return response


class RequestIdFilter(logging.Filter):
    """Adds the id to each log record, as `request_id`, and the id of its trace as `trace_id` if there is one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids to a record, and accept it."""
        record.request_id = current()
        if trace := _trace.get():
            record.trace_id = trace
        return True
