"""Fill a database with codes by the million.

It uses COPY on PostgreSQL and plain inserts on SQLite, SQL for revisions and the feed, and the product's own index and
finished answers. Each step adds to the one before it.
"""

import itertools
import random
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from bench import shared
from kb import answers, searching
from kb.models import CodeRange, CodeTable, CodeUse, ReturnCode, Section, TroubleshootingNote
from kb.models.fields import VENDOR_TEXTS
from kb.models.sql import batches, is_postgres, table_of
from kb.text.codes import forms as text_code

PER_TABLE, PER_TRANSACTION = min(10_000, max(1, shared.size(1_000_000) // 100)), 20_000
CODES_PER_NOTE = 10
FIRST, STEP = 700_000_000, 7
SYLLABLES = "ba co di fu ge hi jo ka le mi no pu ra se ti vo wa xe yo zu".split()
COMMON = "room user group message token request server limit call login member list video stream failed invalid".split()
STATES = ["draft", "not_validated", *["validated"] * 7, "archived"]


def _vocabulary():
    """Return some 3,000 words, the common ones first: a word is the rarer the later it comes."""
    dice = random.Random(3)
    return COMMON + sorted({"".join(dice.choices(SYLLABLES, k=dice.randint(2, 4))) for _ in range(3_000)})


WORDS = _vocabulary()
_CUMULATED = list(itertools.accumulate(1 / (place + 5) for place in range(len(WORDS))))


def some_words(dice, number):
    """Return words as they are distributed in a language."""
    return dice.choices(WORDS, cum_weights=_CUMULATED, k=number)


def number_of(place):
    """Return the number of the n-th code."""
    return FIRST + place * STEP


def grow_to(codes):
    """Add tables, codes, notes and look-ups until there are as many codes, with history, feed and index."""
    existing = ReturnCode.objects.count()
    if existing >= codes:
        return
    last_code, last_note = _last(ReturnCode), _last(TroubleshootingNote)
    for first in range(existing, codes, PER_TABLE):
        _table(first)
    new = list(ReturnCode.objects.filter(pk__gt=last_code).order_by("pk").values_list("pk", flat=True))
    _notes(new, existing)
    _uses(new)
    _history_and_feed(last_code, last_note)
    for page in batches(new, PER_TRANSACTION):
        with transaction.atomic():
            searching.refresh(page)
            answers.refresh(page)
    if is_postgres():
        # What autovacuum does soon. SQLite stays as an import leaves it: without statistics.
        _run("VACUUM ANALYZE")


def _last(model):
    return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _table(first):
    """Create one table with its section, ranges and codes."""
    dice = random.Random(first)
    name = f"bench-{first // PER_TABLE}"
    table = CodeTable.objects.create(slug=name, vendor="Bench", product=name, name="Codes", audience="public")
    section = Section.objects.create(table=table, name="All", slug="all")
    blocks = [(number_of(n), number_of(n + 999)) for n in range(first, first + PER_TABLE, 1_000)]
    CodeRange.objects.bulk_create(CodeRange(table=table, name=f"Block {a}", first=a, last=b) for a, b in blocks)
    now = timezone.now()
    rows = (_code(dice, table.pk, section.pk, first + n, n, now) for n in range(PER_TABLE))
    _copy(ReturnCode, rows)


def _code(dice, table, section, place, position, now):
    forms = text_code.forms(str(number_of(place)))
    symbol = "".join(word.capitalize() for word in some_words(dice, 3))
    texts = [symbol, *(" ".join(some_words(dice, n)).capitalize() + "." for n in (9, 5, 9))]
    return {
        "table_id": table,
        "section_id": section,
        **{name: getattr(forms, name) for name in ("code", "identity", "canonical", "number", "sort_key")},
        "position": position,
        **dict(zip(VENDOR_TEXTS, texts, strict=True)),
        **dict(zip((f"vendor_{name}" for name in VENDOR_TEXTS), texts, strict=True)),
        "extra": "{}",
        "disposition": dice.choice(["unknown", "retry_later", "fix_request", "contact_vendor"]),
        "disposition_origin": "vendor",
        "fixer": dice.choice(["unknown", "customer", "vendor"]),
        "fixer_origin": "vendor",
        "retired_at": now if position % 50 == 0 else None,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def _notes(codes, seed):
    """Write one note for ten codes, each about one to three of them."""
    dice, now, last = random.Random(seed), timezone.now(), _last(TroubleshootingNote)
    text = {"environment": "", "customer_reply": "", "verify_reason": "", "version": 1}
    rows = (
        {
            **text,
            "title": " ".join(some_words(dice, 5)).capitalize(),
            "issue": " ".join(some_words(dice, 12)),
            "cause": " ".join(some_words(dice, 12)),
            "resolution": " ".join(some_words(dice, 30)),
            "audience": dice.choice(["public", "internal"]),
            "state": dice.choice(STATES),
            "review_on": now.date() + timedelta(days=dice.randint(-10, 400)),
            "created_at": now,
            "updated_at": now,
        }
        for _ in range(len(codes) // CODES_PER_NOTE)
    )
    _copy(TroubleshootingNote, rows)
    notes = TroubleshootingNote.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
    links = {(note, code) for note in notes for code in dice.choices(codes, k=dice.randint(1, 3))}
    about = TroubleshootingNote.codes.through
    _copy(about, ({"troubleshootingnote_id": note, "returncode_id": code} for note, code in sorted(links)))


def _uses(codes):
    """Create the look-ups of a month: of one code in ten, on five days."""
    today = timezone.now().date()
    uses = itertools.product(codes[::10], range(0, 28, 6))
    _copy(CodeUse, ({"code_id": c, "day": today - timedelta(d), "lookups": 1 + c % 9, "covered": 0} for c, d in uses))


def _history_and_feed(last_code, last_note):
    """Write the first revision of each new code, and one row of the feed for each new code and note."""
    of_row = {field.column for field in ReturnCode._meta.fields}
    names = ", ".join(sorted(of_row & {field.column for field in ReturnCode.history.model._meta.fields}))
    _run(
        f"INSERT INTO kb_historicalreturncode ({names}, door, history_date, history_type)"
        f" SELECT {names}, 'import', created_at, '+' FROM kb_returncode WHERE id > %s ORDER BY id",
        last_code,
    )
    for noun, table, label, last in (
        ("code", "kb_returncode", "code", last_code),
        ("note", "kb_troubleshootingnote", "title", last_note),
    ):
        audience = "'public'" if noun == "code" else "audience"
        _run(
            "INSERT INTO kb_change (sequence, at, kind, noun, object_id, label, fields, audience, door)"
            " SELECT (SELECT coalesce(max(sequence), 0) FROM kb_change) + row_number() OVER (ORDER BY id),"
            f" created_at, 'created', %s, id, {label}, '[]', {audience}, 'import' FROM {table} WHERE id > %s",
            noun,
            last,
        )
    _run(
        "INSERT INTO kb_changecounter (id, last) SELECT 1, max(sequence) FROM kb_change WHERE true"
        " ON CONFLICT (id) DO UPDATE SET last = excluded.last"
    )


def _copy(model, rows):
    """Send rows, as mappings of column to value: by COPY where the database has it."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    names, values = ", ".join(first), (list(row.values()) for row in itertools.chain([first], rows))
    if not is_postgres():
        marks = ", ".join(["%s"] * len(first))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table_of(model)} ({names}) VALUES ({marks})", values)
        return
    with connection.cursor() as cursor, cursor.copy(f"COPY {table_of(model)} ({names}) FROM STDIN") as rows_out:
        for row in values:
            rows_out.write_row(row)


def _run(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
