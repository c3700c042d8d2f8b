"""Plan an import, and apply it if it needs no decision."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand
from django.db import DatabaseError

from kb import searching
from kb.importing.applying import decisions
from kb.importing.applying.transaction import apply_import, retire_limit, to_retire
from kb.importing.errors import ImportRefused, NeedsAnswers, broken_words
from kb.importing.planning import former_decisions
from kb.importing.planning.plan import NewTable, plan_import, precedent_of
from kb.importing.reading.look import look
from kb.importing.reading.sources import FileQuestion, ReadingChoices, Source, Unreadable, open_source
from kb.management.look_text import look_lines, question_lines
from kb.management.terminal import safe
from kb.models import CodeTable, Door, Resolution, RowKind, TableImport
from kb.models.table_imports import STRANGE, UNCHANGED
from kb.services.journal import By
from kb.services.tables import free_slug

CLEAN, FAILED, UNDECIDED, ROWS_IN_ERROR, QUESTIONS, MANY_RETIRED, STRANGE_TEXTS = range(7)
MAX_ROWS = 20
HELP = """Plan the import of a vendor's table (CSV, XLSX, JSON, HTML, Markdown and others), print what it would change,
and apply it with --apply. Without --apply, a plan that changes something waits in the admin, under Table imports, in
place of older plans of the table. --look prints how the file is read, and plans nothing.

exit codes (where several apply, all reasons are printed, and the code is that of the first):
  0  success: planned, or applied with --apply
  1  the file cannot be read, or the import failed; nothing was applied
  2  somebody has to decide about conflicts (--keep-ours or --take-theirs); nothing was applied
  3  rows have errors or repeat a code; with --apply nothing was applied unless --skip-errors is given
  4  the file or its plan leaves a question open; each answer is listed with its flags; nothing was applied
  5  more codes would be retired than allowed without --yes-retire; nothing was applied
  6  the new texts hardly fit the table; nothing was applied unless --yes-strange is given
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
        parser.add_argument("--table", default="", metavar="SLUG", help="short name of the table, as in its URL")
        parser.add_argument(
            "--create", action="store_true", help="create the table; requires --name, which also gives a short name"
        )
        for name in ("vendor", "product", "name"):
            parser.add_argument(f"--{name}", default="")
        parser.add_argument("--language", default="en")
        parser.add_argument("--look", action="store_true", help="print how the file is read, and plan nothing")
        parser.add_argument("--complete", action="store_true", help="the file lists the whole table: retire the rest")
        parser.add_argument("--apply", action="store_true")
        parser.add_argument("--yes-retire", action="store_true", help="retire a large part of the table")
        parser.add_argument("--yes-strange", action="store_true", help="replace texts by such that hardly fit")
        parser.add_argument("--skip-errors", action="store_true", help="apply the valid rows and leave out the others")
        sides = parser.add_mutually_exclusive_group()
        sides.add_argument("--keep-ours", action="store_true", help="in open conflicts, keep support's text")
        sides.add_argument("--take-theirs", action="store_true", help="in open conflicts, take the vendor's text")
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
            if options["look"]:
                sys.exit(self._look(options))
            plan = self._plan(options, by)
            code, reasons = self._decide(plan, options, by)
            if options["apply"] and not reasons:
                consent = {name: options[name] for name in ("yes_retire", "yes_strange", "skip_errors")}
                plan = apply_import(plan, by, **consent)
            elif not plan.has_work:
                plan = decisions.discard(plan, by)
        except Unreadable as error:
            self._end(FAILED, None, [str(problem) for problem in error.problems], options)
        except NeedsAnswers as error:
            self._end(QUESTIONS, None, question_lines(error.questions), options, error.questions)
        except (ImportRefused, OSError, ValueError) as error:
            self._end(FAILED, None, [str(error)], options)
        except DatabaseError as error:
            self._end(FAILED, None, [f"The database reported an error: {error}. Nothing was applied."], options)
        else:
            # A thread makes them, which would end with this process.
            searching.wait_for_vectors()
            self._end(code, plan, reasons, options)

    def _open(self, options: dict[str, Any], target: CodeTable | NewTable | None) -> Source:
        file: Path = options["file"]
        precedent = precedent_of(target) if target else None
        return open_source(file, file.name, _choices(options), precedent=precedent)

    def _look(self, options: dict[str, Any]) -> int:
        """Print how the file is read; return the exit code. The table may be left out: it is only a precedent."""
        target = self._target(options) if options["table"] or options["create"] else None
        view = look(lambda: self._open(options, target))
        code = FAILED if view.stops else QUESTIONS if view.open_questions else CLEAN
        if options["json"]:
            questions = [_question_json(question) for question in view.questions]
            result = {"exit_code": code, **view.as_json(), "questions": questions}
            self.stdout.write(json.dumps(result, ensure_ascii=False, indent=2))
        else:
            for line in look_lines(view):
                self.stdout.write(safe(line))
        return code

    def _plan(self, options: dict[str, Any], by: By) -> TableImport:
        target = self._target(options)
        source = self._open(options, target)
        progress = _Progress(source.size)
        try:
            return plan_import(
                target, source, by, complete=options["complete"], file_name=options["file"].name, progress=progress.show
            )
        finally:
            progress.end()

    def _target(self, options: dict[str, Any]) -> CodeTable | NewTable:
        slug, name = options["table"], options["name"]
        if options["create"]:
            if not name:
                raise ImportRefused("A new table requires --name.")
            slug = slug or free_slug(name, options["product"], options["file"].stem)
            if not slug:
                raise ImportRefused("No short name can be made from this name. Choose one with --table.")
            return NewTable(slug, options["vendor"], options["product"], name, options["language"])
        table = CodeTable.objects.filter(slug=slug).first()
        if table is None:
            slugs = ", ".join(CodeTable.objects.values_list("slug", flat=True)) or "none yet"
            fault = f"There is no table {slug}." if slug else "--table is required."
            raise ImportRefused(f"{fault} Tables: {slugs}. Use --create to create it.")
        return table

    def _decide(self, plan: TableImport, options: dict[str, Any], by: By) -> tuple[int, list[str]]:
        """Return the exit code of the first reason not to apply the plan, and all reasons."""
        side = ""
        if options["keep_ours"] or options["take_theirs"]:
            side = Resolution.KEEP_OURS if options["keep_ours"] else Resolution.TAKE_THEIRS
        if side:
            decisions.resolve_all(plan, side, by)
        reasons = list(_reasons(plan, options))
        return reasons[0][0] if reasons else CLEAN, [line for _, lines in reasons for line in lines]

    def _end(
        self,
        code: int,
        plan: TableImport | None,
        reasons: list[str],
        options: dict[str, Any],
        questions: Sequence[FileQuestion] = (),
    ) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(code, plan, reasons, questions), ensure_ascii=False, indent=2))
        else:
            self._tell(plan)
            for line in reasons:
                self.stderr.write(line)
        if code:
            sys.exit(code)

    def _tell(self, plan: TableImport | None) -> None:
        if plan is None:
            return
        state = plan.get_state_display().lower() if plan.has_work else "changes nothing"
        self.stdout.write(f"{plan} into {plan.table_name}: {state}")
        for kind, label in [*RowKind.choices, (UNCHANGED, "Unchanged")]:
            if plan.counts.get(kind):
                self.stdout.write(f"  {plan.counts[kind]:>8} {label.lower()}")
        if words := former_decisions.words_of(plan):
            self.stdout.write(f"  {words}")
        bad_rows = plan.rows.filter(kind__in=[RowKind.ERROR, RowKind.DUPLICATE, RowKind.WARNING])
        for row in bad_rows[:MAX_ROWS]:
            where = f"{row.sheet} line {row.line}".strip() if row.line else "file"
            self.stdout.write(f"  {where}: {row.get_kind_display().lower()}: {row.message}")
        if bad_rows.count() > MAX_ROWS:
            self.stdout.write(f"  and {bad_rows.count() - MAX_ROWS} more, listed in the admin")


def _reasons(plan: TableImport, options: dict[str, Any]) -> Iterator[tuple[int, list[str]]]:
    """Yield each reason not to apply a plan: its exit code, and what to print. The gravest one is the first."""
    questions = [FileQuestion.from_json(stored) for stored in plan.questions]
    if unanswered := [question for question in questions if question.is_open]:
        yield QUESTIONS, question_lines(unanswered)
    if undecided := plan.rows.undecided().count():
        words = "conflict needs" if undecided == 1 else "conflicts need"
        message = f"{undecided} {words} a decision: --keep-ours, --take-theirs, or row by row in the admin."
        yield UNDECIDED, [message]
    if (retired := to_retire(plan)) > (limit := retire_limit(plan)) and not options["yes_retire"]:
        yield MANY_RETIRED, [f"{retired} codes would be retired. More than {limit} require --yes-retire."]
    if (strange := plan.counts.get(STRANGE)) and not options["yes_strange"]:
        message = f"The new texts of {strange} codes hardly fit this table. Is it the right file? Use --yes-strange."
        yield STRANGE_TEXTS, [message]
    errors, twice = plan.count(RowKind.ERROR), plan.count(RowKind.DUPLICATE)
    if errors + twice and not options["skip_errors"]:
        yield ROWS_IN_ERROR, [f"{broken_words(errors, twice)}. Correct them, or use --skip-errors."]


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


def _choices(options: dict[str, Any]) -> ReadingChoices:
    delimiters = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t"}
    return ReadingChoices(
        options["encoding"],
        delimiters.get(options["delimiter"], options["delimiter"]),
        tuple(options["sheet"]),
        dict(_header(option) for option in options["header"]),
        dict(_pair("column", option) for option in options["column"]),
        dict(_pair("answer", option) for option in options["answer"]),
    )


def _as_json(
    code: int, plan: TableImport | None, reasons: list[str], questions: Sequence[FileQuestion] = ()
) -> dict[str, Any]:
    result: dict[str, Any] = {"exit_code": code, "messages": reasons}
    if plan is not None:
        questions = [FileQuestion.from_json(stored) for stored in plan.questions]
    if questions:
        result["questions"] = [_question_json(question) for question in questions]
    if plan is None:
        return result
    bad_rows = plan.rows.filter(kind__in=[RowKind.ERROR, RowKind.DUPLICATE, RowKind.WARNING])
    rows = list(bad_rows.values("kind", "line", "sheet", "code", "message")[:1000])
    return result | {"import": plan.pk, "state": plan.state, "counts": plan.counts, "rows": rows}


def _question_json(question: FileQuestion) -> dict[str, Any]:
    offers = [{"label": offer.label, "flags": offer.flags} for offer in question.offers]
    return {
        "kind": question.kind,
        "message": question.message,
        "open": question.is_open,
        "default": question.default,
        "offers": offers,
    }


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
