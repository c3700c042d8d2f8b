"""Lists of codes in XML of any kind are read, without a document type and without entities."""

import pytest

from tests.importing.files import read_rows, refusal

DOOR, PAPER = ("E101", "Door is open"), ("E102", "No paper")
LISTS = {
    "children": "<errors>\n<error><code>E101</code><message>Door is open</message></error>\n"
    "<error><code>E102</code><message>No paper</message></error></errors>",
    "an attribute and a text": '<errors>\n<error code="E101">Door is open</error><error code="E102">No paper</error>'
    "</errors>",
    "attributes": '<root><errors>\n<e code="E101" message="Door is open"/><e code="E102" message="No paper"/></errors>'
    "</root>",
    "a schema": '<x:schema xmlns:x="urn:x"><x:simpleType name="Codes"><x:restriction base="x:string">\n<x:enumeration '
    'value="E101"><x:annotation><x:documentation>Door is open</x:documentation></x:annotation></x:enumeration>'
    '<x:enumeration value="E102"><x:annotation><x:documentation>No paper</x:documentation></x:annotation>'
    "</x:enumeration></x:restriction></x:simpleType></x:schema>",
    "a name space": '<v:errors xmlns:v="urn:v">\n<v:error v:code="E101">Door is open</v:error><v:error v:code="E102">'
    "<![CDATA[No paper]]></v:error></v:errors>",
    "an encoding that it had": '<?xml version="1.0" encoding="ISO-8859-1"?>\n<list><error code="E101">Door is open'
    '</error><error code="E102">No paper</error></list>',
}


@pytest.mark.parametrize("kind", LISTS)
def test_siblings_with_a_code_are_read(kind):
    rows, problems = read_rows(LISTS[kind], "t.xml")
    assert [(row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER]
    assert (rows[0].place.line, problems) == (2, [])


def test_lists_around_the_codes_are_their_sections():
    page = '<faults><door><fault code="1">open</fault><fault code="2">shut</fault></door></faults>'
    rows, _ = read_rows(page, "t.xml")
    assert [(row.section, row.code) for row in rows] == [("door", "1"), ("door", "2")]


@pytest.mark.parametrize(
    "page",
    ["<plants><plant/><plant/></plants>", "<a><b>1</b><b>2</b></a>", "<errors>none</errors>", "<root><x/></root>"],
)
def test_xml_without_a_list_of_codes_is_refused(page):
    assert refusal(page, "t.xml")[0][0] in ("other_xml", "no_list")


def test_emphasis_in_a_text_is_a_part_of_it():
    text = "<e><x c='1'>Door <b>is</b> open</x><x c='2'><i>No</i> <em>paper</em> in <code>A</code></x></e>"
    rows, _ = read_rows(text, "t.xml")
    assert [row.texts["description"] for row in rows] == ["Door is open", "No paper in A"]
