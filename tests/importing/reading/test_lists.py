"""Cells with several codes are split by one choice; long ranges become ranges; a code may stand in two columns."""

from tests.importing.files import open_text


def reading(content, **options):
    source = open_text(content, **options)
    return [(row.code, *row.texts.values()) for row in source.rows()], source


def test_cells_with_several_codes_are_split_where_somebody_says_so():
    content = 'Code,Text\n"1011, 1012",Disk\nE1;E2,Login\n1020-1022,Range\n9,One\n'
    rows, source = reading(content)
    assert (rows, [question.kind for question in source.questions]) == ([("9", "One")], ["lists"])
    rows, source = reading(content, answers={"lists": "split"})
    assert [code for code, _ in rows] == ["1011", "1012", "E1", "E2", "1020", "1021", "1022", "9"]
    assert (source.questions, source.problems, source.ranges) == ([], [], [])


def test_a_long_range_is_a_range_and_no_code():
    rows, source = reading("Code,Text\n20000-29999,Reserved\n0000 to 0999,Free\n7,One\n", answers={"lists": "split"})
    assert rows == [("7", "One")]
    assert source.ranges == [("20000", "29999", "Reserved"), ("0000", "0999", "Free")]
    assert len(list(source.rows())) == 1
    assert len(source.ranges) == 2, "reading again adds nothing"


def test_a_code_and_its_second_part_are_joined_where_only_both_are_unique():
    content = "Alarm code,Sub-code,Text\n4203,0002,Axes\n4203,0011,Limit\n4204,0002,Other\n4205,,None\n"
    rows, source = reading(content)
    assert [code for code, _ in rows] == ["4203-0002", "4203-0011", "4204-0002", "4205"]
    (question,) = source.questions
    assert (question.kind, question.default) == ("subcode", "The code is 4203-0002")
    assert [code for code, _ in reading(content, columns={"Sub-code": "extra"})[0]] == ["4203", "4203", "4204", "4205"]


def test_a_second_part_beside_unique_codes_is_an_extra_column():
    _, source = reading("Code,Sub-code,Text\n1,7,a\n2,7,b\n3,8,c\n")
    assert (source.columns.targets["Sub-code"], source.questions) == ("extra", [])


def test_a_number_in_groups_of_three_digits_is_one_code_also_where_lists_are_split():
    for answers in ({}, {"lists": "split"}):
        rows, source = reading("Code,Text\n998,a\n4 000,b\n12 345 678,c\n400 001,d\n5001,e\n", answers=answers)
        assert [code for code, _ in rows] == ["998", "4000", "12345678", "400001", "5001"]
        assert [problem.kind for problem in source.problems] == ["groups_codes"]
    rows, _ = reading("Code,Text\n998,a\n400 401,b\n", answers={"lists": "split"})
    assert [code for code, _ in rows] == ["998", "400", "401"]


def test_codes_with_a_hyphen_are_no_ranges_beside_one_that_runs_backwards():
    for answers in ({}, {"lists": "split"}):
        rows, source = reading("Code,Text\n1-2,a\n2-1,b\n3-4,c\n", answers=answers)
        assert [code for code, _ in rows] == ["1-2", "2-1", "3-4"]
        assert (source.questions, source.problems) == ([], [])
    # Codes of another width say nothing about these.
    _, source = reading("Code,Text\n404-13,a\n401-403,b\n")
    assert [question.kind for question in source.questions] == ["lists"]


def test_somebody_may_say_that_cells_are_codes_as_written():
    content = "Code,Text\n1-2,a\n3-4,b\n"
    _, source = reading(content)
    (question,) = source.questions
    (offer,) = (offer for offer in question.offers if offer.label == "These are codes as written")
    assert offer.flags == "--answer lists=keep"
    rows, source = reading(content, answers={"lists": "keep"})
    assert ([code for code, _ in rows], source.questions, source.problems) == (["1-2", "3-4"], [], [])
