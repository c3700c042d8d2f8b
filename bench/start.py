"""How long the demo, the server and a look-up in the shell take to start, and what a worker weighs.

    python -m bench.start

Run it on an idle machine: these are seconds of a clock. The demo has a database of its own.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from bench import shared

shared.set_up()

from bench.web.__main__ import WORDS, fill
from kb.models import ReturnCode

READERS, REQUESTS = 16, 1 if shared.is_small() else 250
"""Threads that send requests at once, and how many requests each sends."""

DEMO = {"DEBUG": "1", "KB_PUBLIC_READ": "1", "LOG_LEVEL": "WARNING"}


def manage(*arguments: str, **environment: str) -> float:
    """Run a command of the shell and return its seconds."""
    start = time.perf_counter()
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=shared.ROOT, env=os.environ | environment, capture_output=True, check=True)
    return time.perf_counter() - start


@contextmanager
def server(port: int, *options: str, **environment: str) -> Iterator[int]:
    """Run a server with one worker until the block ends. Yields the id of its first process as soon as it answers."""
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", "1", *options]
    with subprocess.Popen(command, cwd=shared.ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL) as process:
        try:
            shared.wait_for(port, "/", HTTPStatus.OK)
            yield process.pid
        finally:
            process.terminate()


def second_start(folder: Path) -> float:
    """Return the seconds from `make run` to the first page, for a demo that exists."""
    environment = DEMO | {"DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3"}
    manage("demo", **environment)
    start = time.perf_counter()
    with server(shared.port(), "--demo", **environment):
        return time.perf_counter() - start


def paths(dice: random.Random, codes: list[str]) -> Iterator[str]:
    """Yield addresses of pages and answers, of codes at random."""
    while True:
        code = dice.choice(codes)
        yield dice.choice(
            [f"/codes/bench/{code}/", f"/api/v1/codes/?table=bench&code={code}", f"/suggest/?q={code[:6]}"]
        )
        yield dice.choice([f"/api/v1/search/?q={code}", f"/?q={'+'.join(dice.choices(WORDS, k=2))}"])


def send(port: int, codes: list[str], wrong: list[int]) -> None:
    """Send the requests of one reader, and note what is not answered well."""
    connection, addresses = HTTPConnection("127.0.0.1", port), paths(random.Random(), codes)
    for _ in range(REQUESTS):
        connection.request("GET", next(addresses))
        answer = connection.getresponse()
        answer.read()
        wrong += [answer.status] if answer.status >= HTTPStatus.BAD_REQUEST else []


def weight(codes: list[str]) -> tuple[float, float, int]:
    """Return a worker's resident MB before and after the requests of all readers, and how many of these failed."""
    wrong: list[int] = []
    with server(shared.port(1), **shared.MEMORY) as process:
        worker = Path(f"/proc/{process}/task/{process}/children").read_text().split()[-1]
        before = resident(worker)
        readers = [threading.Thread(target=send, args=(shared.port(1), codes, wrong)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        return before, resident(worker), len(wrong)


def resident(process: str) -> float:
    """Return the resident memory of a process in MB."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Fill the database if it is empty, and print each figure with its budget."""
    shared.prepare(fill)
    shared.conditions("start", f"{shared.size():,} codes")
    codes = list(ReturnCode.objects.values_list("code", flat=True))
    shared.heading(
        "Start", "random for the memory, otherwise repeated", "as in production", f"{'figure':44} {'':>7} budget"
    )
    with tempfile.TemporaryDirectory(prefix="codebook-start-") as folder:
        seconds = [second_start(Path(folder)) for _ in range(shared.rounds(3))]
    print(f"{'make run, second start, to the first page':44} {statistics.median(seconds):5.2f} s    2 s")
    seconds = [manage("lookup", random.choice(codes)) for _ in range(shared.rounds(9))]
    print(f"{'manage.py lookup, a listed code':44} {statistics.median(seconds):5.2f} s  0.5 s")
    if not Path("/proc/self/statm").exists():
        return shared.left_out("the memory of a worker", "this system has no /proc")
    before, after, errors = weight(codes)
    print(f"{'worker, before the first requests':44} {before:4.0f} MB")
    print(f"{f'worker, after {READERS * REQUESTS:,} requests':44} {after:4.0f} MB  150 MB")
    return print(f"errors: {errors}")


if __name__ == "__main__":
    main()
