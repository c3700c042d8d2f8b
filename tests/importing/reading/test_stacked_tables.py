"""Tables below each other in one sheet are read with their own headers."""

from tests.importing.files import open_text, read_rows, workbook

FIRST = "Code,Text,Action\n1,Door,Close\n2,Tray,Fill\n"


def test_a_table_with_another_header_below_the_first_is_read_by_its_own():
    rows, problems = read_rows(FIRST + "\nError no.,Cause\n7,Wind\n8,Sun\n")
    assert [(row.place.line, row.code, row.texts) for row in rows[1:3]] == [
        (3, "2", {"description": "Tray", "suggested_actions": "Fill"}),
        (6, "7", {"possible_reasons": "Wind"}),
    ]
    assert problems == []


def test_headings_above_tables_of_one_sheet_are_their_sections():
    rows, _ = read_rows(
        "Faults,,\n" + FIRST + ",,\nWarnings,,\nWarning code,Cause,Remedy\nW1,Wind,Wait\nW2,Sun,Shade\n"
    )
    assert [(row.section, row.code) for row in rows] == [
        ("Faults", "1"), ("Faults", "2"), ("Warnings", "W1"), ("Warnings", "W2"),
    ]  # fmt: skip


def test_tables_of_one_sheet_of_a_workbook_are_no_sections():
    book = workbook(("S", [["Code", "Text"], [1, "Door"], ["Alarm code", "Cause"], [2, "Wind"]]))
    assert [(row.section, row.code) for row in read_rows(book, "t.xlsx")[0]] == [("", "1"), ("", "2")]


def test_the_same_header_again_and_rows_that_are_like_a_header_start_no_table():
    rows, _ = read_rows(FIRST + "Code,Text,Action\n3,Lid,Open\nstatus code,The code of it,Read it now 2 times\n")
    assert [row.code for row in rows] == ["1", "2", "3", "status code"]


def test_each_problem_is_reported_once_with_its_line():
    source = open_text('Code,Text\n1,"a"b\n2,c\nError no.,Cause\n3,"d"e\n4,f\n')
    rows = list(source.rows())
    assert ([row.code for row in rows], [problem.place.line for problem in source.problems]) == (["2", "4"], [2, 5])


def test_one_of_the_tables_may_be_chosen():
    content = FIRST + "\nError no.,Cause\n7,Wind\n8,Sun\n"
    assert [row.code for row in read_rows(content, tables=("1-2",))[0]] == ["7", "8"]
