"""PostgreSQL's disk is full: writes are refused with a message, lookups continue, nothing is half-written."""

import subprocess
import sys

import pytest
import requests

from tests.faults.cluster import PRIMARY, Cluster
from tests.faults.server import ROOT, Server, environment, manage, run_doctor
from tests.faults.test_kills import counts, table

CARD = "/codes/zim-server/660300001/"
NOTE = "/admin/kb/troubleshootingnote/add/"
CREATE = ["--table", "many", "--create", "--vendor", "Many", "--product", "Codes", "--name", "All", "--apply"]


@pytest.fixture
def cluster():
    cluster = Cluster(alone=True, megabytes=200)
    try:
        manage(cluster.writable_url, "demo")
        yield cluster
    finally:
        cluster.stop()


def incompressible(size):
    """Return a text that takes as much room as it is long."""
    return "".join(f"{n * 2654435761 % 2**32:08x} " for n in range(size // 9))


@pytest.mark.soak
def test_a_full_disk_refuses_writes_and_loses_nothing(cluster, tmp_path, figures):
    url = cluster.writable_url
    file = table(tmp_path / "many.csv", 20_000, "Words of")
    server = Server(url)
    try:
        editor = server.session("editor")
        before = counts(url)
        cluster.fill()
        words = incompressible(60_000)
        refused = 0
        for number in range(20):
            fields = {"title": f"Note {number}", "audience": "internal", "resolution": words}
            answer = server.post(editor, NOTE, fields)
            if answer.status_code == 503:
                assert "disk of the database is full" in answer.text
                assert words.strip() in answer.text, "what was typed is lost"
                refused += 1
                break
            assert answer.status_code == 200
        assert refused
        saved = number
        for path in (CARD, "/?q=room", "/api/v1/codes/?code=660300001"):
            assert requests.get(server.address + path, timeout=20).status_code == 200
        found = subprocess.run(
            [sys.executable, "manage.py", "import_table", file, *CREATE],
            cwd=ROOT,
            env=environment(url),
            capture_output=True,
            text=True,
            check=False,
        )
        said = found.stdout + found.stderr
        assert found.returncode == 1
        assert "Nothing was applied" in said
        assert "Traceback" not in said
        cluster.make_room()
        wait_until_it_writes(cluster)
        codes, *_rest = counts(url).split()
        assert codes == before.split()[0]
        run_doctor(url)
        assert cluster.sql(PRIMARY, "SELECT count(*) FROM kb_troubleshootingnote WHERE title LIKE 'Note %'") == str(
            saved
        )
        again = server.post(editor, NOTE, fields)
        assert again.status_code == 200
        manage(url, "import_table", file, *CREATE)
        figures(f"disk of PostgreSQL full: {saved} notes fitted, the next was kept in the page; an import left nothing")
    finally:
        server.stop()
    run_doctor(url)


def wait_until_it_writes(cluster):
    """Start the server again after a full disk stopped it: it does not start by itself."""
    if "no server running" in cluster.status():
        cluster.start(1, PRIMARY)
