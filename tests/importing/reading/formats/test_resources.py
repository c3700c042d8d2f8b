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
        ('<!DOCTYPE r SYSTEM "file:///etc/passwd"><resources/>', "document_type", "document type"),
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
