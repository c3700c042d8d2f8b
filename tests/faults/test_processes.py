"""Processes share only the database: one finishes what another started, and a slow caller blocks nobody."""

import contextlib
import socket
import subprocess
import sys
import time

import pytest
import requests

from tests.faults.server import ROOT, Server, environment, free_port, manage, run_doctor

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


@pytest.mark.soak
def test_slow_callers_do_not_block_others(tmp_path):
    url = f"sqlite:///{tmp_path}/demo.sqlite3"
    manage(url, "demo")
    port = free_port()
    server = Server(url, port=port)
    try:
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
        for request in slow:
            request.sendall(b"GET /codes/zim-server/660300001/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        took = []
        for _ in range(3):
            for request in slow:
                # The server may have closed one of the connections.
                with contextlib.suppress(OSError):
                    request.sendall(b"x")
            began = time.monotonic()
            assert requests.get(server.address + "/codes/zim-server/660300001/", timeout=5).status_code == 200
            took.append(time.monotonic() - began)
            time.sleep(1)
        assert max(took) < 2
    finally:
        server.stop()
    run_doctor(url)
