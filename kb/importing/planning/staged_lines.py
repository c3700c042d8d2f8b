"""The rows of a file as lines of the temporary table that it is compared in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kb.importing import stage
from kb.importing.planning import strangers
from kb.importing.reading.sources import Source, TableRow
from kb.models import TableImport
from kb.models.fields import VENDOR_TEXTS
from kb.text.codes import forms

Progress = Callable[[int], None]
"""Called with the number of rows read so far."""

_MAX_LENGTHS = {"symbol": 200}


@dataclass
class StagedLines:
    """The lines of `kb_staging`, from a source's rows, and whether the file has sections and extra columns."""

    source: Source
    table_import: TableImport
    progress: Progress | None = None
    row_count: int = 0
    has_sections: bool = field(init=False)
    extra_columns: set[str] = field(init=False)
    section_ids: dict[str, int] = field(init=False)
    new_sections: dict[str, int] = field(default_factory=dict)
    """The names that no stored section has, with the first row of each."""
    damaged: dict[int, tuple[str, str]] = field(default_factory=dict)
    """The code and the damage of the rows that a spreadsheet damaged."""
    foreign_count: int = 0
    """The number of rows with letters that are not ASCII."""
    garbled: list[int] = field(default_factory=list)
    """The rows with letters of a wrong encoding."""

    def __post_init__(self) -> None:
        table = self.table_import.table
        # Query before the first line: while PostgreSQL copies, its connection answers no query.
        self.section_ids = dict(table.sections.with_codes().values_list("name", "id")) if table else {}
        targets = self.source.columns.targets
        self.has_sections = "section" in targets.values()
        self.extra_columns = {header for header, target in targets.items() if target == "extra"}

    def lines(self) -> Iterator[tuple[Any, ...]]:
        """Yield one line for each row without errors, numbered in the file's order."""
        for row in self.source.rows():
            yield self._line(row)
            self.row_count += 1
            self.has_sections = self.has_sections or bool(row.section)
            if self.progress and self.row_count % stage.BATCH == 0:
                self.progress(self.row_count)

    def _line(self, row: TableRow) -> tuple[Any, ...]:
        code_forms, get = forms.forms(row.code), row.texts.get
        message = _length_error(row, code_forms)
        section_id = self.section_ids.get(row.section)
        if section_id is None and row.section not in self.new_sections:
            self.new_sections[row.section] = self.row_count
        if row.damage:
            self.damaged[self.row_count] = row.code, row.damage
        if not "".join(row.texts.values()).isascii():
            self.foreign_count += 1
            if any(map(strangers.is_garbled, row.texts.values())):
                self.garbled.append(self.row_count)
        return (
            self.row_count,
            row.place.line,
            row.place.sheet,
            row.section,
            section_id,
            code_forms.code,
            code_forms.identity,
            code_forms.canonical,
            code_forms.number,
            code_forms.sort_key,
            *[get(name) for name in VENDOR_TEXTS],
            stage.extra_as_json(row.extra),
            "error" if message else None,
            message,
        )


def _length_error(row: TableRow, code_forms: forms.CodeForms) -> str | None:
    """Return the error of a row that is too long for the database; None for other rows."""
    symbol = row.texts.get("symbol", "")
    if len(symbol) > _MAX_LENGTHS["symbol"]:
        return f"The symbol has {len(symbol)} characters; at most {_MAX_LENGTHS['symbol']} are allowed."
    if len(row.section) > 200:
        return f"The section's name has {len(row.section)} characters; at most 200 are allowed."
    if len(code_forms.code) > forms.MAX_LENGTH or len(code_forms.identity) > 256 or len(code_forms.sort_key) > 2000:
        return f"The code {code_forms.code[:60]} is too long; at most {forms.MAX_LENGTH} plain characters are allowed."
    return None
