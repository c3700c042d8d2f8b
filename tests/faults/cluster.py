"""A primary and its streaming replica, for tests that kill them."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.postgres import bin_dir, owner

PRIMARY, REPLICA = 6501, 6502
_SPEED = "-c fsync=off -c full_page_writes=off -c max_connections=120 -c wal_level=replica -c max_wal_senders=4"


class Cluster:
    """Two servers on sockets in one temporary folder; their ports only name the sockets."""

    def __init__(self, alone: bool = False, megabytes: int = 0, superuser: str = "codebook", options: str = "") -> None:
        self.bin, self.user, self.superuser, self.options = bin_dir(), owner(), superuser, options
        self.home, self._small = tempfile.mkdtemp(prefix="codebook-faults-"), megabytes
        if megabytes:
            self._mount(megabytes)
        if self.user:
            shutil.chown(self.home, self.user)
        self._run("initdb", "-D", f"{self.home}/1", "-U", superuser, "-A", "trust", "-E", "UTF8")
        self.start(1, PRIMARY)
        if alone:
            return
        self.base_backup(2, "-R")
        self.start(2, REPLICA)

    def start(self, number: int, port: int) -> None:
        """Start a server."""
        options = f"-c listen_addresses='' -k {self.home} -p {port} {_SPEED} {self.options.format(home=self.home)}"
        self._run(
            "pg_ctl", "-D", f"{self.home}/{number}", "-w", "-o", options, "-l", f"{self.home}/log{number}", "start"
        )

    def base_backup(self, number: int, *options: str) -> None:
        """Copy the primary's files, as the beginning of a replica or of a recovery."""
        where = ("-h", self.home, "-p", str(PRIMARY), "-U", self.superuser, "--checkpoint=fast")
        self._run("pg_basebackup", "-D", f"{self.home}/{number}", *where, *options)

    def recover(self, number: int, moment: str) -> None:
        """Let the next start of a base backup replay the archive in `wal` up to a moment, and then take writes."""
        folder = Path(f"{self.home}/{number}")
        with (folder / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"restore_command = 'cp {self.home}/wal/%f %p'\n")
            settings.write(f"recovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\n")
        (folder / "recovery.signal").touch()

    @property
    def writable_url(self) -> str:
        """Whichever of the two takes writes."""
        where = f"host={self.home},{self.home}&port={PRIMARY},{REPLICA}"
        return f"postgres:///postgres?user=codebook&{where}&target_session_attrs=read-write"

    @property
    def replica_url(self) -> str:
        """The replica, whatever it has become."""
        return f"postgres:///postgres?user=codebook&host={self.home}&port={REPLICA}"

    def stop_one(self, number: int) -> None:
        """Stop a server in order."""
        self._run("pg_ctl", "-D", f"{self.home}/{number}", "-w", "-m", "fast", "stop")

    def restart(self, number: int) -> None:
        """Restart a server without waiting for anybody."""
        self._run("pg_ctl", "-D", f"{self.home}/{number}", "-w", "-m", "immediate", "restart")

    def kill(self, number: int) -> None:
        """Kill a server and all its processes with SIGKILL."""
        self.signal(number, signal.SIGKILL)

    def signal(self, number: int, name: signal.Signals) -> None:
        """Send a signal to a server and all its processes, SIGSTOP for one that hangs."""
        postmaster = int(Path(f"{self.home}/{number}/postmaster.pid").read_text().splitlines()[0])
        children = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=False).stdout
        for pid in [postmaster, *map(int, children.split())]:
            # A child may have exited already.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, name)

    def pause_replay(self, paused: bool) -> None:
        """Let the replica receive but not replay, or go on."""
        self.sql(REPLICA, f"SELECT pg_wal_replay_{'pause' if paused else 'resume'}()")

    def status(self) -> str:
        """Return a setting or state of a server."""
        command = [str(self.bin / "pg_ctl"), "-D", f"{self.home}/1", "status"]
        return subprocess.run(command, user=self.user, cwd="/", check=False, capture_output=True, text=True).stdout

    def delay_replay(self, seconds: int) -> None:
        """Delay the replay of each commit on the replica."""
        self.sql(REPLICA, f"ALTER SYSTEM SET recovery_min_apply_delay = '{seconds}s'")
        self.sql(REPLICA, "SELECT pg_reload_conf()")

    def scans(self, port: int) -> int:
        """Return how often a server was asked for rows of the product's tables, by anybody."""
        return int(self.sql(port, "SELECT coalesce(sum(seq_scan + idx_scan), 0) FROM pg_stat_user_tables") or 0)

    def sql(self, port: int, statement: str) -> str:
        """Run a statement; return what psql prints."""
        command = [str(self.bin / "psql"), "-h", self.home, "-p", str(port), "-U", self.superuser, "-d", "postgres"]
        return subprocess.run([*command, "-Atc", statement], check=True, capture_output=True, text=True).stdout.strip()

    def promote(self) -> None:
        """Make the replica the primary."""
        self._run("pg_ctl", "-D", f"{self.home}/2", "-w", "promote")

    def wait_for_replica(self) -> None:
        """Wait until the replica has replayed what the primary has written."""
        position = self.sql(PRIMARY, "SELECT pg_current_wal_lsn()")
        for _ in range(200):
            if self.sql(REPLICA, f"SELECT pg_last_wal_replay_lsn() >= '{position}'") == "t":
                return
            time.sleep(0.05)
        raise AssertionError("the replica does not follow")

    def errors(self, number: int) -> str:
        """Return the last error messages of a server."""
        said = Path(f"{self.home}/log{number}").read_text().splitlines()
        return "\n".join(line for line in said if " LOG: " not in line)[-6000:]

    def stop(self) -> None:
        """Stop both and remove the folder."""
        for number in (1, 2):
            command = [str(self.bin / "pg_ctl"), "-D", f"{self.home}/{number}", "-m", "immediate", "stop"]
            subprocess.run(command, user=self.user, cwd="/", check=False, capture_output=True)
        if self._small:
            subprocess.run(["umount", "--lazy", self.home], check=False)
        shutil.rmtree(self.home, ignore_errors=True)

    def fill(self) -> None:
        """Leave no room on a small disk."""
        subprocess.run(["dd", "if=/dev/zero", f"of={self.home}/ballast", "bs=64k"], check=False, capture_output=True)

    def make_room(self) -> None:
        """Free the disk again."""
        Path(f"{self.home}/ballast").unlink()

    def _mount(self, megabytes: int) -> None:
        size = ["-o", f"size={megabytes}m,mode=0755"]
        found = subprocess.run(["mount", "-t", "tmpfs", *size, "none", self.home], check=False, capture_output=True)
        if found.returncode:
            shutil.rmtree(self.home)
            pytest.skip("a small disk cannot be mounted here: it takes root")

    def _run(self, program: str, *args: str) -> None:
        command = [str(self.bin / program), *args]
        environment = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
        subprocess.run(command, check=True, user=self.user, cwd=self.home, env=environment, stdout=subprocess.DEVNULL)
