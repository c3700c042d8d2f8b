"""How many requests a second the API answers with 100,000 codes, beside its peers in the same run.

First look-ups come first: each key is drawn at random from all codes, and no answer is in memory. Then ten keys, asked
again and again, which measures memory.

    DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.api [path of datasette]
    python -m tests.postgres python -m bench.api

Fills an empty database. Needs wrk, and nginx for the file. Every server has two workers; wrk keeps 16 connections.
Each figure is the median of three runs, interleaved with the peers'. Datasette is left out on PostgreSQL. The last
figures tell how long readers wait while a table is imported.
"""

import json
import os
import random
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field, replace
from pathlib import Path

SETTINGS = {
    "DEBUG": "0",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ALLOWED_HOSTS": "127.0.0.1",
    "INSECURE_HTTP": "1",
    "KB_PUBLIC_READ": "1",
    "KB_API_RATE_ANONYMOUS": "100000000",
    "KB_API_RATE_KNOWN": "100000000",
    "KB_PAGE_RATE_ANONYMOUS": "0",
    "LOG_LEVEL": "WARNING",
}
os.environ |= SETTINGS | {"DJANGO_SETTINGS_MODULE": "config.settings"}

import django

django.setup()

from django.core.management import call_command
from django.db import connection

from bench.web.__main__ import fill
from kb.models import CodeTable, ReturnCode
from kb.services import tokens
from tests import make

PORT = int(os.environ.get("BENCH_PORT", "8206"))
SECONDS, RUNS, ROWS, IMPORTED = 3, 3, 10, 10_000
RANDOM = 5_000
"""Random keys of a run; more than it asks for in most cases."""
GRANIAN = [str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--workers", "2", "--no-ws"]


@dataclass
class Case:
    """One kind of request to one server."""

    name: str
    port: int
    paths: list[str]
    headers: dict[str, str] = field(default_factory=dict)
    expects: int = 200
    rates: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)
    errors: int = 0


def serve(port, command, **environment):
    """Start a server and wait until it answers."""
    process = subprocess.Popen(
        [str(part) for part in command],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(100):
        time.sleep(0.2)
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/tables/", timeout=2)
        except urllib.error.HTTPError:
            break
        except OSError:
            continue
        break
    return process


def granian(port, application="config.wsgi:application", **environment):
    """Start granian."""
    return serve(port, [*GRANIAN, "--port", port, application], **environment)


def nginx(port, folder, body):
    """Start nginx over one file."""
    (folder / "www").mkdir()
    (folder / "www" / "code.json").write_bytes(body)
    (folder / "nginx.conf").write_text(
        f"""worker_processes 2; pid {folder}/pid; error_log {folder}/error; daemon off; user root;
        events {{ worker_connections 512; }}
        http {{ access_log off; client_body_temp_path {folder}/t; proxy_temp_path {folder}/p;
        fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
        keepalive_requests 100000000; server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}"""
    )
    return serve(port, ["nginx", "-c", folder / "nginx.conf", "-e", folder / "error"])


def ask(case, folder):
    """Run wrk once."""
    script = folder / "ask.lua"
    paths = ", ".join(json.dumps(path) for path in case.paths)
    headers = " ".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in case.headers.items())
    script.write_text(
        f"""local paths = {{{paths}}} local n = 0 {headers}
        function init() math.randomseed(os.time() + tonumber(tostring(paths):sub(8))) n = math.random(#paths) end
        function request()
          n = n + 1
          return wrk.format("GET", paths[n % #paths + 1])
        end
        local counted = {{}}
        function setup(thread) table.insert(counted, thread) end
        wrong = 0
        function response(status)
          if status ~= {case.expects} then wrong = wrong + 1 if wrong == 1 then print("NOT WANTED", status) end end
        end
        function done(summary, latency)
          local bad = summary.errors.connect + summary.errors.read + summary.errors.timeout
          for _, thread in ipairs(counted) do bad = bad + thread:get("wrong") end
          print("RESULT", summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000, bad) end"""
    )
    command = ["wrk", "-t2", "-c16", f"-d{SECONDS}s", "--timeout", "10s", "-s", script, f"http://127.0.0.1:{case.port}"]
    out = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    if "NOT WANTED" in out:
        print(case.name, *re.findall("NOT WANTED.*", out))
    rate, slowest, errors = re.search(r"RESULT\s+(\S+)\s+(\S+)\s+(\S+)", out).groups()
    case.rates.append(float(rate))
    case.slowest.append(float(slowest))
    case.errors += int(float(errors))


def get(port, path, **headers):
    """Return one response."""
    return urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers), timeout=20)


def first_cases(token, pks, codes, with_datasette):
    """Return the cases whose keys nobody asked for before, beside the peers'."""
    spelled = [f"/api/v1/codes/?table=bench&code={code}" for code in codes]
    numbers = [f"/api/v1/codes/?table=bench&number_min={code}" for code in codes]
    pages = random.Random(7).choices(range(1, len(pks) // 50), k=len(pks))
    cases = [
        Case("a code by id, token", PORT + 1, [f"/api/v1/codes/{pk}/" for pk in pks], token),
        Case(
            "a code by table and code, token", PORT + 1, [f"/api/v1/codes/?table=bench&code={c}" for c in codes], token
        ),
        Case("a code by table and code, public", PORT + 1, spelled),
        Case("list of 50, by number", PORT + 1, [f"{path}&ordering=number" for path in numbers]),
        Case("list of 50, vendor's order", PORT + 1, numbers),
        Case("card page, public", PORT + 1, [f"/codes/bench/{code}/" for code in codes]),
        Case("stock DRF, a code by id", PORT + 2, [f"/codes/{pk}/" for pk in pks]),
        Case("stock DRF, list of 50, counted", PORT + 2, [f"/codes/?disposition=unknown&page={n}" for n in pages]),
        Case("bare values() and orjson, 50", PORT + 2, [f"/bare/?disposition=unknown&after={pk}" for pk in pks]),
    ]
    if with_datasette:
        name = Path(connection.settings_dict["NAME"]).stem
        cases.append(Case("Datasette, a row", PORT + 4, [f"/{name}/kb_returncode/{pk}.json" for pk in pks]))
    return cases


def repeated_cases(token, pks):
    """Return the cases with ten keys, answered from memory."""
    details = [f"/api/v1/codes/{pk}/" for pk in pks]
    etag = get(PORT, details[0], **token).headers["ETag"]
    lists = [f"/api/v1/codes/?disposition=unknown&number_min={700_000_000 + pk}" for pk in pks]
    return [
        Case("a code by id, token", PORT, details, token),
        Case("a code by id, public", PORT, details),
        Case("a code by id, token, 304", PORT, details[:1], token | {"If-None-Match": etag}, 304),
        Case("list of 50, filtered", PORT, lists),
        Case("nginx, a code as a file", PORT + 3, ["/code.json"]),
    ]


def main():
    """Fill the database if it is empty, start every server, and measure in turns."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    if not CodeTable.objects.exists():
        fill()
    admin = make.User.objects.filter(username="bench").first() or make.user("bench", is_superuser=True)
    secret = tokens.create(admin, "bench", ["read_internal"], None)[1]
    rows = list(ReturnCode.objects.order_by("pk").values_list("pk", "code"))
    drawn = random.Random(5).sample(rows, min(RANDOM, len(rows)))
    pks = [pk for pk, _ in drawn[:ROWS]]
    datasette = sys.argv[1] if len(sys.argv) > 1 and connection.vendor == "sqlite" else ""
    database = connection.settings_dict["NAME"]
    connection.close()
    servers = []
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        try:
            servers += [granian(PORT), granian(PORT + 1, KB_API_CACHE_MEGABYTES="0")]
            servers.append(granian(PORT + 2, "bench.api.stock:application"))
            body = get(PORT, f"/api/v1/codes/{pks[0]}/").read()
            servers.append(nginx(PORT + 3, folder, body))
            if datasette:
                servers.append(serve(PORT + 4, [datasette, "serve", "-i", database, "-p", PORT + 4]))
            token = {"Authorization": f"Bearer {secret}"}
            ids, codes = zip(*drawn, strict=True)
            first = first_cases(token, ids, codes, bool(datasette))
            print(f"{connection.vendor}, 2 workers, wrk with 16 connections, median of {RUNS} runs in turns")
            measure(f"keys: {len(drawn):,} random of {len(rows):,} codes; cache off", first, folder)
            repeated = repeated_cases(token, pks)
            measure(f"keys: {ROWS}, repeated; answers in memory", repeated, folder)
            read_while_importing(repeated[0], folder)
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.wait(20)


def read_while_importing(reading, folder):
    """Print how long readers wait for a code, at the 99th percentile, without and with an import beside them."""
    rows = [f"{900_000_000 + n},Import {n} failed.,Try again later." for n in range(IMPORTED)]
    (folder / "new.csv").write_text("\n".join(["Code,Description,Suggested actions", *rows]))
    quiet = replace(reading, rates=[], slowest=[], errors=0)
    for _ in range(RUNS):
        ask(quiet, folder)
    options = f"--table import-{time.time_ns()} --create --vendor Bench --product B --name New".split()
    command = [sys.executable, "manage.py", "import_table", *options, "--apply", folder / "new.csv"]
    busy = replace(reading, rates=[], slowest=[], errors=0)
    table_import = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    while table_import.poll() is None:
        ask(busy, folder)
    assert table_import.returncode == 0
    before, meanwhile = statistics.median(quiet.slowest), statistics.median(busy.slowest)
    print(
        f"{reading.name}, p99 while {IMPORTED:,} rows are imported: {meanwhile:.1f} ms instead of {before:.1f} ms,"
        f" {meanwhile / before:.1f} times; {busy.errors} errors"
    )


def measure(title, all_cases, folder):
    """Measure the cases in turns, and print the table."""
    for turn in range(RUNS + 1):
        for case in all_cases:
            ask(case, folder)
            if not turn:
                # The first turn fills caches.
                case.rates, case.slowest, case.errors = [], [], 0
    print(f"\n{title}\n{'':<36}{'requests/s':>12}{'p99 ms':>9}{'errors':>8}")
    for case in all_cases:
        rate, slowest = statistics.median(case.rates), statistics.median(case.slowest)
        print(f"{case.name:<36}{rate:>12,.0f}{slowest:>9.1f}{case.errors:>8}")


if __name__ == "__main__":
    main()
