"""Concurrent imports, edits while planning, and killed processes: an import is all or nothing, and nobody waits."""

import os
import subprocess
import sys
import threading

import pytest
from django.db import connection

from kb.importing.applying.rollback import roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.errors import ImportRefused, PlanIsStale, WrongState
from kb.importing.planning.plan import NewTable, plan_import
from kb.models import Change, ChangeCounter, CodeTable, ReturnCode, TableImport
from kb.services import journal
from kb.services.codes import edit_code
from tests import ROOT, make
from tests.importing.tables import applied, by, kinds, planned, source

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def table():
    table = make.table()
    applied(table, ("1", "One."), ("2", "Two."))
    return table


def in_threads(*calls):
    """Run calls at the same time, each on its own connection; return the result or the error of each."""
    results, barrier = [None] * len(calls), threading.Barrier(len(calls))

    def run(n, call):
        barrier.wait()
        try:
            results[n] = call()
        except Exception as error:
            results[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_when_two_people_apply_the_same_plan_one_gets_an_error(table):
    plan = planned(table, ("1", "Uno."), ("3", "Three."))
    results = in_threads(lambda: apply_import(plan, by()), lambda: apply_import(plan, by()))
    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [WrongState]
    assert table.codes.count() == 3
    assert ReturnCode.objects.get(code="1").version == 2


def test_when_two_plans_of_one_table_are_applied_one_is_stale(table):
    plans = planned(table, ("1", "Uno.")), planned(table, ("1", "Eins."))
    results = in_threads(*[lambda plan=plan: apply_import(plan, by()) for plan in plans])
    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [PlanIsStale]


def test_when_two_people_roll_the_same_import_back_one_gets_an_error(table):
    table_import = applied(table, ("1", "Uno."), ("3", "Three."))
    results = in_threads(lambda: roll_back(table_import, by()), lambda: roll_back(table_import, by()))
    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [WrongState]
    assert TableImport.objects.exclude(rolls_back=None).count() == 1
    assert ReturnCode.objects.get(code="1").description == "One."


def test_when_two_imports_create_a_table_of_one_name_one_is_refused():
    new = NewTable("rtc", "Z", "RTC", "Codes")
    plans = [plan_import(new, source(("1", f"Words of {n}.")), by()) for n in range(2)]
    results = in_threads(*[lambda plan=plan: apply_import(plan, by()) for plan in plans])
    (refused,) = [result for result in results if isinstance(result, Exception)]
    assert isinstance(refused, ImportRefused)
    assert (CodeTable.objects.count(), ReturnCode.objects.count()) == (1, 1)


def test_a_roll_back_and_an_import_of_one_table_do_not_mix(table):
    first = applied(table, ("1", "Uno."))
    plan = planned(table, ("1", "Due."), ("2", "Due."))
    results = in_threads(lambda: roll_back(first, by()), lambda: apply_import(plan, by()))
    words = dict(table.codes.values_list("code", "description"))
    if isinstance(results[1], PlanIsStale):
        assert words == {"1": "One.", "2": "Two."}
    else:
        assert (words, results[0].count("warning")) == ({"1": "Due.", "2": "Due."}, 1)


def test_an_edit_during_an_import_is_never_lost(table):
    plan = planned(table, ("1", "Uno."))
    code = table.codes.get(code="1")
    results = in_threads(lambda: apply_import(plan, by()), lambda: edit_code(code, 1, {"description": "Ours."}, by()))
    errors = [type(result) for result in results if isinstance(result, Exception)]
    code.refresh_from_db()
    outcome = {journal.StaleEdit: ("Uno.", "Uno.", 2), PlanIsStale: ("Ours.", "One.", 2)}
    assert (code.description, code.vendor_description, code.version) == outcome[errors[0]]
    assert len(errors) == 1


def test_editors_save_while_a_file_is_read_and_planned(table):
    """Each batch of the file waits for an edit by another person; with a lock, both would stop."""
    big = source(*((str(n), "x") for n in range(10, 6010)))
    edits = []

    def save(_rows_read):
        def edit():
            try:
                code = ReturnCode.objects.get(code="1")
                edits.append(edit_code(code, code.version, {"description": f"Edit {len(edits)}."}, by()))
            finally:
                connection.close()

        thread = threading.Thread(target=edit)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()

    plan = plan_import(table, big, by(), progress=save)
    assert (kinds(plan), len(edits)) == ({"new": 6000}, 3)


DIE = """
import os, signal, sys
import django
django.setup()
from kb.importing.applying import {module}
from kb.importing.applying.transaction import apply_import
from kb.services.journal import By
from kb.models import Door, TableImport

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

{module}.{step} = die
apply_import(TableImport.objects.get(pk=int(sys.argv[1])), By(None, Door.SHELL))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "step"),
    [
        ("transaction", "_update_existing"),
        ("journal_rows", "write_revisions"),
        ("journal_rows", "write_feed"),
        ("transaction", "JournalEntry"),
    ],
)
def test_a_process_killed_while_applying_changes_nothing_and_the_import_can_be_applied_again(table, module, step):
    plan = planned(table, ("1", "Uno."), ("3", "Three."))
    before = list(ReturnCode.objects.values()), Change.objects.count(), ChangeCounter.objects.get().last
    script = DIE.format(module=module, step=step)
    connection.close()
    process = subprocess.run(
        [sys.executable, "-c", script, str(plan.pk)], cwd=ROOT, env=_environment(), capture_output=True, check=False
    )
    assert process.returncode == -9, process.stderr.decode()
    after = list(ReturnCode.objects.values()), Change.objects.count(), ChangeCounter.objects.get().last
    assert after == before
    assert TableImport.objects.get(pk=plan.pk).state == "planned"
    apply_import(plan, by())
    assert sorted(table.codes.values_list("code", "description")) == [("1", "Uno."), ("2", "Two."), ("3", "Three.")]


def _environment():
    name = connection.settings_dict["NAME"]
    url = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"
    return os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings", "DEBUG": "1"}
