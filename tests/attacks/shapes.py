"""Degenerate files: what repeats, nests, widens, or is never closed, in any size.

A shape is a file's name, what it begins with, what repeats, and how it ends. `%d` in the part that repeats is another
number each time, so a shape repeats the same or makes something new without end.
"""

import gc
import time
from collections.abc import Callable
from typing import NamedTuple

from tests.attacks.files import SHEET, changed, sheet


class Shape(NamedTuple):
    """A file of any size."""

    name: str
    before: str
    unit: str
    after: str = ""

    def content(self, size: int) -> bytes:
        """Return the file with about `size` bytes."""
        times = max(size // len(self.unit), 1)
        many = self.unit * times
        if "%d" in self.unit:
            many = many % tuple(n for n in range(times) for _ in range(self.unit.count("%d")))
        return (self.before + many + self.after).encode()


CSV, HTML, MD = "code,text\n", "<table><tr><th>Code<th>Text</tr>", "| Code | Text |\n| --- | --- |\n"
_HTML_UNITS = [
    *("<tr>", "<td>", "<th>x", "<table>", "</table>", "<table><tr><td>", "<caption>", "<caption>x</caption>"),
    *("<!--", "<!-- -->", "<!", "<?", "<a ", "</", "<", ">", "<script>", "<style></style>", "<svg>", "<h2>", "<h2>a"),
    *("<li>", "<br>", "<p>", "&", "&#", "&#9", "&a", "&amp;", "&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", " ", "\n", '"', "x"),
    *("<td colspan=99>", "<td rowspan=99999 colspan=99>", "<tr><td rowspan=9 colspan=99>x", "<td colspan=", "<li> "),
    *("<tr><td>1<td>x</tr>", "<tr><td>%d<td>x</tr>", "<tr><th>Code<th>Text</tr>", "<tr><td>%d<td>&lt;li&gt;</tr>"),
]
_MD_UNITS = [
    *("|", "| ", "| - ", "|-", "||\n", "| a |\n", "|a|\n|-|\n", "|code|\n|-|\n|%d|\n", "`", "**", "|`", "\\|", "```\n"),
    *("# a\n", "#", "\n", " ", "<table>\n", "<table></table>\n", "</table", "[", "[](", "{#", "| 1 | x |\n", "<br>"),
    *("| <li> ", "| Code | Text |\n| --- | --- |\n", "~~~", "---\n", "|\n|-\n"),
]
_CSV_UNITS = [
    *(",", '"', '""', "'", "\n", "\r", " ", ";", "\t", "x", "1,x\n", "%d,x\n", "a%d,\n", ",x\n", "1\n", "1,x,\n"),
    *('"1",x\n', '"1"1,x\n', '1,"x\n', "1;2,x\n", "1-99,x\n", '"1-99,%d-99999,",x\n', '"%d and 1 or 2",x\n', "=,x\n"),
    *(
        "code,text\n",
        "A\n",
        "A,\n",
        "\x00,x\n",
        "\x01",
        "中,中\n",
        "'=1,x\n",
        "<br>",
        "<li>",
        "1,<li>\n",
        "%d,<li> <br>\n",
    ),
    *("%d,<li> <br>\n", "0%d,x\n", "x" * 3_000 + ",", "1" * 60 + "%d,x\n", "\ud7ff", "N/A,x\n", "-,-\n"),
]
_ADOC_UNITS = [
    "|",
    "|a",
    "|a\n",
    "|1 |b\n",
    "|%d |b\n",
    "9+|",
    "a ",
    "* a\n",
    "= a\n",
    "a:: b\n",
    "[x]\n",
    "|===\n",
    "<<",
    "link:a[",
]
_SQL_UNITS = [
    *("(", "(%d,'a b'),", "'", "''", "x ", "INSERT INTO a VALUES (1);", "INSERT INTO a%d (code) VALUES (1);", "[a] "),
    *("CREATE TABLE a (", "COPY a (b) FROM stdin;\n", "COPY a (b) FROM stdin;\n\\.\n", "/*", "--\n", "\\'", "`", ","),
]
_SOURCE_UNITS = [
    *("A,", "A%d=%d,\n", "[", "(", "{", '"', '"a b"', 'A "b",', '{%d,"a b"},', "case A:", "/*", "//\n", "/* a */ A%d,"),
    *("@", "=>", "::", "const ", "const a=1;", "define(", '#[error("a")] A%d,\n', "#define A%d %d\n", "func a(){"),
]
_WIKI_UNITS = [
    *("{|\n", "|-\n", "|}\n", "| a\n", "| 1 || x\n", "! a%d\n", "x\n", "a=b|", "== a ==\n", "[[a|", "''", "|| "),
    "{|\n|-\n| 1\n",
]
_RECORD_UNITS = [
    *("Code: %d\n", "x\n", "Label %d: x\n", "Text: a\n", "\n", "Code: %d\nText: a b\n", "a: b\n", '"Code","%d"\n'),
]
_LINE_UNITS = [
    *("E%d: door is open\n", "label%d: door\n", "word%d text: door\n", "%d door\n", "- %d, 5 - a\n", "a\n", "E%d:\n"),
    *("E%d\n\ndoor\n\n", "E%d  door\n", "NAME%d  5  door\n", "  door\n", "%d\n\n", "1: a\n", "> "),
]
_XML_UNITS = [
    *("<a/>", "x<code>a</code>", "<a>", "<code>", "<code>1</code><text>a</text>", "<e><code>%d</code></e>", "x"),
    *("<b>a</b>", "<a b='1'/>"),
]
_JSON_UNITS = [
    *(
        "[",
        "]",
        "{",
        '{"a":',
        '{"code":',
        "[[],",
        '{"a":[',
        '"',
        "\\",
        '"\\u',
        " ",
        "\n",
        "1",
        "-",
        "1e9",
        "0.0",
        "null,",
    ),
    *("null,", '"code",', "{},", "[],", '{"code":"1"},', '{"code":%d},', '{"a%d":1},', '{"code":"1","a%d":"x"},'),
    *('{"code":"1"}\n', '{"code":%d}\n', '{"code":[1,[2,[3]]]},', '{"code":{"a":1}},', '{"code":1.0},'),
]


def _of(name: str, units: list[str], *frames: tuple[str, str]) -> list[Shape]:
    return [Shape(name, before, unit, after) for unit in units for before, after in frames]


SHAPES = [
    *_of("t.csv", _CSV_UNITS, ("", ""), (CSV, ""), (CSV + "1,", ""), (CSV + '1,"', '"\n')),
    *_of("t.csv", ["x,", "x%d,", ",", '"x",', "a (2),", "code,", "text%d,"], ("", "\n1\n"), ("code,", "\n1\n")),
    *_of("t.tsv", ['"x\t', '"', "x\t", '1\t"x"y\n', '"\n'], ("code\ttext\n", "")),
    *_of("t.html", _HTML_UNITS, ("", ""), (HTML, ""), (HTML + "<tr><td>1<td>", "</table>"), ("<h2>", "")),
    *_of("t.html", ["<th>x", "<th>x%d", "<th>"], ("<table><tr><th>code", "<tr><td>1")),
    *_of("t.html", ["<table><tr><th>Code<th>A%d<tr><td>1<td>2</table>", "<table><tr><th>A<th>B</table>"], (HTML, "")),
    *_of("t.md", _MD_UNITS, ("", ""), (MD, ""), (MD + "| 1 | ", "|\n"), ("# ", "\n")),
    *_of("t.md", ["| x", "| x%d", "| code%d"], ("| code ", "|\n")),
    *_of("t.html", ["9", "0", "a"], (HTML + "<tr><td>1<td>&#", ";</table>"), (HTML + "<tr><td>1<td>&#x", ";</table>")),
    *_of("t.md", ["9"], (MD + "| 1 | &#", "; |\n"), ("# &#", ";\n")),
    *_of("t.json", _JSON_UNITS, ("", ""), ("[", "]"), ('[{"code":"1","a":', "}]"), ('{"x":', "}")),
    *_of("t.json", ['"x":[1],', '"x%d":[],', '"x%d":[[]],', '"x":{"a":[]},'], ("{", '"codes":[{"code":1}]}')),
    *_of("t.json", ['"x":1,', '"x%d":1,', '"code":1,'], ('[{"code":1,', '"y":2}]')),
    *_of("t.adoc", _ADOC_UNITS, ("|===\n|Code |Text\n", "|===\n"), ("[cols=2]\n|===\n", ""), ("", "\n|===\n")),
    *_of("t.c", _SOURCE_UNITS, ("", ""), ("enum E {", "}"), ("enum E {case ", "}"), ("#define A 1\nx = {", "}")),
    *_of("t.php", ["[", "array(", "1=>", "'a'=>'b',", "(", "]", "::a", "'a',"], ("<?php return [", "];")),
    *_of("t.sql", _SQL_UNITS, ("", ""), ("INSERT INTO codes (code, text) VALUES ", ";")),
    *_of("t.sql", ["INSERT INTO a VALUES (1);"], ("CREATE TABLE a (" + "b, " * 3_000 + "c);", "")),
    *_of("t.txt", _WIKI_UNITS, ("", ""), ("{|\n! Code !! Text\n|-\n| 1 || ", "\n|}\n")),
    *_of("t.txt", _RECORD_UNITS, ("Code: 1\nText: a b\nCode: 2\nText: a b\n", "")),
    *_of("t.txt", _LINE_UNITS, ("", ""), ("E1: a b\nE2: a b\nE3: a b\n", ""), ("Code  Text\nE1    a b\n", "")),
    *_of("t.xml", _XML_UNITS, ("<r>", "</r>"), ("<r><e><code>1</code>", "</e></r>")),
    *_of("t.ndjson", ['{"code":"1"}\n', '{"code":%d,"a%d":1}\n', "{}", "[]\n", "\n", "{"], ("", "")),
    *_of("pasted table", ["| - ", "-", "|", " ", "<table", "{ ", '{"', "a\t", ": |\n"], ("", ""), ("| code |\n", "")),
]
"""Every shape of a text."""


def _workbook(part: str, before: bytes, unit: bytes, after: bytes) -> Callable[[int], bytes]:
    return lambda size: changed(part, before + unit * max(size // len(unit), 1) + after)


_SHARED = "xl/sharedStrings.xml"
_MAIN = b' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_ROW = b'<row r="1"><c t="inlineStr"><is><t>Code</t></is></c><c t="inlineStr"><is><t>Text</t></is></c></row>'


def _sheet_of(unit: bytes, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: changed(SHEET, sheet(_ROW + before + unit * max(size // len(unit), 1) + after))


def _merged(size: int) -> bytes:
    cells = b"".join(b'<mergeCell ref="A%d:CV%d"/>' % (n, n + 9) for n in range(1, max(size // 30, 2)))
    content = sheet(_ROW + b'<row r="2"><c><v>1</v></c></row>')
    return changed(SHEET, content.replace(b"</worksheet>", b"<mergeCells>" + cells + b"</mergeCells></worksheet>"))


WORKBOOKS = {
    "empty rows": _sheet_of(b"<row/>"),
    "empty cells": _sheet_of(b"<c/>", b"<row>", b"</row>"),
    "cells": _sheet_of(b"<c><v>1</v></c>", b"<row>", b"</row>"),
    "rows with a code": _sheet_of(b"<row><c><v>1</v></c><c><v>2</v></c></row>"),
    "the same row": _sheet_of(b'<row r="2"><c r="A2"><v>1</v></c></row>'),
    "nested texts": _sheet_of(b"<r><t>x</t></r>", b'<row><c t="inlineStr"><is>', b"</is></c></row>"),
    "escapes": _sheet_of(b"_x0041_", b'<row><c t="inlineStr"><is><t>', b"</t></is></c></row>"),
    "merged cells": _merged,
    "shared texts": _workbook(_SHARED, b"<sst" + _MAIN + b">", b"<si><t>x</t></si>", b"</sst>"),
    "a long shared text": _workbook(_SHARED, b"<sst" + _MAIN + b"><si>", b"<r><t>x</t></r>", b"</si></sst>"),
    "styles": _workbook("xl/styles.xml", b"<styleSheet" + _MAIN + b"><cellXfs>", b"<xf/>", b"</cellXfs></styleSheet>"),
}
"""Every shape of a workbook; the size is that of the part before it is compressed."""


def seconds(function: Callable[[bytes], object], content: bytes, enough: float = 0) -> float:
    """Return the processor's seconds for one call, without those of collecting garbage.

    The better of two calls, if the first takes more than is `enough` to know.
    """
    best = float("inf")
    gc.disable()
    try:
        for _ in range(2):
            started = time.process_time()
            function(content)
            best = min(best, time.process_time() - started)
            if best < enough or best > 0.3:
                break
    finally:
        gc.enable()
    return best
