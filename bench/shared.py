"""What every bench shares: its size, settings and database, servers and wrk, and how it prints figures.

    BENCH_SIZE=500 DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.web

`BENCH_SIZE` is the number of codes or rows; each bench has its usual one. Below SMALL, everything is done once and for
a second: this shows that a bench works, and its figures mean nothing. `DATABASE_URL` names a database of the bench's
own, which it fills and keeps; without one, it fills a temporary SQLite database. `BENCH_PORT` is its first port.
`DATASETTE` is the path of Datasette if PATH does not lead to it. What is not installed is named and left out.
"""

import atexit
import json
import logging
import os
import re
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
SMALL = 10_000
SETTINGS = {
    "DEBUG": "0",
    "ALLOWED_HOSTS": "127.0.0.1,testserver",
    "INSECURE_HTTP": "1",
    "KB_PUBLIC_READ": "1",
    "KB_API_CACHE_MEGABYTES": "0",
    "KB_API_RATE_ANONYMOUS": "0",
    "KB_API_RATE_KNOWN": "0",
    "KB_PAGE_RATE_ANONYMOUS": "0",
    "KB_PAGE_RATE_KNOWN": "0",
    "KB_DETECT_RATE": "0",
    "KB_MEANING": "0",
    "LOG_LEVEL": "WARNING",
}
"""As in production, without limits of rates and search by meaning, and with every answer read from the database."""

MEMORY = {"KB_API_CACHE_MEGABYTES": "64"}
"""What a server needs to answer from memory, as in production."""


def size(usual: int = 100_000) -> int:
    """Return the number of codes or rows of this run."""
    return int(os.environ.get("BENCH_SIZE") or usual)


def is_small() -> bool:
    """Whether this run only shows that a bench works."""
    return size() < SMALL


def rounds(usual: int) -> int:
    """Return how often something is done."""
    return 1 if is_small() else usual


def share(number: int, of: int = 100_000) -> int:
    """Return a number in proportion to the size of this run, at least 1."""
    return max(1, number * size(of) // of)


def port(number: int = 0) -> int:
    """Return one of the ports of this run."""
    return int(os.environ.get("BENCH_PORT") or 8206) + number


def set_up(**settings: str) -> None:
    """Configure Django as in production, for a database of the bench's own."""
    os.environ |= SETTINGS | settings | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    # The processes that a bench starts have the same key.
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    if "DATABASE_URL" not in os.environ:
        folder = tempfile.mkdtemp(prefix="codebook-bench-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
    import django

    django.setup()
    # A bench asks for what is not there, too, and each 404 would be logged.
    logging.disable(logging.WARNING)


def prepare(fill, slug: str = "bench") -> None:
    """Migrate the database, and fill it if it is empty. Exit if it holds something else."""
    from django.core.management import call_command

    from kb.models import CodeTable, ReturnCode

    call_command("migrate", verbosity=0)
    collect_static()
    if not CodeTable.objects.exists():
        start = time.perf_counter()
        fill()
        print(f"filled in {time.perf_counter() - start:.0f} s")
    elif not CodeTable.objects.filter(slug=slug).exists():
        sys.exit("This database holds something else: name an empty one in DATABASE_URL.")
    codes = ReturnCode.objects.count()
    if codes < size():
        sys.exit(f"This database has {codes:,} codes: name an empty one in DATABASE_URL, or set BENCH_SIZE={codes}.")


def collect_static() -> None:
    """Collect the static files if one is newer than those collected: it compresses all of them."""
    from django.core.management import call_command

    manifest = ROOT / "staticfiles" / "staticfiles.json"
    newest = max(path.stat().st_mtime for path in (ROOT / "kb" / "static").rglob("*"))
    if not manifest.exists() or manifest.stat().st_mtime < newest:
        call_command("collectstatic", verbosity=0, interactive=False)


def database() -> str:
    """Return the name and version of the database."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return "SQLite " + ".".join(map(str, connection.Database.sqlite_version_info))
    return f"PostgreSQL {connection.pg_version // 10_000}"


def conditions(name: str, *more: str) -> None:
    """Print what holds for every figure of a bench."""
    version = sys.version.split()[0]
    print("; ".join([f"bench.{name}: database {database()}", *more, f"Python {version}, {os.cpu_count()} cores"]))
    if is_small():
        print(f"BENCH_SIZE is below {SMALL:,}: this shows that the bench works. Its figures mean nothing.")


def heading(title: str, keys: str, cache: str, columns: str = "") -> None:
    """Print the title of a table of figures, with its conditions."""
    print(f"\n{title}\nkeys: {keys}; cache: {cache}; database: {database()}", flush=True)
    if columns:
        print(columns)


def left_out(what: str, why: str) -> None:
    """Print what a bench did not measure."""
    print(f"left out: {what}: {why}", flush=True)


def find(program: str, what: str) -> str:
    """Return the path of a program, or "" after printing what is left out without it."""
    path = os.environ.get(program.upper()) or shutil.which(program) or ""
    if not path:
        left_out(what, f"{program} is not installed")
    return path


def find_datasette(what: str) -> str:
    """Return the path of Datasette, or "" after printing what is left out: it reads SQLite only."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return find("datasette", what)
    left_out(what, "it knows SQLite only")
    return ""


def cuts(milliseconds: list[float]) -> tuple[float, float, float]:
    """Return the 50th, 95th and 99th percentile."""
    if len(milliseconds) == 1:
        milliseconds = milliseconds * 2
    hundred = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return hundred[49], hundred[94], hundred[98]


def wait_for(number: int, path: str = "/", status: int | None = None) -> None:
    """Wait until a port answers, with a status if one is named. Exit after half a minute."""
    for _ in range(1000):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{number}{path}", timeout=2) as answer:
                if status in (None, answer.status):
                    return
        except urllib.error.HTTPError as error:
            if status in (None, error.code):
                return
        except OSError:
            pass
        time.sleep(0.03)
    sys.exit(f"Nothing answers on port {number}.")


class Servers(ExitStack):
    """Servers that end with the block."""

    def start(self, number: int, command: list, path: str = "/", **environment: str) -> int:
        """Start a server on a port, wait until it answers, and return the port."""
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.callback(process.wait, 20)
        # A worker that starts at this moment does not hear of it from its first process.
        self.callback(os.killpg, process.pid, signal.SIGTERM)
        wait_for(number, path)
        return number

    def codebook(self, number: int, workers: int = 2, **environment: str) -> int:
        """Start the product's own server."""
        command = [sys.executable, "manage.py", "serve", "--port", number, "--workers", workers]
        return self.start(number, command, "/api/v1/tables/", **environment)

    def granian(self, number: int, application: str, workers: int = 2, **environment: str) -> int:
        """Start a peer's application in granian, the server that `manage.py serve` uses, too."""
        program = Path(sys.executable).with_name("granian")
        options = ["--interface", "wsgi", "--workers", workers, "--no-ws", "--port", number]
        return self.start(number, [program, *options, application], **environment)

    def datasette(self, number: int, program: str, *options: object) -> int:
        """Start Datasette over a database."""
        return self.start(number, [program, "serve", "-p", number, *options])

    def nginx(self, number: int, folder: Path, body: bytes) -> int:
        """Start nginx over one file, `/code.json`."""
        (folder / "www").mkdir()
        (folder / "www" / "code.json").write_bytes(body)
        (folder / "nginx.conf").write_text(
            f"""worker_processes 2; pid {folder}/pid; error_log {folder}/error; daemon off; user root;
            events {{ worker_connections 512; }}
            http {{ access_log off; client_body_temp_path {folder}/t; proxy_temp_path {folder}/p;
            fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
            keepalive_requests 100000000; server {{ listen 127.0.0.1:{number}; root {folder}/www; }} }}"""
        )
        return self.start(number, ["nginx", "-c", folder / "nginx.conf", "-e", folder / "error"])


@dataclass
class Load:
    """What wrk asks one server, and what it measured: one entry for each run."""

    name: str
    port: int
    requests: list[bytes]
    expects: int = 200
    rates: list[float] = field(default_factory=list)
    halves: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)
    errors: int = 0
    total: int = 0

    def forget(self) -> None:
        """Forget what was measured."""
        self.rates, self.halves, self.slowest, self.errors, self.total = [], [], [], 0, 0

    @property
    def rate(self) -> float:
        """Requests a second: the median of the runs."""
        return statistics.median(self.rates)

    @property
    def p50(self) -> float:
        """Milliseconds within which half of the answers came: the median of the runs."""
        return statistics.median(self.halves)

    @property
    def p99(self) -> float:
        """Milliseconds within which 99 of 100 answers came: the median of the runs."""
        return statistics.median(self.slowest)


def request(path: str, headers: dict[str, str] | None = None, body: object = None) -> bytes:
    """Return a request as it goes over the wire: GET, or POST with a body as JSON."""
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "Host: 127.0.0.1"]
    text = b"" if body is None else json.dumps(body).encode()
    sent = dict(headers or {}) | ({"Content-Type": "application/json", "Content-Length": len(text)} if text else {})
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in sent.items()), "", ""]).encode() + text


def requests(paths: list[str], headers: dict[str, str] | None = None) -> list[bytes]:
    """Return one request for each path."""
    return [request(path, headers) for path in paths]


_SCRIPT = """
local all, n, counted = {}, 0, {}
function init()
  for one in io.open("%(file)s", "rb"):read("*a"):gmatch("[^\\f]+") do all[#all + 1] = one end
  math.randomseed(os.time() + tonumber(tostring(all):sub(8)))
  n = math.random(#all)
end
function request() n = n + 1 return all[n %% #all + 1] end
function setup(thread) table.insert(counted, thread) end
wrong = 0
function response(status)
  if status ~= %(expects)d then wrong = wrong + 1 if wrong == 1 then print("NOT WANTED", status) end end
end
function done(summary, latency)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(counted) do bad = bad + thread:get("wrong") end
  print("RESULT", summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, bad, summary.requests)
end
"""
"""Each thread begins at a random request, and goes on from there."""


def ask(load: Load, folder: Path, seconds: int = 3, connections: int = 16) -> None:
    """Run wrk once."""
    script, file = folder / f"ask-{id(load)}.lua", folder / f"requests-{id(load)}"
    file.write_bytes(b"\f".join(load.requests))
    script.write_text(_SCRIPT % {"file": file, "expects": load.expects})
    options = ["-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", script]
    command = ["wrk", *options, f"http://127.0.0.1:{load.port}"]
    out = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    if "NOT WANTED" in out:
        print(load.name, *re.findall("NOT WANTED.*", out))
    rate, half, slowest, errors, total = map(float, re.search(r"RESULT\s+(.*)", out)[1].split())
    load.rates.append(rate)
    load.halves.append(half)
    load.slowest.append(slowest)
    load.errors += int(errors)
    load.total += int(total)


def in_turns(loads: list[Load], folder: Path, runs: int = 3, seconds: int = 3) -> None:
    """Run wrk for each load in turn, so that what else the machine does affects all of them.

    A small run asks them all at once, because its figures mean nothing.
    """
    if is_small():
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda load: ask(load, folder, 1, 2), loads))
        return
    # The first turn fills the caches of the database and of the machine.
    for turn in range(-1, rounds(runs)):
        for load in loads:
            ask(load, folder, 1 if turn < 0 else seconds)
            if turn < 0:
                load.forget()


def ratio(one: Load, other: Load) -> float:
    """Return how many times as many requests one server answers: the median of the turns."""
    return statistics.median(mine / max(theirs, 1e-9) for mine, theirs in zip(one.rates, other.rates, strict=True))


@contextmanager
def writes(codes: list[int], seconds: float = 1):
    """Let another process save a note on one of these codes all the time. Yields a function: what it did, in words."""
    command = [sys.executable, "-m", "bench.writes", str(seconds), *map(str, codes)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    ended = []

    def end() -> str:
        if not ended:
            process.terminate()
            ended.append(process.communicate(timeout=30)[0].strip())
        return ended[0]

    try:
        yield end
    finally:
        end()
