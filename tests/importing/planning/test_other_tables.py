"""A file of another table is told from one that only has new codes."""

import pytest

from kb.importing.applying.transaction import apply_import
from kb.importing.errors import NeedsConfirmation
from tests import make
from tests.importing.tables import applied, by, planned

pytestmark = pytest.mark.django_db

STORED = ["The door is open.", "There is no paper.", "The motor is hot.", "The password is wrong.", "The disk is full."]
MORE = ["The fan is too slow.", "There is no power.", "The room has no owner.", "The token has expired today."]
GERMAN = ["Die Klappe klemmt seit gestern.", "Kein Papier im Fach.", "Motor zu warm.", "Das Kennwort ist falsch."]


@pytest.fixture
def table():
    table = make.table()
    applied(table, *((str(6_600 + n), text) for n, text in enumerate(STORED)))
    return table


def listed(first, texts):
    return [(f"{first}{n}", text) for n, text in enumerate(texts)]


@pytest.mark.parametrize("complete", [False, True])
def test_a_file_in_another_language_with_none_of_the_codes_needs_a_second_yes(table, complete):
    plan = planned(table, *listed("93", GERMAN), complete=complete)
    (warning,) = plan.rows.filter(kind="warning").values_list("message", flat=True)
    assert "None of the 4 codes of this file is in the table" in warning
    assert plan.counts["strange"] == 4
    with pytest.raises(NeedsConfirmation, match="right file"):
        apply_import(plan, by(), yes_retire=True)
    apply_import(plan, by(), yes_retire=True, yes_strange=True)


def test_other_forms_of_codes_under_another_header_need_a_second_yes(table):
    assert "strange" not in planned(table, *listed("NET-9", MORE)).counts
    table.imports.update(columns={"Fehler": "code", "Text": "description"})
    assert planned(table, *listed("NET-9", MORE)).counts["strange"] == 4
    assert "strange" not in planned(table, *listed("670", MORE)).counts


@pytest.mark.parametrize(
    "rows",
    [
        listed("670", MORE),
        listed("93", MORE),
        # Codes that the table has, and too few words or codes for a doubt.
        [("6600", STORED[0]), *listed("93", GERMAN)],
        listed("670", ["Klappe", "Papier", "Motor"]),
        listed("93", GERMAN[:2]),
    ],
)
def test_files_with_new_codes_raise_no_doubt(table, rows):
    assert "strange" not in planned(table, *rows).counts


def test_a_table_with_few_codes_says_nothing_about_others():
    table = make.table()
    applied(table, ("1", "The door is open."))
    assert "strange" not in planned(table, *listed("93", GERMAN)).counts
