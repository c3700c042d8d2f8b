"""Read the table in a file: CSV, XLSX, JSON, or a table of a web page or a Markdown document.

    source = open_source(path, path.name)
    for row in source.rows(): ...
    source.problems

One pass reports every problem with its line. A row with an error is left out of the rows. `open_source` and `rows`
raise Unreadable where nothing in the file can be trusted, and no other exception whatever the bytes are.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kb.importing.reading.choices import FileQuestion, ReadingChoices
from kb.importing.reading.columns import ColumnMap, check_column_map
from kb.importing.reading.files import ENCODINGS, InputFile
from kb.importing.reading.formats import csv_text, registry
from kb.importing.reading.precedent import Precedent
from kb.importing.reading.sheets import (
    FIRST_PROBLEMS,
    MAX_PROBLEMS,
    MAX_SUGGESTIONS,
    MAX_TABLES_COLUMNS,
    Limits,
    Problem,
    Sheet,
    SourcePlace,
    Unreadable,
    unreadable,
)
from kb.importing.reading.source_file import SourceFile
from kb.importing.reading.table_rows import SheetPart, TableRow, find_header

__all__ = [
    "ENCODINGS",
    "FileQuestion",
    "Limits",
    "Precedent",
    "Problem",
    "ReadingChoices",
    "Source",
    "SourcePlace",
    "TableRow",
    "Unreadable",
    "open_source",
]


class Source:
    """A file that is open: its format, what its columns mean, and its rows.

    You may call `rows` again to read the file a second time. `problems` fills while `rows` runs. `parts` has the tables
    that are read, `others` the tables without a column for the code, with the labels that look like their header.
    """

    def __init__(self, source_file: SourceFile, form: str, choices: ReadingChoices) -> None:
        self.source_file = source_file
        self.format = form
        self.choices = choices
        self.parts: list[SheetPart] = []
        self.others: list[tuple[Sheet, list[str]]] = []
        self.questions: list[FileQuestion] = []
        self.problems: list[Problem] = []
        self._first_problems: list[Problem] = []
        self._suggestions = 0

    @property
    def encoding(self) -> str:
        """The encoding of the text; "" for a workbook."""
        return self.source_file.encoding

    @property
    def delimiter(self) -> str:
        """The delimiter of CSV; "" for other formats."""
        return self.source_file.delimiter if self.format == "csv" else ""

    @property
    def sha256(self) -> str:
        """The digest of the file's bytes."""
        return self.source_file.file.sha256

    @property
    def size(self) -> int:
        """The number of the file's bytes."""
        return self.source_file.file.size

    @property
    def limits(self) -> Limits:
        """How much of the file is read."""
        return self.source_file.limits

    @property
    def open_questions(self) -> list[FileQuestion]:
        """The questions that somebody must answer before the file can be imported."""
        return [question for question in self.questions if question.is_open]

    @property
    def sheets(self) -> list[str]:
        """Names of the sheets that have codes."""
        return [part.sheet.name for part in self.parts if part.sheet.name]

    @property
    def header(self) -> list[str]:
        """Labels of the columns of all tables in the file."""
        return list(self.columns.targets)

    @property
    def columns(self) -> ColumnMap:
        """The target of each column."""
        targets: dict[str, str] = {}
        for part in self.parts:
            for label, target in part.columns.targets.items():
                targets.setdefault(label, target)
        return ColumnMap(targets)

    def rows(self) -> Iterator[TableRow]:
        """Yield the rows without errors in the file's order, in flat memory. Raises Unreadable."""
        self.problems[:] = self._first_problems
        self._suggestions = 0
        rows_left = self.limits.rows
        for part in self.parts:
            for row in part.rows(self.limits, self.encoding, self._report):
                if rows_left == 0:
                    message = f"The file has more than {self.limits.rows} rows, the limit."
                    raise Unreadable([Problem(row.place, "too_many_rows", message)], self.header)
                rows_left -= 1
                yield row

    def add_sheets(self, sheets: list[Sheet]) -> None:
        """Add the sheets that have a column for the code. Raises Unreadable where none has."""
        for number, sheet in enumerate(sheets, 1):
            sheet.key = sheet.name or str(number)
            if self.choices.tables and sheet.key not in self.choices.tables:
                continue
            part = find_header(sheet, self.choices, self.limits)
            is_doubtful = sheet.doubt and sheet.key not in self.choices.tables
            if isinstance(part, SheetPart) and part.columns.has("code") and not is_doubtful:
                self.parts.append(part)
            else:
                self.others.append((sheet, part.header if isinstance(part, SheetPart) else part))
        if not self.parts:
            raise _no_code_column([header for _, header in self.others], self.limits)
        column_count = len(self.columns.targets)
        if column_count > MAX_TABLES_COLUMNS * self.limits.columns:
            most = MAX_TABLES_COLUMNS * self.limits.columns
            message = f"The tables of this file have {column_count} different columns; at most {most} are allowed."
            raise unreadable("too_many_columns", message)
        self._first_problems = [*self.source_file.problems]
        self._first_problems += [_sheet_left_out(sheet, header) for sheet, header in self.others if header]
        self._first_problems += [problem for part in self.parts for problem in part.problems]
        self._refuse_too_many(self._first_problems)
        errors = [problem for problem in self._first_problems if problem.severity == "error"]
        if errors:
            raise Unreadable(errors, self.header)
        self.problems[:] = self._first_problems
        sheet_parts = [part for part in self.parts if part.sheet.name]
        if len(sheet_parts) > 1:
            for part in sheet_parts:
                part.section = part.section or part.sheet.name

    def _report(self, problem: Problem) -> None:
        self.problems.append(problem)
        self._suggestions += len(problem.suggestion)
        self._refuse_too_many(self.problems)

    def _refuse_too_many(self, problems: list[Problem]) -> None:
        if len(problems) > MAX_PROBLEMS:
            message = f"The file has more than {MAX_PROBLEMS} problems; the first ones are shown. Is this file a table?"
        elif self._suggestions > MAX_SUGGESTIONS:
            message = f"Cells with several codes list more than {MAX_SUGGESTIONS} codes; the first ones are shown."
        else:
            return
        raise Unreadable([Problem(None, "too_many_problems", message), *problems[:FIRST_PROBLEMS]])


def open_source(
    file: BinaryIO | Path,
    name: str,
    choices: ReadingChoices | None = None,
    *,
    precedent: Precedent | None = None,
    limits: Limits | None = None,
) -> Source:
    """Return the source of a path, or of a seekable file object that stays open while you read rows.

    `choices` replace what the file itself shows; `precedent` helps where it shows nothing. Raises Unreadable.
    """
    precedent = precedent or Precedent()
    choices = precedent.choices.merged((choices or ReadingChoices()).as_json())
    check_column_map(choices.columns)
    if choices.delimiter and choices.delimiter not in csv_text.DELIMITERS:
        allowed = ", ".join(csv_text.DELIMITERS.values())
        message = f"Columns cannot be separated by {choices.delimiter!r}. Allowed: {allowed}."
        raise unreadable("unknown_delimiter", message, value=choices.delimiter)
    input_file = InputFile(file, limits or Limits.from_settings())
    source_file = SourceFile(input_file, name, limits or Limits.from_settings(), "", choices.delimiter, choices.columns)
    form = registry.open_archive(source_file, input_file, source_file.limits)
    if form is None:
        source_file.file.check_is_text(source_file.name)
        source_file.encoding = source_file.file.encoding(choices.encoding)
        form = registry.text_format(source_file)
    source = Source(source_file, form.name, choices)
    source.add_sheets(form.read(source_file))
    return source


def _no_code_column(headers: list[list[str]], limits: Limits) -> Unreadable:
    if any(len(header) > limits.columns for header in headers):
        message = f"The file has more than {limits.columns} columns, the limit, and the first ones have no code."
        return unreadable("too_many_columns", message)
    header = max(headers, key=len, default=[])
    labels = ", ".join(header) or "nothing"
    message = f"No column for the code. Found: {labels[:500]}. Allowed are names such as Code, Return code, Error code."
    return Unreadable([Problem(None, "no_code_column", message, ", ".join(header)[:500])], header)


def _sheet_left_out(sheet: Sheet, header: list[str]) -> Problem:
    subject = f"The sheet {sheet.name}" if sheet.name else "A table of the file"
    reason = sheet.doubt or "has no column for the code"
    message = f"{subject} {reason} and was left out. Found: {', '.join(header)[:200]}."
    return Problem(sheet.place(sheet.line) if sheet.line else None, "sheet_left_out", message, sheet.name, "warning")
