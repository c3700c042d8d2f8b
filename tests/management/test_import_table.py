"""Imports and exports from the command line, with exit codes for scripts."""

import io
import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from kb.exporting.tables import export_table
from kb.exporting.xlsx import ExportRefused
from kb.importing.planning.plan import plan_import
from kb.importing.reading.choices import ask
from kb.importing.reading.sources import open_source
from kb.management.commands import import_table
from kb.models import CodeTable, TableImport
from kb.services.codes import edit_code
from tests import ROOT, make
from tests.importing.files import workbook
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
        (GOOD, ["--create", "--vendor", "Z"], 1, "requires --name"),
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


def test_a_file_that_is_not_there_is_named(table, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("import_table", "/no/such/file.csv", "--table", "zim-server")
    assert ended.value.code == 1
    assert "/no/such/file.csv" in capsys.readouterr().err


def test_an_error_of_the_database_is_no_traceback(run, table, monkeypatch):
    def fail(*_args, **_options):
        raise DatabaseError("disk full")

    monkeypatch.setattr(import_table, "apply_import", fail)
    code, _, err = run(GOOD, "--apply")
    assert (code, err.strip()) == (1, "The database reported an error: disk full. Nothing was applied.")


def test_a_new_table_needs_only_a_name(run, tmp_path, capsys):
    assert run(GOOD, "--create")[2].strip() == "A new table requires --name."
    file = tmp_path / "table.csv"
    file.write_text(GOOD)
    call_command("import_table", str(file), "--create", "--name", "Lid codes", "--apply")
    table = CodeTable.objects.get()
    assert (str(table), table.slug, table.vendor, table.product) == ("Lid codes", "lid-codes", "", "Lid codes")


def test_a_look_prints_how_the_file_is_read_and_plans_nothing(run, table):
    code, out, _ = run("Made by us\n\nCode,Text,Level\n1,Uno.,high\n", "--look", "--column", "Level=ignore")
    assert code == 0
    for line in ("csv, utf-8, comma", "1 rows, header in line 3", "  Code = code", "  Level = ignore", "1 | Uno. |"):
        assert line in out
    code, out, _ = run("x,y\nz,w\n", "--look", "--json")
    answer = json.loads(out)
    assert (code, answer["exit_code"], answer["tables"][0]["read"]) == (1, 1, False)
    assert answer["tables"][0]["rows"][1]["cells"] == ["z", "w"]
    assert not TableImport.objects.filter(file_name="table.csv").exists()


def ask_about_repeats(*args, **options):
    source = open_source(*args, **options)
    if not source.choices.answers:
        source.questions = [ask("repeats", "Line 3 repeats 1.")]
    return source


def test_an_open_question_has_flags_and_an_exit_code(run, table, monkeypatch):
    monkeypatch.setattr(import_table, "open_source", ask_about_repeats)
    code, _, err = run(GOOD)
    assert (code, "  --answer repeats=join   Join all rows" in err) == (4, True)
    code, out, _ = run(GOOD, "--json")
    (question,) = json.loads(out)["questions"]
    assert (code, question["kind"], question["offers"][0]["flags"]) == (4, "repeats", "--answer repeats=join")
    assert run(GOOD, "--look")[0] == 4
    assert not TableImport.objects.filter(file_name="table.csv").exists()
    assert run(GOOD, "--answer", "repeats=join")[0] == 0


def test_an_open_question_of_a_plan_is_not_applied(run, table, monkeypatch):
    def plan_with_question(*args, **options):
        plan = plan_import(*args, **options)
        plan.questions = [ask("damage", "Is 5 the code 05?").as_json()]
        plan.save()
        return plan

    monkeypatch.setattr(import_table, "plan_import", plan_with_question)
    code, _, err = run(GOOD, "--apply")
    assert (code, "--answer damage=restore" in err, TableImport.objects.first().state) == (4, True, "planned")


def test_a_new_table_has_what_the_options_say(run):
    run(GOOD, "--apply", "--create", "--vendor", "V", "--product", "P", "--name", "N", "--language", "zh")
    fields = ("slug", "vendor", "product", "name", "language", "audience")
    assert CodeTable.objects.values_list(*fields).get() == ("zim-server", "V", "P", "N", "zh", "internal")


def test_a_table_that_exists_is_not_made_again(run, table):
    code, _, err = run(GOOD, "--create", "--vendor", "V", "--product", "P", "--name", "N")
    assert (code, "There is already a table named zim-server" in err) == (1, True)


@pytest.mark.parametrize("name", ["comma", "semicolon", "tab", "\\t", ";"])
def test_a_delimiter_has_a_name(run, table, name):
    delimiter = {"comma": ",", "semicolon": ";"}.get(name, name if name == ";" else "\t")
    code, out, _ = run(f"code{delimiter}description\n1{delimiter}Uno.\n", "--delimiter", name)
    assert (code, "1 changed" in out) == (0, True)


def test_columns_are_remembered_and_an_option_replaces_them(run, table):
    text = "code,x=y,description\n1,Why.,One.\n"
    assert run(text, "--apply", "--column", "x=y=possible_reasons")[0] == 0
    assert table.codes.get(code="1").possible_reasons == "Why."
    assert run(text.replace("Why", "Because"), "--apply")[0] == 0
    assert table.codes.get(code="1").possible_reasons == "Because."
    assert run(text.replace("Why", "Wait"), "--apply", "--column", "x=y=suggested_actions")[0] == 0
    code = table.codes.get(code="1")
    assert (code.possible_reasons, code.suggested_actions) == ("Because.", "Wait.")


def test_keep_ours_and_take_theirs_exclude_each_other(run, table):
    with pytest.raises(CommandError, match="not allowed with"):
        run(GOOD, "--keep-ours", "--take-theirs")


def test_a_conflict_is_decided_before_anything_else_is_asked(run, table, settings):
    settings.KB_IMPORT_RETIRE_GUARD_CODES = 0
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours."}, by())
    text = GOOD + "Public,,x\n"
    answers = [
        ([], 2, "1 conflict needs a decision"),
        (["--keep-ours"], 5, "1 codes would be retired. More than 0 require --yes-retire."),
        (["--keep-ours", "--yes-retire"], 3, "1 row has an error and 0 repeat a code"),
        (["--keep-ours", "--yes-retire", "--skip-errors"], 0, ""),
    ]
    for number, (options, expected, message) in enumerate(answers):
        code, _, err = run(text, "--complete", "--apply", *options)
        # All reasons are printed, the code is that of the first.
        later = [other for _, _, other in answers[number:]]
        assert (code, [other in err for other in later]) == (expected, [True] * len(later)), message
        state = "planned" if expected else "applied"
        assert TableImport.objects.first().state == state
    assert table.codes.current().count() == 2


@pytest.mark.parametrize(("errors", "more"), [(20, False), (21, True)])
def test_up_to_twenty_problems_are_listed(run, table, errors, more):
    _, out, _ = run("code,description\n" + ",x\n" * errors)
    assert out.count("line ") == 20
    assert ("and 1 more, listed in the admin" in out) is more


def test_each_problem_has_its_place(run, table, tmp_path, capsys):
    _, out, _ = run("code,description,text\n1,One.,x\n2,Two.,y\n1,Three.,z\n,x,y\n")
    assert "  line 1: warning: Two columns" in out
    assert "  line 4: listed twice: 1 appears twice" in out
    assert "  line 5: error: This row has no code: " in out
    file = tmp_path / "book.xlsx"
    file.write_bytes(workbook(("My sheet", [["Code", "Text"], ["1", "y"], [None, "x"]]), ("Info", [["Made by", "us"]])))
    with pytest.raises(SystemExit):
        call_command("import_table", str(file), "--table", "zim-server")
    out = capsys.readouterr().out
    assert "  My sheet line 3: error: " in out
    assert "  Info line 1: warning: The sheet Info has no column for the code" in out


def test_json_has_the_reasons_of_a_file_that_cannot_be_read(run, table):
    code, out, _ = run("a,b\n1,2\n", "--json")
    answer = json.loads(out)
    assert (code, answer["exit_code"], list(answer)) == (1, 1, ["exit_code", "messages"])
    assert "Found: a, b" in answer["messages"][0]


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
    assert (code, "1 conflict needs" in err, TableImport.objects.first().state) == (2, True, "planned")
    assert run(GOOD, "--apply", option)[0] == 0
    assert table.codes.get(code="1").description == expected


def test_retiring_much_needs_yes_retire(run, table, settings):
    settings.KB_IMPORT_RETIRE_GUARD_CODES = 0
    code, _, err = run(GOOD, "--complete", "--apply")
    assert (code, "--yes-retire" in err, table.codes.current().count()) == (5, True, 3)
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
    assert all(f"\n  {code}  " in done.stdout for code in range(6)), done.stderr


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


def test_csv_is_exported_for_excel_and_comes_back(run, table, tmp_path):
    applied(table, row("-1000", description="房间; 不存在", possible_reasons=" =1"))
    file = tmp_path / "out.csv"
    call_command("export_table", "--table", "zim-server", "--delimiter", "semicolon", "--bom", "--output", str(file))
    assert file.read_bytes().startswith(b"\xef\xbb\xbfsection;code;")
    code, out, _ = run(file.read_bytes().decode(), "--complete")
    assert (code, "4 unchanged" in out) == (0, True), out


def test_the_form_of_csv_is_for_csv_alone(table):
    with pytest.raises(CommandError, match="for CSV, not for xlsx"):
        call_command("export_table", "--table", "zim-server", "--format", "xlsx", "--bom")


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--table is required. Tables: zim-server."),
        (["--table", "nope"], "There is no table nope. Tables: zim-server."),
        (["--table", "nope", "--format", "sqlite"], "There is no table nope"),
        (["--table", "zim-server", "--output", "/no/such/folder/file"], "No such file"),
    ],
)
def test_an_export_that_is_refused_says_why(table, options, message):
    with pytest.raises(CommandError, match=message):
        call_command("export_table", *options)


@pytest.mark.parametrize(("words", "expected"), [("vendor", "One."), ("support", "Ours.")])
def test_an_export_is_printed_in_the_chosen_words(table, words, expected):
    edit_code(table.codes.get(code="1"), 1, {"description": "Ours."}, by())
    out = io.TextIOWrapper(io.BytesIO())
    call_command("export_table", "--table", "zim-server", "--format", "json", "--words", words, stdout=out)
    assert json.loads(out.buffer.getvalue())[0]["description"] == expected


def test_an_export_of_an_unknown_table_names_the_known_ones(table):
    with pytest.raises(CommandError, match="Tables: zim-server"):
        call_command("export_table", "--table", "nope")


def test_a_dry_run_that_changes_nothing_leaves_no_plan_that_waits(run, table):
    run("code,description\n1,One.\n", "--table", table.slug, "--apply")
    code, out, _ = run("code,description\n1,One.\n", "--table", table.slug)
    assert (code, "changes nothing" in out) == (0, True)
    assert not TableImport.objects.filter(state="planned").exists()


def test_strange_texts_need_a_yes_of_their_own(run, table):
    english = ("Disk is full", "Network cable unplugged", "Printer cannot start", "Wrong password", "Door stands open")
    german = ("Platte voll", "Netzkabel gezogen", "Drucker startet nicht", "Falsches Kennwort", "Tür steht offen")
    first, second = ("code,description\n" + "".join(f"{n},{t}\n" for n, t in enumerate(ts)) for ts in (english, german))
    run(first, "--table", table.slug, "--apply")
    code, _, err = run(second, "--table", table.slug, "--apply", "--yes-retire")
    assert (code, "--yes-strange" in err) == (6, True)
    assert run(second, "--table", table.slug, "--apply", "--yes-strange")[0] == 0
