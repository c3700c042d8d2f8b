"""What the search by meaning costs: the time to make the vectors of 10,000 codes, memory, and the time of a search.

    DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.meaning

Fills an empty database with 10,000 codes as `bench.search` does. Every question is asked once. It needs the extra.
"""

import os
import random
import time

from bench import shared

os.environ.setdefault("BENCH_SIZE", "10000")
shared.set_up(KB_MEANING="1")

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from bench.exporting.__main__ import resident
from bench.search.__main__ import fill, sentence
from kb import searching
from kb.models import CodeVector
from kb.searching import nearest, sentences

CODES, ROUNDS = shared.size(), 20 if shared.is_small() else 500


def questions():
    """Return questions of two to eight words, common and rare ones."""
    dice = random.Random(7)
    return [sentence(dice, dice.randint(2, 8)) for _ in range(ROUNDS)]


def measure(name, is_on):
    """Print the milliseconds that each question took, in wall time and of the processor."""
    settings.KB_MEANING = is_on
    nobody, times, used = AnonymousUser(), [], []
    searching.search("warm up", nobody)
    for question in questions():
        start, before = time.perf_counter(), time.process_time()
        searching.search(question, nobody)
        times.append((time.perf_counter() - start) * 1000)
        used.append((time.process_time() - before) * 1000)
    p50, p95, p99 = shared.cuts(times)
    print(f"{name:<34}{p50:>9.2f}{p95:>9.2f}{p99:>9.2f}{shared.cuts(used)[1]:>9.2f}{0:>8}", flush=True)


def vectors():
    """Print how long the vectors of all codes take, and what the first search reads."""
    before, start = resident(), time.perf_counter()
    searching.load_model()
    print(f"the model: {resident() - before:.0f} MB, loaded in {time.perf_counter() - start:.2f} s; errors: 0")
    CodeVector.objects.all().delete()
    start = time.perf_counter()
    made = searching.catch_up()
    took = time.perf_counter() - start
    print(f"vectors of {made:,} codes: {took:.1f} s, {10_000 * took / made:.0f} s for 10,000; errors: 0")
    nearest.forget()
    before, start = resident(), time.perf_counter()
    searching.search("disk is totally full", AnonymousUser())
    print(f"the first search: {(time.perf_counter() - start) * 1000:.0f} ms; {resident() - before:.0f} MB of vectors")


def main():
    """Fill the database if it is empty, and measure."""
    shared.prepare(fill)
    shared.conditions("meaning", "inside one process")
    if not sentences.is_installed():
        shared.left_out("every figure", "the extra `meaning` is not installed")
        return
    vectors()
    columns = f"{'':<34}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'CPU p95':>9}{'errors':>8}"
    shared.heading("Searches", f"{ROUNDS} random questions, each once, {CODES:,} codes", "off", columns)
    measure("by words", False)
    measure("by words and meaning", True)


if __name__ == "__main__":
    main()
