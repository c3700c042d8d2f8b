"""Read the table in a file: CSV, XLSX, JSON, or a table of a web page or a Markdown document.

    source = open_source(path, path.name)
    for row in source.rows(): ...
    source.problems

One pass reports every problem with its line. A row with an error is left out of the rows. `open_source` and `rows`
raise Unreadable where nothing in the file can be trusted, and no other exception whatever the bytes are.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from kb.importing.reading.arranged_tables import looks_at
from kb.importing.reading.arrangements import arranged_rows
from kb.importing.reading.choices import ANSWERS, OF_PLAN, FileQuestion, ReadingChoices
from kb.importing.reading.columns import EXTRA, ColumnMap, check_column_map
from kb.importing.reading.damage import point_zero_question
from kb.importing.reading.encodings import ENCODINGS, find_encoding
from kb.importing.reading.evidence import MAX_RECORDS
from kb.importing.reading.files import InputFile
from kb.importing.reading.formats import csv_dialect, registry
from kb.importing.reading.header import guessed_part, named_part, unread_lines
from kb.importing.reading.header_names import plain
from kb.importing.reading.left_out import no_code_column, sheet_left_out
from kb.importing.reading.precedent import Precedent
from kb.importing.reading.sheet_look import SheetLook
from kb.importing.reading.sheets import (
    FIRST_PROBLEMS,
    MAX_PROBLEMS,
    MAX_SUGGESTIONS,
    MAX_TABLES_COLUMNS,
    MORE_COLUMNS,
    Limits,
    Problem,
    Sheet,
    SourcePlace,
    Unreadable,
    unreadable,
)
from kb.importing.reading.source_file import SourceFile
from kb.importing.reading.surplus import question_about_surplus
from kb.importing.reading.table_rows import SheetPart, TableRow

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

    You may call `rows` again to read the file a second time. `problems` fills while `rows` runs. `tables` has every
    table of the file, `parts` those that are read, `others` those without a column for the code, with the labels that
    look like their header.
    """

    def __init__(
        self, source_file: SourceFile, form: str, choices: ReadingChoices, precedent: Precedent | None = None
    ) -> None:
        self.source_file = source_file
        self.format = form
        self.choices = choices
        self.precedent = precedent or Precedent()
        self.tables: list[Sheet] = []
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
        reasons: dict[str, str] = {}
        for part in self.parts:
            for label, target in part.columns.targets.items():
                targets.setdefault(label, target)
                reasons.setdefault(label, part.columns.reasons.get(label, ""))
        return ColumnMap(targets, {label: reason for label, reason in reasons.items() if reason})

    @property
    def ranges(self) -> list[tuple[str, str, str]]:
        """First code, last code and description of each range of codes that a row names, after `rows`."""
        return [listed for part in self.parts for listed in part.ranges]

    def rows(self) -> Iterator[TableRow]:
        """Yield the rows without errors in the file's order, in flat memory. Raises Unreadable."""
        self.problems[:] = self._first_problems
        self._suggestions = 0
        rows_left = self.limits.rows
        for part in self.parts:
            for row in arranged_rows(part, self.limits, self.encoding, self._report):
                if rows_left == 0:
                    message = f"The file has more than {self.limits.rows} rows, the limit."
                    raise Unreadable([Problem(row.place, "too_many_rows", message)], self.header)
                rows_left -= 1
                yield row
        if rows_left == self.limits.rows and not self.problems:
            self._report(Problem(None, "no_rows", "The file has a header, but no row with a code.", "", "warning"))

    def add_sheets(self, sheets: list[Sheet]) -> None:
        """Add the sheets that have a column for the code. Raises Unreadable where none has."""
        self._find_parts(sheets)
        self._check_columns()
        column_count = len(self.columns.targets)
        if column_count > MAX_TABLES_COLUMNS * self.limits.columns:
            most = MAX_TABLES_COLUMNS * self.limits.columns
            message = f"The tables of this file have {column_count} different columns; at most {most} are allowed."
            message += f" {MORE_COLUMNS}"
            raise unreadable("too_many_columns", message)
        flaw = self.source_file.flaw
        flaws = [Problem(None, "wrong_encoding", flaw, "", "warning")] if flaw else []
        self._first_problems = [*flaws, *self.source_file.problems, *self._first_problems]
        self._first_problems += [sheet_left_out(sheet, header) for sheet, header in self.others if header]
        self._first_problems += [problem for part in self.parts for problem in part.problems]
        self._refuse_too_many(self._first_problems)
        errors = [problem for problem in self._first_problems if problem.severity == "error"]
        if errors:
            raise Unreadable(errors, self.header)
        self.problems[:] = self._first_problems
        sheet_parts = [part for part in self.parts if part.sheet.name]
        if len({part.sheet.name for part in sheet_parts}) > 1:
            for part in sheet_parts:
                part.section = part.section or part.sheet.name

    def _find_parts(self, sheets: list[Sheet]) -> None:
        looks: list[SheetLook] = []
        parts: dict[int, SheetPart | list[str]] = {}
        for number, sheet in enumerate(sheets, 1):
            sheet.key = sheet.key or sheet.name or str(number)
        for look in looks_at(sheets, self.choices, self.limits, self.precedent):
            if self.choices.tables and look.sheet.key not in self.choices.tables:
                continue
            part = named_part(look)
            if look.sheet.doubt and not self.choices.tables:
                self.others.append((look.sheet, part.header if isinstance(part, SheetPart) else part))
            else:
                parts[len(looks)] = part
                looks.append(look)
        for sure in (True, False):
            # A column that no header names is taken only where the file has no table that names its codes.
            if not any(_has_code(part) for part in parts.values()):
                guesses = {number: guessed_part(looks[number], sure=sure) for number in parts}
                parts |= {number: part for number, part in guesses.items() if part}
        for number, part in parts.items():
            if isinstance(part, SheetPart) and part.columns.has("code"):
                self.parts.append(part)
                self._ask_about_cells(part, looks[number])
                self._first_problems += filter(None, [unread_lines(looks[number], part)])
            else:
                labels = part.header if isinstance(part, SheetPart) else part
                self.others.append((looks[number].sheet, labels))
        if not self.parts:
            raise no_code_column([header for _, header in self.others], self.limits, self.source_file.flaw)
        self._keep_questions()

    def _ask_about_cells(self, part: SheetPart, look: SheetLook) -> None:
        records = look.records[part.header_end :]
        codes = [(cells[part.code_at] or "").strip() for _, cells in records if len(cells) > part.code_at]
        zeros = point_zero_question(list(filter(None, codes)), self.precedent.samples)
        part.without_zero = zeros is not None
        part.unseen = _unseen(part, look)
        surplus = question_about_surplus(part, records)
        if surplus:
            part.ways["commas"] = "join" if surplus.default == ANSWERS["commas"]["join"] else "error"
        part.questions += [surplus] if surplus else []
        part.questions += [zeros] if zeros and "damage" not in self.choices.answers else []

    def _keep_questions(self) -> None:
        """Ask each question once, also where several tables raise it."""
        for question in (question for part in self.parts for question in part.questions):
            if all((other.kind, other.offers) != (question.kind, question.offers) for other in self.questions):
                self.questions.append(question)

    def _check_columns(self) -> None:
        """Raise Unreadable where somebody chose a target for a header that the file does not have."""
        headers = {plain(label) for label in self.header} | {
            plain(label) for _, labels in self.others for label in labels
        }
        missing = [header for header in self.choices.columns if plain(header) not in headers]
        if missing:
            message = f"The file has no column {missing[0]}. It has: {', '.join(self.header)[:500]}."
            raise Unreadable([Problem(None, "unknown_column", message, missing[0])], self.header)

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
    choices = choices or ReadingChoices()
    # What the last file's columns were is evidence; answers, and what somebody chooses now, decide.
    # The stored codes have changed since: of them, a plan asks again, with the last answer as the default.
    remembered = {kind: value for kind, value in precedent.choices.answers.items() if kind not in OF_PLAN}
    choices = replace(choices, answers={**remembered, **choices.answers})
    check_column_map(choices.columns)
    if choices.delimiter and choices.delimiter not in csv_dialect.DELIMITERS:
        allowed = ", ".join(csv_dialect.DELIMITERS.values())
        message = f"Columns cannot be separated by {choices.delimiter!r}. Allowed: {allowed}."
        raise unreadable("unknown_delimiter", message, value=choices.delimiter)
    input_file = InputFile(file, limits or Limits.from_settings())
    columns = {**precedent.choices.columns, **choices.columns}
    source_file = SourceFile(input_file, name, limits or Limits.from_settings(), "", choices.delimiter, columns)
    form, question = registry.open_archive(source_file, input_file, source_file.limits), None
    if form is None:
        source_file.file.check_is_text(source_file.name)
        source_file.encoding, question = find_encoding(source_file.file, choices.encoding, precedent)
        form = registry.text_format(source_file)
    source = Source(source_file, form.name, choices, precedent)
    source.questions += [question] if question else []
    try:
        source.tables = form.read(source_file)
        source.add_sheets(source.tables)
    except Unreadable as error:
        error.source = source
        raise
    return source


def _has_code(part: SheetPart | list[str]) -> bool:
    return isinstance(part, SheetPart) and part.columns.has("code")


def _unseen(part: SheetPart, look: SheetLook) -> frozenset[str]:
    """Return the extra columns that nobody chose and that have no cell in the records of a look at a longer table."""
    if len(look.records) < MAX_RECORDS:
        return frozenset()
    filled = {at for _, cells in look.records[part.header_end :] for at, cell in enumerate(cells) if cell}
    names = [label for label, target in part.columns.targets.items() if target == EXTRA]
    return frozenset(
        name for name in names if part.header.index(name) not in filled and name not in look.choices.columns
    )
