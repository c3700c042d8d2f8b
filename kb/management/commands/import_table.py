"""Plan an import, and apply it if it needs no decision."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand
from django.db import DatabaseError

from kb import searching
from kb.importing.applying import decisions
from kb.importing.applying.transaction import apply_import, needs_confirmation, retire_limit
from kb.importing.errors import ImportRefused, NeedsAnswers
from kb.importing.planning.plan import NewTable, plan_import, precedent_of
from kb.importing.reading.sources import FileQuestion, ReadingChoices, Source, Unreadable, open_source
from kb.models import CodeTable, Door, Resolution, RowKind, TableImport
from kb.models.table_imports import UNCHANGED
from kb.services.journal import By

CLEAN, FAILED, UNDECIDED, ROWS_IN_ERROR, QUESTIONS = 0, 1, 2, 3, 4
MAX_ROWS = 20
HELP = """Plan the import of a vendor's table (CSV, XLSX, JSON, HTML or Markdown), print what it would change, and
apply it with --apply. A plan that is not applied stays in the admin, under Table imports.

exit codes:
  0  success: planned, or applied with --apply
  1  the file cannot be read, or the import failed; nothing was applied
  2  somebody has to decide: conflicts (--keep-ours or --take-theirs), or more retired codes than allowed
     without --yes-retire; nothing was applied
  3  rows have errors or repeat a code; with --apply nothing was applied unless --skip-errors is given
  4  the file leaves a question open; each answer is listed with its flag; nothing was planned or applied
"""


class Command(BaseCommand):
    """`manage.py import_table FILE --table zim-server --complete --apply`."""

    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Return a parser that keeps the line breaks of the help."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file, the table and the decisions."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--table", required=True, metavar="SLUG", help="short name of the table, as in its URL")
        parser.add_argument(
            "--create", action="store_true", help="create the table; requires --vendor, --product and --name"
        )
        for name in ("vendor", "product", "name"):
            parser.add_argument(f"--{name}", default="")
        parser.add_argument("--language", default="en")
        parser.add_argument("--complete", action="store_true", help="the file lists the whole table: retire the rest")
        parser.add_argument("--apply", action="store_true")
        parser.add_argument("--yes-retire", action="store_true", help="retire even a large part of the table")
        parser.add_argument("--skip-errors", action="store_true", help="apply the valid rows and leave out the others")
        sides = parser.add_mutually_exclusive_group()
        sides.add_argument("--keep-ours", action="store_true", help="in conflicts, keep support's text")
        sides.add_argument("--take-theirs", action="store_true", help="in conflicts, take the vendor's text")
        parser.add_argument("--encoding", default="", help="e.g. utf-8, gb18030 (default: detected)")
        parser.add_argument("--delimiter", default="", help="comma, semicolon, tab (default: detected)")
        parser.add_argument(
            "--column", action="append", default=[], metavar="HEADER=TARGET", help="what a column contains"
        )
        parser.add_argument(
            "--sheet", action="append", default=[], metavar="NAME", help="read only this sheet or table"
        )
        parser.add_argument(
            "--header", action="append", default=[], metavar="[SHEET=]LINE", help="line of the header; 0 for none"
        )
        parser.add_argument("--answer", action="append", default=[], metavar="QUESTION=ANSWER", help="see exit code 4")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan, apply with --apply, and exit with the code that the help explains."""
        by = By(None, Door.IMPORT)
        try:
            plan = self._plan(options, by)
            code, reasons = self._decide(plan, options, by)
            if options["apply"] and not reasons:
                plan = apply_import(plan, by, yes_retire=options["yes_retire"], skip_errors=options["skip_errors"])
        except Unreadable as error:
            self._end(FAILED, None, [str(problem) for problem in error.problems], options)
        except NeedsAnswers as error:
            self._end(QUESTIONS, None, [line for question in error.questions for line in _lines(question)], options)
        except (ImportRefused, OSError, ValueError) as error:
            self._end(FAILED, None, [str(error)], options)
        except DatabaseError as error:
            self._end(FAILED, None, [f"The database reported an error: {error}. Nothing was applied."], options)
        else:
            # A thread makes them, which would end with this process.
            searching.wait_for_vectors()
            self._end(code, plan, reasons, options)

    def _plan(self, options: dict[str, Any], by: By) -> TableImport:
        target = self._target(options)
        delimiter = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t"}.get(
            options["delimiter"], options["delimiter"]
        )
        file: Path = options["file"]
        choices = ReadingChoices(
            options["encoding"],
            delimiter,
            tuple(options["sheet"]),
            dict(_header(option) for option in options["header"]),
            dict(_pair("column", option) for option in options["column"]),
            dict(_pair("answer", option) for option in options["answer"]),
        )
        source: Source = open_source(file, file.name, choices, precedent=precedent_of(target))
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
                raise ImportRefused(f"A new table requires {', '.join(missing)}.")
            return NewTable(slug, options["vendor"], options["product"], options["name"], options["language"])
        if table is None:
            slugs = ", ".join(CodeTable.objects.values_list("slug", flat=True)) or "none yet"
            raise ImportRefused(f"There is no table {slug}. Tables: {slugs}. Use --create to create it.")
        return table

    def _decide(self, plan: TableImport, options: dict[str, Any], by: By) -> tuple[int, list[str]]:
        """Return the exit code, and the reasons not to apply the plan."""
        side = ""
        if options["keep_ours"] or options["take_theirs"]:
            side = Resolution.KEEP_OURS if options["keep_ours"] else Resolution.TAKE_THEIRS
        if side:
            decisions.resolve_all(plan, side, by)
        undecided, retirements = plan.rows.undecided().count(), plan.count(RowKind.RETIRED)
        if undecided:
            return UNDECIDED, [
                f"{undecided} conflicts need a decision: --keep-ours, --take-theirs, or row by row in the admin."
            ]
        if needs_confirmation(plan) and not options["yes_retire"]:
            limit = retire_limit(plan)
            return UNDECIDED, [f"{retirements} codes would be retired. More than {limit} require --yes-retire."]
        errors, twice = plan.count(RowKind.ERROR), plan.count(RowKind.DUPLICATE)
        if errors + twice and not options["skip_errors"]:
            return ROWS_IN_ERROR, [
                f"{errors} rows have errors and {twice} repeat a code. Correct them, or use --skip-errors."
            ]
        return CLEAN, []

    def _end(self, code: int, plan: TableImport | None, reasons: list[str], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(code, plan, reasons), ensure_ascii=False, indent=2))
        else:
            self._tell(plan)
            for line in reasons:
                self.stderr.write(line)
        if code:
            sys.exit(code)

    def _tell(self, plan: TableImport | None) -> None:
        if plan is None:
            return
        self.stdout.write(f"{plan} into {plan.table_name}: {plan.get_state_display().lower()}")
        for kind, label in [*RowKind.choices, (UNCHANGED, "Unchanged")]:
            if plan.counts.get(kind):
                self.stdout.write(f"  {plan.counts[kind]:>8} {label.lower()}")
        bad_rows = plan.rows.filter(kind__in=[RowKind.ERROR, RowKind.DUPLICATE, RowKind.WARNING])
        for row in bad_rows[:MAX_ROWS]:
            where = f"{row.sheet} line {row.line}".strip() if row.line else "file"
            self.stdout.write(f"  {where}: {row.get_kind_display().lower()}: {row.message}")
        if bad_rows.count() > MAX_ROWS:
            self.stdout.write(f"  and {bad_rows.count() - MAX_ROWS} more, listed in the admin")


_EXAMPLES = {"column": "HEADER=TARGET, e.g. --column 'Error no.=code'", "answer": "e.g. --answer repeats=join"}


def _pair(name: str, option: str) -> tuple[str, str]:
    key, equals, value = option.rpartition("=")
    if not equals:
        raise ImportRefused(f"--{name} {option}: write {_EXAMPLES[name]}.")
    return key, value


def _header(option: str) -> tuple[str, int]:
    sheet, _, line = option.rpartition("=")
    if not line.isdecimal():
        raise ImportRefused(f"--header {option}: write a line number, or SHEET=LINE; 0 says that there is no header.")
    return sheet or "1", int(line)


def _lines(question: FileQuestion) -> list[str]:
    return [question.message, *(f"  {offer.flags}   {offer.label}" for offer in question.offers)]


def _as_json(code: int, plan: TableImport | None, reasons: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {"exit_code": code, "messages": reasons}
    if plan is None:
        return result
    bad_rows = plan.rows.filter(kind__in=[RowKind.ERROR, RowKind.DUPLICATE, RowKind.WARNING])
    rows = list(bad_rows.values("kind", "line", "sheet", "code", "message")[:1000])
    return result | {"import": plan.pk, "state": plan.state, "counts": plan.counts, "rows": rows}


class _Progress:
    """Shows on a terminal how many rows are read."""

    def __init__(self, size: int) -> None:
        self.size, self.shown = size, sys.stderr.isatty()

    def show(self, rows: int) -> None:
        """Show the number of rows so far."""
        if self.shown:
            sys.stderr.write(f"\r{rows:>10,} rows of {self.size / 1e6:,.1f} MB ")
            sys.stderr.flush()

    def end(self) -> None:
        """Clear the line."""
        if self.shown:
            sys.stderr.write("\r\x1b[K")
