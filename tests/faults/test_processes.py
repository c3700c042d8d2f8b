"""Processes share only the database: one finishes what another started, and a slow caller blocks nobody."""

import os
import random
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests

from tests.faults.server import ROOT, Load, Server, environment, manage, run_doctor

APPLY = (
    "from kb.importing.applying.transaction import apply_import\n"
    "from kb.services.journal import By\nfrom kb.models import *\n"
    "done = apply_import(TableImport.objects.get(), By(None, Door.IMPORT))\n"
    "print(done.state, ReturnCode.objects.count())"
)


def run_on_other_machine(url, folder, *command):
    """Run a command as another machine would: in a folder of its own, with temporary files of its own."""
    folder.mkdir()
    more = {"TMPDIR": str(folder), "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command],
        cwd=folder,
        env=environment(url, more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    return found.stdout


def test_a_plan_of_one_machine_is_applied_by_another(tmp_path):
    url = f"sqlite:///{tmp_path}/shared.sqlite3"
    manage(url, "migrate", "-v", "0")
    upload = tmp_path / "codes.csv"
    upload.write_text("code,description\n1,One\n2,Two\n")
    create = ["--table", "few", "--create", "--vendor", "Few", "--product", "Codes", "--name", "All"]
    run_on_other_machine(url, tmp_path / "one", "import_table", str(upload), *create)
    upload.unlink()
    for left in (tmp_path / "one").iterdir():
        left.unlink()
    assert run_on_other_machine(url, tmp_path / "two", "shell", "-v", "0", "-c", APPLY).split() == ["applied", "2"]
    run_doctor(url)


PAGE = "/codes/zim-server/660300001/"
FORM = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: csrftoken=0123456789abcdefghijABCDEFGHIJ01\r\n"
FORM += b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\n\r\n"
SLOW = {
    "64 connections that were used and stay open": (64, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    "64 connections that send nothing": (64, b""),
    "700 half headers": (700, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "),
    "40 half bodies": (40, FORM + b"a"),
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Serve the demo with one worker."""
    url = f"sqlite:///{tmp_path_factory.mktemp('alone')}/demo.sqlite3"
    manage(url, "demo")
    server = Server(url, workers=1)
    yield server
    server.stop()


def connect(server, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", int(server.address.rpartition(":")[2])), 10, (source, 0))


def answer_to_form(server, source):
    with connect(server, source) as caller:
        caller.sendall(FORM + b"a=bc")
        return caller.recv(12)


@pytest.mark.parametrize("kind", SLOW)
def test_slow_callers_do_not_block_others(alone, kind):
    count, sent = SLOW[kind]
    slow = [connect(alone) for _ in range(count)]
    for caller in slow:
        caller.sendall(sent)
    try:
        for _ in range(3):
            assert requests.get(alone.address + PAGE, timeout=5).status_code == 200
        # A form of somebody else is read: without its page it is refused.
        assert answer_to_form(alone, "127.0.0.2") == b"HTTP/1.1 403"
    finally:
        for caller in slow:
            caller.close()


@pytest.mark.soak
def test_slow_senders_of_one_address_are_told_to_wait(alone):
    slow, answer, ends = [], b"", time.monotonic() + 20
    try:
        # The seats of an earlier test may still be taken: senders that are refused then hold none.
        while answer != b"HTTP/1.1 503" and time.monotonic() < ends:
            slow += [connect(alone) for _ in range(9)]
            for caller in slow[-9:]:
                caller.sendall(FORM + b"a")
            answer = answer_to_form(alone, "127.0.0.1")
        assert answer == b"HTTP/1.1 503"
    finally:
        for caller in slow:
            caller.close()


def test_a_connection_without_a_request_is_closed(alone):
    with connect(alone) as idle:
        idle.settimeout(20)
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while idle.recv(4096):
            pass


def kill_a_worker(server):
    """Kill a worker with SIGKILL; return how many there were."""
    told = ["pgrep", "-P", str(server.process.pid)]
    workers = subprocess.run(told, capture_output=True, text=True, check=False).stdout.split()
    if workers:
        os.kill(int(random.choice(workers)), signal.SIGKILL)
    return len(workers)


def test_nobody_is_refused_while_a_killed_worker_is_replaced(alone):
    assert requests.get(alone.address + PAGE, timeout=20).status_code == 200
    # Twice, because granian alone would stop after a second one within six seconds.
    for _ in range(2):
        assert kill_a_worker(alone) == 1
        for _ in range(3):
            assert requests.get(alone.address + PAGE, timeout=20).status_code == 200


@pytest.mark.soak
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_workers_cost_only_requests_in_flight(tmp_path, figures, workers):
    url, people = f"sqlite:///{tmp_path}/demo.sqlite3", 6
    manage(url, "demo")
    server = Server(url, workers=workers)
    load, kills = Load(server.address, [PAGE, "/healthz"], people), 0
    try:
        for _ in range(30):
            time.sleep(2)
            kills += bool(kill_a_worker(server))
        load.stop()
        # A caller has one request at a time, and an open connection that a dead worker cannot use.
        lost = len(load.failed(0))
        figures(f"{kills} of {workers} workers killed: {lost} of {len(load.answers)} requests lost")
        assert kills > 25
        assert lost <= kills * people
        assert len(load.answers) > 4 * lost
    finally:
        server.stop()
    run_doctor(url)
