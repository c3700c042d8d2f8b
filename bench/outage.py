"""An outage: 200 readers at once ask for the same codes, while editors write about them.

    DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.outage
    python -m tests.postgres python -m bench.outage

wrk keeps 200 connections for 60 seconds. Of 100 requests, 89 look a code up in the API with a token, 10 open a card as
the public, and one sends a log of 20 codes to be detected. 95 of 100 codes are drawn from 300, the others from all.
Another process saves a note on one of the 300 codes every second, through the product's service. Needs wrk. The server
has two workers and keeps answers in memory, as in production.
"""

import random
import tempfile
from pathlib import Path

from bench import shared
from bench.shared import Load

shared.set_up()

from django.contrib.auth import get_user_model
from django.db import connection

from bench.web.__main__ import fill
from kb.models import ReturnCode
from kb.services import tokens

READERS, OFTEN, REQUESTS, WRITTEN = 200, 300, 20_000, 10
SECONDS = 3 if shared.is_small() else 60


def load(port, token, codes, dice):
    """Return the requests of an outage."""
    often = dice.sample(codes, min(OFTEN, len(codes)))

    def code():
        return dice.choice(often if dice.random() < 0.95 else codes)

    def one():
        kind = dice.random()
        if kind < 0.89:
            return shared.request(f"/api/v1/codes/?table=bench&code={code()}", token)
        if kind < 0.99:
            return shared.request(f"/codes/bench/{code()}/")
        lines = "\n".join(f'10:00:02 ERROR {{"code": {code()}}} call failed' for _ in range(20))
        return shared.request("/api/v1/detect/", token, {"text": lines})

    return Load("200 readers", port, [one() for _ in range(REQUESTS)]), often


def main():
    """Fill the database if it is empty, and measure."""
    shared.prepare(fill)
    shared.conditions("outage", "2 workers", f"wrk with {READERS} connections", f"{SECONDS} s")
    if not shared.find("wrk", "every figure"):
        return
    admin, _ = get_user_model().objects.get_or_create(username="bench", defaults={"is_superuser": True})
    token = {"Authorization": f"Bearer {tokens.create(admin, 'bench', ['read_internal'], None)[1]}"}
    ids = dict(ReturnCode.objects.filter(table__slug="bench").order_by("pk").values_list("code", "pk"))
    connection.close()
    keys = f"95 of 100 from {OFTEN} codes, the others random of {len(ids):,}"
    columns = f"{'requests':>10}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'errors':>8}  writer"
    shared.heading(f"{READERS} readers, one note saved a second", keys, "answers in memory", columns)
    with tempfile.TemporaryDirectory() as folder, shared.Servers() as servers:
        port = servers.granian(shared.port(), **shared.MEMORY)
        readers, often = load(port, token, list(ids), random.Random(6))
        with shared.writes([ids[code] for code in often[:WRITTEN]]) as written:
            shared.ask(readers, Path(folder), SECONDS, READERS)
            said = written()
    print(
        f"{readers.total:>10,}{readers.rate:>12,.0f}{readers.p50:>9.1f}{readers.p99:>9.1f}{readers.errors:>8}  {said}"
    )


if __name__ == "__main__":
    main()
