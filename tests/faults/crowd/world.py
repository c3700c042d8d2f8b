"""What the crowd works with. Runs in processes of the product: `python manage.py shell -c ...`."""

import csv
import io
import json
import random
from pathlib import Path

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command

from kb.importing.applying.rollback import roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.errors import ImportRefused, PlanIsStale
from kb.importing.planning.plan import NewTable, plan_import
from kb.importing.reading.sources import open_source
from kb.models import Audience, CodeTable, Door, Scope, TroubleshootingNote
from kb.services import tokens
from kb.services.incidents import journal
from kb.services.journal import By, agreed_to
from kb.services.notes import save_note, validate_note
from kb.services.tables import save_table
from tests import make
from tests.faults.crowd import MARK

OPEN_TABLE, CLOSED_TABLE, MOVING_TABLE = "crowd-open", "crowd-closed", "crowd-moving"
CODES = 300


def build(editors, reviewers):
    """Make tables, notes and people in an empty database; print what the crowd has to know."""
    call_command("migrate", verbosity=0)
    people = {f"editor{n}": "editor" for n in range(editors)} | {f"reviewer{n}": "reviewer" for n in range(reviewers)}
    users = {name: make.user(name, role) for name, role in people.items()}
    agent, importer = make.user("the-agent", "agent"), By(make.user("the-importer", "importer"), Door.IMPORT)
    dice = random.Random(1)
    for slug, audience in ((OPEN_TABLE, "public"), (CLOSED_TABLE, "internal"), (MOVING_TABLE, "public")):
        new = NewTable(slug, "Crowd", "Codes", f"All of {slug}", audience=audience)
        apply_import(plan_import(new, file_of(slug, dice), importer, complete=True), importer)
    by, reviewer = By(users["editor0"], Door.SHELL), By(users["reviewer0"], Door.SHELL)
    codes = list(CodeTable.objects.get(slug=OPEN_TABLE).codes.all()[:40])
    draft = {"audience": Audience.PUBLIC, "resolution": f"{MARK} steps.", "cause": f"{MARK} cause."}
    drafts = [_note(f"{MARK} draft {n}", draft, codes[n : n + 3], by) for n in range(6)]
    live = {"audience": Audience.PUBLIC, "resolution": "Open steps.", "cause": "Open cause."}
    validated = [_note(f"Open note {n}", live, codes[n + 9 : n + 12], by) for n in range(4)]
    for note in validated:
        validate_note(note, note.version, reviewer)
    known = {
        "sessions": {name: _session(user) for name, user in users.items()},
        "tokens": {scope: tokens.create(agent, scope, [scope, Scope.DETECT], None)[1] for scope in Scope.values[:2]},
        "drafts": [note.pk for note in drafts],
        "validated": [note.pk for note in validated],
        "codes": [code.pk for code in codes],
    }
    print(json.dumps(known))


def _note(title, values, codes, by):
    return save_note(TroubleshootingNote(), None, {"title": title, **values}, by, codes)


def _session(user):
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = user.pk, user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "kb.ops.accounts.AccountBackend"
    session.save()
    return session.session_key


def file_of(slug, dice):
    """Return a vendor's file: now and then other words, a code less, a code more, a code in another section."""
    secret = f"{MARK} " if slug == CLOSED_TABLE else ""
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["section", "code", "description", "suggested_actions"])
    for number in range(1, CODES + dice.randrange(10)):
        if dice.random() > 0.02:
            words = dice.choice(["Room does not exist", "User not found", "Too many requests", "Token expired"])
            section = "Elsewhere" if dice.random() < 0.1 else "Codes"
            shown = f"{secret}{words} {dice.randrange(3)}."
            write.writerow([section, 500_000 + number, shown, f"{secret}Try again later."])
    return open_source(io.BytesIO(out.getvalue().encode()), "codes.csv")


def work(stop, number):
    """Import, and now and then roll back or move a table between audiences, until a file is there; print how much."""
    dice, by = random.Random(number), By(make.User.objects.get(username="the-importer"), Door.IMPORT)
    done = {"applied": 0, "rolled back": 0, "refused": 0, "moved": 0}
    while not Path(stop).exists():
        slug = dice.choice([OPEN_TABLE, CLOSED_TABLE, MOVING_TABLE])
        done[_turn(CodeTable.objects.get(slug=slug), dice, by)] += 1
    print(json.dumps(done))


def _turn(table, dice, by):
    if table.slug == MOVING_TABLE and dice.random() < 0.5:
        other = Audience.INTERNAL if table.audience == Audience.PUBLIC else Audience.PUBLIC
        try:
            with agreed_to():
                save_table(table, table.version, {"audience": other}, by)
        except journal.StaleEdit:
            return "refused"
        return "moved"
    planned = plan_import(table, file_of(table.slug, dice), by, complete=True)
    try:
        applied = apply_import(planned, by, yes_retire=True)
        if dice.random() > 0.2:
            return "applied"
        roll_back(applied, by)
    except (PlanIsStale, ImportRefused):
        return "refused"
    return "rolled back"
