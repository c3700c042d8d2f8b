"""Small files of every format, written by the tests."""

from io import BytesIO

import openpyxl

from kb.importing.reading.sources import Limits, ReadingChoices, Unreadable, open_source

LIMITS = Limits()


def open_text(content, name="table.csv", *, limits=LIMITS, **options):
    data = content if isinstance(content, bytes) else content.encode()
    return open_source(BytesIO(data), name, ReadingChoices(**options), limits=limits)


def read_rows(content, name="table.csv", **options):
    """Return the rows and the problems of a file."""
    source = open_text(content, name, **options)
    return list(source.rows()), source.problems


def codes(content, name="table.csv", **options):
    return [row.code for row in read_rows(content, name, **options)[0]]


def refusal(content, name="table.csv", **options):
    """Return the kinds of the problems for which a file is refused, and the message."""
    try:
        read_rows(content, name, **options)
    except Unreadable as unreadable:
        return [problem.kind for problem in unreadable.problems], str(unreadable)
    raise AssertionError("the file was read")


def workbook(*sheets, merged=(), formats=None, hidden=()):
    """Return an XLSX file of (title, rows) pairs; `merged` names areas of every sheet, or by title."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
        for area in merged.get(title, ()) if isinstance(merged, dict) else merged:
            page.merge_cells(area)
        for cell, number_format in (formats or {}).items():
            page[cell].number_format = number_format
        if title in hidden:
            page.sheet_state = "hidden"
    file = BytesIO()
    book.save(file)
    return file.getvalue()
