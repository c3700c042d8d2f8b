"""The product in production: a real server in its own processes."""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import requests

from tests import ROOT

AREAS = ["index", "feed", "objects", "histories", "references", "codes", "guards", "documents"]
"""What `doctor --deep` reads of the rows. The other areas are the demo's settings, which are no production's."""


def manage(url: str, *command: str, **more: str) -> str:
    """Run a command of manage.py; return what it prints."""
    found = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment(url, more),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert found.returncode == 0, (found.stdout + found.stderr)[-2000:]
    return found.stdout


def free_port() -> int:
    """Return a free port that the system gives to no other connection while its server restarts."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def run_doctor(url: str) -> None:
    """Run the doctor on every row."""
    manage(url, "doctor", *AREAS)


def environment(url: str, more: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a process of the product."""
    known = {
        "DEBUG": "1",
        "KB_PUBLIC_READ": "1",
        "DATABASE_URL": url,
        "KB_USAGE_FLUSH_SECONDS": "1",
        "LOG_LEVEL": "ERROR",
        # Everybody here has the same address.
        "KB_PAGE_RATE_ANONYMOUS": "0",
        "KB_PAGE_RATE_KNOWN": "0",
        "KB_LOGIN_RATE_ADDRESS": "0",
        "KB_LOGIN_RATE_SITE": "0",
    }
    # Tests have their own settings; these processes run with the product's.
    return os.environ | known | (more or {}) | {"DJANGO_SETTINGS_MODULE": "config.settings"}


class Site:
    """An address, and people who work there with a browser."""

    def __init__(self, address: str) -> None:
        self.address = address

    def session(self, user: str) -> requests.Session:
        """Return a browser that is logged in as a demo user."""
        browser = requests.Session()
        answer = self.post(browser, "/login/", {"username": user, "password": f"demo-{user}"})
        assert "sessionid" in browser.cookies, answer.status_code
        return browser

    def post(self, browser: requests.Session, path: str, fields: dict[str, str]) -> requests.Response:
        """Send a form as a browser does: with what the page already holds, and its token."""
        page = browser.get(self.address + path, timeout=20)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        held = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        data = held | {"csrfmiddlewaretoken": token[1] if token else ""} | fields
        return browser.post(self.address + path, data, headers={"Referer": self.address + path}, timeout=20)


class Server(Site):
    """Two worker processes, or another number, on a port of their own."""

    def __init__(self, url: str, port: int = 0, workers: int = 2, **more: str) -> None:
        port = port or free_port()
        super().__init__(f"http://127.0.0.1:{port}")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", str(workers)],
            cwd=ROOT,
            env=environment(url, more),
            start_new_session=True,
        )
        try:
            self._wait()
        except AssertionError:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop every process."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)

    def _wait(self) -> None:
        for _ in range(150):
            try:
                assert self.process.poll() is None, "the server stopped: is the port taken?"
                requests.get(self.address + "/healthz", timeout=2)
                return
            except requests.RequestException:
                time.sleep(0.1)
        raise AssertionError("the server does not start")


class Load:
    """People who look things up, one after the other, until they are told to stop."""

    def __init__(self, address: str, paths: list[str], people: int = 4, pause: float = 0) -> None:
        self.address, self.paths, self.pause = address, paths, pause
        self.answers: list[tuple[float, float, int, str]] = []
        """When each look-up began and ended, its status, 0 for none, and its path."""
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(people)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Wait until everybody has stopped."""
        self._done.set()
        for thread in self._threads:
            thread.join(30)

    def failed(self, after: float, before: float = float("inf")) -> list[tuple[float, float, int, str]]:
        """Return the look-ups that began in a time and were not answered."""
        return [answer for answer in self.answers if after <= answer[0] <= before and answer[2] != 200]

    def _run(self, number: int) -> None:
        browser, turn = requests.Session(), number
        while not self._done.is_set():
            began, status = time.monotonic(), 0
            path = self.paths[turn % len(self.paths)]
            with contextlib.suppress(requests.RequestException):
                status = browser.get(self.address + path, timeout=20).status_code
            self.answers.append((began, time.monotonic(), status, path))
            turn += 1
            self._done.wait(self.pause)
