"""How long a table of 100,000 codes takes to export in each format, and how much more memory that takes.

    DEBUG=1 KB_PUBLIC_READ=1 DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.exporting

Uses the table of `python -m bench.web`, which has to run first. Each format has a process of its own, warmed up by a
small export, so that the memory of one does not hide another's.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.auth import get_user_model

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
    # With DEBUG, Django stores every query.
    settings.DEBUG = False
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
    print(f"{ending:8}{size / MB:8.1f} MB{seconds:8.1f} s   memory {before:.0f} MB + {peak - before:.0f} MB")


if __name__ == "__main__":
    if sys.argv[1:]:
        measure(sys.argv[1])
    else:
        for name in (*FORMATS, "sqlite"):
            subprocess.run([sys.executable, "-m", "bench.exporting", name], check=True)
