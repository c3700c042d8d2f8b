"""Tables as their vendors published them, imported one after the other."""

import pytest

from kb.exporting.tables import export_table
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import
from kb.importing.reading.sources import open_source
from kb.models import ReturnCode
from kb.services.codes import edit_code
from tests import ROOT, make
from tests.importing.tables import by, kinds

TABLES = ROOT.parent / "shared" / "tables"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not TABLES.exists(), reason=f"the real tables are not here: {TABLES}"),
]


def plan_of(name, table, complete=True):
    return plan_import(table, open_source(TABLES / name, name), by(), complete=complete, file_name=name)


def bring_in(name, table, complete=True):
    return apply_import(plan_of(name, table, complete), by(), yes_retire=True, skip_errors=True)


def test_the_zim_table_over_three_months(editor):
    table = make.table()
    assert kinds(bring_in("zim_server_en_2025-05-21.csv", table)) == {"new": 48}
    assert kinds(bring_in("zim_server_en_2025-07-15.csv", table))["new"] == 81
    counts = plan_of("zim_server_en_2025-07-15.csv", table).counts
    assert counts == {"unchanged": 129}
    code = table.codes.get(code="660200001")
    edit_code(code, code.version, {"description": "The user is not logged in."}, by(editor))
    assert kinds(bring_in("zim_server_en_2025-09-04.csv", table)) == {"unchanged": 128, "conflict": 1}
    code.refresh_from_db()
    assert code.description == "The user is not logged in."
    assert code.vendor_description.startswith("- ")


def test_the_update_of_july_rewords_every_code_but_0_and_retires_none():
    table = make.table()
    bring_in("zim_server_en_2025-05-21.csv", table)
    counts = plan_of("zim_server_en_2025-07-15.csv", table).counts
    assert (counts["new"], counts["changed"], counts.get("retired", 0), counts["unchanged"]) == (81, 47, 0, 1)
    bring_in("zim_server_en_2025-07-15.csv", table)
    assert kinds(plan_of("zim_server_en_2025-09-04.csv", table)) == {"unchanged": 128, "changed": 1}


def test_codes_that_vanish_and_return_keep_their_notes():
    table, gone = make.table(), ["0", "660000001", "660800001", "660800002"]
    retired, noted = set(), set()
    for name in ("02-18", "03-05", "03-13"):
        bring_in(f"zim_server_en_2025-{name}.csv", table)
        for code in table.codes.filter(code__in=gone).exclude(retired_at=None):
            retired.add(code.code)
            if code.code not in noted:
                make.note(f"While {code} was gone", code)
                noted.add(code.code)
    assert retired
    bring_in("zim_server_en_2025-07-15.csv", table)
    for code in table.codes.filter(code__in=retired, retired_at=None):
        assert [note.title for note in code.notes.all()] == [f"While {code} was gone"]


def test_one_code_of_several_sections_stays_several():
    table = make.table("rtc")
    bring_in("rtc_server_en.csv", table)
    assert table.codes.filter(code="3").count() == 3
    assert kinds(plan_of("rtc_server_en.csv", table)).keys() <= {"unchanged", "error", "warning", "duplicate"}


def test_duplicates_are_named_by_line_and_zeros_stay():
    table = make.table("postgresql")
    done = bring_in("postgresql_15.csv", table)
    twins = done.rows.filter(kind="new", message__contains="too, on line")
    assert (done.counts["duplicate"], twins.count()) == (2, 4)
    assert all(row.line and f"not line {row.line}" in row.message for row in done.rows.filter(kind="duplicate"))
    assert table.codes.get(identity="00000").code == "00000"


def test_hexadecimal_codes_are_found_by_their_decimal_and_signed_forms():
    bring_in("windows_ntstatus.csv", make.table("nt"))
    for written in ("0xC0000005", "3221225477", "-1073741819"):
        assert ReturnCode.objects.matching(written).filter(code__iexact="0xC0000005").exists()


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        *[("zim_server_en_2025-09-04.csv", format_) for format_ in ("csv", "xlsx", "json", "ndjson")],
        ("rtc_server_en.csv", "xlsx"),
        ("twilio_2023-05-15.csv", "csv"),
        ("postgresql_15.csv", "json"),
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
