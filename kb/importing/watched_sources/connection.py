"""Connections to an address that was checked before, within a deadline. See Note [Asked once]."""

import io
import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from kb.importing.watched_sources.network_guard import WebAddress


class Deadline:
    """When the whole answer must be there, and how long a server may say nothing."""

    def __init__(self, seconds: float, idle_seconds: float) -> None:
        self._end, self._idle = time.monotonic() + seconds, idle_seconds

    def wait(self) -> float:
        """Return how long the next read may take. Raises TimeoutError when the time is over."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._idle)


class PinnedConnection(HTTPConnection):
    """A connection to one IP address; the request, and TLS, name the host that it was resolved from."""

    def __init__(self, address: WebAddress, number: str, deadline: Deadline) -> None:
        super().__init__(address.host, address.port)
        self._address, self._number, self._deadline = address, number, deadline
        self.response_class = _answer_in_time(deadline)  # type: ignore[assignment]

    def connect(self) -> None:
        """Connect to the address. Raises OSError."""
        self.sock = socket.create_connection((self._number, self._address.port), timeout=self._deadline.wait())
        if self._address.scheme == "https":
            context = ssl.create_default_context()
            self.sock.settimeout(self._deadline.wait())
            self.sock = context.wrap_socket(self.sock, server_hostname=self._address.host)


class _RawAnswer(io.RawIOBase):
    """The bytes of a socket. Each read may take as long as the deadline leaves, so that no drip goes on for ever."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        # A file of its own keeps the socket open after its connection let go of it.
        self._sock, self._file, self._deadline = sock, sock.makefile("rb", buffering=0), deadline

    def readable(self) -> bool:
        """Return whether it can be read: it can."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has arrived. Raises TimeoutError."""
        self._sock.settimeout(self._deadline.wait())
        return self._file.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()
        super().close()


class _Readable:
    """What `HTTPResponse` needs of a socket."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the bytes of the answer."""
        return io.BufferedReader(_RawAnswer(self._sock, self._deadline))


def _answer_in_time(deadline: Deadline) -> Callable[..., HTTPResponse]:
    def response(sock: socket.socket, *args: Any, **kwargs: Any) -> HTTPResponse:
        return HTTPResponse(_Readable(sock, deadline), *args, **kwargs)  # type: ignore[arg-type]

    return response
