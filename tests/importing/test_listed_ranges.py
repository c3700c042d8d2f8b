"""Ranges of codes that rows of a file name become ranges of the table, and go with the import."""

import io

import pytest

from kb.importing.applying import decisions
from kb.importing.applying.rollback import preview, roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import
from kb.importing.reading.choices import ReadingChoices
from kb.importing.reading.sources import open_source
from kb.models import Change, CodeRange, Resolution
from kb.services.ranges import save_range
from tests import make
from tests.importing.tables import applied, by, kinds, planned

pytestmark = pytest.mark.django_db

RANGES = [("7000", "7999", "Reserved for\nresellers"), ("8000", "8999", "")]


@pytest.fixture
def table():
    return make.table("gates")


def bring(table, *ranges, **options):
    return applied(table, ("1", "Gate stuck."), ranges=ranges, **options)


def names(table):
    return list(table.ranges.order_by("first").values_list("first", "last", "name", "origin"))


def test_a_plan_shows_the_ranges_and_applying_creates_those_that_are_new(table):
    CodeRange.objects.create(table=table, first=8000, last=8999, name="Ours")
    plan = planned(table, ("1", "Gate stuck."), ranges=[*RANGES, RANGES[0]])
    assert kinds(plan) == {"new": 1, "range": 1}
    row = plan.rows.get(kind="range")
    assert (row.code, row.message) == ("7xxx", "A range of codes: Reserved for resellers.")
    apply_import(plan, by())
    assert names(table) == [(7000, 7999, "Reserved for resellers", "vendor"), (8000, 8999, "Ours", "staff")]
    assert Change.objects.filter(noun="range", kind="created", table_import=plan).count() == 1
    assert kinds(bring(table, *RANGES)) == {"unchanged": 1}


def test_a_file_with_nothing_but_ranges_and_a_row_that_is_left_out(table):
    bring(table)
    plan = planned(table, ranges=RANGES)
    decisions.resolve(plan.rows.get(code="7xxx"), Resolution.LEAVE_OUT, by())
    apply_import(plan, by())
    assert [name for *_, name, _ in names(table)] == ["8xxx"]
    assert table.sections.count() == 1


def test_a_roll_back_removes_the_ranges_of_its_import_alone(table):
    first = bring(table, RANGES[0])
    second = bring(table, *RANGES)
    (sentence,) = [sentence for sentence in preview(first).sentences() if "ranges" in sentence]
    assert sentence == "Known ranges of codes removed: 7xxx Reserved for resellers."
    reversal = roll_back(first, by())
    assert [row[:2] for row in names(table)] == [(8000, 8999)]
    assert reversal.rows.get(kind="range").message == "The range 7xxx Reserved for resellers is gone again."
    assert Change.objects.filter(noun="range", kind="deleted", table_import=reversal).count() == 1
    roll_back(second, by())
    assert names(table) == []
    # Somebody brings it again: that one is of the newer import.
    third = bring(table, RANGES[0])
    assert len(names(table)) == 1
    roll_back(third, by())
    assert names(table) == []


@pytest.mark.parametrize("touch", ["edit", "note", "delete"])
def test_a_range_that_somebody_touched_stays_as_it_is(table, touch):
    brought = bring(table, RANGES[0])
    made = table.ranges.get()
    if touch == "edit":
        save_range(made, made.version, {"name": "Resellers"}, by())
    elif touch == "note":
        make.note("Reseller", table.codes.get()).ranges.add(made)
    else:
        made.delete()
    reversal = roll_back(brought, by())
    assert table.ranges.count() == (touch != "delete")
    assert kinds(reversal) == {"taken": 1} | ({"warning": 1} if touch != "delete" else {})


def test_codes_within_a_listed_range_are_not_retired(table):
    applied(table, ("7100", "Reseller gate."), ("9100", "Old gate."))
    plan = planned(table, ("1", "Gate stuck."), ranges=RANGES, complete=True)
    assert list(plan.rows.filter(kind="retired").values_list("code", flat=True)) == ["9100"]


def test_the_reader_brings_them(table):
    text = "Code,Description\n1,Gate stuck.\n5000-5999,Reserved\n"
    source = open_source(io.BytesIO(text.encode()), "gates.csv", ReadingChoices(answers={"lists": "split"}))
    apply_import(plan_import(table, source, by()), by())
    assert [row[:3] for row in names(table)] == [(5000, 5999, "Reserved")]
