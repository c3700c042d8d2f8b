"""Every form of table in reStructuredText and AsciiDoc is read; nothing that another file has."""

import pytest

from tests.importing.files import read_rows, refusal

DOOR, PAPER = ("", "E101", "Door is open"), ("", "E102", "No paper")
RST = {
    "fields": ":E101: Door is open\n:E102: No paper\n",
    "simple": """
====== =============
Code   Description
====== =============
E101   Door is open
E102   No paper
====== =============
""",
    "simple over lines": """
======  =============
Code    Description
======  =============
E101    Door is
        open

``E102``  No
        paper
======  =============
""".replace("``E102``  No", "E102    No"),
    "indented": "Words\n\n  ====== ============\n  Code   Description\n  ====== ============\n  E101   Door is open\n"
    "  E102   No paper\n  ====== ============\n",
    "grid": """
+------+--------------+
| Code | Description  |
+======+==============+
| E101 | Door is open |
+------+--------------+
| E102 | No paper     |
+------+--------------+
""",
    "grid over lines": """
+----------+-------+
| Code     | Text  |
+==========+=======+
| ``E101`` | Door  |
|          | is    |
|          | open  |
+----------+-------+
| E102     | No    |
|          | paper |
+----------+-------+
""",
    "list-table": """
.. list-table::
   :header-rows: 1
   :widths: 10 90

   * - Code
     - Description
   * - ``E101``
     - Door is
       open
   * - :ref:`E102 <e102>`
     - No paper
""",
    "csv-table": """
.. csv-table::
   :header: "Code", "Description"

   "E101", "Door is open"
   E102, No paper
""",
    "a table with options": """
.. table::
   :widths: auto

   ====  ============
   Code  Description
   ====  ============
   E101  Door is open
   E102  No paper
   ====  ============
""",
    "terms": "E101\n    Door is open\n\nE102\n    No paper\n",
    "headings": "E101\n----\n\nDoor is open\n\nE102\n----\n\nNo paper\n",
    "items": "* ``E101``: Door is open\n* ``E102``: No paper\n",
}


@pytest.mark.parametrize("kind", RST)
def test_a_table_of_restructured_text_is_read(kind):
    rows, problems = read_rows(RST[kind], "t.rst")
    assert [(row.section, row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER]
    assert problems == []


def test_titles_of_restructured_text_are_sections():
    table = RST["simple"]
    text = f"Codes\n=====\n\nDoors\n-----\n{table}\nPaper\n-----\n{table}\n"
    text += ".. list-table:: Other\n\n   * - Code\n   * - E9\n"
    rows, _ = read_rows(text, "t.rst")
    assert [(row.section, row.code) for row in rows] == [
        ("Doors", "E101"), ("Doors", "E102"), ("Paper", "E101"), ("Paper", "E102"), ("Other", "E9"),
    ]  # fmt: skip
    assert [row.place.line for row in rows[:2]] == [10, 11]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        (".. csv-table:: Codes\n   :file: /etc/passwd\n", 1, "another file"),
        (".. csv-table::\n   :url: http://127.0.0.1:1/x\n", 1, "another file"),
        (".. include:: /etc/passwd\n", 1, "includes another one"),
        ("+---+--+\n| a | b\n+---+--+\n", 1, "drawn wrongly"),
        ("=== ===\na   b\n", 1, "drawn wrongly"),
    ],
)
def test_what_is_not_read_is_named_with_its_line(text, line, word):
    rows, problems = read_rows(text + RST["simple"], "t.rst")
    assert [row.code for row in rows] == ["E101", "E102"]
    assert [(problem.place.line, word in problem.message) for problem in problems] == [(line, True)]


ADOC = {
    "rows": "|===\n| Code | Description\n\n| E101 | Door is open\n| E102 | No paper\n|===\n",
    "cells in lines": '[cols="1,3",options="header"]\n|===\n| Code\n| Description\n\n| E101\n'
    "| Door is\nopen\n\n| E102\n| No paper\n|===\n",
    "a number of columns": "[%header,cols=2*]\n|===\n|Code |Description\n|`E101` |Door is open\n|E102\n"
    "|No paper\n|===\n",
    "styles": "|===\nh|Code h|Description\n\nm|E101 |Door is open\n^.^m|E102 a|No paper\n|===\n",
    "links": "|===\n|Code |Description\n\n|<<e101,E101>> |Door is open\n|[[e102]]E102 |No paper\n|===\n",
    "csv": '[format=csv]\n|===\nCode,Description\nE101,"Door is open"\nE102,No paper\n|===\n',
    "short csv": ",===\nCode,Description\nE101,Door is open\nE102,No paper\n,===\n",
    "terms": "E101:: Door is open\nE102::\nNo paper\n",
    "headings": "== E101\nDoor is open\n\n== E102\nNo paper\n",
    "items": "* *E101*: Door is open\n* `E102`: No paper\n".replace("*E101*", "`E101`"),
}


@pytest.mark.parametrize("kind", ADOC)
def test_a_table_of_asciidoc_is_read(kind):
    rows, problems = read_rows(ADOC[kind], "t.adoc")
    assert [(row.section, row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER]
    assert problems == []


def test_titles_of_asciidoc_are_sections_and_what_is_left_out_is_named():
    text = f"= Codes\n\n== Doors\n\n{ADOC['rows']}\n.Paper\n{ADOC['rows']}\n"
    text += f"----\n{ADOC['rows']}----\ninclude::/etc/passwd[]\n"
    rows, problems = read_rows(text, "t.adoc")
    assert [(row.section, row.code) for row in rows] == [
        ("Doors", "E101"), ("Doors", "E102"), ("Paper", "E101"), ("Paper", "E102"),
    ]  # fmt: skip
    assert [(problem.place.line, problem.message[:19]) for problem in problems] == [(28, "This file includes ")]


@pytest.mark.parametrize(("ending", "tables"), [("rst", RST), ("adoc", ADOC)])
def test_a_table_is_known_without_a_name(ending, tables):
    for kind in ("simple", "grid", "list-table", "rows"):
        if kind in tables:
            assert [row.code for row in read_rows(tables[kind], "pasted table")[0]] == ["E101", "E102"], kind


@pytest.mark.parametrize("name", ["t.rst", "t.adoc"])
def test_a_document_without_codes_is_refused(name):
    assert refusal("Words\n=====\n\nMore words.\n", name)[0] == ["no_code_column"]


def test_marks_of_emphasis_are_no_text():
    rows, _ = read_rows(
        ".. list-table::\n   :header-rows: 1\n\n   * - Code\n     - Text\n   * - 1\n     - Is **open** now\n", "t.rst"
    )
    assert [row.texts["description"] for row in rows] == ["Is open now"]
