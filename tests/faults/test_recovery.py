"""Point-in-time recovery, with the commands of docs/operating.md: everything up to a moment, and nothing after it."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.cluster import PRIMARY, REPLICA, Cluster
from tests.faults.server import manage, run_doctor
from tests.faults.test_kills import counts, table

ARCHIVING = "-c archive_mode=on -c archive_command='test ! -f {home}/wal/%f && cp %p {home}/wal/%f'"
CREATE = ["--table", "many", "--create", "--vendor", "Many", "--product", "Codes", "--name", "All", "--apply"]


@pytest.fixture
def cluster():
    cluster = Cluster(alone=True, options=ARCHIVING)
    try:
        subprocess.run(["mkdir", f"{cluster.home}/wal"], check=True, user=cluster.user)
        manage(cluster.writable_url, "demo")
        yield cluster
    finally:
        cluster.stop()


def wait_for_archive(cluster):
    """Close the current file of the log, and wait until it is in the archive."""
    name = cluster.sql(PRIMARY, "SELECT pg_walfile_name(pg_switch_wal())")
    for _ in range(200):
        if (Path(cluster.home) / "wal" / name).exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{name} is not in the archive")


@pytest.mark.soak
def test_a_deletion_is_undone_by_a_recovery_to_just_before_it(cluster, tmp_path, figures):
    url, restored = cluster.writable_url, cluster.replica_url
    cluster.base_backup(2)
    manage(url, "import_table", str(table(tmp_path / "many.csv", 2_000, "Words of")), *CREATE)
    before, moment = counts(url), cluster.sql(PRIMARY, "SELECT clock_timestamp()")
    time.sleep(0.1)
    cluster.sql(PRIMARY, "TRUNCATE kb_codetable CASCADE")
    assert counts(url) != before
    wait_for_archive(cluster)
    cluster.kill(1)
    began = time.monotonic()
    cluster.recover(2, moment)
    cluster.start(2, REPLICA)
    while cluster.sql(REPLICA, "SELECT pg_is_in_recovery()") == "t":
        time.sleep(0.05)
    seconds = time.monotonic() - began
    assert counts(restored) == before
    run_doctor(restored)
    manage(restored, "import_table", str(table(tmp_path / "more.csv", 2_100, "Words of")), "--table", "many", "--apply")
    run_doctor(restored)
    figures(f"recovery: {before} came back in {seconds:.1f} s; the deletion did not")
