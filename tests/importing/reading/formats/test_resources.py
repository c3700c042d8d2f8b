"""Resources of Android and .NET are read; other XML is refused by its kind, and every declaration of a type."""

import pytest

from tests.importing.files import read_rows, refusal

ANDROID = """<?xml version="1.0" encoding="utf-8"?>
<resources xmlns:x="urn:x">
  <!-- <string name="E9">no</string> -->
  <string name="E101">Door <b>is</b> open &amp; cold</string>
  <string name="E102"><![CDATA[No <paper>]]></string>
  <string name="E103">It\\'s \\n "hot"</string>
  <plurals name="E104"><item quantity="one">one</item></plurals>
  <string-array name="E105"><item>one</item></string-array>
</resources>
"""
RESX = """<?xml version="1.0"?>
<root>
  <resheader name="version"><value>2.0</value></resheader>
  <data name="E101" xml:space="preserve"><value>Door is open</value><comment>Of the house</comment></data>
  <data name="Logo" type="System.Drawing.Bitmap"><value>AAAA</value></data>
  <data name="E102"><value>No paper</value></data>
</root>
"""


@pytest.mark.parametrize("name", ["strings.xml", "t.txt", "pasted table"])
def test_strings_of_android_are_read(name):
    rows, problems = read_rows(ANDROID, name)
    assert [(row.code, row.texts["description"], row.place.line) for row in rows] == [
        ("E101", "Door is open & cold", 4), ("E102", "No <paper>", 5), ("E103", "It's \n \"hot\"", 6),
    ]  # fmt: skip
    assert [(problem.place.line, problem.kind) for problem in problems] == [(7, "left_out"), (8, "left_out")]


def test_the_encoding_that_a_document_declares_is_obeyed_once():
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<resources><string name="E1">Dörr</string></resources>'
    rows, _ = read_rows(text.encode("iso-8859-1"), "strings.xml")
    assert rows[0].texts["description"] == "Dörr"


def test_resources_of_net_are_read():
    rows, problems = read_rows(RESX, "t.resx")
    assert [(row.code, row.texts["description"], row.extra) for row in rows] == [
        ("E101", "Door is open", {"comment": "Of the house"}), ("E102", "No paper", {}),
    ]  # fmt: skip
    assert [problem.place.line for problem in problems] == [5]


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("<codes><code id='1'>x</code></codes>", "other_xml", "<codes>"),
        ("<?xml version='1.0'?>\n<Workbook xmlns='urn:x'/>", "other_xml", "Excel"),
        ("<xliff version='1.2'/>", "other_xml", "translations"),
        ("<resources><string name='E1'>", "broken_xml", "column"),
        ("<resources/>", "no_list", "no strings"),
        ('<!DOCTYPE resources [<!ENTITY a "ha">]><resources><string name="E">&a;</string></resources>', "document_type",
         ""),
        ('<!DOCTYPE r SYSTEM "file:///etc/passwd"><resources/>', "no_list", "no strings"),
        ('<!DOCTYPE r SYSTEM "r.dtd"><r><e code="1">a&b;</e><e code="2">c</e></r>', "document_type", "&b;"),
        ("<resources>" + "<a>" * 100, "too_deep", "nested"),
        ("<resources><string name='E1'>\x01</string></resources>", "broken_xml", "line"),
    ],
)  # fmt: skip
def test_other_xml_is_refused_by_its_kind(text, kind, word):
    kinds, message = refusal(text, "t.xml")
    assert kinds == [kind]
    assert word in message or word == "line"


def test_an_encoding_that_is_declared_is_not_obeyed_a_second_time():
    text = '<?xml version="1.0" encoding="ISO-8859-1"?><resources><string name="E1">Tür öffnen</string></resources>'
    rows, _ = read_rows(text.encode("latin-1"), "strings.xml")
    assert [row.texts["description"] for row in rows] == ["Tür öffnen"]


def test_escapes_of_android_are_the_signs_that_it_shows():
    text = "<resources><string name='E1'>T\\u00fcr\\nist \\'auf\\' \\\\n</string></resources>"
    rows, _ = read_rows(text, "strings.xml")
    assert [row.texts["description"] for row in rows] == ["Tür\nist 'auf' \\n"]


CELLS = [("Code", "Text"), ("E101", "Door is open"), ("E102", "No paper")]
DOCBOOK = "".join(f"<row><entry>{code}</entry><entry><para>{text}</para></entry></row>\n" for code, text in CELLS[1:])
DITA = "".join(f"<strow><stentry>{code}</stentry><stentry>{text}</stentry></strow>\n" for code, text in CELLS[1:])
DOCUMENTS = {
    "docbook": "<article><title>Manual</title><table><title>Doors</title><tgroup "
    "cols='2'><thead><row><entry>Code</entry>"
    f"<entry>Text</entry></row></thead>\n<tbody>{DOCBOOK}</tbody></tgroup></table></article>",
    "dita": "<!DOCTYPE reference PUBLIC 'x' 'reference.dtd'><reference "
    "id='x'><title>Doors</title><refbody><simpletable>"
    f"<sthead><stentry>Code</stentry><stentry>Text</stentry></sthead>\n{DITA}</simpletable></refbody></reference>",
    "properties": "<!DOCTYPE properties SYSTEM 'http://java.sun.com/dtd/properties.dtd'><properties>\n"
    "<entry key='E101'>Door is open</entry>\n<entry key='E102'>No paper</entry></properties>",
    "attributes": "<errors>\n<error code='E101'><text>Door is open</text></error>\n"
    "<error code='E102'><text>No paper</text></error></errors>",
}


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("name", ["t.xml", "t.txt", "pasted table"])
def test_documents_and_lists_are_read_without_a_declaration(kind, name):
    rows, problems = read_rows(DOCUMENTS[kind], name)
    assert [(row.code, row.texts["description"]) for row in rows] == CELLS[1:]
    assert problems == []


def test_a_cell_of_csv_may_be_a_tag():
    rows, _ = read_rows("<b>Code</b>,Text\nE101,<b>Door</b>", "t.csv", columns={"<b>Code</b>": "code"})
    assert [row.code for row in rows] == ["E101"]


def test_a_part_of_a_page_is_no_xml():
    assert refusal("<form action=/login><input name=user></form>", "errors")[0] == ["no_table"]
