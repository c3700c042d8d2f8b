"""The header is found by names, then by the cells below it; titles above it are no section."""

import pytest

from kb.importing.reading.sources import Precedent, ReadingChoices, open_source
from tests.importing.files import open_text, read_rows, refusal, workbook


def reading(content, name="t.csv", **options):
    """Return the targets, the codes and the questions of a file."""
    source = open_text(content, name, **options)
    return source.columns.as_json(), [row.code for row in source.rows()], source.questions


def test_a_file_without_a_header_keeps_its_first_code_and_says_so():
    targets, codes, (question,) = reading("E1,The door is open\nE2,The tray is empty\nE3,Too hot\n")
    assert targets == {"Column 1": "code", "Column 2": "description"}
    assert codes == ["E1", "E2", "E3"]
    assert (question.kind, question.is_open) == ("header", False)
    assert [offer.choices["header"] for offer in question.offers] == [{"1": 0}, {"1": 1}]


def test_somebody_may_say_that_the_first_row_is_the_header_or_that_there_is_none():
    content = "E1,The door is open\nE2,The tray is empty\nE3,Too hot\n"
    _, codes, questions = reading(content, header={"1": 1}, columns={"The door is open": "description"})
    assert (codes, questions) == (["E2", "E3"], [])
    targets, codes, questions = reading(content, header={"1": 0})
    assert (targets, codes, questions) == (
        {"Column 1": "code", "Column 2": "description"}, ["E1", "E2", "E3"], [],
    )  # fmt: skip


def test_that_the_last_file_had_no_header_is_remembered(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("E1,The door is open\nE2,The tray is empty\n")
    columns = {"Column 1": "code", "Column 2": "suggested_actions"}
    source = open_source(path, path.name, precedent=Precedent(ReadingChoices(columns=columns)))
    assert source.columns.as_json() == columns
    assert ([row.code for row in source.rows()], source.questions) == (["E1", "E2"], [])


def test_a_column_that_looks_like_the_codes_is_used_and_told():
    targets, codes, (question,) = reading("Ref,Text\nE1,The door is open\nE2,The tray is empty\n")
    assert targets == {"Ref": "code", "Text": "description"}
    assert (codes, question.kind, question.default) == (["E1", "E2"], "columns", "Ref is the code")
    assert reading("Ref,Text\nE1,The door is open\nE2,Empty\n", columns={"Ref": "code"})[2] == []


def test_which_of_two_columns_has_the_codes_is_asked():
    content = "Old code,New code,Text\n101,E-1,The door is open\n102,E-2,The tray is empty\n"
    (question,) = open_text(content).open_questions
    assert [offer.choices for offer in question.offers] == [
        {"columns": {"Old code": "code"}}, {"columns": {"New code": "code"}},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        "Limit,Value,Description\nUsers,100,The most users\nRooms,20,The most rooms\n",
        "Parameter,Number,Meaning\nspeed,1,The speed of it\nwidth,2,The width of it\n",
    ],
)
def test_limits_and_parameters_are_asked_about(content):
    assert [question.kind for question in open_text(content).open_questions] == ["columns"]


@pytest.mark.parametrize("name", ["ID", "No.", "Status", "Value", "Name", "Error", "Level"])
def test_a_weak_name_is_the_code_where_its_cells_agree(name):
    targets, codes, questions = reading(f"{name},Description\nE12,The door is open\nE15,The tray is empty\n")
    assert (targets[name], codes, questions) == ("code", ["E12", "E15"], [])


def test_words_in_a_column_with_a_weak_name_are_no_codes():
    kinds, _ = refusal("Status,Description\nopen now,The door is open\nopen now,The tray is empty\n")
    assert kinds == ["no_code_column"]


def test_a_table_with_weak_names_beside_one_that_names_its_codes_is_left_out_and_named():
    page = (
        "| Code | Text |\n|-|-|\n| 1 | one |\n\n| Number | Meaning |\n|-|-|\n| 10 | users at once |\n| 20 | rooms |\n"
    )
    rows, problems = read_rows(page, "t.md")
    assert [row.code for row in rows] == ["1"]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("sheet_left_out", 5)]


@pytest.mark.parametrize("title", ["Acme list 2024-05", "Revision 7", "List of codes", "Error codes"])
def test_a_title_above_the_header_is_no_section(title):
    rows, _ = read_rows(f"{title},,\n,,\nCode,Text,Action\n1,a,b\n2,c,d\n")
    assert [(row.section, row.code) for row in rows] == [("", "1"), ("", "2")]


def test_a_banner_above_the_header_is_a_section_where_more_follow():
    rows, _ = read_rows("Door codes,\nCode,Text\n1,a\nTray codes,\n2,b\n")
    assert [(row.section, row.code) for row in rows] == [("Door codes", "1"), ("Tray codes", "2")]


def test_rows_above_the_header_that_are_not_read_are_named():
    _, problems = read_rows("E9,lost,words\nCode,Text,Action\n1,a,b\n")
    assert [(problem.kind, problem.place.line) for problem in problems] == [("rows_above", 1)]


def test_a_header_of_two_rows_names_each_column():
    file = workbook(
        ("S", [["Code", "Text", None], [None, "English", "German"], ["E1", "Door", "Tür"]]), merged=["A1:A2", "B1:C1"]
    )
    source = open_text(file, "t.xlsx")
    assert source.columns.as_json() == {"Code": "code", "Text English": "description", "Text German": "extra"}
    assert [row.texts for row in source.rows()] == [{"description": "Door"}]


def test_groups_above_a_header_that_repeats_name_its_columns():
    content = ",Text,,Action,\nCode,EN,DE,EN,DE\nE1,Door,Tür,Close,Zu\n"
    assert reading(content)[0] == {
        "Code": "code",
        "Text EN": "description",
        "Text DE": "extra",
        "Action EN": "suggested_actions",
        "Action DE": "extra",
    }


def test_a_footnote_and_a_sum_are_neither_codes_nor_sections():
    rows, problems = read_rows("Code,Text,Count\nE1,Door,2\nE2,Tray,3\nTotal,,5\n* only with a door,,\n")
    assert [(row.section, row.code) for row in rows] == [("", "E1"), ("", "E2")]
    assert [(problem.kind, problem.place.line) for problem in problems] == [("no_code", 4), ("note_left_out", 5)]


def test_a_code_column_with_a_new_header_is_known_by_the_stored_codes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Ref,Other,Text\nE1,A1,one\nE2,A2,two\nE3,A3,three\n")
    samples = {code: {"description": "x"} for code in ("E1", "E2", "E3")}
    precedent = Precedent(ReadingChoices(columns={"Code": "code", "Text": "description"}), samples)
    source = open_source(path, path.name, precedent=precedent)
    assert [row.code for row in source.rows()] == ["E1", "E2", "E3"]
    assert [(question.kind, question.default) for question in source.questions] == [("columns", "Ref is the code")]


def test_a_name_is_told_where_a_running_number_may_be_the_code():
    content = '[{"id": 1, "name": "E_DOOR", "text": "Door open"}, {"id": 2, "name": "E_TRAY", "text": "Tray empty"}]'
    targets, codes, (question,) = reading(content, "t.json")
    assert (targets["name"], codes, question.is_open) == ("code", ["E_DOOR", "E_TRAY"], False)
    assert [offer.label for offer in question.offers] == ["name is the code", "id is the code"]


@pytest.mark.parametrize(
    "content",
    [
        "Name,Description\nRoom,A place to talk\nUser,A person in it\n",
        "Name,Type,Description\nuserId,string,The id of the user\nroomId,string,The id of the room\n",
        "Name,Value,Description\nMost users,100,In one room\nMost rooms,20,For one user\n",
    ],
)
def test_what_may_be_another_table_is_asked_about(content):
    assert [question.kind for question in open_text(content).open_questions] == ["columns"]


def test_a_weak_name_with_several_rows_for_a_code_is_the_code():
    rows, _ = read_rows("Alarm,Cause,Remedy\nE1,Wind,Close it\nE1,Hinge,Oil it\nE2,Use,Fill it\n")
    assert [(row.code, row.texts["possible_reasons"]) for row in rows] == [("E1", "Wind\nHinge"), ("E2", "Use")]
    rows, _ = read_rows("Alarm,Cause,Remedy\nE1,Wind,Close it\n,Hinge,Oil it\n,Rust,Brush it\nE2,Use,Fill it\n")
    assert [(row.code, row.texts["possible_reasons"]) for row in rows] == [("E1", "Wind\nHinge\nRust"), ("E2", "Use")]


def test_hexadecimal_codes_come_before_decimal_ones():
    content = "Code (dec),Code (hex),Text\n1,0x01,one\n2,0x02,two\n"
    assert reading(content)[1] == ["0x01", "0x02"]


def test_a_cover_sheet_with_a_title_alone_is_left_out():
    book = workbook(("Info", [["Reason codes"], ["Version 3"]]), ("Codes", [["Code", "Text"], ["7", "Door"]]))
    rows, problems = read_rows(book, "t.xlsx")
    assert [(row.section, row.code) for row in rows] == [("", "7")]
    assert [(problem.kind, problem.value) for problem in problems] == [("sheet_left_out", "Info")]


def test_numbers_under_the_name_of_a_text_are_the_codes():
    targets, codes, (question,) = reading("Cause,Name,Meaning\n1,NO_NUMBER,No such number\n16,NORMAL,It is normal\n")
    assert (targets, codes) == ({"Cause": "code", "Name": "symbol", "Meaning": "description"}, ["1", "16"])
    assert question.default == "Cause is the code"
