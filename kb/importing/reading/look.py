"""A look at a file before it is planned: its tables, what each column is read as and why, and its first rows.

Everything is bounded, so that a look at a large file takes as long as one at a small file.
"""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from kb.importing.reading.choices import FileQuestion, ReadingChoices
from kb.importing.reading.columns import EXTRA, IGNORE, TARGETS
from kb.importing.reading.encodings import ENCODINGS, LABELS
from kb.importing.reading.formats.csv_dialect import DELIMITERS
from kb.importing.reading.header import named_part
from kb.importing.reading.sheet_look import SheetLook
from kb.importing.reading.sheets import Problem, Sheet, Unreadable
from kb.importing.reading.sources import Source
from kb.importing.reading.table_rows import SheetPart, TableRow
from kb.text.codes.cells import fit

ROWS = 20
"""Rows that a look shows."""

MAX_COUNTED = 5_000
"""Rows of a table that a look counts, and whose problems it finds."""

MAX_LISTED = 100
"""Problems, tables, and columns of a table that a look lists."""

_DELIMITED = ("", "csv", "pipes", "spaces", "pairs", "lines")
_HEADER_LINES = 20
_MAX_PREVIEW = 80
_MAX_CELL = 300


@dataclass
class ColumnLook:
    """A column: its header, its target in TARGETS, and why it has it. A table that is not read has no targets.

    `has_name` is false where the header is a number that stands in for a missing one.
    """

    header: str
    target: str = ""
    reason: str = ""
    has_name: bool = True

    @property
    def title(self) -> str:
        """The header as people see it."""
        return self.header if self.has_name else f"{self.header.lower()}, without a header"


@dataclass
class TableLook:
    """A table of the file: its header, its columns, its first rows.

    `header_line` is 0 without a header. `lines` has the records that may be the header: their line and some words.
    `row_count` is None above MAX_COUNTED. `reason` says why a table is left out. `rows` are lines with cells, a cell
    for each column; rows of a table that is read have their section, too.
    """

    key: str
    name: str
    is_read: bool
    reason: str = ""
    header_line: int = 0
    lines: list[tuple[int, str]] = field(default_factory=list)
    columns: list[ColumnLook] = field(default_factory=list)
    rows: list[tuple[int, str, list[str]]] = field(default_factory=list)
    row_count: int | None = 0

    @property
    def has_sections(self) -> bool:
        """Whether rows have a section that no column has: a heading, a banner or the name of the sheet."""
        in_column = any(column.target == "section" for column in self.columns)
        return not in_column and any(section for _, section, _ in self.rows)


@dataclass
class Look:
    """What is read of a file with the choices so far, and what else may be chosen.

    `stops` has the problems that keep the file from being read; there may be tables to choose from all the same.
    `encodings` has the codecs that may be chosen with their labels, likely ones first; it is empty for a workbook.
    """

    format: str = ""
    encoding: str = ""
    encodings: list[tuple[str, str]] = field(default_factory=list)
    delimiter: str = ""
    choices: ReadingChoices = field(default_factory=ReadingChoices)
    tables: list[TableLook] = field(default_factory=list)
    questions: list[FileQuestion] = field(default_factory=list)
    stops: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0

    @property
    def open_questions(self) -> list[FileQuestion]:
        """The questions that somebody must answer before a plan can be made."""
        return [question for question in self.questions if question.is_open]

    @property
    def is_ready(self) -> bool:
        """Whether a plan can be made."""
        return not self.stops and not self.open_questions and self.row_count > 0

    @property
    def row_count(self) -> int:
        """The rows that can be read, of each table up to MAX_COUNTED."""
        return sum(
            MAX_COUNTED if table.row_count is None else table.row_count for table in self.tables if table.is_read
        )

    @property
    def delimiters(self) -> list[tuple[str, str]]:
        """Return the delimiters that may be chosen, with their names; [] for a form that has none."""
        return list(DELIMITERS.items()) if self.delimiter or self.format in _DELIMITED else []

    def as_json(self) -> dict[str, Any]:
        """Return the look as plain data, for programs."""
        return {
            "format": self.format,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "tables": [_table_json(table) for table in self.tables],
            "questions": [question.as_json() for question in self.questions],
            "problems": [str(problem) for problem in [*self.stops, *self.problems]],
        }


def look(opener: Callable[[], Source], rows: int = ROWS) -> Look:
    """Return what is read of the file that `opener` opens. A file that cannot be read is a look with `stops`."""
    try:
        source = opener()
    except Unreadable as error:
        return _stopped(error, rows)
    return _filled(source, rows)


def _stopped(error: Unreadable, rows: int) -> Look:
    """Return what is known of a file that cannot be read."""
    # A choice that is not allowed can be made anew; no choice makes a table of a picture.
    may_choose = any(problem.kind.startswith("unknown_") for problem in error.problems)
    view = Look(encodings=list(LABELS.items()) if may_choose else [])
    if error.source is not None:
        view = _described(error.source)
        view.tables = [_unread(sheet, error.source, rows) for sheet in error.source.tables[:MAX_LISTED]]
    view.stops = error.problems[:MAX_LISTED]
    return view


def _filled(source: Source, rows: int) -> Look:
    view = _described(source)
    parts = {id(part.sheet): part for part in source.parts}
    problems = list(source.problems)
    for sheet in source.tables[:MAX_LISTED]:
        part = parts.get(id(sheet))
        try:
            view.tables.append(_read(part, source, rows, problems) if part else _unread(sheet, source, rows))
        except Unreadable as error:
            view.stops += error.problems[:MAX_LISTED]
            view.tables.append(_unread(sheet, source, rows))
    view.problems, view.problem_count = problems[:MAX_LISTED], len(problems)
    return view


def _described(source: Source) -> Look:
    return Look(
        source.format,
        source.encoding,
        _encodings(source) if source.encoding else [],
        source.delimiter,
        source.choices,
        questions=source.questions,
    )


def _encodings(source: Source) -> list[tuple[str, str]]:
    """Return all encodings that may be chosen; those that a question offers come first, with its words."""
    offers = [offer for question in source.questions for offer in question.offers]
    likely = {ENCODINGS[offer.choices["encoding"]]: offer.label for offer in offers if "encoding" in offer.choices}
    return [*likely.items(), *((codec, label) for codec, label in LABELS.items() if codec not in likely)]


def _read(part: SheetPart, source: Source, rows: int, problems: list[Problem]) -> TableLook:
    """Return the look at a table that is read; adds the problems of its rows."""
    # A source of this table alone: what a source does to rows, such as joining those of one code, shows.
    alone = copy(source)
    alone.parts, alone.problems = [part], []
    before = len(source.problems)
    reader = alone.rows()
    first = list(islice(reader, rows))
    more = sum(1 for _ in islice(reader, MAX_COUNTED - rows + 1)) if len(first) == rows else 0
    problems += alone.problems[before:]
    count = len(first) + more
    reasons = getattr(part.columns, "reasons", {})
    columns = [
        ColumnLook(header, target, reasons.get(header, ""), _has_name(part, at))
        for at, (header, target) in enumerate(part.columns.targets.items())
    ]
    return TableLook(
        part.sheet.key,
        _name(part.sheet),
        True,
        header_line=part.header_line,
        lines=_header_lines(part.sheet),
        columns=columns,
        rows=[(row.place.line, row.section, _cells(row, columns)) for row in first],
        row_count=count if count <= MAX_COUNTED else None,
    )


def _has_name(part: SheetPart, at: int) -> bool:
    cell = part.cells[at] if at < len(part.cells) else ""
    return part.header[at] != f"Column {at + 1}" or bool((cell or "").strip())


def _unread(sheet: Sheet, source: Source, rows: int) -> TableLook:
    """Return the look at a table that is left out: its records as they are, below what is most like a header."""
    is_chosen = not source.choices.tables or sheet.key in source.choices.tables
    view = TableLook(sheet.key, _name(sheet), False, "No column is known as the code." if is_chosen else "Not chosen.")
    try:
        part = named_part(SheetLook(sheet, source.choices, source.limits, source.precedent))
        header = part.header if isinstance(part, SheetPart) else part
        records = list(islice(sheet.records(lambda problem: None), rows + 1))
    except Unreadable as error:
        view.reason = str(error)
        return view
    width = min(max((len(cells) for _, cells in records), default=0), MAX_LISTED)
    labels = (header + [f"Column {number}" for number in range(len(header) + 1, width + 1)])[:width]
    view.columns = [
        ColumnLook(label, source.choices.columns.get(label, ""), has_name=label in header) for label in labels
    ]
    view.rows = [(line, "", [_short(cell) for cell in [*cells, *[""] * width][:width]]) for line, cells in records]
    view.lines, view.row_count = _header_lines(sheet), None
    return view


def _header_lines(sheet: Sheet) -> list[tuple[int, str]]:
    """Return the first records with their lines: one of them may be the header."""
    lines: dict[int, str] = {}
    with_words = _records_or_none(sheet)
    for line, cells in islice(with_words, _HEADER_LINES):
        words = fit(" \u00b7 ".join(" ".join(cell.split()) for cell in cells[:MAX_LISTED] if cell and cell.strip()))
        if words:
            lines.setdefault(line, words if len(words) <= _MAX_PREVIEW else f"{words[:_MAX_PREVIEW]}\u2026")
    return list(lines.items())


def _records_or_none(sheet: Sheet) -> Iterator[Any]:
    try:
        yield from sheet.records(lambda problem: None)
    except Unreadable:
        return


def _cells(row: TableRow, columns: list[ColumnLook]) -> list[str]:
    """Return the cells of a row in the file's order; those of columns that are left out are empty."""
    values = {"code": row.code, "section": row.section, **row.texts}
    return [
        _short(row.extra.get(column.header, "") if column.target == EXTRA else values.get(column.target, ""))
        for column in columns
    ]


def _short(cell: str | None) -> str:
    text = fit((cell or "")[: _MAX_CELL + 1])
    return text if len(text) <= _MAX_CELL else f"{text[:_MAX_CELL]}\u2026"


def _name(sheet: Sheet) -> str:
    return sheet.name or sheet.section


def _table_json(table: TableLook) -> dict[str, Any]:
    columns = [
        {"header": column.header, "target": column.target or IGNORE, "reason": column.reason}
        for column in table.columns
    ]
    rows = [{"line": line, "section": section, "cells": cells} for line, section, cells in table.rows]
    return {
        "key": table.key,
        "name": table.name,
        "read": table.is_read,
        "reason": table.reason,
        "header_line": table.header_line,
        "columns": columns,
        "rows": rows,
        "row_count": table.row_count,
    }


def label_of(target: str) -> str:
    """Return the label of a column's target; "" for none."""
    return TARGETS.get(target, "")
