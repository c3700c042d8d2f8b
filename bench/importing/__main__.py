"""Measure imports: `python -m bench.importing [rows] [rounds] [--alone]`, on the database of DATABASE_URL.

It creates tables in a database and leaves them there. `python -m tests.postgres python -m bench.importing` has one.
`--alone` skips the peers and measures look-ups during the import instead.
"""

import resource
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles

from bench import shared

shared.set_up()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection

from bench.importing import files, peers
from kb import answers, searching
from kb.importing import stage
from kb.importing.applying import journal_rows, transaction
from kb.importing.planning import matches, plan, row_store
from kb.importing.reading import sources
from kb.models import CodeTable, Door
from kb.queries.lookup import find_code
from kb.services.journal import By

STEPS = {
    "read": [(sources, "open_source"), *((stage, name) for name in ("create", "fill", "drop"))],
    "compare": [
        *((matches, name) for name in ("create_index", "index_matches", "mark_duplicates", "mark_differences")),
        *((matches, name) for name in ("match_in_section", "match_other_sections", "match_in_table", "position_sql")),
    ],
    "plan": [
        *((plan, name) for name in ("_open", "_store_mentioned_codes", "_close")),
        *((row_store, name) for name in ("store_problems", "store_duplicates", "store_errors", "store_new")),
        *((row_store, name) for name in ("store_changed", "store_reordered", "store_missing")),
    ],
    "codes": [
        *((transaction, name) for name in ("_check_state", "_lock_and_check_basis", "_create_sections", "_insert_new")),
        *((transaction, name) for name in ("_update_existing", "_move", "_write_own_words", "_retire")),
    ],
    "history": [(journal_rows, "write_revisions"), (journal_rows, "changed_code_ids")],
    "notes": [(journal_rows, "mark_notes")],
    "feed": [(journal_rows, "write_feed")],
    "index": [(searching, "refresh")],
    "answers": [(answers, "refresh")],
    "commit": [(connection, "commit")],
}
"""The functions of each step. Time in one of them counts for the innermost step."""

BY = By(None, Door.SHELL)
seconds_by_step: dict[str, float] = defaultdict(float)


def main(rows: int, rounds: int, alone: bool) -> None:
    """Print medians, ratios, where the time goes, and the peak of the memory."""
    call_command("migrate", verbosity=0)
    for step, functions in STEPS.items():
        for owner, name in functions:
            _time(step, owner, name)
    with tempfile.TemporaryDirectory() as folder:
        first = files.write(Path(folder, "first.csv"), rows)
        second = files.write(Path(folder, "second.csv"), rows, reworded=True)
        shared.conditions("importing", f"{first.stat().st_size / 1e6:.1f} MB", f"medians of {rounds} rounds")
        shared.heading("Imports", f"all {rows:,} rows, once a round", "none")
        if alone:
            _alone(first, second)
        else:
            _beside_peers(first, second, rows, rounds)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB; errors: 0")


def _beside_peers(first: Path, second: Path, rows: int, rounds: int) -> None:
    times: dict[str, list[float]] = defaultdict(list)
    where: dict[str, dict[str, float]] = {}
    sample = min(rows, 10_000)
    for n in range(rounds):
        ours, plain, stock = (_table(f"{name}-{n}") for name in ("ours", "plain", "stock"))
        for name, path in (("first", first), ("1 %", second)):
            times[f"ours {name}"].append(_import(path, ours))
            where[name] = {**seconds_by_step, "all": times[f"ours {name}"][-1]}
            times[f"plain {name}"].append(peers.plainest(path, plain))
            preview, real = peers.stock(path, stock, sample)
            times[f"stock {name}"].append((preview + real) * rows / sample)
            times[f"stock {name}, without its preview"].append(real * rows / sample)
    for name in ("first", "1 %"):
        mine, plain, stock = (median(times[f"{who} {name}"]) for who in ("ours", "plain", "stock"))
        real = median(times[f"stock {name}, without its preview"])
        print(f"{name}: ours {mine:.2f} s, plainest SQL {plain:.2f} s, stock {stock:.0f} s (from {sample:,} rows)")
        print(f"   {mine / plain:.1f} times the plainest SQL; {stock / mine:.0f} times faster than stock with its")
        print(f"   preview, {real / mine:.0f} times faster than its import alone")
        print("   " + _account(where[name]))


def _alone(first: Path, second: Path) -> None:
    """Import into a table while a thread looks codes up, and compare the look-up times with those at rest."""
    table, user = _table("big"), get_user_model()(is_superuser=True, is_active=True)
    print(f"first: {_import(first, table):.1f} s")
    idle = _lookup_times(user, lambda: time.sleep(5))
    busy = _lookup_times(user, lambda: print(f"1 %, beside look-ups: {_import(second, table):.1f} s"))
    more = _lookup_times(user, lambda: print(f"first, beside look-ups: {_import(first, _table('more')):.1f} s"))
    for name, times in (("at rest", idle), ("beside an update", busy), ("beside a first import", more)):
        print(f"look-ups {name}: {len(times)}, median {median(times):.1f} ms, p99 {quantiles(times, n=100)[98]:.1f} ms")


def _lookup_times(user, work) -> list[float]:
    times, finished = [], threading.Event()

    def look_up():
        n = 0
        while not finished.is_set():
            n += 1
            start = time.perf_counter()
            find_code(str(600_000_000 + n * 37 % 1000), user)
            times.append((time.perf_counter() - start) * 1000)
            time.sleep(0.01)
        connection.close()

    thread = threading.Thread(target=look_up)
    thread.start()
    work()
    finished.set()
    thread.join()
    return times


def _import(path: Path, table: CodeTable) -> float:
    seconds_by_step.clear()
    start = time.perf_counter()
    source = sources.open_source(path, path.name)
    transaction.apply_import(plan.plan_import(table, source, BY, complete=True, file_name=path.name), BY)
    return time.perf_counter() - start


def _table(name: str) -> CodeTable:
    return CodeTable.objects.create(slug=f"{name}-{time.time_ns()}", vendor="V", product="P", name=name)


def _account(seconds: dict[str, float]) -> str:
    """Return where the time of the last round went, and how much of it has a name."""
    parts = ", ".join(f"{step} {seconds.get(step, 0):.2f}" for step in STEPS)
    named = sum(seconds.get(step, 0) for step in STEPS)
    return f"{parts}; other {seconds['all'] - named:.2f} ({named / seconds['all']:.0%} named)"


def _time(step: str, owner, name: str) -> None:
    function = getattr(owner, name)

    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        before = sum(seconds_by_step.values())
        try:
            return function(*args, **kwargs)
        finally:
            within = sum(seconds_by_step.values()) - before
            seconds_by_step[step] += time.perf_counter() - start - within

    setattr(owner, name, wrapper)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    main(*(numbers + [shared.size(), shared.rounds(3)][len(numbers) :]), alone="--alone" in sys.argv)
