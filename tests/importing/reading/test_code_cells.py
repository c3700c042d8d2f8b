"""Codes that a spreadsheet damaged or decorated, as the reader tells of them."""

import pytest

from tests.importing.files import open_text, read_rows, workbook


def kinds(problems):
    return [problem.kind for problem in problems]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('="00817"', "00817"),
        ('"=""00817"""', "00817"),
        ("'00817", "00817"),
        ("''00817", "'00817"),
        ("817\u00a0300\u00a0001", "817300001"),
        ("817\u202f300", "817300"),
        ("\u3000K 5\u00a0", "K 5"),
    ],
)
def test_what_people_wrap_around_a_code_is_taken_off(cell, code):
    assert [row.code for row in read_rows(f"code,text\n{cell},x\n")[0]] == [code]


@pytest.mark.parametrize(
    ("cells", "kind", "damage"),
    [
        (["8.17E+08", "E2"], "scientific_codes", "scientific"),
        (["3-Aug", "Aug-04"], "date_codes", "date"),
        (["2031-08-03", "E2"], "date_codes", "date"),
        (["3/8/2031", "7/40"], "date_codes", "date"),
        (["03.08.2031", "E2"], "date_codes", "date"),
        (["08:17:00", "E2"], "time_codes", "time"),
        (["8.170", "12.003"], "dots_codes", "dots"),
        (["817.0", "E2"], "point_zero_codes", "point_zero"),
        (["81700000000000100000", "E2"], "digits_codes", "digits"),
        (["7xx", "E2"], "wildcard_codes", ""),
        (["Н-31", "H-32"], "look_alike_codes", ""),
        (["Н31", "H32"], "look_alike_codes", ""),
        (["81**", "E2"], "wildcard_codes", ""),
    ],
)
def test_damage_is_told_once_for_each_kind(cells, kind, damage):
    rows, problems = read_rows("code,text\n" + "".join(f"{cell},x\n" for cell in cells))
    assert [row.code for row in rows] == cells
    assert rows[0].damage == damage
    assert kinds(problems) == [kind]
    assert cells[0] in problems[0].message
    assert problems[0].place.line == 2


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (["7", "0B12", "110", "0C00", "0C01"], "7, 110"),
        (["7", "0112", "0B12"], ""),
        (["7", "0x12", "0x13"], ""),
        (["7", "8", "9", "0B12"], ""),
    ],
)
def test_digits_shorter_than_codes_whose_zeros_a_letter_kept_are_told(codes, names):
    rows, problems = read_rows("code,text\n" + "".join(f"{code},x\n" for code in codes))
    assert [row.code for row in rows] == codes
    assert [(problem.kind, f"such as {names} may" in problem.message) for problem in problems] == (
        [("zeros_lost", True)] if names else []
    )


def test_codes_that_somebody_looked_at_are_as_they_are():
    rows, problems = read_rows("code,text\n8.17E+08,x\n", answers={"damage": "keep"})
    assert [(row.code, row.damage) for row in rows] == [("8.17E+08", "")]
    assert problems == []


def test_a_table_whose_codes_all_end_in_point_zero_is_read_without_it():
    text = "code,text\n8.0,x\n17.0,y\n"
    source = open_text(text)
    assert [row.code for row in source.rows()] == ["8", "17"]
    assert [(question.kind, question.is_open) for question in source.questions] == [("damage", False)]
    assert "8, 17" in source.questions[0].default
    rows, _ = read_rows(text, answers={"damage": "keep"})
    assert [row.code for row in rows] == ["8.0", "17.0"]


def test_versions_are_no_damaged_numbers():
    rows, problems = read_rows("code,text\n8.0,x\n8.1,y\n")
    assert [row.code for row in rows] == ["8.0", "8.1"]
    assert kinds(problems) == ["point_zero_codes"]


def test_an_error_of_a_spreadsheet_is_no_code_and_empties_no_text():
    rows, problems = read_rows("code,text,cause\nE1,#REF!,ok\n#N/A,x,y\n")
    assert [(row.code, row.texts) for row in rows] == [("E1", {"possible_reasons": "ok"})]
    assert [(problem.kind, problem.severity) for problem in problems] == [
        ("error_cell", "warning"),
        ("error_cell", "error"),
    ]


def test_true_and_false_in_a_workbook_are_told():
    rows, problems = read_rows(workbook(("A", [["code", "text"], [True, "x"], ["E2", "y"]])), "t.xlsx")
    assert [row.code for row in rows] == ["TRUE", "E2"]
    assert kinds(problems) == ["logical_codes"]


def test_a_code_with_three_digits_behind_its_dot_is_whole_beside_others():
    assert read_rows("code,text\n500.100,x\n500.13,y\n500.15,z\n")[1] == []


def test_groups_between_commas_are_one_number():
    source = open_text('code,text\n"8,170",x\n"817,300",y\n"100,200,300",z\n')
    assert ([row.code for row in source.rows()], source.questions) == (["8170", "817300", "100200300"], [])
    assert kinds(source.problems) == ["groups_codes"]
    assert kinds(open_text('code,text\n"100,200",x\n').questions) == ["lists"]


def test_a_column_that_was_too_narrow_is_told():
    rows, problems = read_rows("code,text,cause\nE1,########,ok\n#####,x,y\n")
    assert [(row.code, row.texts) for row in rows] == [("E1", {"possible_reasons": "ok"})]
    assert all("too narrow" in problem.message for problem in problems)
    assert [problem.severity for problem in problems] == ["warning", "error"]


def test_groups_of_digits_are_no_list():
    assert open_text("code,text\n817\u00a0300\u00a0001,x\nE2,y\n").questions == []


def test_sentences_among_codes_are_told_and_codes_that_are_all_sentences_are_not():
    codes = [*(f"E{number}" for number in range(8)), "Restart the device at once"]
    _, problems = read_rows("code;text\n" + "".join(f"{code};a\n" for code in codes))
    assert [(problem.kind, problem.place.line) for problem in problems] == [("sentence_codes", 10)]
    _, problems = read_rows("code;text\nThe disk is full now;a\nThe door is open again;b\n")
    assert problems == []


def test_a_long_number_of_json_has_all_its_digits():
    rows, problems = read_rows('[{"code": 12345678901234567890, "text": "a"}]', "t.json")
    assert ([row.code for row in rows], problems) == (["12345678901234567890"], [])
