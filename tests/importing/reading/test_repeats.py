"""One code on several rows is one row with all texts; what is not sure is asked, and chosen ways are kept."""

import pytest

from tests.importing.files import open_text, workbook

CAUSES = "Code,Text,Cause,Action\n7,Stuck,Grass,Cut it\n7,Stuck,Cable,Replace it\n8,Hot,Sun,Wait\n"


def reading(content, name="t.csv", **options):
    """Return the texts by code, and the kinds of the questions with their defaults."""
    source = open_text(content, name, **options)
    rows = [(row.code, *row.texts.values()) for row in source.rows()]
    return rows, [(question.kind, question.default) for question in source.questions], source.problems


def test_causes_of_one_code_are_joined_with_their_actions():
    rows, questions, problems = reading(CAUSES)
    assert rows == [("7", "Stuck", "Grass\nCable", "Cut it\nReplace it"), ("8", "Hot", "Sun", "Wait")]
    assert (questions, problems) == ([("repeats", "Join the rows of a code that have the same description")], [])


def test_the_first_row_of_each_code_may_be_chosen():
    rows, questions, _ = reading(CAUSES + "7,Stuck,Late,Later\n", answers={"repeats": "first"})
    assert ([row[0] for row in rows], rows[0][2], questions) == (["7", "8"], "Grass", [])


def test_rows_with_other_descriptions_stay_apart_unless_somebody_joins_them():
    content = "Code,Text,Cause\n7,Stuck,Grass\n7,Broken,Cable\n"
    assert [row[0] for row in reading(content)[0]] == ["7", "7"]
    assert reading(content, answers={"repeats": "join"})[0] == [("7", "Stuck\nBroken", "Grass\nCable")]


def test_rows_that_are_the_same_in_every_cell_stay_for_the_plan():
    rows, questions, _ = reading("Code,Text,Cause\n7,Stuck,Grass\n7,Stuck,Grass\n")
    assert ([row[0] for row in rows], questions) == (["7", "7"], [])


def test_a_row_without_a_code_continues_the_one_above():
    rows, questions, problems = reading("Code,Text,Cause\n7,Stuck,Grass\n,,Cable\n,,Dirt\n8,Hot,Sun\n")
    assert rows == [("7", "Stuck", "Grass\nCable\nDirt"), ("8", "Hot", "Sun")]
    assert (questions, problems) == ([("blanks", "A row without a code continues the code above it")], [])


def test_rows_without_a_code_that_have_a_description_are_errors_until_somebody_chooses():
    content = "Code,Text\n7,Stuck\n,Hot\n,Cold\n"
    rows, questions, problems = reading(content)
    assert (rows, questions) == ([("7", "Stuck")], [("blanks", "A row without a code is an error")])
    assert [problem.kind for problem in problems] == ["missing_code"] * 2
    assert reading(content, answers={"blanks": "continue"})[0] == [("7", "Stuck\nHot\nCold")]


def test_a_row_that_continues_a_broken_one_is_left_out_with_it():
    rows, _, problems = reading("Code,Text,Cause\n7,St\x01uck,Grass\n,,Cable\n,,Dirt\n8,Hot,Sun\n")
    assert rows == [("8", "Hot", "Sun")]
    assert [(problem.kind, problem.place.line) for problem in problems] == [
        ("control_character", 2), ("missing_code", 3), ("missing_code", 4),
    ]  # fmt: skip


def test_merged_cells_of_a_code_continue_it():
    table = [["Code", "Text", "Cause"], ["E1", "Door", "Wind"], [None, None, "Hinge"], ["E2", "Tray", "Use"]]
    rows, questions, _ = reading(workbook(("S", table), merged=["A2:A3", "B2:B3"]), "t.xlsx")
    assert rows == [("E1", "Door", "Wind\nHinge"), ("E2", "Tray", "Use")]
    assert [kind for kind, _ in questions] == ["blanks"]


def test_rows_of_one_line_are_told_apart():
    page = "<table><tr><th>Code<th>Cause<tr><td rowspan=2>E1<td>Wind<tr><td>Hinge<tr><td>E2<td>Use</table>"
    assert reading(page, "t.html")[0] == [("E1", "Wind\nHinge"), ("E2", "Use")]


def test_a_banner_between_rows_with_one_code_keeps_them_apart():
    content = "Code,Text,Cause\nDoor codes,,\n7,Stuck,a\nTray codes,,\n7,Stuck,b\n7,Stuck,c\n"
    assert reading(content)[0] == [("7", "Stuck", "a"), ("7", "Stuck", "b\nc")]


@pytest.mark.parametrize(
    ("choice", "codes"),
    [({"Level": "section"}, ["7", "7"]), ({"Level": "extra"}, ["7", "7"])],
)
def test_a_code_in_two_categories_is_asked_about(choice, codes):
    content = "Level,Code,Text\nError,7,Stuck\nWarning,7,Stuck soon\n"
    (question,) = open_text(content).open_questions
    assert (question.kind, len(question.offers)) == ("sections", 2)
    source = open_text(content, columns=choice)
    assert ([row.code for row in source.rows()], source.open_questions) == (codes, [])
