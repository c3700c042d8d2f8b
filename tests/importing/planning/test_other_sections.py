"""Codes that a file lists in another section: a complete file moves them, of a part somebody has to say."""

import pytest

from kb.importing.applying.transaction import apply_import
from kb.importing.errors import NeedsAnswers
from tests import make
from tests.importing.tables import applied, by, kinds, planned, row

pytestmark = pytest.mark.django_db
WORDS = ["Door open", "No paper", "Motor hot", "Disk full", "Power low"]


def lines(section, codes, suffix=""):
    return [row(code, section=section, description=WORDS[int(code) % 10] + suffix) for code in codes]


@pytest.fixture
def table():
    table = make.table()
    applied(table, *lines("Paper path", ["0010", "0011", "0012", "0013"]), *lines("Power", ["0024"]))
    return table


def questions(plan):
    return [(question["message"], bool(question["default"])) for question in plan.questions]


ONE = "1 code of this file stands in the section Paper path already: 0010."
ALL = "4 codes of this file stand in the section Paper path already: 0010, 0011, 0012 and 1 more."


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        # The section has a new name here, whatever the words are.
        (lines("Paper", ["0010"]), [(ONE, False)]),
        (lines("Paper", ["0010"], " now"), [(ONE, False)]),
        (lines("Paper", ["0010", "0011", "0012", "0013"]), [(ALL, False)]),
        # A section of the table may well have such a number, too, unless the words are the same.
        (lines("Power", ["0010"]), [(ONE, False)]),
        (lines("Power", ["0010"], " now"), [(ONE, True)]),
        # The file lists both, or another code.
        (lines("Paper path", ["0010"]) + lines("Power", ["0010"]), []),
        (lines("Paper", ["0014"]), []),
    ],
)
def test_a_file_of_a_part_asks_whether_they_are_those_codes(table, file, expected):
    plan = planned(table, *file)
    assert questions(plan) == expected
    if expected and not expected[0][1]:
        with pytest.raises(NeedsAnswers):
            apply_import(plan, by())


@pytest.mark.parametrize(("answer", "codes"), [("same", 5), ("new", 6)])
def test_the_answer_decides(table, answer, codes):
    done = applied(table, *lines("Paper", ["0010"], " now"), answers={"sections": answer})
    assert done.rows.get(kind="warning").message.startswith(ONE)
    assert kinds(done) == {"warning": 1, "changed" if answer == "same" else "new": 1}
    assert table.codes.current().count() == codes
    assert table.codes.filter(section__name="Paper path", description="Door open now").exists() == (answer == "same")


@pytest.mark.parametrize("complete", [True, False])
def test_codes_that_lost_their_zeros_are_found_in_a_section_with_another_name(table, complete):
    file = lines("Paper", ["10", "11", "12", "13"]), lines("Power", ["24"])
    plan = planned(table, *file[0], *file[1], complete=complete)
    assert kinds(plan) == {"unchanged": 5} | ({"section": 1} if complete else {})
    ((message, _),) = questions(plan)
    assert message.startswith("5 codes of the file seem damaged by a spreadsheet: 10 for 0010")
