"""Read the table in a file: CSV, XLSX, JSON, or a table of a web page or a Markdown document.

    source = open_source(path, path.name)
    for row in source.rows(): ...
    source.problems

One pass reports every problem with its line. A row with an error is left out of the rows. `open_source` and `rows`
raise Unreadable where nothing in the file can be trusted, and no other exception whatever the bytes are.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from kb.importing.reading import csv_text, json_text, markup
from kb.importing.reading.columns import ColumnMap, check_column_map
from kb.importing.reading.files import ENCODINGS, KEEP_BAD_BYTES, InputFile, codec_of
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
from kb.importing.reading.table_rows import SheetPart, TableRow, find_header

__all__ = [
    "ENCODINGS",
    "Limits",
    "Problem",
    "Source",
    "SourcePlace",
    "TableRow",
    "Unreadable",
    "open_source",
]

_JSON = re.compile(r'\ufeff?\s*(?:\{\s*"|\[\s*[\[{\]])')
_JSON_LINES = re.compile(r'\ufeff?\s*\{\s*"[^\n]*\}[ \t]*\n\s*\{\s*"')
_HTML = re.compile(r"\ufeff?\s*<(?:!doctype\s+html|html|head|body|div|table|h[1-6]|thead|tbody|tr|meta|style)\b", re.I)
_PIPES = re.compile(r"^[ \t]{0,9}\|?[ \t:]{0,9}-[-: \t]{0,99}\|[-|: \t]*$", re.MULTILINE)
_FORMATS = {
    "csv": "csv", "tsv": "csv", "tab": "csv", "json": "json", "ndjson": "ndjson", "jsonl": "ndjson",
    "html": "html", "htm": "html",
    "md": "markdown", "mdx": "markdown", "markdown": "markdown",
}  # fmt: skip


class Source:
    """A file that is open: its format, what its columns mean, and its rows.

    You may call `rows` again to read the file a second time. `problems` fills while `rows` runs.
    """

    def __init__(self, input_file: InputFile, kind: str, encoding: str, delimiter: str, limits: Limits) -> None:
        self.format = kind
        self.encoding = encoding
        self.delimiter = delimiter
        self.sha256 = input_file.sha256
        self.size = input_file.size
        self.limits = limits
        self.parts: list[SheetPart] = []
        self.problems: list[Problem] = []
        self._first_problems: list[Problem] = []
        self._suggestions = 0

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

    def add_sheets(self, sheets: list[Sheet], column_map: ColumnMap, problems: list[Problem]) -> None:
        """Add the sheets that have a column for the code. Raises Unreadable where none has."""
        codeless: list[tuple[Sheet, list[str]]] = []
        for sheet in sheets:
            part = find_header(sheet, column_map, self.limits)
            if isinstance(part, SheetPart):
                self.parts.append(part)
            else:
                codeless.append((sheet, part))
        if not self.parts:
            raise _no_code_column([header for _, header in codeless], self.limits)
        column_count = len(self.columns.targets)
        if column_count > MAX_TABLES_COLUMNS * self.limits.columns:
            most = MAX_TABLES_COLUMNS * self.limits.columns
            message = f"The tables of this file have {column_count} different columns; at most {most} are allowed."
            raise unreadable("too_many_columns", message)
        self._first_problems = problems + [_sheet_left_out(sheet, header) for sheet, header in codeless if header]
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
    *,
    encoding: str = "",
    delimiter: str = "",
    columns: ColumnMap | Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Source:
    """Return the source of a path, or of a seekable file object that stays open while you read rows.

    `encoding`, `delimiter` and `columns` (header to target, as `ColumnMap.as_json` returns) replace what the file
    itself shows. A header that `columns` does not have gets its target by its name. Raises Unreadable.
    """
    column_map = check_column_map(columns)
    if delimiter and delimiter not in csv_text.DELIMITERS:
        message = f"Columns cannot be separated by {delimiter!r}. Allowed: comma, semicolon, tab."
        raise unreadable("unknown_delimiter", message, value=delimiter)
    limits = limits or Limits.from_settings()
    input_file = InputFile(file, limits)
    if input_file.is_zip:
        # Not with the module: openpyxl takes longer to load than most files to read, and every import would wait.
        from kb.importing.reading import xlsx

        source = Source(input_file, "xlsx", "", "", limits)
        sheets, problems = xlsx.sheets(input_file, limits)
        source.add_sheets(sheets, column_map, problems)
        return source
    input_file.check_is_text(name)
    text_encoding = input_file.encoding(encoding)
    sample = input_file.head.decode(codec_of(text_encoding), KEEP_BAD_BYTES)
    kind = _format(sample, name, bool(delimiter))
    if kind == "csv":
        delimiter = delimiter or csv_text.sniff_delimiter(sample, column_map)
    source = Source(input_file, kind, text_encoding, delimiter if kind == "csv" else "", limits)
    source.add_sheets(_text_sheets(input_file, source), column_map, [])
    return source


def _text_sheets(input_file: InputFile, source: Source) -> list[Sheet]:
    if source.format == "csv":
        return [csv_text.sheet(input_file, source.encoding, source.delimiter, source.limits)]
    text = input_file.text(source.encoding, source.limits)
    if source.format in ("json", "ndjson"):
        return [json_text.sheet(text, source.limits, lines=source.format == "ndjson")]
    return (markup.html_sheets if source.format == "html" else markup.markdown_sheets)(text, source.limits)


def _format(sample: str, name: str, has_delimiter: bool) -> str:
    """Return the format of a text, by its name or else by how it begins."""
    named_format = _FORMATS.get(name.lower().rpartition(".")[2], "")
    if has_delimiter or named_format:
        return "csv" if has_delimiter else named_format
    if _JSON_LINES.match(sample):
        return "ndjson"
    if _JSON.match(sample):
        return "json"
    if _HTML.match(sample):
        return "html"
    return "markdown" if _PIPES.search(sample) or "<table" in sample.lower() else "csv"


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
    message = f"{subject} has no column for the code and was left out. Found: {', '.join(header)[:200]}."
    return Problem(None, "sheet_left_out", message, sheet.name, "warning")
