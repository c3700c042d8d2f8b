"""The primary is killed under load; the replica serves, is promoted, and everything works without a restart."""

import signal
import time

import pytest
import requests

from tests.api.mirror import Mirror
from tests.faults.cluster import PRIMARY, REPLICA, Cluster
from tests.faults.server import Load, Server, manage, run_doctor

CARD = "/codes/zim-server/660300001/"
LOOK_UPS = [
    CARD,
    "/?q=room+does+not+exist",
    "/suggest/?q=6603",
    "/?q=660300009",
    "/codes/zim-server/660300001.md",
    "/api/v1/codes/?code=660300001",
    "/api/v1/codes/?text=room",
]
NOTE = "/admin/kb/troubleshootingnote/add/"


@pytest.fixture
def cluster():
    cluster = Cluster()
    try:
        manage(cluster.writable_url, "demo")
        cluster.wait_for_replica()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(params=["", pytest.param("6", marks=pytest.mark.soak)], ids=["", "pooled"])
def server(cluster, request):
    pool = {"DATABASE_POOL": request.param} if request.param else {}
    server = Server(cluster.writable_url, REPLICA_URLS=cluster.replica_url, **pool)
    try:
        yield server
    finally:
        server.stop()


def until(said, seconds=15):
    """Wait until a condition is true."""
    end = time.monotonic() + seconds
    while not (found := said()):
        assert time.monotonic() < end, "it does not come true"
        time.sleep(0.1)
    return found


def is_idle(cluster):
    """Whether nobody asks the replica for rows of the product."""
    before = cluster.scans(REPLICA)
    time.sleep(2)
    return cluster.scans(REPLICA) == before


def test_a_killed_primary_loses_no_lookup_and_no_input(cluster, server):
    editor = server.session("editor")
    assert editor.get(server.address + "/admin/").status_code == 200
    load = Load(server.address, LOOK_UPS)
    time.sleep(2)
    killed = time.monotonic()
    cluster.kill(1)
    until(lambda: "Read-only since" in editor.get(server.address + CARD).text)
    words = "Steps that must not be lost: " + "look twice. " * 20
    refused = server.post(
        editor, NOTE, {"title": "Written while it was away", "audience": "internal", "resolution": words}
    )
    assert refused.status_code == 503
    assert words.strip() in refused.text
    assert "Changes cannot be saved right now" in refused.text
    assert "Codes about" in editor.get(server.address + "/?q=room+exist").text
    time.sleep(1)
    cluster.promote()
    until(lambda: "Read-only since" not in editor.get(server.address + CARD).text)
    saved = server.post(
        editor, NOTE, {"title": "Written while it was away", "audience": "internal", "resolution": words}
    )
    assert saved.status_code == 200
    load.stop()
    assert len(load.answers) > 30
    assert load.failed(after=killed) == []
    assert [answer for answer in load.failed(after=0) if answer[1] < killed] == []
    assert cluster.sql(REPLICA, "SELECT count(*) FROM kb_troubleshootingnote WHERE title LIKE 'Written while%'") == "1"
    until(lambda: int(cluster.sql(REPLICA, "SELECT coalesce(sum(lookups), 0) FROM kb_codeuse")) > 0)
    run_doctor(cluster.replica_url)


EDIT = """
from kb.models import Door, ReturnCode
from kb.services.codes import edit_code
from kb.services.journal import By
for number in range({count}):
    code = ReturnCode.objects.order_by("pk")[number % 5]
    edit_code(code, code.version, {{"description": f"{words} {{number}}"}}, By(None, Door.SHELL))
"""


def over_http(server):
    """Return the `get` of a mirror for a server."""

    def get(path, headers):
        answer = requests.get(server.address + path, headers=headers, timeout=20)
        return answer.status_code, answer.headers, answer.content

    return get


def test_a_mirror_of_a_replica_that_was_promoted_without_the_last_writes_starts_again(cluster, server):
    """Nobody has to run a command: the timeline of PostgreSQL is another one."""
    manage(cluster.writable_url, "shell", "-c", EDIT.format(count=3, words="Kept"))
    cluster.wait_for_replica()
    mirror = Mirror(over_http(server)).follow()
    assert len({cluster.sql(port, "SELECT incarnation FROM kb_changecounter") for port in (PRIMARY, REPLICA)}) == 1
    cluster.stop_one(2)
    manage(cluster.writable_url, "shell", "-c", EDIT.format(count=5, words="Lost"))
    until(lambda: "Lost" in str(mirror.follow().objects))
    assert mirror.starts == 1
    cluster.kill(1)
    cluster.start(2, REPLICA)
    cluster.promote()
    until(lambda: requests.get(server.address + "/readyz", timeout=5).status_code == 200)
    manage(cluster.replica_url, "shell", "-c", EDIT.format(count=9, words="New"))
    # The process may know the end of the feed for a second.
    until(lambda: mirror.follow().starts == 2)
    assert mirror.differences() == set()
    assert "Lost" not in str(mirror.objects)


@pytest.mark.soak
@pytest.mark.parametrize("server", ["6"], indirect=True)
def test_a_writer_reads_their_own_writes_and_a_lagging_replica_is_dropped(cluster, server):
    editor = server.session("editor")
    cluster.pause_replay(paused=True)
    saved = server.post(editor, NOTE, {"title": "Seen at once", "audience": "internal", "resolution": "Look."})
    assert saved.status_code == 200
    assert "Seen at once" in editor.get(server.address + "/admin/kb/troubleshootingnote/").text
    time.sleep(2)
    agent = server.session("agent")
    assert "Seen at once" in editor.get(server.address + "/admin/kb/troubleshootingnote/").text
    assert "660300001" in agent.get(server.address + CARD).text
    assert cluster.sql(REPLICA, "SELECT count(*) FROM kb_troubleshootingnote WHERE title = 'Seen at once'") == "0"
    cluster.pause_replay(paused=False)
    cluster.wait_for_replica()
    run_doctor(cluster.writable_url)


@pytest.mark.soak
@pytest.mark.parametrize("server", ["", "6"], indirect=True)
def test_a_replica_that_is_ten_seconds_behind_is_not_used_until_it_catches_up(cluster, server, figures):
    editor, agent = server.session("editor"), server.session("agent")
    notes = server.address + "/admin/kb/troubleshootingnote/"
    cluster.delay_replay(10)
    load, seen_late = Load(server.address, LOOK_UPS, pause=0.05), []
    for number in range(12):
        written = {"title": f"Word {number} of many", "audience": "internal", "resolution": "Look."}
        assert server.post(editor, NOTE, written).status_code == 200
        saved = time.monotonic()
        assert f"Word {number} of many" in editor.get(notes).text
        until(lambda: f"Word {number} of many" in agent.get(server.address + "/changes/").text, seconds=5)  # noqa: B023
        seen_late.append(time.monotonic() - saved)
    assert "more than 1 s behind" in agent.get(server.address + "/readyz").text
    # What was asked before is counted up to ten seconds late.
    until(lambda: is_idle(cluster), seconds=20)
    idle = cluster.scans(REPLICA)
    cluster.delay_replay(0)
    began = time.monotonic()
    until(lambda: cluster.scans(REPLICA) > idle)
    again = time.monotonic() - began
    load.stop()
    assert "behind" not in agent.get(server.address + "/readyz").text
    assert load.failed(after=0) == []
    figures(
        f"replica 10 s behind: {len(load.answers)} look-ups, none failed; others saw a change after"
        f" {max(seen_late):.1f} s at most; used again {again:.1f} s after it caught up"
    )
    run_doctor(cluster.writable_url)


@pytest.mark.soak
def test_a_frozen_primary_leaves_reading_to_the_replica(cluster, server, figures):
    agent = server.session("agent")
    load = Load(server.address, LOOK_UPS, pause=0.05)
    time.sleep(2)
    cluster.signal(1, signal.SIGSTOP)
    began = time.monotonic()
    try:
        until(lambda: "Read-only since" in agent.get(server.address + CARD).text, seconds=20)
        noticed = time.monotonic() - began
        time.sleep(6)
    finally:
        cluster.signal(1, signal.SIGCONT)
        load.stop()
    later = [answer for answer in load.answers if began + noticed + 1 < answer[0]]
    longest = max(end - start for start, end, _, _ in later)
    failed = [answer for answer in later if answer[2] != 200]
    figures(
        f"primary frozen: read-only after {noticed:.1f} s, then {len(later)} look-ups,"
        f" {len(failed)} failed, longest {longest:.1f} s"
    )
    assert failed == []
