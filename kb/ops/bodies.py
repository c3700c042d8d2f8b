"""How many requests may be sent to one process at the same time, so that slow senders leave threads for the others."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from kb.ops import client_address
from kb.ops.security_headers import HEADERS
from kb.text import charsets

Environ = dict[str, Any]

MAX_READING, MAX_BY_ADDRESS = 10, 8
"""Bodies that are read at the same time, of everybody and of one address. A process has 16 threads."""
MAX_WAITING, WAIT = 4, 1.0
"""Requests that wait until another body has arrived, and for how many seconds."""
BUSY = "Too many forms are being sent at the moment. Try again in a few seconds."
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Retry-After", "5"),
    ("X-Frame-Options", "DENY"),
    *HEADERS.items(),
]


def _rename_codec(environ: Environ) -> None:
    """Prefix a charset that is no charset: Django reads addresses with it, and fails on Python's other codecs."""
    media_type, mark, charset = environ.get("CONTENT_TYPE", "").partition("charset=")
    if mark and not charsets.is_known(charset.partition(";")[0].strip(' "')):
        environ["CONTENT_TYPE"] = f"{media_type}charset=x-{charset.strip(chr(34))}"


class BodyGate:
    """A WSGI application that refuses a request with a body while too many others are still arriving.

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
        _rename_codec(environ)
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
