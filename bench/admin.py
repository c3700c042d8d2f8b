"""How long the admin's pages take with 100,000 codes and 20,000 notes, and which exceed the limit.

    DATABASE_URL=sqlite:///bench.sqlite3 python -m bench.admin
    python -m tests.postgres python -m bench.admin

Fills an empty database, then requests every list, filter, order, search, form, history and autocomplete inside the
process, middleware and templates included. Exits with 1 if the best time of a page is above the limit.
"""

import random
import sys
import time
from datetime import UTC, datetime, timedelta

from bench import shared

shared.set_up()

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Count
from django.test import Client

from kb import answers, searching
from kb.models import Change, CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.services import journal
from kb.text.codes import forms as text_code
from kb.text.codes.disposition import (
    DISPOSITIONS,
    FIXERS,
)

CODES, NOTES, INCIDENTS = shared.size(), shared.share(20_000), shared.share(2_000)
TABLES, SECTIONS = 8, 5
LIMIT, ROUNDS = 500, shared.rounds(3)
WORDS = "room user group message token request server limit call login member list video stream failed invalid".split()
STATES = ("draft", "not_validated", "validated", "validated", "archived")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
NOUNS = ("returncode", "troubleshootingnote", "incidentlink", "codetable", "section", "coderange", "synonym")


def fill():
    """Create tables of codes, notes on codes and ranges, incidents, and their changes in the journal."""
    dice = random.Random(1)
    user, _ = get_user_model().objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
    codes = [code for n in range(TABLES) for code in _codes(dice, n)]
    ReturnCode.objects.bulk_create(codes, batch_size=500)
    _notes(dice, codes, user)
    _incidents(dice, codes)
    first = journal.take_sequence(CODES)
    labels = ((n, codes[n % CODES]) for n in range(first, first + CODES))
    Change.objects.bulk_create(
        (
            Change(sequence=n, kind="created", noun="code", object_id=code.pk, label=code.code, door="import")
            for n, code in labels
        ),
        batch_size=500,
    )
    searching.rebuild()
    answers.rebuild()
    if connection.vendor == "postgresql":
        connection.cursor().execute("ANALYZE")


def _codes(dice, n):
    table = CodeTable.objects.create(slug=f"bench-{n}", vendor=f"Vendor {n % 3}", product=f"Product {n}", name="Codes")
    sections = [Section.objects.create(table=table, name=f"Part {i}", slug=f"part-{i}") for i in range(SECTIONS)]
    CodeRange.objects.bulk_create(
        CodeRange(table=table, name=f"Block {i}", first=n * 10**8 + i * 7000, last=n * 10**8 + i * 7000 + 6999)
        for i in range(max(1, CODES // TABLES // 1000))
    )
    for i in range((CODES + n) // TABLES):
        forms = text_code.forms(str(n * 10**8 + i * 7))
        words = " ".join(dice.choices(WORDS, k=8)).capitalize() + "."
        values = {"description": words, "vendor_description": words if i % 9 else "Other words.", "position": i}
        values |= {name: getattr(forms, name) for name in ("code", "identity", "canonical", "number", "sort_key")}
        values |= {"disposition": dice.choice(list(DISPOSITIONS)), "fixer": dice.choice(list(FIXERS))}
        retired = NEW_YEAR if i % 20 == 0 else None
        yield ReturnCode(table=table, section=sections[i % SECTIONS], retired_at=retired, **values)


def _notes(dice, codes, owner):
    notes = [
        TroubleshootingNote(
            title=" ".join(dice.choices(WORDS, k=5)).capitalize(),
            state=dice.choice(STATES),
            audience=dice.choice(("internal", "public")),
            owner=owner if n % 3 else None,
            review_on=(NEW_YEAR + timedelta(days=n % 700)).date() if n % 2 else None,
            verify_since=NEW_YEAR if n % 50 == 0 else None,
            updated_at=NEW_YEAR + timedelta(minutes=n),
            **{name: " ".join(dice.choices(WORDS, k=40)) for name in ("issue", "cause", "resolution")},
        )
        for n in range(NOTES)
    ]
    TroubleshootingNote.objects.bulk_create(notes, batch_size=500)
    link = TroubleshootingNote.codes.through
    links = {(note.pk, dice.choice(codes).pk) for note in notes for _ in range(3)}
    # One note about very many codes, for the slowest form.
    links |= {(notes[0].pk, code.pk) for code in codes[:1000]}
    link.objects.bulk_create((link(troubleshootingnote_id=n, returncode_id=c) for n, c in links), batch_size=500)
    TroubleshootingNote.history.bulk_history_create(notes, batch_size=500)


def _incidents(dice, codes):
    incidents = [
        IncidentLink(
            url=f"https://status.example.com/incidents/{n}",
            canonical=f"status.example.com/incidents/{n}",
            reference=f"INC-{n}",
            title=" ".join(dice.choices(WORDS, k=5)).capitalize(),
            state="resolved" if n % 10 else "open",
            started_at=NEW_YEAR + timedelta(hours=n),
            impact=" ".join(dice.choices(WORDS, k=40)),
        )
        for n in range(INCIDENTS)
    ]
    IncidentLink.objects.bulk_create(incidents, batch_size=500)
    link = IncidentLink.codes.through
    links = {(one.pk, dice.choice(codes).pk) for one in incidents for _ in range(3)}
    link.objects.bulk_create((link(incidentlink_id=n, returncode_id=c) for n, c in links), batch_size=500)


def pages(client):
    """Yield the name and address of every page that is measured."""
    yield "index", "/admin/"
    for noun in NOUNS:
        where = f"/admin/kb/{noun}/"
        changelist = client.get(where).context_data["cl"]
        yield f"{noun} list", where
        yield f"{noun} with counts", f"{where}?_facets=True"
        yield f"{noun} last page", f"{where}?p={changelist.paginator.num_pages}"
        for n in range(1, len(changelist.list_display) + 1):
            yield f"{noun} by column {n}", f"{where}?o={n}"
            yield f"{noun} by column {n}, last first", f"{where}?o=-{n}"
        for spec in changelist.filter_specs:
            for choice in list(spec.choices(changelist))[1:12]:
                yield f"{noun}: {spec.title} {choice['display']}", f"{where}{choice['query_string']}"
        for term in ("300000007", "3000", "room token", "stream", "zzz", "300000007 failed", "INC-77", "a"):
            yield f"{noun} search {term}", f"{where}?q={term}"
    yield from forms()


def forms():
    """Yield the forms, histories and autocompletes of the largest objects."""
    note = TroubleshootingNote.objects.annotate(n=Count("codes")).order_by("-n")[0]
    code, incident = ReturnCode.objects.get(code="300000007"), IncidentLink.objects.first()
    things = {"returncode": code, "troubleshootingnote": note, "incidentlink": incident, "codetable": code.table}
    for noun, thing in {**things, "section": code.section, "coderange": CodeRange.objects.first()}.items():
        yield f"{noun} form", f"/admin/kb/{noun}/{thing.pk}/change/"
        yield f"{noun} history", f"/admin/kb/{noun}/{thing.pk}/history/"
    for noun in ("troubleshootingnote", "incidentlink", "coderange"):
        yield f"{noun} new", f"/admin/kb/{noun}/add/"
    yield "incident learned", f"/admin/kb/incidentlink/{incident.pk}/learned/"
    for field in ("codes", "ranges"):
        for term in ("", "30000", "room token", "zzz", "Block"):
            query = f"app_label=kb&model_name=troubleshootingnote&field_name={field}&term={term}"
            yield f"choose {field} {term}", f"/admin/autocomplete/?{query}"


def measure(client, address):
    """Return the best time of a page, in ms: slower runs measure what else the machine does."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        response = client.get(address)
        times.append((time.perf_counter() - start) * 1000)
        assert response.status_code == 200, (address, response.status_code)
    return min(times)


def main():
    """Fill the database if it is empty, measure, and print the slow pages."""
    shared.prepare(fill, "bench-0")
    shared.conditions("admin", "inside the process", f"best of {ROUNDS}")
    client = Client()
    client.force_login(get_user_model().objects.get(username="bench"))
    results = [(measure(client, address), name, address) for name, address in pages(client)]
    shared.heading("The slowest pages", f"each page {ROUNDS} times, repeated", "none")
    for milliseconds, name, address in sorted(results, reverse=True)[:30]:
        print(f"{milliseconds:8.1f} ms  {name:<46} {address}")
    slow = sum(milliseconds > LIMIT for milliseconds, _, _ in results)
    print(f"{len(results)} pages, {slow} above {LIMIT} ms; errors: 0")
    sys.exit(1 if slow and not shared.is_small() else 0)


if __name__ == "__main__":
    main()
