"""Fetch a file over HTTP or HTTPS, within the limits of FetchRules.

No credentials are sent, no proxy is used, and no redirect is followed unless its address passes the same checks.
"""

import socket
import ssl
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import IO
from urllib.parse import urldefrag, urljoin

from kb.importing.watched_sources.connection import Deadline, PinnedConnection
from kb.importing.watched_sources.network_guard import FetchRules, WebAddress, checked_addresses, web_address
from kb.importing.watched_sources.trouble import SourceTrouble

MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 1 << 16
_IN_MEMORY = 1 << 20
_MAX_ADDRESSES = 4
_MAX_RETRY = 7 * 24 * 3600
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": "Codebook", "Connection": "close"}


@dataclass(frozen=True)
class Fetched:
    """A good answer: its file at the start, or None where the validators say that it is the same as before."""

    url: str
    file: IO[bytes] | None
    content_type: str = ""
    charset: str = ""
    etag: str = ""
    last_modified: str = ""


def fetch(url: str, rules: FetchRules, validators: Mapping[str, str] | None = None, of: str = "") -> Fetched:
    """Return the file at an address. `validators` are headers for the address `of` alone. Raises SourceTrouble."""
    deadline = Deadline(rules.seconds, rules.idle_seconds)
    address, first = web_address(urldefrag(url)[0], rules), url
    for _ in range(MAX_REDIRECTS + 1):
        headers = validators if validators and address.url == of else {}
        with closing(_open(address, headers, rules, deadline)) as response:
            if response.status not in _REDIRECTS:
                return _answer(response, address, headers, rules)
            address = _next(response, address, rules)
    raise SourceTrouble("refused", f"{first[:200]} leads to more than {MAX_REDIRECTS} other addresses.")


def _open(address: WebAddress, validators: Mapping[str, str], rules: FetchRules, deadline: Deadline) -> HTTPResponse:
    numbers = checked_addresses(address.host, address.port, rules)[:_MAX_ADDRESSES]
    for number in numbers:
        connection = PinnedConnection(address, number, deadline)
        try:
            connection.putrequest("GET", address.target, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": address.host_header, **_HEADERS, **validators}.items():
                connection.putheader(name, value)
            connection.endheaders()
            return connection.getresponse()
        except (OSError, HTTPException, ValueError) as error:
            connection.close()
            if number == numbers[-1]:
                raise _unreachable(address, error) from None
    raise _unreachable(address, OSError())


def _next(response: HTTPResponse, address: WebAddress, rules: FetchRules) -> WebAddress:
    # Headers are read as Latin-1; many servers send UTF-8.
    location = response.headers.get("Location", "").encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        target = urldefrag(urljoin(address.url, location))[0]
    except ValueError:
        target = ""
    if not location or not target:
        raise SourceTrouble("refused", f"{address.url} redirects to nowhere.")
    onward = web_address(target, rules)
    if address.scheme == "https" and onward.scheme == "http":
        raise SourceTrouble("refused", f"{address.url} redirects from https to {target[:200]}, which is not encrypted.")
    return onward


def _answer(response: HTTPResponse, address: WebAddress, validators: Mapping[str, str], rules: FetchRules) -> Fetched:
    status, headers = response.status, response.headers
    if status == 304 and validators:
        return Fetched(address.url, None)
    if status != 200:
        raise _bad_status(status, address, headers.get("Retry-After", ""))
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - its reader closes it
    try:
        for piece in _pieces(response, address, rules):
            file.write(piece)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return Fetched(
        address.url,
        file,
        headers.get_content_type() if "Content-Type" in headers else "",
        str(headers.get_param("charset", "") if "Content-Type" in headers else "").strip("\"' "),
        _plain_header(headers.get("ETag", ""), 500),
        _plain_header(headers.get("Last-Modified", ""), 100),
    )


def _pieces(response: HTTPResponse, address: WebAddress, rules: FetchRules) -> Iterator[bytes]:
    """Yield the decoded bytes of an answer. Raises SourceTrouble above the limit, and where the answer is cut off."""
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise SourceTrouble("refused", f"{address.url} is encoded as {coding[:40]}, which is not supported.")
    announced, size, arrived = response.length, 0, 0
    unpacker = None if coding in ("", "identity") else zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        while piece := response.read(_PIECE):
            arrived += len(piece)
            for part in [piece] if unpacker is None else _unpacked(unpacker, piece):
                size += len(part)
                _check_size(max(size, arrived), address, rules)
                yield part
    except (OSError, HTTPException, ValueError, zlib.error) as error:
        raise _unreachable(address, error) from None
    # Half a page must not look like a table that lost half of its codes.
    is_cut = (announced is not None and arrived < announced) or (unpacker is not None and not unpacker.eof)
    if is_cut:
        raise SourceTrouble("unreachable", f"The answer of {address.url} ended before it was complete.")


def _unpacked(unpacker: "zlib._Decompress", piece: bytes) -> Iterator[bytes]:
    """Yield what a piece unpacks to, a little at a time: a small piece can unpack to very much."""
    while piece:
        if unpacker.eof:
            raise zlib.error("more bytes after the end")
        yield unpacker.decompress(piece, _PIECE)
        piece = unpacker.unconsumed_tail or unpacker.unused_data


def _check_size(size: int, address: WebAddress, rules: FetchRules) -> None:
    if size > rules.max_bytes:
        message = f"{address.url} has more than {rules.max_bytes} bytes, the limit of KB_FETCH_MAX_BYTES."
        raise SourceTrouble("too large", message)


def _bad_status(status: int, address: WebAddress, retry_after: str) -> SourceTrouble:
    if status in (404, 410):
        return SourceTrouble("gone", f"{address.url} is gone (status {status}).")
    if status in (401, 403, 407):
        return SourceTrouble("gone", f"{address.url} may not be read without a log-in (status {status}).")
    seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 9 else 0
    is_temporary = status in (408, 425, 429) or status >= 500
    kind = "unreachable" if is_temporary else "refused"
    return SourceTrouble(kind, f"{address.url} answers with status {status}.", min(seconds, _MAX_RETRY))


def _unreachable(address: WebAddress, error: Exception) -> SourceTrouble:
    if isinstance(error, ssl.SSLCertVerificationError):
        return SourceTrouble("refused", f"The certificate of {address.host} is not valid: {error.verify_message}.")
    if isinstance(error, TimeoutError | socket.timeout):
        return SourceTrouble("unreachable", f"{address.url} did not answer in time.")
    reason = getattr(error, "strerror", "") or type(error).__name__
    return SourceTrouble("unreachable", f"{address.url} could not be read: {reason}.")


def _plain_header(value: str, longest: int) -> str:
    """Return a header that can be sent back; "" for one that is too long or has signs that no header may have."""
    return value if len(value) <= longest and value.isascii() and value.isprintable() else ""
