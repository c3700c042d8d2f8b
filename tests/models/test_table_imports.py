"""What replaces a plan, and which plans wait."""

import pytest

from kb.importing.applying.decisions import discard
from kb.importing.applying.rollback import roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import NewTable, plan_import
from kb.models import TableImport
from tests import make
from tests.importing.tables import applied, by, planned, source

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    table = make.table()
    applied(table, ("1", "One."), ("2", "Two."))
    return table


def waiting():
    return list(TableImport.objects.waiting())


def plan_new(slug):
    return plan_import(NewTable(slug, "", "", "Lids"), source(("1", "One.")), by())


def test_only_the_newest_plan_of_a_table_waits_until_it_is_discarded(table):
    older, elsewhere = planned(table, ("1", "Uno.")), planned(make.table("pumps"), ("1", "One."))
    newer = planned(table, ("1", "Eins."))
    assert waiting() == [newer, elsewhere]
    assert (older.successor, newer.successor) == (newer, None)
    discard(newer, by())
    assert waiting() == [elsewhere, older]


def test_an_import_that_was_applied_or_rolled_back_since_replaces_a_plan(table):
    plan = planned(table, ("3", "Three."))
    newer = apply_import(planned(table, ("1", "Eins.")), by())
    assert (plan.successor, waiting()) == (newer, [])
    plan = planned(table, ("3", "Three."))
    assert waiting() == [plan]
    assert plan.successor != roll_back(newer, by()).rolls_back
    assert plan.successor.rolls_back == newer


def test_a_plan_without_work_neither_waits_nor_replaces_another(table):
    plan, same = planned(table, ("1", "Uno.")), planned(table, ("1", "One."))
    assert (plan.has_work, same.has_work) == (True, False)
    assert waiting() == [plan]


def test_a_plan_of_a_new_table_is_replaced_by_its_name(table):
    older, elsewhere, newer = plan_new("lids"), plan_new("pumps"), plan_new("lids")
    assert waiting() == [newer, elsewhere]
    apply_import(newer, by())
    assert (older.successor, waiting()) == (newer, [elsewhere])


def test_rows_in_error_are_work(table):
    plan = planned(table, ("1", "One."), ("1", "One."))
    assert plan.has_work
    assert waiting() == [plan]


def test_the_first_import_that_replaced_a_plan_is_named_whatever_follows(table):
    plan = planned(table, ("3", "Three."))
    first, second = planned(table, ("1", "Uno.")), planned(table, ("1", "Eins."))
    assert (plan.successor, first.successor) == (first, second)
    applied(table, ("2", "Zwei."), yes_strange=True)
    named = plan.successor
    for words in ("Dos.", "Deux."):
        applied(table, ("2", words), yes_strange=True)
    assert plan.successor == named
