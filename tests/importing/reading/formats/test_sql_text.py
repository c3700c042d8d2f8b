"""SQL: the rows that a script inserts are read as they are written; nothing of it is run."""

import pytest

from tests.importing.files import read_rows, refusal

DOOR, PAPER = ("E101", "Door's open"), ("E102", "No paper")
SCRIPTS = {
    "one statement": "-- it's\nINSERT INTO codes (code, description) VALUES\n('E101', 'Door''s open'),\n"
    "('E102', 'No paper');\n",
    "several": "insert into x.codes (code, text) values ('E101', N'Door''s open');\n"
    "INSERT INTO [dbo].[codes] ([text], [code]) VALUES ('No paper', 'E102');\n",
    "a declared table": "CREATE TABLE IF NOT EXISTS codes (code varchar(9) NOT NULL, text text DEFAULT 'a, b', "
    "KEY k (code));\n"
    "INSERT INTO codes VALUES ('E101', 'Door''s open'), ('E102', 'No paper');\n",
    "mysql": "INSERT INTO `codes` (`code`, `text`) VALUES ('E101','Door\\'s open'),('E102','No paper') ON "
    "DUPLICATE KEY UPDATE a = 1;",
    "postgresql": "SET x = on;\nCOPY public.codes (code, text) FROM stdin;\nE101\tDoor's open\nE102\tNo paper\n"
    "\\.\n\nSELECT 1;\n",
}


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("name", ["t.sql", "t.txt"])
def test_inserted_rows_are_codes(kind, name):
    if (kind, name) == ("mysql", "t.txt"):
        name = "pasted table"
    rows, problems = read_rows(SCRIPTS[kind], name)
    assert [(row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER]
    assert problems == []


def test_numbers_are_verbatim_null_is_missing_and_what_is_computed_is_told():
    rows, problems = read_rows(
        "INSERT INTO c (code, text, seen) VALUES\n(007, NULL, NOW()),\n(-1, 'a' || 'b', 'C:\\temp');\n", "t.sql"
    )
    assert [(row.code, row.texts, row.extra) for row in rows] == [("007", {}, {}), ("-1", {}, {"seen": "C:\\temp"})]
    assert [(problem.place.line, problem.kind) for problem in problems] == [(2, "left_out")]


def test_tables_are_sections_and_those_without_codes_are_told():
    script = "INSERT INTO a (code, text) VALUES (1, 'x y'); INSERT INTO b (code, text) VALUES (2, 'y z');\n"
    script += "INSERT INTO users (name, mail) VALUES ('n', 'm@x');\nUPDATE a SET code = 9;\n"
    rows, problems = read_rows(script, "t.sql")
    assert [(row.section, row.code) for row in rows] == [("a", "1"), ("b", "2")]
    assert [(problem.place.line, problem.kind) for problem in problems] == [(3, "left_out"), (2, "sheet_left_out")]


@pytest.mark.parametrize("script", ["INSERT INTO a SELECT * FROM b;", "DROP TABLE a;", "COPY a"])
def test_a_script_without_rows_is_refused(script):
    kinds, message = refusal(script, "t.sql")
    assert kinds == ["sql"]
    assert "CSV" in message
