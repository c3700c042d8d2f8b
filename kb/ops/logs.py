"""What a log may hold: which route, how long, what went wrong; nothing that a person typed or that opens a door."""

import logging
import re
import traceback
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from kb.ops.request_log import route_of
from kb.text.safety.mask import mask

# What errors quote is what somebody gave: "invalid literal for int(): 'my secret'", "Key (url)=(https://...)".
_QUOTED = re.compile(r"""(?<!\w)(["'])[^\n]*?\1(?!\w)""")
_KEY_VALUE = re.compile(r"\)=\([^\n]*\)")


class DiscreetFilter(logging.Filter):
    """Takes addresses, quoted values and secrets out of records, whichever library wrote them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with less in it."""
        request = record.__dict__.pop("request", None)
        if request is not None and isinstance(record.args, tuple) and record.args:
            # Django ends these with the address.
            record.args = (*record.args[:-1], route_of(request) if hasattr(request, "resolver_match") else "none")
        record.msg, record.args = discreet(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = _told(record.exc_info)
            record.exc_info = None
        return True


def discreet(text: str) -> str:
    """Return a text without what it quotes and without what looks like a secret."""
    return mask(_KEY_VALUE.sub(")=(…)", _QUOTED.sub(r"\1…\1", text)))


def _told(error: Any) -> str:
    """Return the way to an error, without its causes' words but the first line of each, discreetly."""
    told = []
    current = error[1] if isinstance(error, tuple) else None
    while current is not None:
        frames = "".join(traceback.format_list(traceback.extract_tb(current.__traceback__)))
        first = next(iter(str(current).splitlines()), "")
        told.append(f"{frames}{type(current).__module__}.{type(current).__qualname__}: {discreet(first)}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\ncaused by\n".join(told)


class LineFormatter(logging.Formatter):
    """One line a record for people, with the fields of an answer behind its message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = ("route", "method", "status", "milliseconds", "user_id")
        told = [f"{name}={record.__dict__[name]}" for name in fields if record.__dict__.get(name) is not None]
        return super().format(record) if not told else f"{super().format(record)} {' '.join(told)}"


class JsonLines(JsonFormatter):
    """One JSON object a record."""

    def __init__(self, **_: Any) -> None:
        """Name the fields."""
        super().__init__(
            ["asctime", "levelname", "name", "message", "request_id"],
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "error"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
        )
