"""Detect the codes in a log."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.management.code_parts import anatomy_lines
from kb.management.terminal import FOUND, NOT_FOUND, WRONG_USAGE, as_json, bold, indent, reader_for, safe, start_page
from kb.models import ReturnCode
from kb.queries import detection
from kb.queries.detection import Report, TooLong
from kb.queries.detection_json import report_json
from kb.queries.verdict_json import INCLUDED
from kb.services import usage
from kb.text.charsets import NotDecoded, decode_log
from kb.text.detection.judgement import CodeMatch

_MOST = 4 * detection.MAX_TEXT + 1
"""Bytes that are read: UTF-32 has four for each byte of UTF-8."""


class Command(BaseCommand):
    """`journalctl -u chat | manage.py detect -`, `manage.py detect app.log`."""

    help = "Find known codes in a log, the most useful first. Exit status: 0 found, 1 not found, 2 wrong usage."
    # See `lookup`.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file and the output options."""
        parser.add_argument("file", help="a file, or - for standard input")
        parser.add_argument("--json", action="store_true", help="print the API's answer, and the masked text")
        parser.add_argument("--public", action="store_true", help="only what the public may read")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the report and exit with 0 (found) or 1 (none found). Raises CommandError with 2."""
        user = reader_for(options["public"])
        try:
            report = detection.detect(_read(options["file"]), user)
        except (OSError, TooLong, NotDecoded) as error:
            raise CommandError(str(error), returncode=WRONG_USAGE) from error
        usage.count_codes({code.pk for match in report.codes if match.is_likely for code in match.id})
        if options["json"]:
            answer = report_json(report, user, start_page(), INCLUDED)
            self.stdout.write(as_json({**answer, "masked": report.masked}))
        else:
            self.stdout.write("\n".join(self._lines(report)))
        self.stdout.flush()
        sys.exit(FOUND if any(match.is_likely for match in report.codes) else NOT_FOUND)

    def _lines(self, report: Report) -> Iterator[str]:
        if not report.codes:
            yield "No known codes in the text."
        for match in report.codes:
            yield from self._found(match)
            yield from anatomy_lines(report.anatomies.get(match.written))
        for unknown in report.unknown:
            where = f", in the range {safe(str(unknown.range))}" if unknown.range else ""
            yield f"{safe(unknown.written)}  not in any table{where}; {unknown.place}"
            yield from anatomy_lines(report.anatomies.get(unknown.written))
        if report.not_listed:
            yield f"{report.not_listed} more look like codes and are not in any table."
        if report.read_to_line:
            yield f"Read up to line {report.read_to_line} only: the text contains more codes than one answer can list."

    def _found(self, match: CodeMatch[tuple[ReturnCode, ...]]) -> Iterator[str]:
        doubt = "" if match.is_likely else "perhaps  "
        for code in match.id:
            advice = f"{code.get_disposition_display()}. Who can fix it: {code.get_fixer_display()}."
            yield f"{bold(code.code, self.stdout)}  {doubt}{safe(code.description)}"
            yield indent(f"{code.table}. {advice}")
        place = f"{match.count} times, first on {match.place}" if match.count > 1 else match.place.capitalize()
        yield indent(f"{place}. {match.why}")
        for name, text in match.filled:
            yield indent(safe(f"{name}: {text}"))


def _read(name: str) -> str:
    """Return the text, also of UTF-16. It reads more than allowed, so that a longer text is refused instead of cut.

    Raises NotDecoded.
    """
    if name == "-":
        return decode_log(sys.stdin.buffer.read(_MOST))
    with Path(name).open("rb") as file:
        return decode_log(file.read(_MOST))
