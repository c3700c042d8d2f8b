"""Whether a table is in the order of its numbers is right after each import, roll-back and rebuild."""

import pytest

from kb import answers
from kb.importing.applying.rollback import roll_back
from kb.models import CodeTable, ReturnCode
from tests import make
from tests.importing.tables import applied, by

pytestmark = pytest.mark.django_db


def is_in_order(table):
    return CodeTable.objects.get(pk=table.pk).is_in_number_order


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["1", "2", "10"], True),
        (["-5", "1", "E2", "0x3", "4"], True),
        (["E2", "NONE", "A"], True),
        (["1", "10", "2"], False),
        (["2", "E5", "1"], False),
        (["0x10", "16"], True),
    ],
)
def test_the_codes_with_a_number_are_compared(codes, expected):
    table = make.table()
    applied(table, *((code, f"Code {code}.") for code in codes))
    assert is_in_order(table) is expected
    assert list(answers.differences()) == []


def test_an_import_that_changes_the_order_and_its_roll_back_are_noted():
    table = make.table()
    applied(table, ("1", "One."), ("2", "Two."), ("3", "Three."))
    last = applied(table, ("1", "One."), ("3", "Three."), ("2", "Two."), complete=True)
    assert not is_in_order(table)
    roll_back(last, by())
    assert is_in_order(table)
    applied(table, ("1", "One."), ("2", "Two."), ("0", "Zero."), ("3", "Three."), complete=True)
    assert not is_in_order(table)


def test_equal_numbers_must_be_in_the_order_of_ids():
    table = make.table()
    later, earlier = make.code("16", table, position=1), make.code("0x10", table, "Other", position=0)
    assert later.pk < earlier.pk
    answers.rebuild()
    assert not is_in_order(table)


def test_a_wrong_note_is_found_and_corrected():
    table = make.table()
    codes = make.codes(["1", "2"], table)
    answers.rebuild()
    assert is_in_order(table)
    ReturnCode.objects.filter(pk=codes[0].pk).update(position=7)
    assert list(answers.differences()) == ["table zim-server: its codes are not in the order of their numbers"]
    answers.rebuild()
    assert not is_in_order(table)
