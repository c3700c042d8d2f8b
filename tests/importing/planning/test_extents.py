"""How far a row changes a code, and what a plan says once: renamed sections, new and renamed columns."""

from io import BytesIO

import pytest

from kb.importing.applying import decisions
from kb.importing.applying.rollback import roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import, precedent_of
from kb.importing.reading.sources import ReadingChoices, open_source
from kb.models import CodeUse, Section
from kb.services.sections import rename_section
from tests import make
from tests.importing.tables import applied, by, kinds, planned, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    return make.table()


def pump(code, section="Pumps", description="The pump stops after 10 seconds.", **more):
    return row(code, section=section, description=description, **more)


@pytest.mark.parametrize(
    ("change", "extent"),
    [
        ({"description": "The valve is stuck."}, "words"),
        ({"description": "The pump stops after 20 seconds."}, "words"),
        ({"description": "The pump stops after 10 seconds"}, "cosmetic"),
        ({"extra": {"since": "v2"}}, "columns"),
        ({"extra": {"since": "v2"}, "description": "The pump stops, after 10 seconds."}, "columns"),
        ({"section": "Valves"}, "section"),
    ],
)
def test_the_weightiest_change_of_a_row_is_its_extent(table, change, extent):
    rest = [pump("9", extra={"since": "v1"}), row("8", section="Valves", description="x", extra={"since": "v1"})]
    applied(table, pump("1", extra={"since": "v1"}), *rest)
    plan = planned(table, pump("1", **({"extra": {"since": "v1"}} | change)), *rest, complete=True)
    assert list(plan.rows.filter(code="1").values_list("extent", flat=True)) == [extent]
    assert plan.extents == {extent: 1}


def test_numbers_that_change_are_named(table):
    applied(table, pump("1"))
    plan = planned(table, pump("1", description="The pump stops after 20 seconds."))
    assert plan.rows.get().message == "Numbers that change: 10 → 20 seconds."


def test_cosmetic_changes_mark_no_note(table):
    applied(table, pump("1"), pump("2"))
    notes = [make.note(f"About {code}", code) for code in table.codes.order_by("code")]
    applied(table, pump("1", description="The pump stops after 10 seconds"), pump("2", description="Other words."))
    for note in notes:
        note.refresh_from_db()
    assert [note.verify_since is not None for note in notes] == [False, True]


def sections(table):
    return set(table.codes.published().values_list("code", "section__name"))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"A": "12", "B": "12"}, {"a": "12", "b": "12"}),
        ({"Log in": "1", "B": "2"}, {"Log-in:": "1", "B": "2"}),
        ({"Login": "123", "B": "9"}, {"Login and sessions": "1234", "B": "9"}),
        ({"A": "12", "B": "12"}, {"First": "12", "Second": "12"}),
        ({"": "12"}, {"Errors": "12"}),
    ],
)
def test_a_renamed_section_keeps_its_codes_and_a_roll_back_restores_its_name(table, before, now):
    rows = lambda places: [pump(n, section=name) for name, codes in places.items() for n in codes]  # noqa: E731
    applied(table, *rows(before))
    pks, names = set(table.codes.values_list("pk", flat=True)), sections(table)
    plan = planned(table, *rows(now), complete=True)
    assert set(kinds(plan)) <= {"section", "unchanged", "new", "reordered"}
    assert "is now" in plan.rows.filter(kind="section").first().message
    table_import = apply_import(plan, by())
    assert pks <= set(table.codes.values_list("pk", flat=True))
    assert sections(table) == {(n, name) for name, codes in now.items() for n in codes}
    roll_back(table_import, by())
    assert sections(table) == names


def test_a_renamed_section_says_how_many_of_its_codes_are_reworded(table):
    applied(table, *(pump(n) for n in "1234"))
    files = [*(pump(n, section="Water pumps") for n in "123"), pump("4", section="Water pumps", description="New.")]
    plan = planned(table, *files, complete=True)
    assert plan.rows.get(kind="section").message == "Pumps is now Water pumps: 4 codes, 1 reworded."


def test_a_name_can_be_left_out(table):
    applied(table, pump("1"), pump("2"))
    plan = planned(table, pump("1", section="Water"), pump("2", section="Water"), complete=True)
    decisions.resolve(plan.rows.get(kind="section"), "leave_out", by())
    apply_import(plan, by())
    assert sections(table) == {("1", "Pumps"), ("2", "Pumps")}


def test_a_name_that_somebody_changed_since_stays_in_a_roll_back(table):
    applied(table, pump("1"), pump("2"))
    table_import = applied(table, pump("1", section="Water"), pump("2", section="Water"), complete=True)
    section = Section.objects.get(name="Water")
    rename_section(section, section.version, {"name": "Ours"}, by())
    reversal = roll_back(table_import, by())
    assert sections(table) == {("1", "Ours"), ("2", "Ours")}
    assert "was renamed again" in reversal.rows.get(kind="warning").message


def test_a_part_of_a_table_renames_no_section_by_its_codes(table):
    applied(table, pump("1"), pump("2"))
    assert kinds(planned(table, pump("1", section="Water"), pump("2", section="Water"))) == {"new": 2}


def test_a_new_column_is_said_once(table):
    applied(table, pump("1"), pump("2"))
    plan = planned(table, pump("1", extra={"Since": "v1"}), pump("2", extra={"Since": "v2"}), complete=True)
    assert plan.rows.get(kind="column").message == "The column Since is new: 2 codes."
    assert plan.extents == {"columns": 2}


def test_a_renamed_column_is_said_once_and_its_values_get_the_new_name(table):
    applied(table, *(pump(n, extra={"Since": f"v{n}", "Level": "low"}) for n in "12"))
    renamed = [pump(n, extra={"Since version": f"v{n}", "Level": "low"}) for n in "12"]
    plan = planned(table, *renamed, complete=True)
    assert plan.rows.get(kind="column").message == "The column Since is now Since version: 2 codes."
    assert plan.extents == {"heading": 2}
    table_import = apply_import(plan, by())
    assert table.codes.get(code="1").extra == {"Since version": "v1", "Level": "low"}
    roll_back(table_import, by())
    assert table.codes.get(code="1").extra == {"Since": "v1", "Level": "low"}


def test_codes_that_matter_to_support_come_first(table):
    applied(table, *(pump(n) for n in "1234"))
    codes = {code.code: code for code in table.codes.all()}
    make.note("About 2", codes["2"])
    make.incident("About 3", codes["3"], state="open")
    CodeUse.objects.create(code=codes["4"], day=table.imports.first().applied_at.date(), lookups=7)
    plan = planned(table, *(pump(n, description="Changed.") for n in "1234"))
    assert list(plan.rows.by_weight().values_list("code", "weight")) == [("3", 1000), ("2", 100), ("4", 7), ("1", 0)]


def open_again(table, content, answers=None):
    """Return a source of a file in the way that the table's last file was read."""
    file = BytesIO(content.encode())
    return open_source(file, "t.csv", ReadingChoices(answers=answers or {}), precedent=precedent_of(table))


def apply_file(table, content):
    plan = plan_import(table, open_again(table, content), by())
    return apply_import(plan, by(), skip_errors=True)


def test_a_column_that_the_plan_names_is_no_warning_of_the_file_too(table):
    apply_file(table, "Code,Text\n1,Pump\n2,Fan\n")
    source = open_again(table, "Code,Text,Since\n1,Pump,v1\n2,Fan,v2\n")
    assert [problem.kind for problem in source.problems] == ["new_column"]
    plan = plan_import(table, source, by())
    assert list(plan.rows.filter(code="").values_list("kind", "message")) == [
        ("column", "The column Since is new: 2 codes.")
    ]


def test_a_column_of_new_codes_alone_is_still_told(table):
    apply_file(table, "Code,Text\n1,Pump\n")
    plan = plan_import(table, open_again(table, "Code,Text,Since\n1,Pump,\n2,Fan,v2\n"), by())
    assert "Since is new" in plan.rows.get(kind="warning").message


def test_an_answer_by_default_is_kept_for_the_next_file(table):
    content = "Code,Text,Cause\n1,Pump,Sand\n1,Pump,Rust\n2,Fan,Dust\n"
    assert [question.kind for question in open_again(table, content).questions] == ["repeats"]
    apply_file(table, content)
    source = open_again(table, content)
    assert (source.questions, [row.code for row in source.rows()]) == ([], ["1", "2"])
    source = open_again(table, content + "2,Lamp,Dark\n")
    assert [row.code for row in source.rows()] == ["1", "2", "2"], "rows with another text are not joined"


def test_an_answer_that_leaves_rows_out_is_asked_for_again(table):
    content = 'Code,Text\n1,Pump\n"7,8",Fan\n'
    apply_file(table, content)
    assert [question.kind for question in open_again(table, content).questions] == ["lists"]
