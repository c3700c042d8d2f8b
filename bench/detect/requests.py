"""What whole answers about many codes cost: the page and the API for a log of 200 codes, and a look-up of 100 codes.

The requests come from Django's test client, with the middleware. It takes about half a millisecond of each figure.
"""

import random
import statistics
import time
from collections.abc import Callable
from http import HTTPStatus

from bench import shared

shared.set_up()

from django.test import Client

from bench.web.__main__ import fill
from kb.models import ReturnCode

IN_LOG, IN_LOOKUP = 200, 100
BUDGETS = {"page /detect/": 25, "API /detect/": 25, "API /lookup/": 6}
"""Milliseconds of processor time, each."""


def log(codes: list[str]) -> str:
    """Return a log with a line for each code: 17 kB for 200."""
    line = '2026-11-20 10:00:02,123 ERROR [room] {{"code": {}, "message": "call failed"}}\n'
    return "".join(line.format(code) for code in codes)


def median(send: Callable[[], object], rounds: int) -> float:
    """Return the median of the processor time of requests, in milliseconds. The first one is not counted."""
    times = []
    for _ in range(rounds + 1):
        start = time.process_time()
        send()
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times[1:])


def main() -> None:
    """Fill the database if it is empty, and print a line for each request."""
    shared.prepare(fill)
    shared.conditions("detect", f"{shared.size():,} codes", "processor time, median of whole requests, as the public")
    all_codes = list(ReturnCode.objects.values_list("code", flat=True))
    dice, client, errors = random.Random(), Client(), 0

    def send(address: str, make: Callable[[list[str]], dict], number: int, **options: str) -> Callable[[], None]:
        def one() -> None:
            nonlocal errors
            codes = dice.choices(all_codes, k=number)
            errors += client.post(address, make(codes), **options).status_code != HTTPStatus.OK

        return one

    api = {"content_type": "application/json"}
    requests = {
        "page /detect/": send("/detect/", lambda codes: {"text": log(codes)}, IN_LOG),
        "API /detect/": send("/api/v1/detect/", lambda codes: {"text": log(codes)}, IN_LOG, **api),
        "API /lookup/": send("/api/v1/lookup/", lambda codes: {"codes": codes}, IN_LOOKUP, **api),
    }
    keys = f"random of {len(all_codes):,}: {IN_LOG} in a log, {IN_LOOKUP} in a look-up"
    shared.heading("Answers about many codes", keys, "off", f"{'request':20} {'ms':>6} {'budget':>7}")
    for name, one in requests.items():
        print(f"{name:20} {median(one, shared.rounds(40)):6.1f} {BUDGETS[name]:7}")
    print(f"errors: {errors}")
