"""Codes that a spreadsheet damaged are the stored codes that they were, after a question."""

import pytest

from kb.importing.applying.rollback import roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.errors import NeedsAnswers
from kb.importing.planning.plan import precedent_of
from tests import make
from tests.importing.tables import applied, by, kinds, planned, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    return make.table()


def listed(*codes):
    return [(code, "x") for code in codes]


def bring(table, *codes):
    applied(table, *listed(*codes))


@pytest.mark.parametrize(
    ("stored", "file"),
    [
        # Zeros, and what pandas adds.
        (["00", "07", "10"], ["0", "7", "10"]),
        (["101", "102"], ["101.0", "102.0"]),
        (["0101"], ["101.0"]),
        # Digits that the format of a cell hides, and those after the 15th.
        (["660300001", "E1"], ["6.60300E+08", "E1"]),
        (["123456789012345678"], ["123456789012345000"]),
        # Dates.
        (["1-2", "3-4", "E1"], ["1-Feb", "3-Apr", "E1"]),
        (["1/2", "3-4", "E1"], ["1/2/2031", "03.04.2031", "E1"]),
        (["1:30", "E1"], ["01:30:00", "E1"]),
        # Groups of digits.
        (["3000", "12500"], ["3.000", "12.500"]),
    ],
)
def test_damaged_codes_are_the_stored_ones_once_somebody_agrees(table, stored, file):
    bring(table, *stored)
    plan = planned(table, *listed(*file), complete=True)
    assert kinds(plan) == {"unchanged": len(stored)}
    (question,) = plan.questions
    assert "damaged by a spreadsheet" in question["message"]
    with pytest.raises(NeedsAnswers):
        apply_import(plan, by())
    answered = planned(table, *listed(*file), complete=True, answers={"damage": "restore"})
    assert (kinds(answered), answered.questions) == ({"warning": 1, "unchanged": len(stored)}, [])
    apply_import(answered, by())
    assert sorted(table.codes.current().values_list("code", flat=True)) == sorted(stored)


def test_damaged_codes_are_new_ones_if_somebody_says_so(table):
    bring(table, "10", "07")
    plan = planned(table, *listed("10", "7"), complete=True, answers={"damage": "keep"})
    assert kinds(plan) == {"new": 1, "retired": 1, "warning": 1, "unchanged": 1}


def test_a_restored_code_takes_the_new_words(table):
    bring(table, "07", "10")
    plan = planned(table, ("7", "y"), ("10", "x"), complete=True, answers={"damage": "restore"})
    assert [(row.code, row.description) for row in plan.rows.filter(kind="changed")] == [("07", "y")]


@pytest.mark.parametrize(
    ("stored", "file"),
    [
        # The file lists the stored code, too.
        (["07"], ["7", "07"]),
        # Other numbers, and another spelling of a number.
        (["07"], ["8", "07"]),
        (["0x07"], ["0x07", "7"]),
        # The table has no zeros.
        (["7"], ["7", "07"]),
        (["e1"], ["e1", "E10"]),
    ],
)
def test_codes_that_are_whole_raise_no_question(table, stored, file):
    bring(table, *stored)
    assert planned(table, *listed(*file), complete=True).questions == []


def test_a_code_that_several_stored_ones_may_be_is_an_error_and_retires_none(table):
    bring(table, "05", "005", "9")
    plan = planned(table, *listed("5", "9"), complete=True)
    assert kinds(plan) == {"error": 1, "unchanged": 1}
    assert "several stored codes fit, such as 005" in plan.rows.get().message


@pytest.mark.parametrize("stored", [[], ["770300001"]])
def test_lost_digits_that_no_stored_code_has_are_an_error(table, stored):
    bring(table, *stored, "E1")
    plan = planned(table, *listed("6.603E+08", "E1"))
    assert "lost digits" in plan.rows.get(kind="error").message
    assert planned(table, *listed("6.603E+08", "E1"), answers={"damage": "keep"}).counts["new"] == 1


def test_a_damaged_code_is_the_one_of_its_section(table):
    applied(table, row("07", section="A", description="x"), row("07", section="B", description="x"))
    plan = planned(
        table, row("7", section="A", description="x"), row("07", section="B", description="x"), complete=True
    )
    assert kinds(plan) == {"unchanged": 2}


def test_retired_codes_are_no_originals(table):
    bring(table, "07", "10")
    applied(table, *listed("10"), complete=True)
    assert planned(table, *listed("7", "10"), complete=True).questions == []


def test_codes_of_other_tables_are_no_originals(table):
    bring(make.table("other"), "07", "1-2", "660300001")
    bring(table, "E1")
    assert planned(table, *listed("7", "1-Feb", "6.603E+08")).questions == []


def test_zeros_that_fill_every_code_up_to_one_width_are_no_new_codes(table):
    bring(table, "4", "27", "310", "E1")
    plan = planned(table, *listed("0004", "0027", "0310", "E1"), complete=True)
    assert ([question["kind"] for question in plan.questions], kinds(plan)) == (
        ["zeros"],
        {"changed": 3, "unchanged": 1},
    )
    other = planned(table, *listed("0004", "0027", "0310", "E1"), complete=True, answers={"zeros": "new"})
    assert [other.counts[kind] for kind in ("new", "retired")] == [3, 3]
    # Where another code is shorter, the zeros are the vendor's own.
    plan = planned(table, *listed("0004", "27", "310", "E1"), complete=True)
    assert (kinds(plan), plan.questions) == ({"reordered": 3, "new": 1, "retired": 1}, [])


def test_full_dates_are_the_stored_codes_that_a_spreadsheet_took_for_days(table):
    bring(table, "5-2", "5-14", "E1")
    plan = planned(table, *listed("05.02.2031", "14.05.2031", "E1"), complete=True)
    assert (kinds(plan), len(plan.questions)) == ({"unchanged": 3}, 1)


def test_a_code_gets_the_zeros_that_an_earlier_file_lost_and_a_roll_back_takes_them_away(table):
    bring(table, "00101", "00209")
    codes = table.codes.filter(code="00209")
    pk = codes.get().pk
    codes.update(code="209", identity="209")
    plan = planned(table, *listed("00101", "00209"), remembered={"damage": "restore"})
    assert [(question["kind"], question["default"]) for question in plan.questions] == [("zeros", "")]
    plan = planned(table, *listed("00101", "00209"), remembered={"damage": "restore"}, complete=True)
    assert [(question["kind"], bool(question["default"])) for question in plan.questions] == [("zeros", True)]
    apply_import(plan, by())
    assert table.codes.filter(pk=pk).values_list("code", "identity").get() == ("00209", "00209")
    assert planned(table, *listed("00101", "00209"), complete=True).counts["unchanged"] == 2
    roll_back(plan, by())
    assert table.codes.filter(pk=pk).values_list("code", "identity").get() == ("209", "209")


def test_new_codes_of_a_file_that_lost_its_zeros_get_theirs_after_the_question(table):
    bring(table, "00101", "00102", "10001")
    file = listed("101", "102", "10001", "209", "309")
    (question,) = planned(table, *file).questions
    assert "New codes seem to have lost their zeros, too (2): 00209 for 209, 00309 for 309" in question["message"]
    assert "add the zeros" in question["offers"][0]["label"]
    plan = planned(table, *file, answers={"damage": "restore"})
    assert sorted(plan.rows.filter(kind="new").values_list("code", "identity")) == [("00209",) * 2, ("00309",) * 2]
    assert planned(table, *file, answers={"damage": "keep"}).counts["new"] == 4
    # Codes of several lengths are the vendor's own.
    bring(table, "7")
    assert "New codes" not in planned(table, *file).questions[0]["message"]


def test_a_new_code_that_gets_its_zeros_is_the_retired_one_of_that_spelling(table):
    bring(table, "00101", "00209")
    applied(table, *listed("00101"), complete=True)
    plan = planned(table, *listed("101", "209"), answers={"damage": "restore"})
    assert kinds(plan) == {"restored": 1, "warning": 1, "unchanged": 1}


def test_the_answer_about_the_last_file_is_the_default_of_the_next_and_can_be_seen(table):
    bring(table, "07", "10")
    plan = planned(table, *listed("7", "10"), remembered={"damage": "restore"})
    (question,) = plan.questions
    assert question["default"] == question["offers"][0]["label"]
    assert kinds(plan) == {"unchanged": 2}
    apply_import(planned(table, *listed("7", "10", "12"), remembered={"damage": "restore"}), by())
    assert precedent_of(table).choices.answers["damage"] == "restore"
