"""Imports and exports from the command line, with exit codes for scripts."""

import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from kb.exporting.tables import ExportRefused, export_table
from kb.models import CodeTable, TableImport
from kb.services.codes import edit_code
from tests import ROOT, make
from tests.importing.tables import applied, by, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    made = make.table()
    applied(made, ("1", "One."), ("2", "Two."), ("3", "Three."))
    return made


@pytest.fixture
def run(tmp_path, capsys):
    def command(text, *options):
        file = tmp_path / "table.csv"
        file.write_text(text)
        try:
            call_command("import_table", str(file), "--table", "zim-server", *options)
        except SystemExit as ended:
            return ended.code, *capsys.readouterr()
        return 0, *capsys.readouterr()

    return command


GOOD = "section,code,description\nPublic,1,Uno.\nPublic,2,Two.\n"


def test_a_plan_is_printed_and_applied_only_with_apply(run, table):
    code, out, _ = run(GOOD)
    assert (code, table.codes.get(code="1").description) == (0, "One.")
    assert "1 changed" in out
    code, out, _ = run(GOOD, "--apply")
    assert (code, table.codes.get(code="1").description) == (0, "Uno.")
    assert "applied" in out


def test_a_new_table_is_made(run):
    options = ("--create", "--vendor", "ZEGOCLOUD", "--product", "ZIM", "--name", "Return codes")
    assert run(GOOD, "--apply", *options)[0] == 0
    assert CodeTable.objects.get().codes.count() == 2


@pytest.mark.parametrize(
    ("text", "options", "expected", "message"),
    [
        (GOOD, ["--create", "--vendor", "Z"], 1, "--product, --name"),
        (GOOD, ["--column", "nonsense"], 1, "HEADER=TARGET"),
        (GOOD, ["--column", "code=nonsense"], 1, "nonsense"),
        (GOOD, ["--encoding", "nonsense"], 1, "nonsense"),
        ("", [], 1, ""),
        ("a,b\n1,2\n", [], 1, "a, b"),
        ("section,code,description\nPublic,,x\nPublic,1,Uno.\n", ["--apply"], 3, "--skip-errors"),
        ("section,code,description\nPublic,1,Uno.\nPublic,1,Eins.\n", ["--apply"], 3, "1 repeat"),
    ],
)
def test_errors_have_messages_and_exit_codes(run, table, text, options, expected, message):
    code, _, err = run(text, *options)
    assert code == expected
    assert message in err
    assert table.codes.get(code="1").description == "One."


def test_an_unknown_table_names_the_known_ones(run):
    make.table("rtc")
    code, _, err = run(GOOD)
    assert (code, "Tables: rtc" in err) == (1, True)


def test_skip_errors_applies_the_good_rows(run, table):
    code, _, _ = run("section,code,description\nPublic,,x\nPublic,1,Uno.\n", "--apply", "--skip-errors")
    assert (code, table.codes.get(code="1").description) == (0, "Uno.")


@pytest.mark.parametrize(("option", "expected"), [("--keep-ours", "Ours."), ("--take-theirs", "Uno.")])
def test_conflicts_need_keep_ours_or_take_theirs(run, table, option, expected):
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours."}, by())
    code, _, err = run(GOOD, "--apply")
    assert (code, "1 conflicts" in err, TableImport.objects.first().state) == (2, True, "planned")
    assert run(GOOD, "--apply", option)[0] == 0
    assert table.codes.get(code="1").description == expected


def test_retiring_much_needs_yes_retire(run, table, settings):
    settings.KB_IMPORT_RETIRE_GUARD_CODES = 0
    code, _, err = run(GOOD, "--complete", "--apply")
    assert (code, "--yes-retire" in err, table.codes.current().count()) == (2, True, 3)
    assert run(GOOD, "--complete", "--apply", "--yes-retire")[0] == 0
    assert table.codes.current().count() == 2


def test_json_output_is_for_scripts(run, table):
    code, out, _ = run("section,code,description\nPublic,,x\nPublic,1,Uno.\n", "--json")
    answer = json.loads(out)
    assert (code, answer["exit_code"], answer["counts"]) == (3, 3, {"changed": 1, "error": 1, "unchanged": 0})
    assert answer["rows"][0]["line"] == 2


@pytest.mark.slow
def test_the_exit_codes_are_in_the_help():
    done = subprocess.run(
        [sys.executable, "manage.py", "import_table", "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert all(f"\n  {code}  " in done.stdout for code in range(4)), done.stderr


def test_an_exported_file_can_be_imported_without_changes(run, table, tmp_path, capsys):
    applied(
        table, row("-1000", description="=1+1", possible_reasons="'quoted", extra={"level": "@x", "description": "y"})
    )
    file = tmp_path / "out.csv"
    call_command("export_table", "--table", "zim-server", "--output", str(file))
    text = file.read_text()
    assert "'=1+1" in text
    assert "\n=" not in text
    code, out, _ = run(text, "--complete")
    assert (code, "4 unchanged" in out) == (0, True), out


def test_support_words_are_exported_with_words_support(table, editor, capsys):
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours.", "disposition": "no_action"}, by(editor))
    said = json.loads(b"".join(export_table(table, "json", "support")))
    assert (said[0]["description"], said[0]["disposition"], said[0]["code"]) == ("Ours.", "no_action", "1")
    assert json.loads(b"".join(export_table(table, "json")))[0]["description"] == "One."


def test_an_empty_table_can_be_exported(capsys):
    assert json.loads(b"".join(export_table(make.table(), "json"))) == []


@pytest.mark.parametrize(("format_", "words"), [("xls", "vendor"), ("csv", "nobody")])
def test_an_unknown_export_names_what_is_allowed(table, format_, words):
    with pytest.raises(ExportRefused, match="csv, xlsx, json"):
        export_table(table, format_, words)


def test_a_text_that_is_too_long_for_a_cell_is_refused(table):
    applied(table, ("1", "x" * 40_000))
    with pytest.raises(ExportRefused, match="Choose CSV or JSON"):
        list(export_table(table, "xlsx"))


def test_an_export_of_an_unknown_table_names_the_known_ones(table):
    with pytest.raises(CommandError, match="Tables: zim-server"):
        call_command("export_table", "--table", "nope")
