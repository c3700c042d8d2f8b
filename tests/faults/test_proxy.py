"""The proxy of deploy/nginx.conf, for real: what it refuses, what it keeps, and what it says itself."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
import requests

from bench.restart.__main__ import proxy
from kb.ops import security_headers
from tests.faults.server import Server, Site, free_port, manage

pytestmark = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
IMPORT = "/admin/kb/tableimport/import/"
HEADERS = security_headers.HEADERS | {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@pytest.fixture(scope="module")
def home():
    with tempfile.TemporaryDirectory(prefix="codebook-proxy-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def server(home):
    url = f"sqlite:///{home}/demo.sqlite3"
    manage(url, "demo")
    server = Server(url, PROXY_COUNT="1")
    yield server
    server.stop()


@pytest.fixture
def front(home, server):
    """Yield the proxy's address, with rates that start anew."""
    port, upstream = free_port(), server.address.rpartition(":")[2]
    with proxy(home, port, (upstream, upstream), unlimited=False):
        yield f"http://127.0.0.1:{port}"


def bytes_kept(home):
    """Return the bytes of bodies that nginx holds. Its files have no name, so they are asked of its processes."""
    told = ["pgrep", "-P", (home / "pid").read_text().strip()]
    workers = subprocess.run(told, capture_output=True, text=True, check=True).stdout.split()
    files = [file for worker in workers for file in Path(f"/proc/{worker}/fd").iterdir()]
    return sum(file.stat().st_size for file in files if "/client_body/" in os.readlink(file))


def send_megabytes(front, head, count):
    """Send headers, then as many megabytes as are taken; return the connection."""
    caller = socket.create_connection(("127.0.0.1", int(front.rpartition(":")[2])), 5)
    caller.settimeout(0.5)
    caller.sendall(f"POST {head}\r\nHost: 127.0.0.1\r\n\r\n".replace(" @ ", " HTTP/1.1\r\n").encode())
    try:
        for _ in range(count):
            caller.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n" if "chunked" in head else b"x" * 2**20)
    except OSError:
        pass
    return caller


@pytest.mark.parametrize("head", ["Content-Length: 400000000", "Content-Length: 9000000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("path", [IMPORT, "/admin/kb/troubleshootingnote/add/"])
def test_the_proxy_keeps_nothing_that_strangers_send(front, home, path, head):
    callers = [send_megabytes(front, f"{path} @ {head}", 20) for _ in range(4)]
    try:
        assert bytes_kept(home) == 0
        for caller in callers:
            assert caller.recv(12) in {b"HTTP/1.1 403", b"HTTP/1.1 413"}
    finally:
        for caller in callers:
            caller.close()


def test_who_may_import_can_send_a_large_file_and_an_editor_cannot(front):
    table = b"code,description\n" + b"".join(b"%d,%s\n" % (n, b"x" * 1000) for n in range(3000))
    for user, status in (("importer", 200), ("editor", 403)):
        browser = Site(front).session(user)
        token = browser.cookies["csrftoken"]
        sent = {"csrfmiddlewaretoken": token}
        referer = {"Referer": front + IMPORT}
        answer = browser.post(
            front + IMPORT, sent, files={"import_file": ("t.csv", table)}, headers=referer, timeout=60
        )
        assert answer.status_code == status
        # Codebook read the importer's form; the proxy itself refused the editor's.
        assert answer.headers["Content-Type"].startswith("text/html" if status == 200 else "text/plain")


def test_what_the_proxy_says_itself_has_words_and_headers(front, server):
    said = [requests.get(front + "/metrics", timeout=5), requests.post(front + "/flag/", b"x" * 3_000_000, timeout=5)]
    assert [answer.status_code for answer in said] == [404, 413]
    for answer in said:
        assert HEADERS.items() <= answer.headers.items()
        assert answer.text.endswith(".\n")
        assert "Retry-After" not in answer.headers


def test_a_proxy_without_a_server_says_when_to_try_again(home):
    port, nobody = free_port(), free_port()
    with proxy(home, port, (nobody, nobody), unlimited=False, ready="/metrics", status=404):
        answer = requests.get(f"http://127.0.0.1:{port}/", timeout=5)
        assert answer.status_code == 502
        assert answer.headers["Retry-After"] == "5"
        assert HEADERS.items() <= answer.headers.items()


def test_many_log_ins_of_one_address_are_slowed_down_and_pages_are_not(front):
    answers = [requests.post(front + "/login/", {"username": "x"}, timeout=5) for _ in range(40)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 5 < len(refused) < 25
    assert refused[0].headers["Retry-After"] == "5"
    assert HEADERS.items() <= refused[0].headers.items()
    pages = [requests.get(front + "/login/", timeout=5).status_code for _ in range(40)]
    assert set(pages) == {200}
