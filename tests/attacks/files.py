"""Hostile files in place of a table: name, content and the expected message."""

import json
import zipfile
from io import BytesIO

from kb.importing.reading.files import ALLOWED
from tests.importing.files import workbook

HEADER = ["Section", "Code", "Description"]
CSV = b"section,code,description\nA,1,One.\n"
PLAIN = workbook(("Sheet1", [HEADER, ["A", "1", "One."]]))
SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">%s]>' % b"".join(
    b'<!ENTITY %s "%s">' % (chr(98 + n).encode(), b"&%s;" % chr(97 + n).encode() * 10) for n in range(9)
)


def changed(name, content):
    """Return a workbook of which one part is replaced, or added."""
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(PLAIN)) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.namelist():
            if part != name:
                after.writestr(part, before.read(part))
        after.writestr(name, content)
    return made.getvalue()


def archive(**parts):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after:
        for name, content in parts.items():
            after.writestr(name, content)
    return buffer.getvalue()


def sheet(rows):
    return (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + rows
        + b"</sheetData></worksheet>"
    )


def nested(depth):
    content = b"0" * 1_000_000
    for _ in range(depth):
        content = archive(inside=content)
    return content


BINARY, BROKEN = ALLOWED, "This XLSX file is broken"
REFUSED = {
    "a zip bomb": ("t.xlsx", changed(SHEET, bytes(80_000_000)), "unpacks to"),
    "a zip bomb of many parts": (
        "t.xlsx",
        archive(**{f"p{n}": "" for n in range(5_001)}),
        "does not contain a workbook",
    ),
    "zip in zip in zip": ("t.xlsx", nested(9), "does not contain a workbook"),
    "zip in zip, called a table": ("t.csv", nested(2), "does not contain a workbook"),
    "billion laughs": ("t.xlsx", changed(SHEET, LAUGHS + sheet(b"<row><c><v>&j;</v></c></row>")), "document type"),
    "billion laughs in a text that sheets share": ("t.xlsx", changed("xl/sharedStrings.xml", LAUGHS), "document type"),
    "an entity of another file": (
        "t.xlsx",
        changed(SHEET, b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
        "document type",
    ),
    "half a workbook": ("t.xlsx", PLAIN[: len(PLAIN) // 2], BROKEN),
    "a workbook without its end": ("t.xlsx", PLAIN[:-10], BROKEN),
    "a sheet that is no XML": ("t.xlsx", changed(SHEET, b"<worksheet><<<"), BROKEN),
    "a sheet of deep XML": ("t.xlsx", changed(SHEET, sheet(b"<row>" * 100_000)), BROKEN),
    "a page called a workbook": ("t.xlsx", b"<html><body><p>Log in</p></body></html>", "This page has no table"),
    "a picture called a table": ("t.csv", b"\x89PNG\r\n\x1a\n" + bytes(500), "a PNG picture"),
    "a document": ("t.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
    "a program": ("t.csv", b"\x7fELF\x02\x01\x01" + bytes(500), "a program"),
    "a program of Windows": ("t.csv", b"MZ\x90\x00" + bytes(500), "a program"),
    "a database": ("t.csv", b"SQLite format 3\x00" + bytes(500), "an SQLite database"),
    "an archive": ("t.csv", b"\x1f\x8b\x08" + bytes(500), "gzip archive is broken"),
    "a script": ("t.csv", b"#!/bin/sh\nrm -rf /\n", "No column for the code"),
    "NUL bytes alone": ("t.csv", bytes(100_000), "a binary file"),
    "nothing": ("t.csv", b"", "empty"),
    "JSON of 100,000 levels": ("t.json", b"[" * 100_000 + b"]" * 100_000, "Allowed: a list of objects"),
    "JSON with a value of 100,000 levels": (
        "t.json",
        b'[{"code": "1", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
        "nested too deeply",
    ),
    "JSON that never ends": ("t.json", b'[{"code": "1"},', "This is not valid JSON"),
    "one line of 8 MB": ("t.csv", b"section,code,description\nA,1," + b"x" * 8_000_000, "characters"),
}
"""Files that are stored nowhere."""

KEPT = {
    "formulas": (
        "t.csv",
        b"section,code,description\n"
        + b"".join(
            b'A,%d,"%s"\n' % (n, f)
            for n, f in enumerate(
                [b"=cmd|' /C calc'!A0", b"@SUM(1+9)", b"+1+1", b"-2+3", b"\t=1+1", b"\r=1+1", b"=HYPERLINK(1)"]
            )
        ),
    ),
    "a formula of a workbook": ("t.xlsx", workbook(("S", [HEADER, ["A", "1", "=1+1"], ["A", "2", "Two."]]))),
    "a workbook with links to others": (
        "t.xlsx",
        changed(
            "xl/externalLinks/_rels/externalLink1.xml.rels",
            b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r"'
            b' Type="x" Target="http://127.0.0.1:1/x.xlsx" TargetMode="External"/></Relationships>',
        ),
    ),
    "a workbook with a path that leads out": ("t.xlsx", changed("../../outside.xml", b"<x/>")),
    "NUL bytes in a cell": ("t.csv", CSV * 20 + b"A,2,T\x00wo.\nA,3\x00,Three.\n"),
    "UTF-16 without a mark": ("t.csv", CSV.decode().encode("utf-16-le")),
    "UTF-16 the other way round": ("t.csv", CSV.decode().encode("utf-16-be")),
    "huge numbers": ("t.json", b'[{"code": 1' + b"0" * 5_000 + b'}, {"code": "1", "x": 1e999999}]'),
    "what is no number": ("t.json", b'[{"code": NaN}, {"code": Infinity}, {"code": "1", "description": NaN}]'),
    "a key twice": ("t.json", b'[{"code": "1", "code": "2", "description": "One."}]'),
    "keys of the language": (
        "t.json",
        json.dumps([{"code": "1", "__class__": "x", "__proto__": {"a": 1}, "audience": "public"}]).encode(),
    ),
    "text that leads right to left": ("t.csv", CSV + "A,\u202e2,x\u202ey\n".encode()),
}
"""Files that become a plan; no code of them exists before the plan is applied."""

NAMES = [
    "../../x.csv",
    "..\\..\\x.csv",
    "/etc/passwd",
    "x" * 900 + ".csv",
    "a\x00b.csv",
    "\u202evsc.exe",
    'a"\r\nSet-Cookie: x=1.csv',
    "<img src=x onerror=alert(1)>.csv",
    "con",
    ".",
]
