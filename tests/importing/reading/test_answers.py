"""Every file is read as it is stored here: its rows, places, sections and problems, with their messages.

To write the answers again after a change of the rules, then review the difference:
`WRITE_EXPECTED=1 pytest tests/importing/reading/test_answers.py`
"""

import codecs
import json
import os
from pathlib import Path

import pytest

from kb.importing.reading.sources import Limits, Problem, Unreadable
from tests.importing.files import open_text

EXPECTED = Path(__file__).with_name("expected")
VENDOR_TABLES = Path(__file__).parent.parent / "vendor_tables"
SMALL = Limits(columns=3, cell=20, rows=3)
HEAD = "<tr><th>Section<th>Code<th>Description"
HTML = {
    f"{kind}span {count}": f"<TABLE>{HEAD}<tr><td>A<td {kind}span={count}>1<td>one<tr><td>B<td>2<td>two</TABLE>"
    for kind in ("col", "row", "COL")
    for count in (0, 1, 2, 3, 4)
} | {
    "both spans": f"<table>{HEAD}<tr><td rowspan=2 colspan=1>A<td>1<td>a<tr><td>2<td>b<tr><td>C<td>3<td>c</table>",
    "nested": f"<table>{HEAD}<tr><td>A<td>1<td>x<table><tr><td>inside</table><tr><td>B<td>2<td>z</table>",
    "cells outside": "<td>x</td><table><tr><th>Code<th>Action</tr><td>1<td>a</td></tr></table><tr><td>9<td>b",
    "one title": "<h1>T</h1><table><tr><th>Code<tr><td>1</table><h2>B</h2><table><tr><th>Code<tr><td>2</table>",
    "two titles": "<h1>T</h1><table><tr><th>Code<tr><td>1</table><h1>B</h1><table><tr><th>Code<tr><td>2</table>",
    "caption": "<h3>T</h3><table><caption>C <b>d</b></caption><tr><th>Code<tr><td>1</table>",
    "caption only closed": "<h3>T</h3><table></caption><tr><th>Code<tr><td>1</table>",
    "caption outside": "<h3>T</h3><caption>C</caption><table><tr><th>Code<tr><td>1</table>",
    "heading inside": "<table><tr><th>Code<th>Action<tr><td>1<td><h2>a</h2>b</table><table><tr><th>Code<tr><td>2",
    "upper levels": "".join(f"<h{n}>L{n}</h{n}><table><tr><th>Code<tr><td>{n}</table>" for n in (1, 2, 3)),
    "lower levels": "".join(f"<h{n}>L{n}</h{n}><table><tr><th>Code<tr><td>{n}</table>" for n in (5, 6, 7)),
    "too wide": "<table><tr><th>Code<th>a<th>b<th>c<tr><td>1</table>",
}
MARKDOWN = {
    "one title": "# T\n|Code|Action|\n|-|-|\n|1|a|\n## B #\n|Code|Action|\n|-|-|\n|2|b|\n",
    "two titles": "# T\n|Code|Action|\n|-|-|\n|1|a|\n\n# B\n|Code|Action|\n|-|-|\n|2|b|",
    "ragged": "|Code|Action|\n|:-|-:|\n|1|\n|2|b|c|\n|3|c|  |\n||\n4|d",
    "no divider": "a|b\nCode|Action\n--|--\n`1`|**a**\n\nCode|Action",
    "other width": "Code|Action\n-|-|-\n1|a",
    "bars": "|Code|Action|\n|-|-|\n|1|a\\|b|\n|2|c\\|",
    "fence": "```\n|Code|\n|-|\n|1|\n```\n~~~\n```\n~~~\n|Code|Action|\n|-|-|\n|2|a|",
    "page inside": "## B\n\n<TABLE><tr><th>Code\n<tr><td>1</TABLE>\n## C [d](e)\n<table><tr><th>Code<tr><td>2",
}
JSON = {
    "values": '[{"code": "1", "action": true},\n {"code": 2.0, "action": FALSE}]'.replace("FALSE", "false"),
    "kinds": '{"n": 1, "codes": [{"code": 007}]}',
    "numbers": '{"n": 1, "codes": [{"code": -2.50, "action": 3.00}]}',
    "wrapped": '{"n": [], "codes": [\n{"code": 7, "action": ["a", null, False]}]}'.replace("False", "false"),
    "missing keys": '[{"code": "1"}, {"code": "2", "action": {"a": "é"}}, {"action": "b"}]',
    "no list": '{"codes": []}',
    "no object": '[{"code": 1},\n 2]',
    "text": '"code"',
    "no comma": '[{"code": 1}\n {"code": 2}]',
    "empty": "[]",
}
CSV = {
    "comma": "Code,Action\n1,a\n2,b\n",
    "semicolon": "Code;Action\r\n1;a,b\r\n2;b\r\n",
    "tab": 'Code\tAction\n1\t"a\n2\tb "c"\n',
    "bad quotes": 'Code,Action\n1,"a"b\n2,c\n3,"d\ne"f\n4,g\n',
    "not closed": 'Code,Action\n1,a\n2,"b\n',
    "ragged": "Code,Action\n1\n2,a,\n3,a,b\n ,\n4,\n",
    "banners": "Code,Action\nTwo words,\n1,a\nWord,\nCode,Action\n房间,\n2,b\nlast,\nlast one,\n",
    "heading": "Room codes\n\nCode,Action\n1,a\n",
    "same target": "Error code,Code,Action\n1,2,a\n",
    "no code": "Foo,Bar\n1,2\n",
    "no cells": "\n\n",
    "several": "Code,Action\n" + "".join(f'"{", ".join(str(100 + n) for n in range(size))}",a\n' for size in (2, 5, 6)),
    "control": "Code,Action\n1,a\x01\n2,b\x7f\n",
    "limits": f"Code,Action\n1,{'a' * 20}\n2,{'b' * 21}\n3,c\n4,d\n",
    "too many rows": "Code\n1\n2\n3\n4\n",
    "columns at the limit": "Code,a,b\n1,2,3\n",
    "too many columns": "Code,a,b,c\n1,2,3,4\n",
    "cut values": f"Code,Action\n{'1' * 60},a,b\n{'2' * 61},a,b\n",
}
BYTES = {
    f"{name} {choice}": (mark + "Code,Action\n1,é\n".encode(encoding), choice)
    for name, mark, encoding in (
        ("utf-8 mark", codecs.BOM_UTF8, "utf-8"),
        ("utf-16-le mark", codecs.BOM_UTF16_LE, "utf-16-le"),
        ("utf-16-be mark", codecs.BOM_UTF16_BE, "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("latin", b"", "latin-1"),
    )
    for choice in ("", "utf-8", "UTF-8", "utf-16", "UTF-16-LE", "utf-16-be", "windows-1252", "ebcdic")
}


LONG = {
    f"{size} {kind}": f"Code,Action\n{value * size},a,b\n"
    for kind, value in (("digits", "1"), ("wide", "房"))
    for size in (60, 61)
} | {f"code of {size}": f"Code,Action\n{'x' * size},a\n" for size in (63, 64, 65, 100, 101, 128, 129, 200, 201)}


def _problems(problems):
    return [
        [
            problem.place and list(problem.place),
            *(problem.kind, problem.severity, problem.message, problem.value, list(problem.suggestion)),
        ]
        for problem in problems
    ]


def _answer(content, name, **options):
    try:
        source = open_text(content, name, **options)
        rows = [[list(row.place), *row[1:5], *filter(None, [row.damage])] for row in source.rows()]
    except Unreadable as error:
        return {"refused": str(error), "problems": _problems(error.problems), "header": error.header}
    about = [source.format, source.encoding, source.delimiter, source.columns.as_json()]
    return {"about": about, "rows": rows, "problems": _problems(source.problems)}


def _compare(name, answers):
    path = EXPECTED / f"{name}.jsonl"
    lines = [json.dumps([key, answer], ensure_ascii=False) for key, answer in answers.items()]
    if os.environ.get("WRITE_EXPECTED"):
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    stored = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    assert [json.loads(line) for line in lines] == stored


@pytest.mark.parametrize(
    ("kind", "name", "contents"),
    [
        ("pages", "t.html", HTML),
        ("markdown", "t.md", MARKDOWN),
        ("json", "t.json", JSON),
        ("csv", "t.csv", CSV),
        ("unnamed", "pasted table", HTML | MARKDOWN | JSON | CSV),
    ],
)
def test_every_file_is_read_as_it_is_stored_here(kind, name, contents):
    _compare(kind, {key: _answer(content, name, limits=SMALL) for key, content in contents.items()})


def test_long_codes_are_shortened_as_they_are_stored_here():
    _compare("long", {key: _answer(content, "t.csv") for key, content in LONG.items()})


def test_every_encoding_is_read_as_it_is_stored_here():
    _compare("encodings", {key: _answer(data, "t.csv", encoding=choice) for key, (data, choice) in BYTES.items()})


def test_the_tables_of_vendors_begin_as_they_are_stored_here():
    answers = {}
    for path in sorted(VENDOR_TABLES.glob("*.csv")):
        answer = _answer(path.read_bytes(), path.name)
        answers[path.name] = answer | {"rows": answer["rows"][:5] + answer["rows"][-5:], "count": len(answer["rows"])}
    _compare("vendors", answers)


@pytest.mark.parametrize(("count", "told"), [(4, "0 1 2 3"), (5, "0 1 2 3 4"), (6, "0 1 2 3 4")])
def test_a_refusal_tells_its_first_five_problems_and_keeps_all(count, told):
    refusal = Unreadable([Problem(None, "x", str(number)) for number in range(count)])
    assert (str(refusal), len(refusal.problems)) == (told, count)


@pytest.mark.parametrize(("count", "refused"), [(10_000, False), (10_001, True)])
def test_reading_stops_after_ten_thousand_problems_and_lists_the_first_two_hundred(count, refused):
    answer = _answer("Code,Action\n" + "1\n" * count, "t.csv")
    assert ("refused" in answer, len(answer["problems"])) == (refused, 201 if refused else count)
