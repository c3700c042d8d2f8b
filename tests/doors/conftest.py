"""One world for a whole module: what it takes to build it, it takes once."""

from dataclasses import dataclass, field

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection, transaction

from kb.models import ChangeCounter
from kb.queries import tables
from kb.services import tokens
from tests import make
from tests.doors.answers import Visitor
from tests.doors.table import INCARNATION, doors, doors_of_staff
from tests.doors.world import NOW, build, plant


@dataclass
class Site:
    """The world with its internal rows, its visitors by name, and what some of them got before there were such rows."""

    ids: dict
    visitors: dict
    before: dict = field(default_factory=dict)

    def __post_init__(self):
        self.doors, self.staff_doors = doors(self.ids), doors_of_staff(self.ids)

    def ask(self, name, door, most=None):
        """Return the answers of a door by request: to each of its requests, or to the first ones."""
        requests = (self.doors | self.staff_doors)[door][:most]
        # Otherwise who asks first waits for the counts of tables.
        tables.clear_counts()
        with transaction.atomic():
            answers = self.visitors[name].ask_all(requests)
            transaction.set_rollback(True)
        return answers


@pytest.fixture(scope="module")
def db(django_db_setup, django_db_blocker):
    """Keep one transaction open for all tests of a module, instead of one for each."""
    with django_db_blocker.unblock(), transaction.atomic():
        if connection.vendor == "sqlite":
            # Rows get the same ids, and changes the same places, whatever ran before.
            connection.cursor().execute("DELETE FROM sqlite_sequence")
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def site(db):
    with time_machine.travel(NOW, tick=False):
        world = build()
        # The same in every run, so that a place can be written down.
        ChangeCounter.objects.update(incarnation=INCARNATION)
        site = Site(world.ids, readers())
        site.before["public"] = {door: site.ask("public", door) for door in site.doors}
        site.before["others"] = {door: site.ask("others", door) for door in site.staff_doors}
        plant(world)
        yield site


def readers():
    agent, others = make.user("agent", "agent"), make.user("others", is_staff=True)
    others.user_permissions.set(Permission.objects.exclude(codename="view_internal"))
    visitors = {
        "public": Visitor(),
        "stranger": Visitor(make.user("stranger")),
        "agent": Visitor(agent),
        "others": Visitor(others),
        "staff": Visitor(make.user("staff", is_staff=True, is_superuser=True)),
    }
    for scope in ("read_public", "read_internal", "detect"):
        visitors[scope] = Visitor(secret=tokens.create(agent, scope, [scope], None)[1])
    return visitors
