"""Killed half-way, out of disk, without a database: nothing is half-written, and a second attempt succeeds."""

import csv
import os
import random
import resource
import signal
import subprocess
import sys
import time

import pytest

from tests.faults.cluster import Cluster
from tests.faults.server import ROOT, Load, Server, environment, manage, run_doctor

ROWS = 20_000


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/faults.sqlite3"
        return
    cluster = Cluster(alone=True)
    try:
        yield cluster.writable_url
    finally:
        cluster.stop()


def table(path, rows, words):
    """Write a file of many codes."""
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["code", "description", "suggested_actions"])
        out.writerows([str(n), f"{words} {n}", "Try again later."] for n in range(1, rows + 1))
    return str(path)


def counts(url):
    """Return how many codes, changes and revisions there are, and the feed's number."""
    script = (
        "from kb.models.changes import last_sequence\nfrom kb.models import *\n"
        "print(ReturnCode.objects.count(), Change.objects.count(), ReturnCode.history.count(), last_sequence())"
    )
    return manage(url, "shell", "-v", "0", "-c", script).strip()


def kill_command(url, after, *command):
    """Start a command and kill it; return whether it was still running."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment(url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    was_running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return was_running


def check_killed(url, *command, times):
    """Kill a command at several moments: each time nothing or everything is done."""
    before, running = counts(url), 0
    for after in times:
        running += kill_command(url, after, *command)
        run_doctor(url)
        if counts(url) != before:
            break
    assert running


@pytest.mark.soak
def test_a_killed_import_leaves_no_rows(url, tmp_path):
    manage(url, "migrate", "-v", "0")
    create = ["--table", "many", "--create", "--vendor", "Many", "--product", "Codes", "--name", "All", "--apply"]
    first = table(tmp_path / "first.csv", 4_000, "First words of")
    began = time.monotonic()
    manage(url, "import_table", first, *create)
    took = time.monotonic() - began
    second = table(tmp_path / "second.csv", 4_000, "Other words of")
    dice = random.Random(5)
    moments = [took * dice.uniform(0.3, 0.95) for _ in range(3)]
    check_killed(url, "import_table", second, "--table", "many", "--apply", times=moments)
    manage(url, "import_table", second, "--table", "many", "--apply")
    run_doctor(url)


@pytest.mark.soak
def test_a_killed_reindex_leaves_the_old_index(url, tmp_path):
    manage(url, "migrate", "-v", "0")
    create = ["--table", "many", "--create", "--vendor", "Many", "--product", "Codes", "--name", "All", "--apply"]
    manage(url, "import_table", table(tmp_path / "first.csv", ROWS, "Words of"), *create)
    check_killed(url, "reindex", times=[1.5, 2.0, 3.0])
    manage(url, "reindex")
    run_doctor(url)


BULK = """
from kb.models.changes import last_sequence
from kb.services import bulk_edits
from kb.services.codes import edit_code
from kb.services.journal import By
from kb.models import *
seen = dict(ReturnCode.objects.values_list("pk", "version"))
print("begun", flush=True)
edit = lambda code, version, by: edit_code(code, version, {"description": "Edited in bulk."}, by)
print(len(bulk_edits.edit_each(ReturnCode.objects.all(), seen, edit, By(None, Door.SHELL)).edited))
"""
ROLL_BACK = """
from kb.importing.applying.rollback import roll_back
from kb.services.journal import By
from kb.models import *
last = TableImport.objects.order_by("-pk").first()
print("begun", flush=True)
print(roll_back(last, By(None, Door.SHELL)).state)
"""


def kill_script(url, script, after):
    """Start a script and kill it some time after it has begun; return whether it was still running."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", script],
        cwd=ROOT,
        env=environment(url),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "begun\n"
    time.sleep(after)
    was_running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return was_running


@pytest.mark.soak
@pytest.mark.parametrize("script", [BULK, ROLL_BACK], ids=["bulk", "rollback"])
def test_a_killed_bulk_write_changes_no_row(url, tmp_path, script):
    manage(url, "migrate", "-v", "0")
    create = ["--table", "many", "--create", "--vendor", "Many", "--product", "Codes", "--name", "All", "--apply"]
    manage(url, "import_table", table(tmp_path / "first.csv", 2_000, "First words of"), *create)
    manage(url, "import_table", table(tmp_path / "second.csv", 2_000, "Others of"), "--table", "many", "--apply")
    before = counts(url)
    assert all(kill_script(url, script, after) for after in (0.05, 0.2, 0.4))
    assert counts(url) == before
    run_doctor(url)
    manage(url, "shell", "-v", "0", "-c", script)
    assert counts(url) != before
    run_doctor(url)


@pytest.mark.soak
def test_a_full_disk_refuses_an_import_and_keeps_the_rest(tmp_path):
    url = f"sqlite:///{tmp_path}/faults.sqlite3"
    manage(url, "migrate", "-v", "0")
    create = ["--table", "many", "--create", "--vendor", "Many", "--product", "Codes", "--name", "All", "--apply"]
    file = table(tmp_path / "first.csv", ROWS, "Words of")
    before, limit = counts(url), os.path.getsize(tmp_path / "faults.sqlite3") + 3_000_000

    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    found = subprocess.run(
        [sys.executable, "manage.py", "import_table", file, *create],
        cwd=ROOT,
        env=environment(url),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=little_room,
    )
    assert found.returncode != 0
    assert "Traceback" not in found.stderr + found.stdout
    assert counts(url) == before
    run_doctor(url)
    manage(url, "import_table", file, *create)
    run_doctor(url)


@pytest.mark.soak
def test_a_restarted_database_fails_only_requests_in_flight(tmp_path):
    cluster = Cluster(alone=True)
    try:
        manage(cluster.writable_url, "demo")
        server = Server(cluster.writable_url)
        try:
            load = Load(server.address, ["/codes/zim-server/660300001/", "/?q=room", "/api/v1/codes/?code=660300001"])
            time.sleep(2)
            began = time.monotonic()
            cluster.restart(1)
            back = time.monotonic()
            time.sleep(3)
            load.stop()
            assert [answer for answer in load.failed(after=0) if answer[1] < began] == []
            assert load.failed(after=back + 0.5) == []
            assert [answer for answer in load.answers if answer[0] > back + 0.5]
        finally:
            server.stop()
        run_doctor(cluster.writable_url)
    finally:
        cluster.stop()


@pytest.mark.soak
def test_a_small_pool_makes_callers_wait_and_refuses_none():
    cluster = Cluster(alone=True)
    try:
        manage(cluster.writable_url, "demo")
        server = Server(cluster.writable_url, DATABASE_POOL="1")
        try:
            load = Load(
                server.address, ["/codes/zim-server/660300001/", "/?q=room+exist", "/api/v1/codes/?code=1"], people=16
            )
            time.sleep(8)
            load.stop()
            assert load.failed(after=0) == []
            assert len(load.answers) > 16
        finally:
            server.stop()
        run_doctor(cluster.writable_url)
    finally:
        cluster.stop()
