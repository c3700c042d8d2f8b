"""How long a table of 100,000 codes takes to export in each format, and how much more memory that takes.

    DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.exporting

Fills an empty database as `bench.web` does. Each format has a process of its own, warmed up by a
small export, so that the memory of one does not hide another's.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from bench import shared

shared.set_up()

from django.contrib.auth import get_user_model

from bench.web.__main__ import fill
from kb.exporting.sqlite import export_database
from kb.exporting.tables import (
    FORMATS,
    export_table,
)
from kb.models import CodeTable

MB = 2**20


def resident():
    """Return the megabytes of this process that are in memory (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MB


def export(table, ending):
    """Export a table; return its size in bytes."""
    reader = get_user_model()(username="bench", is_superuser=True)
    parts = export_database(reader, table) if ending == "sqlite" else export_table(table, ending)
    return sum(map(len, parts))


def measure(ending):
    """Print the size, time and memory of one format."""
    small, _ = CodeTable.objects.get_or_create(slug="bench-small", defaults={"vendor": "Bench", "name": "Small"})
    export(small, ending)
    before = peak = resident()
    finished = threading.Event()

    def watch():
        nonlocal peak
        while not finished.wait(0.02):
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    size = export(CodeTable.objects.get(slug="bench"), ending)
    seconds = time.perf_counter() - start
    finished.set()
    watcher.join()
    print(f"{ending:8}{size / MB:8.1f} MB{seconds:8.1f} s   memory {before:.0f} MB + {peak - before:.0f} MB   errors 0")


def main():
    """Fill the database if it is empty, and measure each format in a process of its own."""
    shared.prepare(fill)
    shared.conditions("exporting", "one process for each format")
    shared.heading("Formats", f"all {shared.size():,} codes, once", "none")
    for name in (*FORMATS, "sqlite"):
        subprocess.run([sys.executable, "-m", "bench.exporting", name], check=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        measure(sys.argv[1])
    else:
        main()
