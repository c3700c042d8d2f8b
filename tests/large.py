"""A large database, as the product's own import leaves it: 50,000 codes in three tables, never analysed."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

from django.core.management import call_command
from django.db.models import Q

from kb import answers, searching
from kb.models import CodeRange, CodeTable, CodeUse, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.sql import run
from kb.queries import work_queue
from tests import make

CODES, SMALL, NOTES, INCIDENTS = 50_000, 300, 1_000, 300
FIRST, STEP = 700_000_000, 7
RARE_VERSION = 7
EARLY, LATE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)
RARE, LAST = range(25_000, 25_005), range(45_000, CODES)
"""Positions of the codes that differ from all others, and of a tenth that differs in one field."""

WORDS = "room user group message token request server limit call login member list video stream failed invalid".split()


def number(position: int) -> int:
    """Return the number of the code at a position of the large table."""
    return FIRST + position * STEP


def fill(folder):
    """Import the tables, and write notes, incidents and look-ups about their codes in the ways that are quick."""
    _import(folder, "large", [_row(n) for n in range(CODES)])
    _import(folder, "small", [_row(n) for n in range(SMALL)])
    _import(folder, "hidden", [_row(n) for n in range(SMALL)])
    _vary()
    _write_about()
    changed = ReturnCode.objects.filter(Q(notes__isnull=False) | Q(incidents__isnull=False) | Q(version=RARE_VERSION))
    ids = set(changed.values_list("pk", flat=True))
    searching.refresh(ids)
    answers.refresh(ids)


def _row(n):
    words = " ".join(WORDS[(n * step) % len(WORDS)] for step in (1, 3, 5, 7))
    code = f"E-{n:05}" if n % 100 == 50 else number(n)
    return [f"Part {n % 40}", code, f"Reason {n}: {words}.", "Because." if n % 2 else "", f"Check the {words}."]


def _import(folder, slug, rows):
    path = folder / f"{slug}.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["Section", "Code", "Description", "Possible reasons", "Suggested actions"], *rows])
    make.table(slug, audience="internal" if slug == "hidden" else "public")
    call_command("import_table", str(path), table=slug, apply=True, stdout=StringIO())


def _vary():
    codes = ReturnCode.objects.filter(table__slug="large")
    first = codes.order_by("pk")[0]
    codes.filter(position__gte=codes.order_by("position")[LAST.start].position).update(
        fixer="us", disposition="change_plan"
    )
    for n in RARE:
        code = codes.order_by("position")[n]
        ReturnCode.objects.filter(pk=code.pk).update(
            symbol=f"RARE_{n}",
            description=f"Scarce wording {n}",
            possible_reasons="Odd.",
            disposition="no_action",
            suggested_actions="",
            disposition_origin="staff",
            fixer="vendor",
            fixer_origin="staff",
            version=RARE_VERSION,
            retired_at=LATE,
            successor=first,
            created_at=LATE,
            updated_at=LATE,
        )


def _write_about():
    large = CodeTable.objects.get(slug="large")
    codes = list(ReturnCode.objects.order_by("pk").values_list("pk", flat=True))
    CodeRange.objects.bulk_create(
        CodeRange(table=large, name=f"Block {n}", first=number(n * 500), last=number(n * 500 + 20))
        for n in range(CODES // 500)
    )
    notes = TroubleshootingNote.objects.bulk_create(
        TroubleshootingNote(
            title=f"Note {n}",
            cause=f"word{n} and all",
            state=("validated", "draft")[n % 10 == 9],
            audience=("public", "internal")[n % 3 == 2],
            updated_at=EARLY + timedelta(hours=n),
        )
        for n in range(NOTES)
    )
    link = TroubleshootingNote.codes.through
    link.objects.bulk_create(
        link(troubleshootingnote_id=note.pk, returncode_id=codes[n * 50]) for n, note in enumerate(notes)
    )
    on_range = TroubleshootingNote.ranges.through
    ranges = list(CodeRange.objects.order_by("pk"))
    on_range.objects.bulk_create(
        on_range(troubleshootingnote_id=notes[n].pk, coderange_id=ranges[n].pk) for n in range(10)
    )
    incidents = IncidentLink.objects.bulk_create(
        IncidentLink(
            url=f"https://status.example.com/{n}",
            canonical=f"status.example.com/{n}",
            title=f"Incident {n}",
            state=("open", "resolved")[n % 2],
            audience=("public", "internal")[n % 3 == 2],
            started_at=EARLY,
        )
        for n in range(INCIDENTS)
    )
    hit = IncidentLink.codes.through
    hit.objects.bulk_create(
        hit(incidentlink_id=incident.pk, returncode_id=codes[n * 150 + 7]) for n, incident in enumerate(incidents)
    )
    day = work_queue.since()
    CodeUse.objects.bulk_create(CodeUse(code_id=pk, day=day, lookups=1) for pk in codes[::10])


def analyse():
    """Take the statistics that a database has after its nightly task."""
    run("ANALYZE")
