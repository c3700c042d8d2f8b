"""How long pages take with 100,000 codes, and what the first page weighs.

    DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.web

Fills an empty database, then requests pages inside the process, the middleware and templates included.
"""

import gzip
import random
import re
import statistics
import time
from pathlib import Path

from bench import shared

shared.set_up()

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from kb import answers, searching
from kb.models import CodeRange, CodeTable, ReturnCode, Section, TroubleshootingNote
from kb.text.codes import forms as text_code

CODES, ROUNDS = shared.size(), 20 if shared.is_small() else 300
WORDS = "room user group message token request server limit call login member list video stream failed invalid".split()


def fill():
    """Create one table of many codes, a range for each thousand, and a note on one code in fifty."""
    dice = random.Random(1)
    table = CodeTable.objects.create(slug="bench", vendor="Bench", product="Bench", name="Codes", audience="public")
    section = Section.objects.create(table=table, name="All", slug="all")
    codes = []
    for n in range(CODES):
        forms = text_code.forms(str(700_000_000 + n * 7))
        words = " ".join(dice.choices(WORDS, k=8)).capitalize() + "."
        values = {"description": words, "vendor_description": words, "suggested_actions": words}
        values |= {name: getattr(forms, name) for name in ("code", "identity", "canonical", "number", "sort_key")}
        codes.append(ReturnCode(table=table, section=section, position=n, **values))
    ReturnCode.objects.bulk_create(codes, batch_size=500)
    CodeRange.objects.bulk_create(
        CodeRange(table=table, name=f"Block {n}", first=700_000_000 + n * 7000, last=700_006_999 + n * 7000)
        for n in range(max(1, CODES // 1000))
    )
    for n in range(0, CODES, 50):
        note = TroubleshootingNote.objects.create(title=f"Note {n}", state="validated", audience="public", cause="Why.")
        note.codes.set([codes[n].pk])
    searching.rebuild()
    answers.rebuild()


def measure(name, client, addresses, **data):
    """Print how long a page takes."""
    times, errors = [], 0
    for address in addresses:
        start = time.perf_counter()
        response = client.post(address, data) if data else client.get(address)
        times.append((time.perf_counter() - start) * 1000)
        errors += response.status_code not in (200, 404)
    p50, p95, p99 = shared.cuts(times)
    print(f"{name:<28} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms   p99 {p99:7.1f} ms   errors {errors}")


def cpu(reader, client, numbers):
    """Print the CPU time of the pages that people open most, the median of three rounds."""
    words = [f"{a}+{b}" for a in WORDS[:8] for b in WORDS[8:]]
    pages = {
        "card": [f"/codes/bench/{number}/" for number in numbers],
        "start page": ["/"] * len(numbers),
        "suggestions, a number": [f"/suggest/?q={number[:7]}" for number in numbers],
        "suggestions, words": [f"/suggest/?q={two}" for two in words],
    }
    for name, addresses in pages.items():
        rounds = []
        for _ in range(4):
            start = time.process_time()
            for address in addresses:
                assert client.get(address).status_code == 200
            rounds.append((time.process_time() - start) / len(addresses) * 1000)
        # The first round fills what a process keeps: compiled templates.
        print(f"{name + ', ' + reader:<32} {statistics.median(rounds[1:]):6.2f} ms CPU")


def weigh(client, address):
    """Print the compressed size of a page on a first visit, with its styles and scripts."""
    page = client.get(address).content
    files = re.findall(rb'(?:src|href)="/static/([^"?]+)"', page)
    parts = {"page": page} | {
        name.decode(): Path(settings.STATIC_ROOT, name.decode()).read_bytes() for name in set(files)
    }
    sizes = {name: len(gzip.compress(body)) for name, body in parts.items()}
    plain = sum(len(body) for body in parts.values())
    print(f"{address}: {sum(sizes.values()) / 1000:.1f} kB compressed, {plain / 1000:.1f} kB plain")
    for name, size in sorted(sizes.items(), key=lambda pair: -pair[1]):
        print(f"    {size / 1000:6.1f} kB  {name}")


def main():
    """Fill the database if it is empty, and measure."""
    shared.prepare(fill)
    shared.conditions("web", "inside the process", "one request at a time")
    dice = random.Random(2)
    numbers = [str(700_000_000 + dice.randrange(CODES) * 7) for _ in range(ROUNDS)]
    public, agent = Client(), Client()
    user, _ = get_user_model().objects.get_or_create(username="agent")
    user.groups.add(Group.objects.get(name="agent"))
    agent.force_login(user)
    public.get("/")
    shared.heading("Pages", f"{ROUNDS} random of {CODES:,}, unless a row names them", "off")
    cpu("public", public, numbers)
    cpu("agent", agent, numbers)
    measure("card, public", public, [f"/codes/bench/{number}/" for number in numbers])
    measure("card, agent", agent, [f"/codes/bench/{number}/" for number in numbers])
    measure("unknown code", public, [f"/codes/bench/{number}1/" for number in numbers])
    measure("suggestions, a number", public, [f"/suggest/?q={number[:7]}" for number in numbers[:60]])
    measure("suggestions, words", public, [f"/suggest/?q={a}+{b}" for a in WORDS[:8] for b in WORDS[8:]])
    log = "\n".join(f'2026-11-20 10:00:02 ERROR {{"code": {number}}} call failed' for number in numbers)
    measure(f"detection, {len(log) // 1000} kB, {ROUNDS} codes", public, ["/detect/"] * 20, text=log)
    weigh(public, "/")
    weigh(public, f"/codes/bench/{numbers[0]}/")


if __name__ == "__main__":
    main()
