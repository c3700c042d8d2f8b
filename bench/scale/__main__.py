"""How times grow from 10,000 codes to 1,000,000, with a note for each ten codes.

    DATABASE_URL=sqlite:///scale.sqlite3 python -m bench.scale [10000 100000 1000000]
    python -m tests.postgres python -m bench.scale

Fills an empty database step by step and measures after each, inside the process, the middleware and templates of
pages included and without any cache of answers. Figures are the CPU time of this process and, on PostgreSQL, of the
database's, on the same machine: what else the machine does has no part in them. A million takes some minutes and 8 GB
of disk. Sizes compare only with the same settings of the server, and those of the temporary PostgreSQL are too small
for a million: use a database of your own. `BENCH_SIZE` is the largest of three sizes.

`--here` measures a filled database as it is. `--plans` prints the plan of each query that takes longer than 20 ms.
"""

import random
import sys
import time
from pathlib import Path

from bench import shared

shared.set_up()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client

from bench.scale import fill
from kb import searching
from kb.models import CodeTable, ReturnCode
from kb.models.sql import is_postgres
from kb.queries import work_queue
from kb.queries.lookup import beginning_with, find_code
from kb.queries.replication import end_for
from kb.queries.text_results import text_results

SIZES = [shared.size(1_000_000) // part for part in (100, 10, 1)]
SLOW_MS = 20


def words(dice, first, last, number=1):
    """Return words from a part of the vocabulary."""
    return " ".join(dice.sample(fill.WORDS[first:last], number))


def misspell(word):
    """Return a word with a letter left out."""
    return word[:2] + word[3:]


def questions(codes):
    """Yield what to measure: a name, a function, and how often to call it."""
    admin = get_user_model().objects.get(username="bench")
    dice, staff = random.Random(codes), Client()
    staff.force_login(admin)
    database = end_for(admin).incarnation

    def any_number():
        return fill.number_of(dice.randrange(codes))

    def table(number):
        return f"bench-{(number - fill.FIRST) // fill.STEP // fill.PER_TABLE}"

    def page(path):
        answer = staff.get(path)
        body = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == 200, (path, answer.status_code, body[:300])

    def card(number):
        page(f"/codes/{table(number)}/{number}/")

    def some(first, last, count=1):
        return words(dice, first, last, count)

    def search(text):
        return searching.search(text, admin)

    def api(query):
        page("/api/v1/codes/?" + query)

    def mixed():
        return " ".join(fill.some_words(dice, dice.randint(1, 4)))

    yield "exact code", lambda: find_code(str(any_number()), admin), 1_000
    yield "a code that is not there", lambda: find_code(str(any_number() + 3), admin), 200
    yield "a part of a code", lambda: beginning_with(str(any_number())[:5], admin), 200
    yield "search, one common word", lambda: search(some(0, 17) + " "), 60
    yield "search, two common words", lambda: search(some(0, 17, 2) + " "), 60
    yield "search, rare word", lambda: search(some(1_500, 2_900) + " "), 100
    yield "search, two rare words", lambda: search(some(1_500, 2_900, 2) + " "), 60
    yield "search, one to four words", lambda: search(mixed() + " "), 200
    yield "search, as you type", lambda: search(some(0, 17)[: dice.randint(2, 4)]), 60
    yield "search, misspelt", lambda: search(misspell(some(1_500, 2_900)) + " "), 60
    yield "search, with passages", lambda: text_results(mixed() + " ", admin), 100
    yield "search of notes", lambda: searching.search_notes(some(1_500, 2_900), admin, 20), 30
    yield "API, first page", lambda: api("page_size=50"), 40
    yield "API, of a table", lambda: api(f"table={table(any_number())}"), 40
    yield "API, by code", lambda: api(f"code={any_number()}"), 100
    yield "API, by disposition", lambda: api("disposition=contact_vendor"), 40
    yield "API, by number", lambda: api(f"number_min={any_number()}&ordering=number"), 40
    yield "API, by rare word", lambda: api("text=" + some(1_500, 2_900)), 40
    yield "API, by common word", lambda: api("text=" + some(0, 17)), 20
    yield "API, retired", lambda: api("retired=true"), 20
    yield "API, feed", lambda: page(f"/api/v1/changes/?since={database}-{dice.randrange(codes)}"), 40
    yield "card", lambda: card(any_number()), 100
    yield "page of a table", lambda: page(f"/tables/{table(any_number())}/"), 30
    yield "page of a table, word", lambda: page(f"/tables/{table(any_number())}/?q={some(0, 17)}"), 20
    yield "first page", lambda: page("/"), 20
    yield "changes", lambda: page("/changes/"), 20
    yield "queue of codes", lambda: work_queue.codes(admin), 10
    yield "queue of notes", lambda: work_queue.notes(admin), 10
    yield "queue of reviewers", lambda: work_queue.to_validate(admin), 10
    yield "admin, first page", lambda: page("/admin/"), 10
    yield "admin, codes", lambda: page("/admin/kb/returncode/"), 10
    yield "admin, codes, common word", lambda: page(f"/admin/kb/returncode/?q={some(0, 17)}"), 10
    yield "admin, notes", lambda: page("/admin/kb/troubleshootingnote/"), 10


def cpu_clock():
    """Return a clock of the CPU time of this process and of its database process, in seconds."""
    if not is_postgres():
        return time.process_time
    with connection.cursor() as cursor:
        # The clock does not include parallel workers.
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.execute("SELECT pg_backend_pid()")
        schedstat = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    return lambda: time.process_time() + int(schedstat.read_text().split()[0]) / 1e9


def percentiles(ask, times, clock):
    """Return the 95th and 99th percentile of a function's times, in milliseconds."""
    for _ in range(shared.rounds(3)):
        ask()
    milliseconds = []
    for _ in range(shared.rounds(times)):
        start = clock()
        ask()
        milliseconds.append((clock() - start) * 1000)
    return shared.cuts(milliseconds)[1:]


class Slow:
    """Prints each slow query with its plan."""

    def __call__(self, execute, sql, params, many, context):
        """Run a query, and explain it if it was slow."""
        start = time.perf_counter()
        result = execute(sql, params, many, context)
        milliseconds = (time.perf_counter() - start) * 1000
        if milliseconds > SLOW_MS and sql.lstrip().upper().startswith(("SELECT", "WITH")):
            print(f"\n{milliseconds:.0f} ms: {sql[:1_500]}\n{str(params)[:300]}")
            how = "EXPLAIN (ANALYZE, BUFFERS) " if is_postgres() else "EXPLAIN QUERY PLAN "
            with connection.cursor() as cursor:
                cursor.execute(how + sql, params)
                print("\n".join("    " + str(row[-1])[:200] for row in cursor.fetchall()))
        return result


def explain(codes):
    """Call each function, and print its slow queries."""
    for name, ask, _ in questions(codes):
        print(f"\n===== {name}")
        ask()
        with connection.execute_wrapper(Slow()):
            ask()


def main():
    """Fill and measure step by step, then print the table."""
    call_command("migrate", verbosity=0)
    shared.collect_static()
    if CodeTable.objects.exclude(slug__startswith="bench-").exists():
        sys.exit("This database holds something else: name an empty one in DATABASE_URL.")
    users = get_user_model().objects
    if not users.filter(username="bench").exists():
        users.create_superuser("bench", password="bench")
    if "--plans" in sys.argv:
        explain(ReturnCode.objects.count())
        return
    sizes = [int(size) for size in sys.argv[1:] if size.isdigit()] or SIZES
    sizes = [ReturnCode.objects.count()] if "--here" in sys.argv else sizes
    shared.conditions("scale", "inside the process", "CPU time of application and database")
    clock, figures = cpu_clock(), {}
    for size in sizes:
        start = time.perf_counter()
        fill.grow_to(size)
        print(f"{size:,} codes: filled in {time.perf_counter() - start:.0f} s", flush=True)
        for name, ask, times in questions(size):
            figures.setdefault(name, []).append(percentiles(ask, times, clock))
            p95, p99 = figures[name][-1]
            print(f"  {name:<28}{p95:>9.1f}{p99:>9.1f}", flush=True)
    report(sizes, figures)


def report(sizes, figures):
    """Print the table of sizes, with the growth from the first to the last."""
    keys = "random of all, or the same each time for a first page, a queue and a list of the admin"
    columns = f"{'p95 in ms (p99 of the exact code)':<34}{''.join(f'{size:>12,}' for size in sizes)}{'growth':>9}"
    shared.heading("Growth", keys, "off", columns)
    for name, pairs in figures.items():
        values = [p99 if name == "exact code" else p95 for p95, p99 in pairs]
        growth = values[-1] / max(values[0], 0.001)
        print(f"{name:<34}{''.join(f'{one:>12.1f}' for one in values)}{growth:>8.1f}x")
    print("errors: 0")


if __name__ == "__main__":
    main()
