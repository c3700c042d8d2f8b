"""How many requests a second the API answers with 100,000 codes: first look-ups, beside repeated ones and the peers.

    DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.api
    python -m tests.postgres python -m bench.api

Fills an empty database. Each row of the first table has two figures. *First*: keys drawn at random from all codes, and
every answer is read from the database. *Again*: 300 keys, asked again and again, with the API's memory of answers,
which the peers lack. The ratios are of the first, as medians of three turns in which one server follows the other.

Then: what one note a second, on a code that nobody asks for, does to repeated look-ups; what memory alone answers,
beside nginx with a file; and how long readers wait while a table is imported. Needs wrk. Every server has two workers;
wrk has 16 connections. On PostgreSQL, the peers read the same database, except Datasette, which knows SQLite only.
"""

import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

from bench import shared
from bench.shared import Load

shared.set_up()

from django.contrib.auth import get_user_model
from django.db import connection

from bench.web.__main__ import fill
from kb.models import CodeTable, ReturnCode
from kb.services import tokens
from kb.text.codes.forms import sort_key

FIRST, AGAIN, STOCK, FILE, DATASETTE = (shared.port(n) for n in range(5))
RANDOM, OFTEN, FEW, IMPORTED = 20_000, 300, 10, 10_000
FLOORS = {
    "stock row": "stock DRF",
    "Datasette row": "Datasette",
    "stock list": "counted list",
    "bare list": "bare view",
}
"""The peers of a ratio, as the table calls them."""


class Row(NamedTuple):
    """One kind of request: its first look-ups, the repeated ones, and the names of its peers."""

    first: Load
    again: Load
    peers: tuple[str, ...] = ()


def rows(token, drawn):
    """Return what is asked of Codebook, by a token and by the public."""
    lookup, filtered = ("stock row", "Datasette row"), ("stock list", "bare list")
    kinds = [
        ("a code by id", lambda pk, code: f"/api/v1/codes/{pk}/", lookup),
        ("a code by table and code", lambda pk, code: f"/api/v1/codes/?table=bench&code={code}", lookup),
        (
            "list of 50, by number",
            lambda pk, code: f"/api/v1/codes/?table=bench&number_min={code}&ordering=number",
            filtered,
        ),
        ("list of 50, vendor's order", lambda pk, code: f"/api/v1/codes/?table=bench&number_min={code}", filtered),
    ]
    readers = (("token", token), ("public", {}))
    made = [
        _row(f"{name}, {reader}", FIRST, AGAIN, [path(*one) for one in drawn], headers, peers)
        for name, path, peers in kinds
        for reader, headers in readers
    ]
    # With a session, Django answers: this row shows what the layer before Django gains.
    cookie = {"Cookie": "sessionid=nobody"}
    made.append(
        _row("a code by id, by Django", FIRST, AGAIN, [f"/api/v1/codes/{pk}/" for pk, _ in drawn], cookie, lookup)
    )
    card = [f"/codes/bench/{code}/" for _, code in drawn]
    return [*made, _row("card page, public", FIRST, AGAIN, card)]


def peer_rows(drawn, with_datasette):
    """Return what is asked of the peers, by the names that `Row.peers` uses."""
    table = CodeTable.objects.get(slug="bench").pk
    pages = random.Random(7).choices(range(1, max(2, shared.size() // 50)), k=len(drawn))
    peers = {
        "stock row": _row("stock DRF, the bare row", STOCK, STOCK, [f"/codes/{pk}/" for pk, _ in drawn]),
        "stock list": _row(
            "stock DRF, counted list of 50", STOCK, STOCK, [f"/codes/?disposition=unknown&page={n}" for n in pages]
        ),
        "bare list": _row(
            "values() and orjson, 50",
            STOCK,
            STOCK,
            [f"/bare/?table={table}&after={sort_key(code)}" for _, code in drawn],
        ),
    }
    if with_datasette:
        name = Path(connection.settings_dict["NAME"]).stem
        paths = [f"/{name}/kb_returncode/{pk}.json" for pk, _ in drawn]
        peers["Datasette row"] = _row("Datasette, the bare row", DATASETTE, DATASETTE, paths)
    return peers


def _row(name, first_port, again_port, paths, headers=None, peers=()):
    again = shared.requests(paths[:OFTEN], headers)
    return Row(
        Load(name, first_port, shared.requests(paths, headers)), Load(f"{name}, again", again_port, again), peers
    )


def compare(ours, peers, folder):
    """Measure and print the first table."""
    every = [*ours, *peers.values()]
    keys = f"first: {len(ours[0].first.requests):,} random of {ReturnCode.objects.count():,}"
    connection.close()
    shared.in_turns([load for row in every for load in (row.first, row.again)], folder)
    shared.heading(
        "First look-ups, beside repeated ones and the peers",
        f"{keys}; again: the same {len(ours[0].again.requests)}, repeated",
        "first: off; again: answers in memory (the peers have none)",
        f"{'':<36}{'first/s':>9}{'p99 ms':>9}{'again/s':>9}{'p99 ms':>9}{'errors':>8}  first, beside the peers",
    )
    for row in every:
        one, two = row.first, row.again
        beside = [f"{shared.ratio(one, peers[name].first):.2f} x {FLOORS[name]}" for name in row.peers if name in peers]
        print(
            f"{one.name:<36}{one.rate:>9,.0f}{one.p99:>9.1f}{two.rate:>9,.0f}{two.p99:>9.1f}"
            f"{one.errors + two.errors:>8}  {', '.join(beside)}"
        )


def beside_writes(token, drawn, folder):
    """Print the rate of repeated look-ups without and with one note saved a second, on a code that nobody asks for."""
    *asked, (untouched, _) = drawn
    shared.heading(
        "One note saved a second, on another code",
        f"{FEW} or {OFTEN}, repeated",
        "answers in memory",
        f"{'':<36}{'without/s':>10}{'with/s':>10}{'ratio':>7}{'p99 ms':>9}{'errors':>8}",
    )
    said = []
    for keys in (OFTEN,) if shared.is_small() else (FEW, OFTEN):
        for reader, headers in (("token", token), ("public", {})):
            paths = [f"/api/v1/codes/?table=bench&code={code}" for _, code in asked[:keys]]
            quiet = Load(f"{keys} codes by code, {reader}", AGAIN, shared.requests(paths, headers))
            busy = Load(quiet.name, AGAIN, quiet.requests)
            shared.ask(quiet, folder, 1)
            quiet.forget()
            for _ in range(shared.rounds(3)):
                shared.ask(quiet, folder, shared.rounds(3))
                with shared.writes([untouched]) as written:
                    shared.ask(busy, folder, shared.rounds(3))
                    said.append(written())
            print(
                f"{quiet.name:<36}{quiet.rate:>10,.0f}{busy.rate:>10,.0f}{shared.ratio(busy, quiet):>7.2f}"
                f"{busy.p99:>9.1f}{quiet.errors + busy.errors:>8}",
                flush=True,
            )
    print(f"the last writer: {said[-1]}")


def from_memory(token, drawn, folder, with_nginx):
    """Print what memory answers with ten keys, beside nginx with a file."""
    paths = [f"/api/v1/codes/{pk}/" for pk, _ in drawn[:FEW]]
    # Within a second, every worker has seen the last note, and gives the same ETag.
    time.sleep(2)
    # An ETag depends on the name of the site, because addresses in the answer do.
    same_site = urllib.request.Request(f"http://127.0.0.1:{AGAIN}{paths[0]}", headers=token | {"Host": "127.0.0.1"})
    with urllib.request.urlopen(same_site, timeout=20) as answer:
        unchanged = token | {"If-None-Match": answer.headers["ETag"]}
    loads = [
        Load("a code by id, token", AGAIN, shared.requests(paths, token)),
        Load("a code by id, public", AGAIN, shared.requests(paths)),
        Load("a code by id, token, 304", AGAIN, shared.requests(paths[:1], unchanged), 304),
    ]
    loads += [Load("nginx, a code as a file", FILE, shared.requests(["/code.json"]))] if with_nginx else []
    shared.in_turns(loads, folder)
    columns = f"{'':<36}{'requests/s':>12}{'p99 ms':>9}{'errors':>8}"
    shared.heading("From memory alone", f"{len(paths)}, repeated", "answers in memory", columns)
    for load in loads:
        print(f"{load.name:<36}{load.rate:>12,.0f}{load.p99:>9.1f}{load.errors:>8}")


def while_importing(token, drawn, folder):
    """Print how long readers wait for a code, at the 99th percentile, without and with an import beside them."""
    imported = shared.share(IMPORTED)
    lines = [f"{900_000_000 + n},Import {n} failed.,Try again later." for n in range(imported)]
    (folder / "new.csv").write_text("\n".join(["Code,Description,Suggested actions", *lines]))
    paths = [f"/api/v1/codes/{pk}/" for pk, _ in drawn]
    first = Load("a code by id, token, first", FIRST, shared.requests(paths, token))
    again = Load("a code by id, token, again", AGAIN, shared.requests(paths[:OFTEN], token))
    busy = [Load(load.name, load.port, load.requests) for load in (first, again)]
    shared.in_turns([first, again], folder)
    options = f"--table import-{time.time_ns()} --create --vendor Bench --product B --name New".split()
    command = [sys.executable, "manage.py", "import_table", *options, "--apply", str(folder / "new.csv")]
    table_import = subprocess.Popen(command, cwd=shared.ROOT, stdout=subprocess.DEVNULL)
    while table_import.poll() is None or not busy[-1].rates:
        for load in busy:
            shared.ask(load, folder, 1)
    assert table_import.returncode == 0
    shared.heading(
        f"While {imported:,} rows are imported",
        f"first: {len(paths):,} random; again: {OFTEN}, repeated",
        "first: off; again: answers in memory",
        f"{'':<36}{'p99 idle':>9}{'p99 ms':>9}{'ratio':>7}{'errors':>8}",
    )
    for idle, load in zip((first, again), busy, strict=True):
        longer, errors = load.p99 / max(idle.p99, 0.001), idle.errors + load.errors
        print(f"{load.name:<36}{idle.p99:>9.1f}{load.p99:>9.1f}{longer:>7.1f}{errors:>8}")


def main():
    """Fill the database if it is empty, start every server, and measure in turns."""
    shared.prepare(fill)
    admin, _ = get_user_model().objects.get_or_create(username="bench", defaults={"is_superuser": True})
    token = {"Authorization": f"Bearer {tokens.create(admin, 'bench', ['read_internal'], None)[1]}"}
    codes = list(ReturnCode.objects.filter(table__slug="bench").order_by("pk").values_list("pk", "code"))
    drawn = random.Random(5).sample(codes, min(RANDOM, len(codes)))
    shared.conditions("api", "2 workers", "wrk with 16 connections", f"medians of {shared.rounds(3)} turns")
    if not shared.find("wrk", "every figure"):
        return
    datasette = shared.find_datasette("Datasette's row")
    has_nginx = shared.find("nginx", "nginx with a file")
    name = connection.settings_dict["NAME"]
    connection.close()
    with tempfile.TemporaryDirectory() as home, shared.Servers() as servers:
        folder = Path(home)
        servers.codebook(FIRST)
        servers.codebook(AGAIN, **shared.MEMORY)
        servers.granian(STOCK, "bench.api.stock:application")
        if datasette:
            servers.datasette(DATASETTE, datasette, "-i", name)
        if has_nginx:
            with urllib.request.urlopen(f"http://127.0.0.1:{FIRST}/api/v1/codes/{drawn[0][0]}/", timeout=20) as answer:
                servers.nginx(FILE, folder, answer.read())
        compare(rows(token, drawn), peer_rows(drawn, bool(datasette)), folder)
        beside_writes(token, drawn, folder)
        from_memory(token, drawn, folder, bool(has_nginx))
        while_importing(token, drawn, folder)


if __name__ == "__main__":
    main()
