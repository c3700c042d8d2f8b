"""Whoever plans a file again keeps the decisions about it, wherever the rows are the same."""

import io

import pytest

from kb.importing import uploads
from kb.importing.applying import decisions
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.former_decisions import words_of
from kb.services.codes import edit_code
from tests import make
from tests.importing.tables import applied, by, planned, row

pytestmark = pytest.mark.django_db
THEIRS = [row(n, description=f"Theirs {n}.") for n in "12345"]


@pytest.fixture
def table():
    table = make.table()
    applied(table, *(row(n, description=f"Pump {n}.") for n in "12345"))
    for number in "1234":
        edit(table, number, f"Ours {number}.")
    return table


def edit(table, number, text):
    code = table.codes.get(code=number)
    return edit_code(code, code.version, {"description": text}, by())


def decide(plan, user):
    words = {"1": ("keep_ours", None), "2": ("take_theirs", None), "3": ("edited", {"description": "Both."})}
    for number, (resolution, edited) in (words | {"4": ("leave_out", None), "5": ("leave_out", None)}).items():
        decisions.resolve(plan.rows.get(code=number), resolution, by(user), edited)


def decided(plan):
    return dict(plan.rows.exclude(resolution="").values_list("code", "resolution"))


ALL = {"1": "keep_ours", "2": "take_theirs", "3": "edited", "4": "leave_out", "5": "leave_out"}


def test_a_newer_plan_of_the_table_takes_over_the_decisions_and_says_so(table, editor):
    former = planned(table, *THEIRS)
    decide(former, editor)
    plan = planned(table, *THEIRS, row("6", description="New."))
    assert decided(plan) == ALL
    assert plan.rows.get(code="3").edited == {"description": "Both."}
    assert decisions.decider_of(plan.rows.get(code="2")) == str(editor)
    assert words_of(plan) == f"5 decisions were taken over from import {former.pk}."
    apply_import(plan, by(), yes_strange=True)
    texts = dict(table.codes.values_list("code", "description"))
    assert texts == {"1": "Ours 1.", "2": "Theirs 2.", "3": "Both.", "4": "Ours 4.", "5": "Pump 5.", "6": "New."}


def test_a_decision_about_other_texts_is_not_taken_over_and_stays_with_its_plan(table, editor):
    former = planned(table, *THEIRS)
    decide(former, editor)
    edit(table, "3", "Ours again.")
    plan = planned(table, row("1", description="Another."), *THEIRS[1:4], row("5", description="Other."))
    assert decided(plan) == {"2": "take_theirs", "4": "leave_out"}
    assert words_of(plan).startswith("2 decisions were")
    assert words_of(plan).endswith("3 were not, because the rows differ.")
    assert decided(former) == ALL


def test_the_same_code_in_another_section_is_another_row(table):
    plan = planned(table, row("9", section="Valves", description="New."))
    decisions.resolve(plan.rows.get(), "leave_out", by())
    assert decided(planned(table, row("9", section="Lids", description="New."))) == {}
    assert decided(planned(table, row("9", section="Valves", description="New."))) == {"9": "leave_out"}


def test_codes_that_are_not_to_be_retired_stay_so(table):
    rows = [row(n, description=f"Pump {n}.") for n in "123"]
    plan = planned(table, *rows, complete=True)
    decisions.resolve(plan.rows.get(kind="retired", code="4"), "leave_out", by())
    assert decided(planned(table, *rows, complete=True)) == {"4": "leave_out"}
    assert decided(planned(table, row("4", description="Pump 4!"))) == {}


def test_a_plan_without_decisions_or_that_was_discarded_gives_none(table):
    planned(table, *THEIRS)
    assert words_of(planned(table, *THEIRS)) == ""
    former = planned(table, *THEIRS)
    decide(former, None)
    decisions.discard(former, by())
    plan = planned(table, *THEIRS)
    assert (decided(plan), words_of(plan)) == ({}, "")


def test_a_file_that_is_planned_again_keeps_them_and_its_former_plan_was_replaced(table, importer):
    data = b"code,section,description\n" + b"".join(b"%d,Public,Theirs %d.\n" % (n, n) for n in range(1, 6))
    upload = uploads.keep(io.BytesIO(data), "t.csv", by(importer), table)
    former = uploads.plan(upload, by(importer))
    decide(former, importer)
    plan = uploads.plan(upload, by(importer), after=former.pk)
    former.refresh_from_db()
    assert decided(plan) == ALL
    assert (former.state_with_person, former.successor) == (f"replaced by {importer}", plan)


def test_it_does_so_with_many_rows_in_a_few_statements(table, django_assert_max_num_queries):
    rows = [row(str(n), description="New.") for n in range(100, 3100)]
    plan = planned(table, *rows)
    plan.rows.all().decide("leave_out", None)
    with django_assert_max_num_queries(150):
        again = planned(table, *rows)
    assert again.rows.decided().count() == 3000
