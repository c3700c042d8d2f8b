"""Plan an import from the command line, and apply it where that needs no decision."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand
from django.db import DatabaseError

from kb.importing.applying import decisions
from kb.importing.applying.transaction import apply_import, needs_second_yes, retire_limit
from kb.importing.errors import ImportRefused
from kb.importing.planning.plan import NewTable, plan_import, remembered_columns
from kb.importing.reading.columns import ColumnMap
from kb.importing.reading.sources import Source, Unreadable, open_source
from kb.models import CodeTable, Door, Resolution, RowKind, TableImport
from kb.models.table_imports import UNCHANGED
from kb.services.journal import By

CLEAN, FAILED, UNDECIDED, ROWS_IN_ERROR = 0, 1, 2, 3
MAX_ROWS = 20
HELP = """Plan the import of a vendor's table (CSV, XLSX, JSON, HTML or Markdown), say what it would change, and
apply it with --apply. A plan that is not applied waits in the admin, under Table imports.

exit codes:
  0  nothing wrong: planned, or applied with --apply
  1  the file cannot be read, or the import failed; nothing was applied
  2  somebody has to decide: conflicts (--keep-ours or --take-theirs), or so many retired codes that it takes
     --yes-retire; nothing was applied
  3  rows have errors or repeat a code; with --apply nothing was applied unless --skip-errors is given
"""


class Command(BaseCommand):
    """`manage.py import_table FILE --table zim-server --complete --apply`."""

    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Keep the lines of the help as they are."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which file, which table, and what to do with it."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--table", required=True, metavar="SLUG", help="the table's name in addresses")
        parser.add_argument(
            "--create", action="store_true", help="make the table; needs --vendor, --product and --name"
        )
        for name in ("vendor", "product", "name"):
            parser.add_argument(f"--{name}", default="")
        parser.add_argument("--language", default="en")
        parser.add_argument("--complete", action="store_true", help="the file lists the entire table: retire the rest")
        parser.add_argument("--apply", action="store_true")
        parser.add_argument("--yes-retire", action="store_true", help="retire even a large part of the table")
        parser.add_argument("--skip-errors", action="store_true", help="apply the good rows and leave the others out")
        sides = parser.add_mutually_exclusive_group()
        sides.add_argument("--keep-ours", action="store_true", help="in conflicts support's words stay")
        sides.add_argument("--take-theirs", action="store_true", help="in conflicts the vendor's words replace them")
        parser.add_argument("--encoding", default="", help="e.g. utf-8, gb18030; found out where not given")
        parser.add_argument("--delimiter", default="", help="comma, semicolon, tab; found out where not given")
        parser.add_argument("--column", action="append", default=[], metavar="HEADER=TARGET", help="what a column is")
        parser.add_argument("--json", action="store_true", help="say it as JSON on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan, and apply where asked; end with the exit code that says how it went."""
        by = By(None, Door.IMPORT)
        try:
            planned = self._plan(options, by)
            code, why = self._decide(planned, options, by)
            if options["apply"] and not why:
                planned = apply_import(
                    planned, by, yes_retire=options["yes_retire"], skip_errors=options["skip_errors"]
                )
        except Unreadable as error:
            self._end(FAILED, None, [problem.message for problem in error.problems], options)
        except (ImportRefused, OSError, ValueError) as error:
            self._end(FAILED, None, [str(error)], options)
        except DatabaseError as error:
            self._end(FAILED, None, [f"The database could not do it: {error}. Nothing was applied."], options)
        else:
            self._end(code, planned, why, options)

    def _plan(self, options: dict[str, Any], by: By) -> TableImport:
        target = self._target(options)
        known = remembered_columns(target) if isinstance(target, CodeTable) else {}
        columns = ColumnMap(known | dict(_column(given) for given in options["column"]))
        delimiter = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t"}.get(
            options["delimiter"], options["delimiter"]
        )
        file: Path = options["file"]
        source: Source = open_source(
            file, file.name, encoding=options["encoding"], delimiter=delimiter, columns=columns
        )
        progress = _Progress(source.size)
        try:
            return plan_import(
                target, source, by, complete=options["complete"], file_name=file.name, progress=progress.show
            )
        finally:
            progress.end()

    def _target(self, options: dict[str, Any]) -> CodeTable | NewTable:
        slug = options["table"]
        table = CodeTable.objects.filter(slug=slug).first()
        if options["create"]:
            missing = [f"--{name}" for name in ("vendor", "product", "name") if not options[name]]
            if missing:
                raise ImportRefused(f"A new table needs {', '.join(missing)}.")
            return NewTable(slug, options["vendor"], options["product"], options["name"], options["language"])
        if table is None:
            known = ", ".join(CodeTable.objects.values_list("slug", flat=True)) or "none yet"
            raise ImportRefused(f"There is no table {slug}; known: {known}. Use --create to make it.")
        return table

    def _decide(self, planned: TableImport, options: dict[str, Any], by: By) -> tuple[int, list[str]]:
        """Return the exit code, and why the plan is not to be applied as it is."""
        side = ""
        if options["keep_ours"] or options["take_theirs"]:
            side = Resolution.KEEP_OURS if options["keep_ours"] else Resolution.TAKE_THEIRS
        if side:
            decisions.resolve_all(planned, side, by)
        undecided, retired = planned.rows.undecided().count(), planned.count(RowKind.RETIRED)
        if undecided:
            return UNDECIDED, [f"{undecided} conflicts need a decision: --keep-ours, --take-theirs, or row by row."]
        if needs_second_yes(planned) and not options["yes_retire"]:
            limit = retire_limit(planned)
            return UNDECIDED, [f"{retired} codes would be retired; more than {limit} need --yes-retire."]
        errors, twice = planned.count(RowKind.ERROR), planned.count(RowKind.DUPLICATE)
        if errors + twice and not options["skip_errors"]:
            return ROWS_IN_ERROR, [
                f"{errors} rows have errors and {twice} repeat a code: correct them, or --skip-errors."
            ]
        return CLEAN, []

    def _end(self, code: int, planned: TableImport | None, why: list[str], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(code, planned, why), ensure_ascii=False, indent=2))
        else:
            self._tell(planned)
            for line in why:
                self.stderr.write(line)
        if code:
            sys.exit(code)

    def _tell(self, planned: TableImport | None) -> None:
        if planned is None:
            return
        self.stdout.write(f"{planned} into {planned.table_name}: {planned.get_state_display().lower()}")
        for kind, label in [*RowKind.choices, (UNCHANGED, "Unchanged")]:
            if planned.counts.get(kind):
                self.stdout.write(f"  {planned.counts[kind]:>8} {label.lower()}")
        wrong = planned.rows.filter(kind__in=[RowKind.ERROR, RowKind.DUPLICATE, RowKind.WARNING])
        for row in wrong[:MAX_ROWS]:
            where = f"{row.sheet} line {row.line}".strip() if row.line else "file"
            self.stdout.write(f"  {where}: {row.get_kind_display().lower()}: {row.message}")
        if wrong.count() > MAX_ROWS:
            self.stdout.write(f"  and {wrong.count() - MAX_ROWS} more, listed in the admin")


def _column(given: str) -> tuple[str, str]:
    header, equals, target = given.rpartition("=")
    if not equals:
        raise ImportRefused(f"--column {given}: write HEADER=TARGET, e.g. --column 'Error no.=code'.")
    return header, target


def _as_json(code: int, planned: TableImport | None, why: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = {"exit_code": code, "messages": why}
    if planned is None:
        return said
    wrong = planned.rows.filter(kind__in=[RowKind.ERROR, RowKind.DUPLICATE, RowKind.WARNING])
    rows = list(wrong.values("kind", "line", "sheet", "code", "message")[:1000])
    return said | {"import": planned.pk, "state": planned.state, "counts": planned.counts, "rows": rows}


class _Progress:
    """Tells how many rows are read, on a terminal alone."""

    def __init__(self, size: int) -> None:
        self.size, self.shown = size, sys.stderr.isatty()

    def show(self, rows: int) -> None:
        """Show the rows read so far."""
        if self.shown:
            sys.stderr.write(f"\r{rows:>10,} rows of {self.size / 1e6:,.1f} MB ")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self.shown:
            sys.stderr.write("\r\x1b[K")
