"""Run a command against a throw-away PostgreSQL cluster: `python -m tests.postgres pytest ...`.

The cluster lives in a temporary folder, listens on a socket there and nowhere else, and is gone afterwards.
PostgreSQL refuses to run as root, so root hands it to an unprivileged user.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SPEED = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


def bin_dir() -> Path | None:
    """Return the folder with initdb, or None where PostgreSQL is not installed."""
    asked = shutil.which("pg_config")
    named = [Path(subprocess.check_output([asked, "--bindir"], text=True).strip())] if asked else []
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return next((path for path in [*named, *reversed(found)] if (path / "initdb").exists()), None)


def owner() -> str | None:
    """Return the user that the cluster runs as: None for ourselves, else an unprivileged one."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def main(command: list[str]) -> int:
    """Start a cluster, run the command with DATABASE_URL set to it, stop it; return the command's exit code."""
    folder = bin_dir()
    if folder is None:
        print("tests.postgres: PostgreSQL is not installed", file=sys.stderr)
        return 3
    home, user = tempfile.mkdtemp(prefix="codebook-pg-"), owner()
    if user:
        shutil.chown(home, user)

    def run(*args: str) -> None:
        subprocess.run(args, check=True, user=user, cwd=home, stdout=subprocess.DEVNULL, env={"LC_ALL": "C.UTF-8"})

    pg_ctl = str(folder / "pg_ctl")
    try:
        run(str(folder / "initdb"), "-D", f"{home}/data", "-U", "codebook", "-A", "trust", "-E", "UTF8")
        options = f"-c listen_addresses='' -k {home} {SPEED}"
        run(pg_ctl, "-D", f"{home}/data", "-w", "-o", options, "-l", f"{home}/log", "start")
        url = f"postgres://codebook@{home.replace('/', '%2F')}/postgres"
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode
    finally:
        subprocess.run(
            [pg_ctl, "-D", f"{home}/data", "-m", "immediate", "stop"],
            user=user,
            cwd="/",
            check=False,
            stdout=subprocess.DEVNULL,
        )
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
