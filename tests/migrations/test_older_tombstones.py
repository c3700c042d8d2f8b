"""Codes that roll-backs left retired before there were tombstones get theirs, and no other code does."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from kb import answers, searching
from kb.importing.applying.rollback import roll_back
from kb.models import Change, ImportRow, ReturnCode, Tombstone
from kb.ops.doctor import revisions
from kb.queries.lookup import find_code
from kb.services.codes import edit_code
from tests import make
from tests.importing.tables import applied, by, kinds, planned

pytestmark = pytest.mark.django_db
MIGRATION = import_module("kb.migrations.0023_older_tombstones")


def forget_tombstones():
    """Make the database what it was when roll-backs only retired."""
    for tombstone in Tombstone.objects.select_related("code"):
        code = tombstone.code
        ReturnCode.objects.filter(pk=code.pk).update(identity=tombstone.identity)
        code.history.filter(version=code.version).update(identity=tombstone.identity)
        tombstone.delete()
    ImportRow.objects.filter(kind="taken").update(kind="retired")
    Change.objects.filter(kind="deleted").update(kind="retired")


def migrate():
    MIGRATION.mark(apps, SimpleNamespace(connection=connection))
    searching.prepare()
    answers.prepare()


@pytest.mark.parametrize("batch", [1, 400])
def test_only_codes_that_no_import_lists_get_a_tombstone(monkeypatch, batch, editor):
    monkeypatch.setattr(MIGRATION, "_BATCH", batch)
    table, other = make.table("pumps"), make.table("lids")
    applied(table, ("1", "One."), ("2", "Two."))
    wrong = applied(table, ("6", "Six."), ("7", "Seven."), ("8", "Eight."), ("9", "Nine."))
    nine = table.codes.get(code="9")
    edit_code(nine, nine.version, {"description": "Ours."}, by(editor))
    elsewhere = applied(other, ("7", "Open."), ("8", "Shut."))
    applied(other, ("7", "Open."), complete=True)
    roll_back(wrong, by())
    roll_back(elsewhere, by())
    applied(table, ("1", "One."), complete=True)
    forget_tombstones()
    six = table.codes.get(code="6")
    edit_code(six, six.version, {"description": "Ours, too."}, by(editor))
    last = Change.objects.order_by("-sequence").first()
    migrate()
    marked = Tombstone.objects.select_related("code").order_by("code__code")
    assert [(tombstone.identity, tombstone.code.code) for tombstone in marked] == [("7", "7"), ("8", "8")]
    assert {tombstone.code.table for tombstone in marked} == {table}
    feed = Change.objects.filter(sequence__gt=last.sequence).order_by("sequence")
    assert list(feed.values_list("kind", "noun", "label")) == [("deleted", "code", "7"), ("deleted", "code", "8")]
    assert feed[0].at > last.at
    assert find_code("8", editor, table).verdict == "unknown"
    assert find_code("2", editor, table).verdict == "retired"
    assert list(revisions.problems()) == []
    assert (answers.lag(), searching.lag()) == (0, 0)
    migrate()
    assert Change.objects.count() == last.sequence + 2
    plan = planned(table, ("7", "Seven."))
    assert kinds(plan) == {"new": 1}


def test_a_database_without_roll_backs_stays_as_it_is(db):
    applied(make.table(), ("1", "One."))
    count = Change.objects.count()
    migrate()
    assert (Tombstone.objects.count(), Change.objects.count()) == (0, count)
