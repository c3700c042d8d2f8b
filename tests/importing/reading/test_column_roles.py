"""What the cells say about columns: which one is the code, where the words are, what nobody named."""

import pytest

from kb.importing.reading.labelled_texts import labelled_parts
from kb.importing.reading.look import look
from kb.importing.reading.sources import Precedent, ReadingChoices, Unreadable, open_source
from tests.importing.files import open_text, read_rows

LAST = {"Code": "code", "Description": "description", "Cause": "possible_reasons"}
SAMPLES = {f"E{n}": {"description": f"The text {n}", "possible_reasons": "Wind"} for n in range(1, 6)}


def beside_last_file(tmp_path, content, columns=LAST, **options):
    path = tmp_path / "t.csv"
    path.write_text(content)
    precedent = Precedent(ReadingChoices(columns=columns), SAMPLES, count=lambda name: 5)
    return open_source(path, path.name, ReadingChoices(**options), precedent=precedent)


def test_sentences_under_an_unknown_header_are_asked_about_where_codes_have_no_other_text():
    content = "Code,Foo\n1,The door is open\n2,The tray is empty\n"
    (question,) = open_text(content).open_questions
    assert [offer.choices["columns"] for offer in question.offers] == [{"Foo": "description"}, {"Foo": "extra"}]
    for target in ("description", "extra"):
        assert open_text(content, columns={"Foo": target}).questions == []


def test_sentences_under_an_unknown_header_beside_a_known_text_are_told():
    content = "Code,Text,Foo\n1,Door,It was left open\n2,Lamp,It is too old\n"
    (question,) = open_text(content).questions
    targets = [offer.choices["columns"]["Foo"] for offer in question.offers]
    assert targets == ["possible_reasons", "suggested_actions", "extra"]
    assert question.default == question.offers[-1].label
    for target in targets:
        assert open_text(content, columns={"Foo": target}).questions == []


@pytest.mark.parametrize("header", ["Note", "Remark", "Level"])
def test_other_columns_beside_a_known_text_are_no_question(header):
    cells = ("very high", "very high") if header == "Level" else ("It was left open", "It is too old")
    assert open_text(f"Code,Text,{header}\n1,Door,{cells[0]}\n2,Lamp,{cells[1]}\n").questions == []


def test_a_description_that_some_codes_lack_may_be_another_column():
    (question,) = open_text("Code,Text,Foo\n1,,Went well\n2,Lamp,Went dark\n").questions
    assert question.offers[0].choices["columns"] == {"Foo": "description"}


def test_sentences_under_the_name_of_the_code_are_asked_about():
    content = "Code,Text\nThe lid of the tank is open,A1\nThe tank has no more water,A2\n"
    source = open_text(content)
    (question,) = source.open_questions
    swapped, as_it_is = (offer.choices["columns"] for offer in question.offers)
    assert [row.code for row in open_text(content, columns=swapped).rows()] == ["A1", "A2"]
    assert open_text(content, columns=as_it_is).questions == []


def test_numbers_under_the_name_of_a_text_are_the_codes_beside_names():
    source = open_text("Cause,Name,Meaning\n4,NO_LINE,No line was free\n9,LINE_BUSY,The line is busy\n")
    assert source.columns.as_json() == {"Cause": "code", "Name": "symbol", "Meaning": "description"}
    assert [question.default for question in source.questions] == ["Cause is the code"]


def test_a_name_that_is_a_sentence_is_the_description():
    rows, _ = read_rows("Code,Name\n1,The door is open\n2,The tray is empty\n")
    assert rows[0].texts == {"description": "The door is open"}


def test_a_note_is_the_description_where_there_is_no_other_text():
    assert read_rows("Code,Note\n1,The door is open\n")[0][0].texts == {"description": "The door is open"}
    assert read_rows("Code,Text,Note\n1,a,The door is open\n")[0][0].extra == {"Note": "The door is open"}


def test_the_unique_one_of_two_columns_is_the_code():
    source = open_text("Status code,Code,Text\n400,A_1,a\n400,A_2,b\n400,A_3,c\n")
    assert [row.code for row in source.rows()] == ["A_1", "A_2", "A_3"]
    source = open_text("Error code,Code,Text\n400,A_1,a\n400,A_2,b\n400,A_3,c\n")
    assert [row.code for row in source.rows()] == ["A_1", "A_2", "A_3"]
    assert [problem.kind for problem in source.problems] == ["same_target"]


def test_an_empty_column_gives_way_to_a_full_one():
    source = open_text("Code,Message,Description\n1,,a b\n2,,c d\n3,x,e f\n")
    assert source.columns.targets["Description"] == "description"
    assert [problem.value for problem in source.problems] == ["Message"]


def test_a_running_number_without_a_header_is_left_out_and_other_columns_are_named():
    source = open_text(",code,text,\n0,E1,a,x\n1,E2,b,y\n")
    assert source.columns.as_json() == {
        "Column 1": "ignore",
        "code": "code",
        "text": "description",
        "Column 4": "extra",
    }
    assert [(problem.kind, problem.value) for problem in source.problems] == [("unnamed_column", "Column 4")]


def test_every_column_has_a_reason_for_its_target(tmp_path):
    source = open_text("Ref,Foo,Cause\nE1,one two three,a\nE2,four five six,b\n", columns={"Foo": "description"})
    assert source.columns.reasons == {
        "Ref": "short, unique, no spaces",
        "Foo": "as chosen",
        "Cause": "its header",
    }
    last = {"Ref": "code", "Foo": "description"}
    path = tmp_path / "t.csv"
    path.write_text("Ref,Foo\nE1,one two\n")
    precedent = Precedent(ReadingChoices(columns=last))
    source = open_source(path, path.name, ReadingChoices(columns={"Foo": "description"}), precedent=precedent)
    assert source.columns.reasons == {"Ref": "as in the last file", "Foo": "as chosen"}


def test_a_column_without_a_header_is_called_by_its_number_and_one_with_such_a_header_by_that():
    titles = [column.title for column in look(lambda: open_text("7,Disk is full\n8,No power here\n")).tables[0].columns]
    assert titles == ["column 1, without a header", "column 2, without a header"]
    view = look(lambda: open_text("Code,Column 2,\n7,Disk is full,x\n8,No power here,y\n"))
    assert [column.title for column in view.tables[0].columns] == ["Code", "Column 2", "column 3, without a header"]


def test_texts_with_labels_in_one_column_are_split():
    cells = [f"Description: Door {n}. Possible reason: Wind. Handling suggestion: Close it." for n in (1, 2)]
    source = open_text("Code,Description\n" + "".join(f"{n},{cell}\n" for n, cell in enumerate(cells)))
    assert [row.texts for row in source.rows()] == [
        {"description": f"Door {n}.", "possible_reasons": "Wind.", "suggested_actions": "Close it."} for n in (1, 2)
    ]
    assert source.columns.as_json() == {"Code": "code", "Description": "split"}
    assert [problem.kind for problem in source.problems] == ["split_column"]


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("Ursache: Wind\nAbhilfe: Schließen", {"possible_reasons": "Wind", "suggested_actions": "Schließen"}),
        ("原因：风。解决方案：关门", {"possible_reasons": "风。", "suggested_actions": "关门"}),
        ("Open. Cause: Wind", {"": "Open.", "possible_reasons": "Wind"}),
        ("Note: see the manual", {"": "Note: see the manual"}),
        ("- **Causa:** Viento\n- **Solución:** Cerrar", {"possible_reasons": "Viento", "suggested_actions": "Cerrar"}),
    ],
)  # fmt: skip
def test_labels_tell_the_texts_of_a_cell_apart(cell, parts):
    assert {name: text.rstrip("\n-* ") for name, text in labelled_parts(cell).items()} == parts


def test_a_header_with_two_texts_and_no_labels_below_is_told():
    source = open_text("Code,Text,Cause and solution\n1,a,Wind blows. Close it\n2,b,Heavy use. Wait\n")
    assert source.columns.targets["Cause and solution"] == "suggested_actions"
    assert [(question.kind, question.is_open) for question in source.questions] == [("columns", False)]


def test_a_renamed_column_is_known_by_its_words(tmp_path):
    content = "Code,Foo,Cause\n" + "".join(f"E{n},The text {n},Wind\n" for n in range(1, 6))
    source = beside_last_file(tmp_path, content)
    assert source.columns.targets["Foo"] == "description"
    (question,) = source.questions
    assert (question.kind, question.default) == ("columns", "Foo is the description")
    assert source.columns.reasons["Foo"] == "its words are those of the stored codes"


def test_a_renamed_column_with_a_good_name_is_told(tmp_path):
    source = beside_last_file(tmp_path, "Code,Beschreibung,Cause\nE1,The text 1,Wind\n")
    assert source.columns.targets["Beschreibung"] == "description"
    assert [(problem.kind, problem.value) for problem in source.problems] == [("renamed_column", "Beschreibung")]


def test_a_column_that_is_gone_is_named_with_the_codes_that_keep_its_text(tmp_path):
    (problem,) = beside_last_file(tmp_path, "Code,Description\nE1,The text 1\n").problems
    assert (problem.kind, problem.severity, problem.value) == ("column_gone", "warning", "Cause")
    assert "5 codes keep the text" in problem.message


def test_a_new_column_is_named(tmp_path):
    (problem,) = beside_last_file(tmp_path, "Code,Description,Cause,Since\nE1,The text 1,Wind,v1\n").problems
    assert (problem.kind, "Since" in problem.message) == ("new_column", True)


def test_a_header_in_another_spelling_is_remembered(tmp_path):
    source = beside_last_file(tmp_path, "CODE,<b>description</b>,cause-20%-l\nE1,a,b\n", {**LAST, "Cause": "extra"})
    assert (source.columns.as_json(), source.problems) == (
        {"CODE": "code", "description": "description", "cause": "extra"}, [],
    )  # fmt: skip


def test_a_choice_for_a_header_that_is_not_there_is_refused_with_the_headers():
    with pytest.raises(Unreadable) as error:
        open_text("Code,Text\n1,a\n", columns={"Foo": "description"})
    assert [problem.kind for problem in error.value.problems] == ["unknown_column"]
    assert "Code, Text" in str(error.value)


def test_of_two_columns_that_are_called_code_the_unique_one_counts():
    text = "status code,errno,text\n" + "".join(f"{400 + n // 3},{101 + n},x{n}\n" for n in range(9))
    rows, problems = read_rows(text)
    assert [row.code for row in rows] == [str(101 + n) for n in range(9)]
    assert "because the cells of status code repeat" in problems[0].message


def test_a_name_is_the_code_where_rows_lack_another():
    text = "name,text,errno\nTimeout,a b,5\nDenied,a c,\nMissing,a d,\nFull,a e,7\n"
    rows, problems = read_rows(text)
    assert [row.code for row in rows] == ["Timeout", "Denied", "Missing", "Full"]
    assert "missing in some rows" in problems[0].message


@pytest.mark.parametrize(("cells", "target"), [(["Jam", "Paper"], "description"), (["PS_FAIL", "PS_OK"], "symbol")])
def test_beside_its_code_an_event_is_the_text(cells, target):
    rows, _ = read_rows(f"Event code,Event\n0x1,{cells[0]}\n0x2,{cells[1]}\n")
    assert [row.texts[target] for row in rows] == cells


def test_words_between_signs_are_headings_also_without_a_header():
    rows, problems = read_rows("**DOORS**,\n101,Door is open\n102,Door is shut\n**PAPER**,\n201,No paper\n")
    assert [(row.section, row.code) for row in rows] == [("DOORS", "101"), ("DOORS", "102"), ("PAPER", "201")]
    assert problems == []
