"""How quickly the API answers searches that nobody asked before, with 100,000 codes, beside bare peers in the same run.

    DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.search
    python -m tests.postgres python -m bench.search

Fills an empty database. The first table has searches over HTTP for one, two and three words, drawn at random in two
ways: from all words of the texts, so that common ones come often, and from the vocabulary, in which most are rare. The
peers are `peers.py` and Datasette's `_search`, which knows SQLite only, over the same texts. Each has two workers, and
wrk has 16 connections. The second table has what a look-up by code or words takes inside the process.
"""

import random
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from bench import shared
from bench.shared import Load

shared.set_up()

from django.contrib.auth.models import AnonymousUser
from django.db import connection

from bench.scale.fill import some_words
from bench.search import peers
from kb import answers, searching
from kb.models import CodeTable, ReturnCode, Section
from kb.queries.lookup import beginning_with, find_code
from kb.queries.text_results import search, text_results
from kb.text.codes import forms as text_code

CODES, ROUNDS = shared.size(), 20 if shared.is_small() else 200
OURS, BARE, DATASETTE = (shared.port(n) for n in range(3))
QUESTIONS = 5_000


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
    answers.rebuild()


def sentence(dice, length):
    """Return words as they are distributed in a language."""
    return " ".join(some_words(dice, length)).capitalize() + "."


def questions():
    """Return questions of one to four words, common and rare ones."""
    dice = random.Random(2)
    return [" ".join(some_words(dice, dice.randint(1, 4))) for _ in range(ROUNDS)]


def words_of_texts():
    """Return every word of the codes' texts, as often as it is there."""
    rows = ReturnCode.objects.values_list("symbol", "description", "possible_reasons", "suggested_actions")
    return [word.strip(".").lower() for row in rows.iterator() for text in row for word in text.split()]


def loads(datasette):
    """Return what is asked of each server: by kind of words and number of words, ours and its peers."""
    dice, words = random.Random(3), words_of_texts()
    vocabulary = sorted(set(words))
    for kind, source in (("of the texts", words), ("of the vocabulary", vocabulary)):
        for number in (1, 2, 3):
            asked = [quote(" ".join(dice.sample(source, number))) for _ in range(QUESTIONS)]
            name = f"{number} word{'s' if number > 1 else ''} {kind}"
            row = [("ours", OURS, "/api/v1/search/?q={}"), ("bare index", BARE, "/bare/?q={}")]
            row += [("Datasette", DATASETTE, "/peer/codes.json?_search={}&_size=20")] if datasette else []
            yield name, [Load(one, port, shared.requests([path.format(q) for q in asked])) for one, port, path in row]


def compare(rows, folder):
    """Measure the servers in turns, and print their rates."""
    shared.heading(
        "Searches by the API that nobody asked before, beside the peers",
        f"{QUESTIONS:,} random questions for each row, over {CODES:,} codes",
        "off",
        f"{'':<30}{'server':<12}{'requests/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'errors':>8}  ours beside it",
    )
    for name, row in rows:
        shared.in_turns(row, folder, seconds=2)
        for load in row:
            beside = "" if load is row[0] else "it answered nothing"
            if load is not row[0] and all(load.rates):
                beside = f"{shared.ratio(row[0], load):.2f} times"
            figures = f"{load.rate:>11,.0f}{load.p50:>9.1f}{load.p99:>9.1f}{load.errors:>8}"
            print(f"{name:<30}{load.name:<12}{figures}  {beside}", flush=True)


def over_http():
    """Start the servers, and measure."""
    if not shared.find("wrk", "every figure over HTTP"):
        return
    datasette = shared.find_datasette("Datasette's _search")
    with tempfile.TemporaryDirectory() as home, shared.Servers() as servers:
        folder = Path(home)
        url = peers.fill(folder / "peer.db")
        rows = list(loads(datasette))
        connection.close()
        servers.codebook(OURS)
        servers.granian(BARE, "bench.search.peers:application", **{peers.PEER_URL: url})
        if datasette:
            servers.datasette(DATASETTE, datasette, "-i", folder / "peer.db")
        compare(rows, folder)


def measure(name, ask, questions):
    """Print the milliseconds that each question took, after a first round."""
    for question in questions[:20]:
        ask(question)
    times = []
    for question in questions:
        start = time.perf_counter()
        ask(question)
        times.append((time.perf_counter() - start) * 1000)
    p50, p95, p99 = shared.cuts(times)
    print(f"{name:<34}{p50:>9.2f}{p95:>9.2f}{p99:>9.2f}{0:>8}", flush=True)


def in_process():
    """Print how long look-ups by code and by words take without a server."""
    columns = f"{'':<34}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'errors':>8}"
    shared.heading("Codes and words, inside the process", f"{ROUNDS} random questions, {CODES:,} codes", "off", columns)
    dice = random.Random(4)
    nobody = AnonymousUser()
    numbers = [str(700_000_000 + dice.randrange(CODES) * 7) for _ in range(5 * ROUNDS)]
    measure("exact code", lambda number: find_code(number, nobody), numbers)
    measure("a part of a code", lambda number: beginning_with(number[:5], nobody), numbers[:ROUNDS])
    measure("words, ranked", lambda q: searching.search(q, nobody), questions())
    measure("words, as you type (8)", lambda q: search(q, nobody, 8), questions())
    measure("words, with passages (50)", lambda q: text_results(q, nobody), questions())
    measure("a misspelt word", lambda q: searching.search(q[:1] + q[2:] if len(q) > 5 else q, nobody), questions())


def main():
    """Fill the database if it is empty, and measure."""
    shared.prepare(fill)
    shared.conditions("search", "2 workers", "wrk with 16 connections", f"medians of {shared.rounds(3)} turns")
    over_http()
    in_process()


if __name__ == "__main__":
    main()
