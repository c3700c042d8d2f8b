"""Tables in the shapes that vendors publish, imported one after the other."""

import pytest

from kb.exporting.tables import export_table
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import
from kb.importing.reading.sources import open_source
from kb.models import ReturnCode
from kb.services.codes import edit_code
from tests import make
from tests.importing.tables import by, kinds
from tests.importing.vendor import ZIM, open_table

pytestmark = pytest.mark.django_db


def plan_of(name, table, complete=True):
    return plan_import(table, open_table(name), by(), complete=complete, file_name=name)


def bring_in(name, table, complete=True):
    return apply_import(plan_of(name, table, complete), by(), yes_retire=True, skip_errors=True)


def test_a_table_over_three_months(editor):
    table = make.table()
    assert kinds(bring_in("relay_en_3.csv", table)) == {"new": 11}
    assert kinds(bring_in("relay_en_4.csv", table)) == {"new": 3, "changed": 10, "unchanged": 1}
    assert plan_of("relay_en_4.csv", table).counts == {"unchanged": 14}
    code = table.codes.get(code="910200001")
    edit_code(code, code.version, {"description": "The member is not signed in."}, by(editor))
    assert kinds(bring_in("relay_en_5.csv", table)) == {"unchanged": 13, "conflict": 1}
    code.refresh_from_db()
    assert code.description == "The member is not signed in."
    assert code.vendor_description.startswith("- ")


def test_an_update_that_rewords_every_code_but_one_retires_none():
    table = make.table()
    bring_in("relay_en_3.csv", table)
    plan = plan_of("relay_en_4.csv", table)
    assert kinds(plan) == {"new": 3, "changed": 10, "unchanged": 1}
    assert "0" not in plan.rows.filter(kind="changed").values_list("code", flat=True)
    bring_in("relay_en_4.csv", table)
    assert not table.codes.exclude(retired_at=None).exists()
    plan = plan_of("relay_en_5.csv", table)
    assert kinds(plan) == {"unchanged": 13, "changed": 1}
    assert plan.rows.get(kind="changed").code == "910200001"


def test_the_first_table_is_new_once():
    table = make.table()
    assert kinds(bring_in(ZIM.name, table)) == {"new": 129}
    assert kinds(plan_of("zim_two_sheets.xlsx", table)) == {"unchanged": 129}


def test_codes_that_vanish_and_return_keep_their_notes():
    table, gone = make.table(), ["0", "910000001", "910800001"]
    bring_in("relay_en_1.csv", table)
    assert kinds(bring_in("relay_en_2.csv", table)) == {"new": 1, "reordered": 3, "retired": 3, "unchanged": 5}
    retired = table.codes.exclude(retired_at=None)
    assert [code.code for code in retired.order_by("number")] == gone
    for code in retired:
        make.note(f"While {code.code} was gone", code)
    assert kinds(bring_in("relay_en_3.csv", table)) == {"new": 1, "restored": 3, "retired": 1, "unchanged": 7}
    assert [code.code for code in table.codes.exclude(retired_at=None)] == ["910000028"]
    for code in table.codes.filter(code__in=gone):
        assert [note.title for note in code.notes.all()] == [f"While {code.code} was gone"]


def test_one_code_of_several_sections_stays_several():
    table = make.table("switchboard")
    assert kinds(bring_in("switchboard_en.csv", table)) == {"new": 10, "error": 3}
    sections = table.codes.filter(code="3").values_list("section__name", flat=True)
    assert sorted(sections) == ["Playback", "Recording", "Signalling"]
    assert kinds(plan_of("switchboard_en.csv", table)) == {"unchanged": 10, "error": 3}


def test_duplicates_are_named_by_line_and_zeros_stay():
    table = make.table("ledger")
    done = bring_in("ledger_states.csv", table)
    twins = done.rows.filter(kind="new", message__contains="too, on line")
    assert (done.counts["duplicate"], twins.count()) == (2, 2)
    assert all(row.line and f"not line {row.line}" in row.message for row in done.rows.filter(kind="duplicate"))
    assert table.codes.get(identity="00000").code == "00000"


def test_hexadecimal_codes_are_found_by_their_decimal_and_signed_forms():
    bring_in("device_status.csv", make.table("device"))
    for query in ("0xC0000005", "3221225477", "-1073741819"):
        assert ReturnCode.objects.matching(query).filter(code__iexact="0xC0000005").exists()


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        *[(ZIM.name, format_) for format_ in ("csv", "xlsx", "json", "ndjson")],
        ("relay_en_5.csv", "csv"),
        ("relay_zh_gb18030.csv", "ndjson"),
        ("switchboard_en.csv", "xlsx"),
        ("alerts.csv", "csv"),
        ("ledger_states.csv", "json"),
    ],
)
def test_an_export_imported_again_changes_nothing(name, format_, tmp_path):
    table = make.table()
    bring_in(name, table)
    file = tmp_path / f"again.{format_}"
    file.write_bytes(b"".join(export_table(table, format_)))
    again = plan_import(table, open_source(file, file.name), by(), complete=True)
    wrong = list(again.rows.exclude(kind="warning").values("kind", "code", "line", "message", "fields", "before")[:3])
    assert (wrong, again.counts["unchanged"]) == ([], table.codes.count())
