"""Filters and formats of the log. Records have routes, times and errors, but no user input and no secrets."""

import logging
import re
import traceback
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from kb.ops.request_log import route_of

# Errors quote input: "invalid literal for int(): 'my secret'", "Key (url)=(https://...)".
_QUOTED = re.compile(r"""(?<!\w)(["'])[^\n]*?\1(?!\w)""")
_KEY_VALUE = re.compile(r"\)=\([^\n]*\)")


class DiscreetFilter(logging.Filter):
    """Removes addresses, quoted values and secrets from the records of every library."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Remove these parts from a record, and accept it."""
        request = record.__dict__.pop("request", None)
        if request is not None and isinstance(record.args, tuple) and record.args:
            # In these records of Django's, the last argument is the address.
            record.args = (*record.args[:-1], route_of(request) if hasattr(request, "resolver_match") else "none")
        record.msg, record.args = discreet(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = _trace(record.exc_info)
            record.exc_info = None
        return True


def discreet(text: str) -> str:
    """Return a text without quoted parts and without anything that looks like a secret."""
    # Here, because its patterns take a tenth of the time of a command of the shell, and few commands log anything.
    from kb.text.safety.mask import mask

    return mask(_KEY_VALUE.sub(")=(…)", _QUOTED.sub(r"\1…\1", text)))


def _trace(error: Any) -> str:
    """Return the trace of an error and of its causes, with the first line of each message, made discreet."""
    parts = []
    current = error[1] if isinstance(error, tuple) else None
    while current is not None:
        frames = "".join(traceback.format_list(traceback.extract_tb(current.__traceback__)))
        first = next(iter(str(current).splitlines()), "")
        parts.append(f"{frames}{type(current).__module__}.{type(current).__qualname__}: {discreet(first)}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\ncaused by\n".join(parts)


class LineFormatter(logging.Formatter):
    """One line per record, for people; a response's fields follow the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = ("route", "method", "status", "milliseconds", "user_id", "trace_id")
        values = [f"{name}={record.__dict__[name]}" for name in fields if record.__dict__.get(name) is not None]
        return super().format(record) if not values else f"{super().format(record)} {' '.join(values)}"


class JsonLines(JsonFormatter):
    """One JSON object per record."""

    def __init__(self, **_: Any) -> None:
        """Set the names of the fields."""
        super().__init__(
            ["asctime", "levelname", "name", "message", "request_id"],
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "error"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
        )
