"""A database that hangs: pages and programs are told so within seconds, and probes within one."""

import contextlib
import signal
import subprocess
import threading
import time
from collections import Counter

import pytest
import requests

from tests.config.test_settings import GOOD
from tests.faults.cluster import PRIMARY, Cluster
from tests.faults.server import Load, Server, manage, run_doctor

CARD = "/codes/zim-server/660300001/"
CARDS = [CARD, "/?q=room", "/api/v1/codes/?code=660300001", "/tables/zim-server/"]
PRODUCTION = GOOD | {"INSECURE_HTTP": "1", "ALLOWED_HOSTS": "127.0.0.1"}
PEOPLE, SECONDS = 34, 14
LONGEST_PROBE, LONGEST_ANSWER = 1.5, 12
"""Seconds, on a machine whose two cores also have the callers. A page's limit is 8; a lock's and a pool's are 2."""


@pytest.fixture
def cluster():
    cluster = Cluster(alone=True)
    try:
        manage(cluster.writable_url, "demo")
        yield cluster
    finally:
        cluster.signal(1, signal.SIGCONT)
        cluster.stop()


@contextlib.contextmanager
def locked(cluster):
    """Hold a lock that every card has to wait for."""
    hold = f"BEGIN; LOCK TABLE kb_returncode IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({SECONDS})"
    command = [str(cluster.bin / "psql"), "-h", cluster.home, "-p", str(PRIMARY), "-U", "codebook", "-d", "postgres"]
    process = subprocess.Popen([*command, "-c", hold], stdout=subprocess.DEVNULL)
    time.sleep(0.5)
    try:
        yield
    finally:
        process.wait(SECONDS + 10)


@contextlib.contextmanager
def frozen(cluster):
    """Stop the database's processes: connections stay open, and nothing answers."""
    cluster.signal(1, signal.SIGSTOP)
    try:
        yield
        time.sleep(SECONDS)
    finally:
        cluster.signal(1, signal.SIGCONT)


class Prober:
    """Asks both probes, one after the other, until it is told to stop."""

    def __init__(self, address):
        self.address, self.took, self.statuses = address, {"/healthz": [], "/readyz": []}, Counter()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._done.wait(0.1):
            for path, took in self.took.items():
                began = time.monotonic()
                self.statuses[path, requests.get(self.address + path, timeout=60).status_code] += 1
                took.append(time.monotonic() - began)

    def stop(self):
        """Return the longest of each probe, in seconds."""
        self._done.set()
        self._thread.join(60)
        return {path: round(max(took), 2) for path, took in self.took.items()}


@pytest.mark.soak
@pytest.mark.parametrize("hang", [locked, frozen])
@pytest.mark.parametrize("pool", ["0", "8"])
def test_a_database_that_hangs_holds_nobody(hang, pool, cluster, figures):
    url = cluster.writable_url
    server = Server(url, DATABASE_POOL=pool, **PRODUCTION)
    try:
        load = Load(server.address, CARDS, people=PEOPLE, pause=0.05)
        time.sleep(2)
        prober, began = Prober(server.address), time.monotonic()
        with hang(cluster):
            pass
        probes, ended = prober.stop(), time.monotonic()
        time.sleep(8)
        again = time.monotonic()
        time.sleep(2)
        load.stop()
        meanwhile = [answer for answer in load.answers if began <= answer[0] <= ended]
        longest = max(end - start for start, end, _, _ in load.answers)
        figures(
            f"{hang.__name__}, pool {pool}: {Counter(status for _, _, status, _ in meanwhile)}, longest {longest:.1f},"
            f" probes {probes}, {dict(prober.statuses)}"
        )
        assert {status for _, _, status, _ in meanwhile} <= {200, 503}
        assert longest < LONGEST_ANSWER
        assert max(probes.values()) < LONGEST_PROBE
        assert load.failed(after=again) == []
    finally:
        server.stop()
    run_doctor(url)


@pytest.mark.soak
@pytest.mark.parametrize("more", [PRODUCTION, {"DEBUG": "1"}])
def test_a_refusal_is_a_page_or_a_problem_and_says_when_to_retry(more, cluster):
    server = Server(cluster.writable_url, **more)
    try:
        assert requests.get(server.address + CARD, timeout=20).status_code == 200
        with locked(cluster):
            page = requests.get(server.address + CARD, timeout=20)
            problem = requests.get(server.address + CARDS[2], timeout=20)
        assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
        assert "Traceback" not in page.text
        assert (problem.status_code, problem.headers["Content-Type"]) == (503, "application/problem+json")
    finally:
        server.stop()
