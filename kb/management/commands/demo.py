"""Prepare the demo: migrate, load the ZIM table, create a user for each role."""

import tomllib
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import BaseCommand, CommandError, call_command
from django.db import transaction

from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import NewTable, plan_import
from kb.importing.reading.sources import open_source
from kb.management.demo_activity import load_activity
from kb.models import CodeRange, CodeTable, CodeUse, Door, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.notes import NoteState
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.notes import save_note, submit_note, validate_note
from kb.services.proposals import propose_change
from kb.services.ranges import save_range
from kb.services.roles import ROLES

FIXTURES = settings.BASE_DIR / "fixtures"
USERS = [*ROLES, "admin"]


class Command(BaseCommand):
    """`manage.py demo`: safe to repeat; it keeps existing rows."""

    help = "Migrate, load the ZIM table with example notes and activity, and create a user for each role (DEBUG only)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add no arguments."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare the demo and print each step. Raises CommandError without DEBUG."""
        if not settings.DEBUG:
            raise CommandError("The demo has public passwords, so it runs only with DEBUG=1.")
        self.stdout.write("==> Preparing the database")
        call_command("migrate", verbosity=0)
        users = {name: _user(name) for name in USERS}
        knowledge = tomllib.loads((FIXTURES / "zim_server_knowledge.toml").read_text(encoding="utf-8"))
        table = CodeTable.objects.filter(slug=knowledge["table"]["slug"]).first()
        if table is None:
            self.stdout.write("==> Loading the ZIM table")
            table = load_table(knowledge["table"], By(users["importer"], Door.IMPORT))
        if not TroubleshootingNote.objects.filter(codes__table=table).exists():
            self.stdout.write("==> Loading its code ranges, troubleshooting notes and example incidents")
            with transaction.atomic():
                load_knowledge(table, knowledge, users)
        if not CodeUse.objects.exists():
            self.stdout.write("==> Loading example look-ups and reports")
            with transaction.atomic():
                load_activity(knowledge["activity"], {code.code: code for code in table.codes.all()}, users)
        self.stdout.write(f"==> {table}: {table.codes.count()} codes")
        self.stdout.write("==> Users (log in at /login/):")
        for name in USERS:
            self.stdout.write(f"      {name:<10} password demo-{name}")


def load_table(names: dict[str, str], by: By) -> CodeTable:
    """Import the table as the vendor published it, the way every table is imported."""
    path = FIXTURES / "zim_server_en.csv"
    plan = plan_import(NewTable(**names), open_source(path, path.name), by, complete=True, file_name=path.name)
    apply_import(plan, by)
    return CodeTable.objects.get(slug=names["slug"])


def load_knowledge(table: CodeTable, knowledge: dict[str, Any], users: dict[str, Any]) -> None:
    """Store what support knows about a table, through the same services as people's edits."""
    editor, reviewer = By(users["editor"], Door.SHELL), By(users["reviewer"], Door.SHELL)
    codes = {code.code: code for code in table.codes.all()}
    for name, (first, last) in knowledge["ranges"].items():
        save_range(CodeRange(table=table, name=name, first=first, last=last), None, {}, editor)
    for number, values in knowledge["dispositions"].items():
        edit_code(codes[number], codes[number].version, values, editor)
    for note in knowledge["notes"]:
        _load_note(note, codes, editor, reviewer)
    for proposal in knowledge["proposals"]:
        _load_proposal(proposal, By(users["editor"], Door.SHELL, proposal.pop("reason")))
    for incident in knowledge["incidents"]:
        hit = [codes[number] for number in incident.pop("codes")]
        save_incident(IncidentLink(), None, incident, hit, editor)


def _load_note(values: dict[str, Any], codes: dict[str, ReturnCode], editor: By, reviewer: By) -> None:
    about = [codes[number] for number in values.pop("codes")]
    state = values.pop("state")
    texts = {name: text.strip() for name, text in values.items()}
    note = save_note(TroubleshootingNote(), None, texts | {"owner": editor.user}, editor, about)
    note = submit_note(note, note.version, editor)
    if state == NoteState.VALIDATED:
        validate_note(note, note.version, reviewer)


def _load_proposal(values: dict[str, Any], by: By) -> None:
    note = TroubleshootingNote.objects.get(title=values.pop("note"))
    propose_change(note, note.version, {name: text.strip() for name, text in values.items()}, by)


def _user(name: str) -> Any:
    users = get_user_model().objects
    user = users.filter(username=name).first()
    if user:
        return user
    if name == "admin":
        return users.create_superuser(name, password=f"demo-{name}")
    user = users.create_user(name, password=f"demo-{name}", is_staff=name != "agent")
    user.groups.add(Group.objects.get(name=name))
    return user
