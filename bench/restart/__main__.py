"""How many requests are lost while the servers restart, one after the other, under load.

    python -m bench.restart            # needs wrk, and nginx for the second way

Two ways: one server that restarts its workers (SIGHUP), and two servers behind the proxy of `deploy/nginx.conf` that
stop and start in turn. The database is a temporary demo.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import shared
from bench.shared import ROOT, wait_for

PORT = shared.port()
SECONDS, CONNECTIONS = 5 if shared.is_small() else 16, 8
TIMES = shared.rounds(2)
"""How often something restarts."""
PAGE = "/codes/zim-server/660300001/"


@contextmanager
def server(environment, port, workers):
    """Run one server until the block ends."""
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", str(workers)]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            wait_for(port, "/readyz")
            yield process
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def proxy(home, port, upstream, unlimited=True, ready="/readyz", status=200):
    """Run nginx with the proxy's own file and other addresses. Wait until it answers with a status."""
    site = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for name, address in zip(("app-1:8000", "app-2:8000"), upstream, strict=True):
        site = site.replace(name, f"127.0.0.1:{address}")
    # One address sends all requests here, so its rates are off.
    site = re.sub(r"(?m)^ *limit_(req|conn) .*$", "" if unlimited else r"\g<0>", site)
    site = site.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/var/log/nginx", str(home))
    paths = "".join(f"{name}_temp_path {home}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = (
        f"daemon off; pid {home}/pid; error_log {home}/error.log; events {{}} http {{ access_log off; {paths} {site} }}"
    )
    (home / "nginx.conf").write_text(main, encoding="utf-8")
    with subprocess.Popen(["nginx", "-c", home / "nginx.conf", "-e", home / "error.log"]) as process:
        try:
            wait_for(port, ready, status)
            yield
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)


def measure(name, port, restart):
    """Request a page all the time during restarts; print and return how many requests were lost."""
    command = ["wrk", "-t", "2", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", "--timeout", "10s", "--latency"]
    with subprocess.Popen([*command, f"http://127.0.0.1:{port}{PAGE}"], stdout=subprocess.PIPE, text=True) as load:
        time.sleep(1)
        restarts = restart()
        out, _ = load.communicate()
    requests = int(re.search(r"(\d+) requests in", out)[1])
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    lost = sum(map(int, sockets.groups())) if sockets else 0
    lost += int(refused[1]) if refused else 0
    slowest = re.search(r"99%\s+(\S+)", out)[1]
    print(f"{name:<28} {requests:>7} requests, {restarts} restarts, {lost} lost, 99 % within {slowest}")
    return lost


def reload_workers(process):
    """Restart the workers of a server."""
    for _ in range(TIMES):
        process.send_signal(signal.SIGHUP)
        time.sleep(SECONDS / 3)
    return TIMES


def in_turn(environment, servers, ports):
    """Stop and start each of two servers, one after the other."""
    for number, port in enumerate(ports[:TIMES]):
        servers[number].close()
        servers[number] = ExitStack()
        servers[number].enter_context(server(environment, port, 1))
        time.sleep(SECONDS / 6)
    return TIMES


def main():
    """Measure both ways; exit with 1 if a restart behind the proxy lost a request."""
    print(f"bench.restart: database SQLite, a temporary demo of any BENCH_SIZE; wrk with {CONNECTIONS} connections")
    print("keys: one card page, repeated; cache: none; errors: those that are lost", flush=True)
    if not shared.find("wrk", "both ways"):
        return
    with tempfile.TemporaryDirectory(prefix="codebook-restart-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        environment = os.environ | {"DEBUG": "1", "KB_PUBLIC_READ": "1", "LOG_LEVEL": "ERROR"}
        environment |= {"KB_PAGE_RATE_ANONYMOUS": "0", "KB_PAGE_RATE_KNOWN": "0"}
        environment["DATABASE_URL"] = f"sqlite:///{home}/demo.sqlite3"
        subprocess.run(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, env=environment, check=True, capture_output=True
        )
        with server(environment, PORT, 2) as process:
            measure("workers restarted (SIGHUP)", PORT, lambda: reload_workers(process))
        if not shared.find("nginx", "the second way"):
            return
        ports = (PORT + 1, PORT + 2)
        servers = [ExitStack(), ExitStack()]
        try:
            for stack, port in zip(servers, ports, strict=True):
                stack.enter_context(server(environment, port, 1))
            with proxy(home, PORT, ports):
                lost = measure("two servers behind nginx", PORT, lambda: in_turn(environment, servers, ports))
        finally:
            for stack in servers:
                stack.close()
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
