"""How long exact codes and words take with 100,000 codes, beside Datasette's full-text search of the same rows.

    DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.search

Fills an empty database. Ours is measured inside the process and over HTTP; Datasette over HTTP, both
with one client that keeps its connection. Ratios come from one run.
"""

import http.client
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from bench import shared

shared.set_up()

from django.contrib.auth.models import AnonymousUser
from django.db import connection

from bench.scale.fill import some_words
from kb import searching
from kb.models import CodeTable, ReturnCode, Section
from kb.queries.lookup import beginning_with, find_code
from kb.queries.text_results import (
    search,
    text_results,
)
from kb.text.codes import forms as text_code

CODES, ROUNDS = shared.size(), 20 if shared.is_small() else 200
OUR_PORT, THEIR_PORT = shared.port(), shared.port(1)


def fill():
    """Create one table of many codes with a sentence or two each."""
    dice = random.Random(1)
    table = CodeTable.objects.create(slug="bench", vendor="Bench", product="Bench", name="Codes", audience="public")
    section = Section.objects.create(table=table, name="All", slug="all")
    codes = []
    for n in range(CODES):
        forms = text_code.forms(str(700_000_000 + n * 7))
        values = {"description": sentence(dice, 9), "suggested_actions": sentence(dice, 14)}
        values |= {name: getattr(forms, name) for name in ("code", "identity", "canonical", "number", "sort_key")}
        codes.append(ReturnCode(table=table, section=section, position=n, **values))
    ReturnCode.objects.bulk_create(codes, batch_size=500)
    searching.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def sentence(dice, length):
    """Return words as they are distributed in a language."""
    return " ".join(some_words(dice, length)).capitalize() + "."


def questions():
    """Return questions of one to four words, common and rare ones."""
    dice = random.Random(2)
    return [" ".join(some_words(dice, dice.randint(1, 4))) for _ in range(ROUNDS)]


def measure(name, ask, questions):
    """Print and return the median of the milliseconds that each question took, after a first round."""
    for question in questions[:20]:
        ask(question)
    times = []
    for question in questions:
        start = time.perf_counter()
        ask(question)
        times.append((time.perf_counter() - start) * 1000)
    p50, p95, p99 = shared.cuts(times)
    print(f"{name:<34} p50 {p50:8.2f} ms   p95 {p95:8.2f} ms   p99 {p99:8.2f} ms   errors 0", flush=True)
    return p50


def peer(folder):
    """Write the same rows into a database as Datasette serves it, with FTS5 over the same texts; return its path."""
    path = Path(folder) / "peer.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE codes (id INTEGER PRIMARY KEY, code TEXT, description TEXT, actions TEXT)")
        rows = ReturnCode.objects.values_list("pk", "code", "description", "suggested_actions").iterator()
        database.executemany("INSERT INTO codes VALUES (?, ?, ?, ?)", rows)
        database.execute("CREATE INDEX code ON codes (code)")
        database.execute(
            "CREATE VIRTUAL TABLE codes_fts USING fts5(code, description, actions, content='codes', content_rowid='id')"
        )
        database.execute("INSERT INTO codes_fts (codes_fts) VALUES ('rebuild')")
    return path


def serve(command, port):
    """Start a server; return it with a function that requests a path."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        time.sleep(0.2)
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.connect()
            break
        except OSError:
            continue

    def ask(path):
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:200])
        return body

    return server, ask


def over_http(datasette):
    """Measure both servers with the same questions, and print the ratio."""
    texts = [quote(question) for question in questions()]
    python = sys.executable
    ours, ask = serve(
        [
            python,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--port",
            str(OUR_PORT),
            "--workers",
            "1",
            "config.wsgi:application",
        ],
        OUR_PORT,
    )
    mine = measure("ours over HTTP, words", lambda q: ask(f"/suggest/?q={q}"), texts)
    ours.terminate()
    if not datasette:
        return
    with tempfile.TemporaryDirectory() as folder:
        theirs, ask = serve([datasette, str(peer(folder)), "--port", str(THEIR_PORT)], THEIR_PORT)
        other = measure("Datasette over HTTP, _search", lambda q: ask(f"/peer/codes.json?_search={q}&_size=50"), texts)
        json.loads(ask(f"/peer/codes.json?_search={texts[0]}&_size=50"))["rows"]
        theirs.terminate()
    print(f"Datasette's _search takes {other / mine:.1f} times as long as ours.")


def main():
    """Fill the database if it is empty, and measure."""
    shared.prepare(fill)
    shared.conditions("search", "one request at a time")
    shared.heading("Exact codes and words", f"{ROUNDS} random questions, {CODES:,} codes", "off")
    dice = random.Random(4)
    nobody = AnonymousUser()
    numbers = [str(700_000_000 + dice.randrange(CODES) * 7) for _ in range(5 * ROUNDS)]
    measure("exact code", lambda number: find_code(number, nobody), numbers)
    measure("a part of a code", lambda number: beginning_with(number[:5], nobody), numbers[:ROUNDS])
    measure("words, ranked", lambda q: searching.search(q, nobody), questions())
    measure("words, as you type (8)", lambda q: search(q, nobody, 8), questions())
    measure("words, with passages (50)", lambda q: text_results(q, nobody), questions())
    measure("a misspelt word", lambda q: searching.search(q[:1] + q[2:] if len(q) > 5 else q, nobody), questions())
    over_http(shared.find("datasette", "Datasette's _search"))


if __name__ == "__main__":
    main()
