"""Read the table in a file: CSV, XLSX, JSON, or a table of a web page or a Markdown document.

    source = open_source(path, path.name)
    for row in source.rows(): ...
    source.problems

Everything that is wrong is found in one pass and named with its line; a row with an error is not among the rows.
Where nothing can be trusted, `open_source` and `rows` raise Unreadable, and nothing else for any bytes.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from kb.importing.reading import csv_text, json_text, markup, xlsx
from kb.importing.reading.columns import ColumnMap, check_column_map
from kb.importing.reading.files import ENCODINGS, KEEP_BAD_BYTES, InputFile, codec_of
from kb.importing.reading.sheets import (
    FIRST_PROBLEMS,
    MAX_PROBLEMS,
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
_LINES = re.compile(r'\ufeff?\s*\{\s*"[^\n]*\}[ \t]*\n\s*\{\s*"')
_HTML = re.compile(r"\ufeff?\s*<(?:!doctype\s+html|html|head|body|div|table|h[1-6]|thead|tbody|tr|meta|style)\b", re.I)
_PIPES = re.compile(r"^[ \t]{0,9}\|?[ \t:]{0,9}-[-: \t]{0,99}\|[-|: \t]*$", re.MULTILINE)
_BY_NAME = {
    "csv": "csv", "tsv": "csv", "tab": "csv", "json": "json", "ndjson": "ndjson", "jsonl": "ndjson",
    "html": "html", "htm": "html",
    "md": "markdown", "mdx": "markdown", "markdown": "markdown",
}  # fmt: skip


class Source:
    """An opened file: what it is, how its columns are read, and its rows.

    `rows` may be called again, for a second reading; `problems` are those of the last one, found while it goes on.
    """

    def __init__(self, opened: InputFile, kind: str, encoding: str, delimiter: str, limits: Limits) -> None:
        self.format = kind
        self.encoding = encoding
        self.delimiter = delimiter
        self.sha256 = opened.sha256
        self.size = opened.size
        self.limits = limits
        self.parts: list[SheetPart] = []
        self.problems: list[Problem] = []
        self._found_first: list[Problem] = []

    @property
    def sheets(self) -> list[str]:
        """Names of the sheets that are read."""
        return [part.sheet.name for part in self.parts if part.sheet.name]

    @property
    def header(self) -> list[str]:
        """Labels of the columns, of all tables in the file."""
        return list(self.columns.targets)

    @property
    def columns(self) -> ColumnMap:
        """What each column is read as."""
        targets: dict[str, str] = {}
        for part in self.parts:
            targets = {**part.columns.targets, **targets}
        return ColumnMap(targets)

    def rows(self) -> Iterator[TableRow]:
        """Yield the rows that can be used, in the file's order; memory stays flat. Raises Unreadable."""
        self.problems[:] = self._found_first
        left = self.limits.rows
        for part in self.parts:
            for row in part.rows(self.limits, self.encoding, self._report):
                if left == 0:
                    message = f"The file has more than {self.limits.rows} rows; that is the most allowed."
                    raise Unreadable([Problem(row.place, "too_many_rows", message)], self.header)
                left -= 1
                yield row

    def use(self, sheets: list[Sheet], given: ColumnMap, known: list[Problem]) -> None:
        """Take the sheets that have a column for the code. Raises Unreadable where none has."""
        without: list[tuple[Sheet, list[str]]] = []
        for sheet in sheets:
            part = find_header(sheet, given, self.limits)
            if isinstance(part, SheetPart):
                self.parts.append(part)
            else:
                without.append((sheet, part))
        if not self.parts:
            raise _no_code_column([header for _, header in without])
        self._found_first = known + [_left_out(sheet, header) for sheet, header in without if header]
        self._found_first += [problem for part in self.parts for problem in part.problems]
        wrong = [problem for problem in self._found_first if problem.severity == "error"]
        if wrong:
            raise Unreadable(wrong, self.header)
        self.problems[:] = self._found_first
        named = [part for part in self.parts if part.sheet.name]
        if len(named) > 1:
            for part in named:
                part.section = part.section or part.sheet.name

    def _report(self, problem: Problem) -> None:
        self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            message = f"The file has more than {MAX_PROBLEMS} problems; the first of them are shown. Is it a table?"
            raise Unreadable([Problem(None, "too_many_problems", message), *self.problems[:FIRST_PROBLEMS]])


def open_source(
    file: BinaryIO | Path,
    name: str,
    *,
    encoding: str = "",
    delimiter: str = "",
    columns: ColumnMap | Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Source:
    """Open a file, or a seekable file object that stays open while rows are read, and find out what it is.

    `encoding`, `delimiter` and `columns` (header to target; a stored `as_json()` will do) say what is not to be found
    out. Headers that `columns` does not name are found by their names. Raises Unreadable.
    """
    given = check_column_map(columns)
    if delimiter and delimiter not in csv_text.DELIMITERS:
        message = f"Columns cannot be separated by {delimiter!r}; allowed: comma, semicolon, tab."
        raise unreadable("unknown_delimiter", message, value=delimiter)
    limits = limits or Limits.from_settings()
    opened = InputFile(file, limits)
    if opened.is_zip:
        source = Source(opened, "xlsx", "", "", limits)
        sheets, known = xlsx.sheets(opened, limits)
        source.use(sheets, given, known)
        return source
    opened.check_is_text(name)
    found = opened.encoding(encoding)
    sample = opened.head.decode(codec_of(found), KEEP_BAD_BYTES)
    kind = _format(sample, name, bool(delimiter))
    if kind == "csv":
        delimiter = delimiter or csv_text.sniff_delimiter(sample, given)
    source = Source(opened, kind, found, delimiter if kind == "csv" else "", limits)
    source.use(_text_sheets(opened, source), given, [])
    return source


def _text_sheets(opened: InputFile, source: Source) -> list[Sheet]:
    if source.format == "csv":
        return [csv_text.sheet(opened, source.encoding, source.delimiter, source.limits)]
    text = opened.text(source.encoding, source.limits)
    if source.format in ("json", "ndjson"):
        return [json_text.sheet(text, lines=source.format == "ndjson")]
    return (markup.html_sheets if source.format == "html" else markup.markdown_sheets)(text, source.limits)


def _format(sample: str, name: str, delimited_for_sure: bool) -> str:
    """Return the format of a text: as its name says, or as it begins."""
    by_name = _BY_NAME.get(name.lower().rpartition(".")[2], "")
    if delimited_for_sure or by_name:
        return "csv" if delimited_for_sure else by_name
    if _LINES.match(sample):
        return "ndjson"
    if _JSON.match(sample):
        return "json"
    if _HTML.match(sample):
        return "html"
    return "markdown" if _PIPES.search(sample) or "<table" in sample.lower() else "csv"


def _no_code_column(headers: list[list[str]]) -> Unreadable:
    header = max(headers, key=len, default=[])
    found = ", ".join(header) or "nothing"
    message = f"No column for the code; found: {found[:500]}. Allowed are names such as Code, Return code, Error code."
    return Unreadable([Problem(None, "no_code_column", message, ", ".join(header)[:500])], header)


def _left_out(sheet: Sheet, header: list[str]) -> Problem:
    what = f"The sheet {sheet.name}" if sheet.name else "A table of the file"
    message = f"{what} has no column for the code and was left out; found: {', '.join(header)[:200]}."
    return Problem(None, "sheet_left_out", message, sheet.name, "warning")
