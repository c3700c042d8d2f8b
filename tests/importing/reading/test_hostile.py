"""Whatever the bytes are, the reader raises only Unreadable and stays quick."""

import contextlib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kb.importing.reading.files import _MAGIC
from kb.importing.reading.sources import Limits, Unreadable
from tests.importing.files import open_text, read_rows, refusal, workbook
from tests.importing.reading.formats.test_html_tables import PAGE
from tests.importing.reading.formats.test_markdown import DOCUMENT
from tests.importing.reading.formats.test_prose import PAGE_ARCHIVE
from tests.importing.reading.formats.test_resources import ANDROID
from tests.importing.reading.formats.test_rst_text import ADOC, RST
from tests.work import work

NAMES = ["t.csv", "t.txt", "t.json", "t.ndjson", "t.html", "t.md", "t.xlsx", "pasted table"]
NAMES += ["t.mhtml", "t.rst", "t.adoc", "t.yaml", "t.properties", "t.xml", "t.h", "t.java", "t.zip", "t.ods"]
WHOLE = {
    "csv": b'section,code,description\r\n"A ""b""",1,"x\r\ny"\r\n,2,z\r\n',
    "gb18030": "返回码,描述\n1,请求成功。\n2,请求失败。\n".encode("gb18030"),
    "utf-16": "code\ttext\r\n1\t请求成功\r\n".encode("utf-16"),
    "json": b'{"results": [{"code": 1, "text": "one"}, {"code": "2", "causes": ["a", null, {"b": 1.5}]}]}',
    "ndjson": b'{"code": 1, "text": "one"}\n{"code": "2", "causes": ["a", null, {"b": 1.5}]}\n',
    "html": PAGE.encode(),
    "markdown": DOCUMENT.encode(),
    "xlsx": workbook(("A", [["Section", "Code"], ["x", 1], [None, 2.5]]), ("B", [["Code"], ["3"]]), merged=["A2:A3"]),
}
WHOLE |= {
    "rst": RST["simple"].encode() + RST["grid over lines"].encode() + RST["list-table"].encode(),
    "adoc": ADOC["cells in lines"].encode() + ADOC["csv"].encode(),
    "yaml": b"errors:\n  E1: &a {message: one}\n  E2:\n    <<: *a\n    fix: |\n      two\n",
    "properties": b"# a\nE1.message = one \\\n  two\nE1.fix=\\u0041\nE2.message:b\n",
    "xml": ANDROID.encode(),
    "h": b"#define E_A 1 /* a */\nenum e { E_B = (1 << 2), E_C, // c\n};\n",
    "java": b'enum E { A(1, "a"), @X("y") B(2, "b"); int c; }',
    "headings": b"## E1 one\n\n**Cause:** a\n\n## E2\n- `E3`: x\n- E4 - y\n",
    "mhtml": PAGE_ARCHIVE.format(charset="utf-8", way="quoted-printable", page=PAGE.replace("=", "=3D")).encode(),
    "spaces": b"Code    Text\n----    ----\nE1      one\n        two\nE2      two\n",
}
SMALL = Limits(bytes=1_000_000, rows=50, columns=8, cell=200)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check_problems(problems):
    assert problems
    for problem in problems:
        assert problem.message
        (problem.message + problem.value + "".join(problem.suggestion)).encode()


def read_or_refuse(content, name, **options):
    """Read a file to its end and check that all of its rows and problems can be stored."""
    try:
        rows, problems = read_rows(content, name, limits=SMALL, **options)
    except Unreadable as unreadable:
        check_problems(unreadable.problems)
        return
    for row in rows:
        assert row.code
        "".join([row.code, row.section, *row.texts.values(), *row.extra, *row.extra.values()]).encode()
        assert "\x00" not in row.code + row.section + "".join([*row.texts.values(), *row.extra, *row.extra.values()])
    if problems:
        check_problems(problems)


@QUICK
@given(st.binary(max_size=300), st.sampled_from(NAMES))
@example(b"\xff\xfe", "t.csv")
@example(b"\xff\xfe\x00", "t.csv")
@example(b"\xef\xbb\xbf", "t.csv")
@example(b"code\n\xef\xbb\xbf", "t.csv")
def test_random_bytes_are_read_or_refused(content, name):
    read_or_refuse(content, name)


@QUICK
@given(st.text("code,;\t\r\n\"'|-<>/tabler{}[]:\\ 1\x00中", max_size=200), st.sampled_from(NAMES))
def test_random_text_of_delimiters_and_quotes_is_read_or_refused(text, name):
    read_or_refuse("code,text\n" + text, name)
    read_or_refuse(text, name)


@settings(QUICK, max_examples=300)
@given(st.data())
def test_mangled_files_are_read_or_refused(data):
    content = bytearray(WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 40))
        content[at : at + length] = data.draw(st.binary(max_size=20))
    encoding = data.draw(st.sampled_from(["", "utf-8", "utf-16", "gb18030", "shift_jis"]))
    read_or_refuse(bytes(content), data.draw(st.sampled_from(NAMES)), encoding=encoding)


@pytest.mark.parametrize("kind", WHOLE)
def test_undamaged_files_are_read(kind):
    endings = {"headings": "md", "spaces": "txt"}
    assert read_rows(WHOLE[kind], f"t.{endings.get(kind, kind)}" if kind not in UNNAMED else "t")[0]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        *[(magic + b"rest", kind) for magic, (kind, _) in _MAGIC.items()],
        (b"code,text\n" + bytes(range(256)) * 20 + bytes(2000), "binary"),
        (b"", "empty"),
        (b"\n\n\n", "No column"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_by_its_kind(content, word):
    assert word in refusal(content)[1]


UNNAMED = {"csv", "gb18030", "utf-16", "ndjson", "markdown", "xlsx"}

LONG = {
    "one line without an end": ("t.csv", lambda n: b"code,text\n1," + b"x" * 80 * n),
    "an open quotation mark": ("t.csv", lambda n: b'code,text\n1,"' + b"x\n" * n),
    "open tags": ("t.html", lambda n: b"<table><tr><th>Code</th></tr>" + b"<a " * n),
    "open comments": ("t.html", lambda n: b"<table><tr><th>Code</th></tr>" + b"<!--" * n),
    "open scripts": ("t.html", lambda n: b"<table><tr><th>Code</th></tr>" + b"<script>" * n),
    "much in one cell": ("t.html", lambda n: b"<table><tr><th>Code</th></tr><tr><td>" + b" <br> " * n),
    "cells that reach far": (
        "t.html",
        lambda n: b"<table><tr><th>Code</th></tr>" + b"<tr><td rowspan=999999 colspan=99>" * (n // 10),
    ),
    "white space": ("t.md", lambda n: b"| Code |\n| --- |\n|" + b" " * 20 * n + b"-\n|" + b" " * 20 * n + b"x|\n"),
    "brackets": ("t.json", lambda n: b"[" * n),
    "objects": ("t.json", lambda n: b'{"a":' * n),
    "separators": ("t.csv", lambda n: b"code,text\n" + b"1, " * n),
    "spaces in a code": ("t.csv", lambda n: b"code,text\n" + (b"1" + b" " * n + b"2,x\n") * 50),
    "maps": (
        "t.json",
        lambda n: b'{"a b": ' * 5 + b"{" + b"".join(b'"E%d": "a b",' % k for k in range(n)) + b'"E": ""}' + b"}" * 5,
    ),
    "comments of JSON": ("t.json", lambda n: b"/*" * n),
    "trailing commas": ("t.json", lambda n: b'{"E1": "a", ' + b"  ,  " * n),
    "open braces of MDX": ("t.html", lambda n: b"<table><tr><th>Code</th></tr>" + b"<td a={{" * n + b">"),
    "open quotes of tags": ("t.html", lambda n: b"<table><tr><th>Code</th></tr>" + b"<td a='" * n + b">"),
    "lists in lists": ("t.html", lambda n: b"<ul><li><b>E1</b> x" * n),
    "items": ("t.md", lambda n: b"- E1: one\n" * n),
    "items without an end": ("t.md", lambda n: b"- **E1" * n),
    "one paragraph": ("t.md", lambda n: b"## E1\n" + b"word\n" * n + b"## E2\n"),
    "headings": ("t.md", lambda n: b"## E1 one\n" * n),
    "pipes": ("t.md", lambda n: b"a | b\n\n" * n),
    "nested tables": ("t.md", lambda n: b"<table>\n" * n),
    "borders": ("t.rst", lambda n: b"== ==\nx\n" * n),
    "corners": ("t.rst", lambda n: (b"+-" * 30 + b"+\n") * (n // 30)),
    "cells of a drawing": ("t.rst", lambda n: b"+--+--+\n" + b"|a |b |\n+--+--+\n" * n),
    "directives": ("t.rst", lambda n: b".. list-table::\n" * n),
    "cells of AsciiDoc": ("t.adoc", lambda n: b"|===\n" + b"|" * n),
    "tables of AsciiDoc": ("t.adoc", lambda n: b"|===\n" * n),
    "YAML": ("t.yaml", lambda n: b"- {code: E1, message: a}\n" * n),
    "keys of YAML": ("t.yaml", lambda n: b"".join(b"E%d: a b\n" % k for k in range(n))),
    "backslashes": ("t.properties", lambda n: b"E1=a\\\n" * n),
    "defines": ("t.h", lambda n: b"#define E_A 1 // a\n" * n),
    "comments above": ("t.h", lambda n: b"// a\n" * n + b"#define E_A 1\n"),
    "open enums": ("t.h", lambda n: b"enum a { " * n),
    "brackets of an enum": ("t.java", lambda n: b"enum a { b" + b"(" * n),
    "strings": ("t.xml", lambda n: b"<resources>" + b"<string name='E1'>a</string>" * n + b"</resources>"),
    "open elements": ("t.xml", lambda n: b"<resources>" + b"<a>" * n),
    "aligned rows": ("t.txt", lambda n: b"Code    Text\n" + b"E1      one\n" * n),
    "rows that go on": ("t.txt", lambda n: b"Code    Text\n" + b"        one\n" * n),
    "parts of a page": (
        "t.mhtml",
        lambda n: b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * n,
    ),
    "breaks": ("t.csv", lambda n: b"code,text\n" + (b"1,<li>" + b" " * n + b"<br>\n") * 50),
}


@pytest.mark.parametrize("kind", LONG)
def test_the_work_grows_no_faster_than_a_hostile_file(kind):
    name, content = LONG[kind]

    def read(size):
        with contextlib.suppress(Unreadable):
            read_rows(content(size), name)

    assert work(read, 16_000) < 5 * work(read, 4_000) + 1_000


def test_an_endless_line_stops_reading_early():
    kinds, message = refusal(b"code,text\n1," + b"x" * 2_000_000, limits=Limits(cell=1000, columns=10))
    assert kinds == ["line_too_long"]
    assert "10000 characters" in message


def test_too_many_problems_stop_reading():
    kinds, _ = refusal("code,text\n" + "1\n" * 20_000)
    assert kinds[0] == "too_many_problems"
    assert len(kinds) < 1000


def test_vendor_text_in_messages_is_shortened():
    _, problems = read_rows("code,text\n" + "9" * 5000 + ",x\n")
    assert len(problems[0].message) < 200
    assert len(problems[0].value) < 100


def test_memory_stays_flat_while_rows_stream():
    source = open_text(b"code,text\n" + b"1,one\n" * 50_000)
    first = next(source.rows())
    assert first.code == "1"
