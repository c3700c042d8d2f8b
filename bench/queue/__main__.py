"""How long the queue and the knowledge health take with 100,000 codes, 20,000 notes and a month of look-ups.

    DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.queue

Fills an empty database. Times are the best of five, inside the process.
"""

import random
import time
from datetime import timedelta

from bench import shared

shared.set_up()

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from kb.models import (
    CodeRange,
    CodeTable,
    CodeUse,
    Flag,
    ImportRow,
    Miss,
    NoteOutcome,
    ReturnCode,
    Section,
    TableImport,
    TroubleshootingNote,
)
from kb.queries import (
    statistics,
    work_queue,
)
from kb.text.codes import forms as text_code

CODES, NOTES, DAYS = shared.size(), shared.share(20_000), 42
LOOKUPS, MISSES, OUTCOMES, FLAGS = (shared.share(number) for number in (7_000, 300, 20_000, 3_000))
STATES = ["draft"] * 3 + ["not_validated"] * 3 + ["validated"] * 13 + ["archived"]


def fill():
    """Create codes, notes about some of them, look-ups, outcomes and flags."""
    dice = random.Random(5)
    owner = get_user_model().objects.create_superuser("bench", password="bench")
    codes = list(make_codes())
    notes = make_notes(dice, codes, owner)
    look_up(dice, codes)
    report(dice, codes, notes, owner)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def make_codes():
    """Create one table of many codes, a hundred ranges over them, and an import that left conflicts."""
    table = CodeTable.objects.create(slug="bench", vendor="Bench", product="Bench", name="Codes", audience="public")
    section = Section.objects.create(table=table, name="All", slug="all")
    codes = []
    for n in range(CODES):
        forms = text_code.forms(str(700_000_000 + n * 7))
        values = {name: getattr(forms, name) for name in ("code", "identity", "canonical", "number", "sort_key")}
        values |= {"description": f"Description of {n}", "disposition": "unknown" if n % 4 == 0 else "retry_later"}
        codes.append(ReturnCode(table=table, section=section, position=n, **values))
    ReturnCode.objects.bulk_create(codes, batch_size=500)
    blocks = [(700_000_000 + n * 7_000, 700_000_000 + n * 7_000 + 6_999) for n in range(100)]
    CodeRange.objects.bulk_create(CodeRange(table=table, name=f"Block {a}", first=a, last=b) for a, b in blocks)
    table_import = TableImport.objects.create(
        table=table, state="applied", applied_at=timezone.now() - timedelta(days=9)
    )
    rows = [{"kind": "conflict" if n % 50 == 0 else "changed", "return_code": code} for n, code in enumerate(codes)]
    ImportRow.objects.bulk_create(
        [ImportRow(table_import=table_import, conflicts=["description"], **row) for row in rows], 500
    )
    return codes


def make_notes(dice, codes, owner):
    """Create notes, most of them about one to five codes, some about a range."""
    notes = [
        TroubleshootingNote(
            title=f"Note {n}",
            state=dice.choice(STATES),
            owner=owner,
            review_on=timezone.localdate() + timedelta(days=dice.randint(-30, 600)),
            verify_since=timezone.now() if n % 40 == 0 else None,
            verify_reason="The vendor reworded a code." if n % 40 == 0 else "",
        )
        for n in range(NOTES)
    ]
    TroubleshootingNote.objects.bulk_create(notes, batch_size=500)
    on_code, on_range = TroubleshootingNote.codes.through, TroubleshootingNote.ranges.through
    about = {(note.pk, dice.choice(codes).pk) for note in notes for _ in range(dice.randint(1, 5))}
    on_code.objects.bulk_create([on_code(troubleshootingnote_id=n, returncode_id=c) for n, c in about], 500)
    blocks = list(CodeRange.objects.all()[:20])
    on_range.objects.bulk_create(on_range(troubleshootingnote=n, coderange=b) for n, b in zip(notes, blocks))  # noqa: B905
    return notes


def look_up(dice, codes):
    """Create look-ups: of a few codes often, of many rarely."""
    today, uses, misses = timezone.now().date(), {}, {}
    for day in range(DAYS):
        for _ in range(LOOKUPS):
            code = codes[min(int(dice.paretovariate(0.35)) * 13 % CODES, CODES - 1)]
            uses[code.pk, day] = uses.get((code.pk, day), 0) + dice.randint(1, 9)
        for _ in range(MISSES):
            text = str(dice.randint(1, 2_000))
            misses[text, day] = misses.get((text, day), 0) + 1
    rows = [CodeUse(code_id=c, day=today - timedelta(d), lookups=n, covered=n // 2) for (c, d), n in uses.items()]
    CodeUse.objects.bulk_create(rows, batch_size=1000)
    miss_rows = [Miss(text=t, day=today - timedelta(d), lookups=n) for (t, d), n in misses.items()]
    Miss.objects.bulk_create(miss_rows, batch_size=1000)


def report(dice, codes, notes, owner):
    """Create outcomes and flags, some of them answered."""
    today, now = timezone.now().date(), timezone.now()
    outcomes = {}
    for _ in range(OUTCOMES):
        key = dice.choice(notes).pk, dice.choice(["worked", "worked", "did_not_work"]), dice.randint(0, DAYS)
        outcomes[key] = outcomes.get(key, 0) + 1
    rows = [NoteOutcome(note_id=n, outcome=o, day=today - timedelta(d), count=c) for (n, o, d), c in outcomes.items()]
    NoteOutcome.objects.bulk_create(rows, batch_size=1000)
    flags = []
    for n in range(FLAGS):
        raised, is_open = now - timedelta(hours=dice.randint(1, 2_000)), n % 10 == 0
        values = {"state": "open"} if is_open else {"state": "answered", "answer": "Done", "answered_at": now}
        about = {"code": dice.choice(codes), "note": dice.choice([None, dice.choice(notes)])}
        flags.append(Flag(comment="Step 2 fails", raised_by=owner, owner=owner, raised_at=raised, **about, **values))
    Flag.objects.bulk_create(flags, batch_size=1000)


def best(work, rounds=5):
    """Return the quickest of a few runs, in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def main():
    """Fill the database once, then time each part."""
    shared.prepare(fill)
    user = get_user_model().objects.get(username="bench")
    shared.conditions("queue", "inside the process", "best of 5")
    size = f"{CODES:,} codes, {NOTES:,} notes, {CodeUse.objects.count():,} counts of look-ups"
    shared.heading(f"Queues and statistics of {size}", "the same list each time, repeated", "none")
    for rows in (
        work_queue.codes,
        work_queue.notes,
        work_queue.to_validate,
        work_queue.misses,
        statistics.bursts,
        statistics.charts,
    ):
        name = f"{rows.__module__.removeprefix('kb.')}.{rows.__name__}"
        print(f"  {name:<32} {best(lambda rows=rows: rows(user)):6.0f} ms   errors 0")


if __name__ == "__main__":
    main()
