"""How many requests may be sent to one process at the same time, so that slow senders leave threads for the others."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

from kb.ops import client_address
from kb.ops.security_headers import HEADERS

Environ = dict[str, Any]

CHARSET = "codebook.charset"
"""Where the gate leaves the charset of a body, in the environment of a WSGI request. Addresses and forms are UTF-8."""
MAX_READING, MAX_BY_ADDRESS = 10, 8
"""Bodies that are read at the same time, of everybody and of one address. A process has 16 threads."""
MAX_WAITING, WAIT = 4, 1.0
"""Requests that wait until another body has arrived, and for how many seconds."""
BUSY = "Too many forms are being sent at the moment. Try again in a few seconds."
_HIDING = {"*", '"', "\\"}
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Retry-After", "5"),
    ("X-Frame-Options", "DENY"),
    *HEADERS.items(),
]


def charset_in(environ: Environ) -> str:
    """Return the charset that the sender of a body names; "" for none."""
    if CHARSET in environ:
        return str(environ[CHARSET])
    return _without_charset(environ.get("CONTENT_TYPE", ""))[1]


def _without_charset(content_type: str) -> tuple[str, str]:
    """Return a `Content-Type` without its charset, and the charset. What cannot be read is a charset nobody knows."""
    try:
        media_type, parameters = parse_header_parameters(content_type)
    except (ValueError, TypeError):
        # A TypeError for a parameter whose parts are mixed, such as `x*=a; x*0=b`.
        media_type, _, rest = content_type.partition(";")
        return media_type.strip(), rest.strip()
    charset = parameters.pop("charset", None)
    if charset is None:
        return content_type, ""
    # Only what reads the same again: a star or a quote could hide another charset. No boundary has one.
    plain = (f'{name}="{value}"' for name, value in parameters.items() if not _HIDING & {*name, *value})
    return "; ".join([media_type, *plain]), charset


class BodyGate:
    """A WSGI application that refuses a request with a body while too many others are still arriving.

    It also hides the charset of a body from Django, for which see `charset_in`.

    A body is read by the thread that answers, and nothing can interrupt it. A proxy that reads bodies first, as nginx
    does, keeps slow senders away. Without one, this leaves threads for those who only read.
    """

    def __init__(
        self,
        application: Callable[[Environ, Callable[..., Any]], Iterable[bytes]],
        refusal_of: Callable[[Environ], tuple[str, bytes]],
    ) -> None:
        """Store the next layer, and what returns the media type and the body of a refusal."""
        self.application, self.refusal_of = application, refusal_of
        self._reading: Counter[str] = Counter()
        self._waiting = 0
        self._changed = threading.Condition()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Return the body of the response: 503 if too many bodies are arriving."""
        # Django would read the address with it: one address would have many answers, and the cache keeps one of them.
        content_type, environ[CHARSET] = _without_charset(environ.get("CONTENT_TYPE", ""))
        if environ[CHARSET]:
            environ["CONTENT_TYPE"] = content_type
        length = environ.get("CONTENT_LENGTH", "")
        # Django does not read a body without a length.
        if not length.isdecimal() or not int(length):
            return self.application(environ, start_response)
        address = client_address.address_in(environ)
        if not self._enter(address):
            media_type, refusal = self.refusal_of(environ)
            own = [("Content-Type", media_type), ("Content-Length", str(len(refusal)))]
            start_response("503 Service Unavailable", [*own, *_HEADERS])
            return [refusal]
        body = environ["wsgi.input"] = _Body(environ["wsgi.input"], int(length), lambda: self._leave(address))
        try:
            return self.application(environ, start_response)
        finally:
            body.end()

    def _is_free(self, address: str) -> bool:
        return self._reading.total() < MAX_READING and self._reading[address] < MAX_BY_ADDRESS

    def _enter(self, address: str) -> bool:
        with self._changed:
            is_free = self._is_free(address)
            if not is_free and self._waiting < MAX_WAITING:
                self._waiting += 1
                is_free = self._changed.wait_for(lambda: self._is_free(address), WAIT)
                self._waiting -= 1
            self._reading[address] += is_free
            return is_free

    def _leave(self, address: str) -> None:
        with self._changed:
            self._reading[address] -= 1
            # Without this, addresses would stay for ever.
            self._reading += Counter()
            self._changed.notify_all()


class _Body:
    """A request's body that says once when it has been read."""

    def __init__(self, stream: Any, length: int, leave: Callable[[], None]) -> None:
        self._stream, self._left, self._leave = stream, length, leave
        self._is_over = False

    def read(self, *size: int) -> bytes:
        """Return up to so many bytes."""
        return self._seen(self._stream.read(*size))

    def readline(self, *size: int) -> bytes:
        """Return a line."""
        return self._seen(self._stream.readline(*size))

    def end(self) -> None:
        """Say that nobody reads on."""
        if not self._is_over:
            self._is_over = True
            self._leave()

    def _seen(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left <= 0 or not data:
            self.end()
        return data
