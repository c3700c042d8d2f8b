"""What an import locks before it looks. Each lock is held elsewhere, and the import waits for exactly this one."""

import threading

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from kb.importing.applying import decisions
from kb.importing.applying.rollback import roll_back
from kb.importing.applying.transaction import apply_import
from kb.models import Change, CodeTable, sql
from tests import make
from tests.importing.tables import applied, by, planned

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]

LOCK = "SELECT id FROM {} WHERE {} FOR NO KEY UPDATE"


@pytest.fixture
def table():
    """A table with a code in every role that an import gives: 1 and 2 change, 3 only moves, 4 stays."""
    table = make.table()
    applied(table, ("1", "One."), ("2", "Two."), ("3", "Three."), ("4", "Four."))
    make.note("About two", table.codes.get(code="2"))
    return table


@pytest.fixture
def plan(table):
    plan = planned(table, ("3", "Three."), ("2", "Due."), ("1", "Uno."), ("4", "Four."), complete=True)
    decisions.resolve(plan.rows.get(code="1"), "leave_out", by())
    return plan


@pytest.fixture
def elsewhere(monkeypatch):
    """The connection of somebody else, for whom nobody waits long."""
    monkeypatch.setattr(sql, "LONG_LOCK", 0.05)
    other = connection.copy("elsewhere")
    other.set_autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    yield other
    other.close()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")


def waits_for(elsewhere, name, condition, call):
    """Hold a row elsewhere; check that the call stops where it locks such rows, and has written nothing before."""
    with elsewhere.cursor() as cursor:
        cursor.execute(LOCK.format(name, condition))
        assert cursor.fetchall()
    with CaptureQueriesContext(connection) as queries, pytest.raises(OperationalError, match="lock timeout"):
        call()
    last = next(query["sql"] for query in reversed(queries) if not query["sql"].startswith(("ROLLBACK", "RESET")))
    assert "FOR NO KEY UPDATE" in last
    assert name in last


CODE = "kb_returncode"


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("kb_tableimport", "id = {plan.pk}"),
        ("kb_codetable", "id = {plan.table_id}"),
        ("kb_troubleshootingnote", "title = 'About two'"),
        # The code that changes, the one that only moves, and the one that is left out and moves.
        *[(CODE, f"code = '{code}'") for code in "231"],
    ],
)
def test_applying_locks_everything_that_the_plan_was_computed_from(plan, elsewhere, name, condition):
    waits_for(elsewhere, name, condition.format(plan=plan), lambda: apply_import(plan, by()))


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("kb_tableimport", "id = {plan.pk}"),
        ("kb_codetable", "id = {plan.table_id}"),
        ("kb_troubleshootingnote", "title = 'About two'"),
        # Also the code that the import left alone: the order of the whole table may return.
        *[(CODE, f"code = '{code}'") for code in "2314"],
    ],
)
def test_a_roll_back_locks_everything_that_it_may_write(plan, elsewhere, name, condition):
    apply_import(plan, by())
    waits_for(elsewhere, name, condition.format(plan=plan), lambda: roll_back(plan, by()))


@pytest.mark.parametrize("verb", [apply_import, roll_back])
def test_notes_and_codes_are_locked_in_the_order_of_their_ids(plan, verb):
    """Two writers that lock the same rows in different orders would wait for each other."""
    if verb is roll_back:
        apply_import(plan, by())
    with CaptureQueriesContext(connection) as queries:
        verb(plan, by())
    locks = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    notes = next(sql for sql in locks if sql.startswith('SELECT "kb_troubleshootingnote"."id" AS "pk" FROM'))
    codes = next(sql for sql in locks if f"FROM {CODE} AS c" in sql)
    assert notes.endswith(" ORDER BY 1 ASC FOR NO KEY UPDATE")
    assert " ORDER BY c.id FOR NO KEY UPDATE" in codes


@pytest.mark.parametrize(
    "decide",
    [
        lambda plan: decisions.resolve(plan.rows.get(code="2"), "leave_out", by()),
        lambda plan: decisions.resolve_all(plan, "keep_ours", by()),
        lambda plan: decisions.discard(plan, by()),
    ],
)
def test_a_decision_waits_while_the_import_is_applied(plan, elsewhere, decide):
    waits_for(elsewhere, "kb_tableimport", f"id = {plan.pk}", lambda: decide(plan))


def test_two_decisions_about_one_row_wait_for_each_other(plan, elsewhere):
    row = plan.rows.get(code="2")
    waits_for(elsewhere, "kb_importrow", f"id = {row.pk}", lambda: decisions.resolve(row, "leave_out", by()))


def test_an_edit_of_a_code_that_the_import_does_not_write_does_not_wait(plan, elsewhere):
    with elsewhere.cursor() as cursor:
        cursor.execute(LOCK.format(CODE, "code = '4'"))
    assert apply_import(plan, by()).state == "applied"


@pytest.mark.parametrize("verb", [apply_import, roll_back])
def test_a_table_that_becomes_internal_meanwhile_has_no_public_changes(table, verb):
    table_import = planned(table, ("1", "Uno."), ("9", "Nine."))
    if verb is roll_back:
        apply_import(table_import, by())
    elsewhere, errors = connection.copy("elsewhere"), []
    elsewhere.set_autocommit(False)

    def write():
        try:
            verb(table_import, by())
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    before = Change.objects.count()
    with elsewhere.cursor() as cursor:
        cursor.execute("UPDATE kb_codetable SET audience = 'internal' WHERE id = %s", [table.pk])
        writer.start()
        with connection.cursor() as asking:
            waiting = 0
            while writer.is_alive() and not waiting:
                asking.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                (waiting,) = asking.fetchone()
    elsewhere.commit()
    writer.join(30)
    elsewhere.close()
    assert errors == []
    assert CodeTable.objects.get(pk=table.pk).audience == "internal"
    changes = Change.objects.order_by("sequence")[before:]
    assert {change.audience for change in changes} == {"internal"}
