"""What the last file of a table says about the next: an export that comes back is no file of the vendor."""

from io import BytesIO

import pytest

from kb.exporting.tables import export_table
from kb.importing.applying.rollback import roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import, precedent_of, remembered_columns
from kb.importing.reading.sources import ReadingChoices, open_source
from tests import make
from tests.importing.tables import by, kinds

pytestmark = pytest.mark.django_db

FILE = "Bereich;Nummer;Beschreibung;Abhilfe;Stufe\nA;E1;Klappe offen;Schließen;2\nB;E2;Kein Papier;Nachlegen;1\n"


@pytest.fixture
def table():
    table = make.table(language="de")
    bring(table, FILE)
    return table


def plan_of(table, content, name="table.csv", **choices):
    data = content if isinstance(content, bytes) else content.encode()
    source = open_source(BytesIO(data), name, ReadingChoices(**choices), precedent=precedent_of(table))
    return plan_import(table, source, by(), complete=True, file_name=name)


def bring(table, content, **options):
    return apply_import(plan_of(table, content, **options), by(), yes_retire=True, skip_errors=True)


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "ndjson"])
def test_an_export_that_comes_back_and_the_vendors_next_file_raise_no_warning(table, form):
    plan = plan_of(table, b"".join(export_table(table, form)), f"table.{form}")
    assert (kinds(plan), plan.questions) == ({"unchanged": 2}, [])
    apply_import(plan, by())
    assert "Nummer" in remembered_columns(table)
    plan = plan_of(table, FILE)
    assert (kinds(plan), plan.questions) == ({"unchanged": 2}, [])


def test_a_column_that_stored_codes_have_is_not_new_though_the_last_file_lacked_it(table):
    wider = FILE.replace("Stufe", "Stufe;Link").replace(";2\n", ";2;x\n").replace(";1\n", ";1;y\n")
    bring(table, wider)
    bring(table, FILE.replace("Neu", "Alt").replace("Stufe", "Grad"))
    for content, name in ((wider, "table.csv"), (b"".join(export_table(table, "csv")), "table.csv")):
        messages = plan_of(table, content, name).rows.filter(kind="warning").values_list("message", flat=True)
        assert not [message for message in messages if "Link is new" in message]


def test_columns_of_an_import_that_was_rolled_back_are_not_remembered(table):
    wider = FILE.replace("Stufe", "Stufe;Link").replace(";2\n", ";2;x\n").replace(";1\n", ";1;y\n")
    imports = [bring(table, wider), bring(table, wider.replace("x", "z"))]
    expected = [1, 0]
    for table_import, warnings in zip(reversed(imports), expected, strict=True):
        roll_back(table_import, by())
        assert plan_of(table, FILE).rows.filter(kind="warning").count() == warnings
    assert "Link" not in remembered_columns(table)


def test_a_stored_code_that_looks_damaged_is_right(table):
    file = FILE.replace("E1", "6.603E+08").replace("E2", "1.0")
    plan = bring(table, file, answers={"damage": "keep"})
    type(plan).objects.filter(pk=plan.pk).update(choices={})
    again = plan_of(table, file)
    assert (kinds(again), again.questions) == ({"unchanged": 2}, [])
    more = plan_of(table, file + "B;6.604E+08;Neu;;\n")
    assert kinds(more) == {"unchanged": 2, "warning": 1, "error": 1}
    assert "6.604E+08 are numbers" in more.rows.get(kind="warning").message
