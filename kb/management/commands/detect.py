"""Detect the codes in a log."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.management.code_parts import anatomy_as_json, anatomy_lines
from kb.management.terminal import FOUND, NOT_FOUND, WRONG_USAGE, bold, indent, reader_for, safe
from kb.models import ReturnCode
from kb.queries import detection
from kb.queries.detection import Report, TooLong
from kb.services import usage
from kb.text.charsets import NotDecoded, decode_log
from kb.text.detection.judgement import CodeMatch, UnknownMatch

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
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--public", action="store_true", help="only what the public may read")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the report and exit with 0 (found) or 1 (none found). Raises CommandError with 2."""
        try:
            report = detection.detect(_read(options["file"]), reader_for(options["public"]))
        except (OSError, TooLong, NotDecoded) as error:
            raise CommandError(str(error), returncode=WRONG_USAGE) from error
        usage.count_codes({code.pk for match in report.codes if match.is_likely for code in match.id})
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(report), ensure_ascii=False, indent=2))
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


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "codes": [_code(match, report) for match in report.codes],
        "unknown": [_unknown(match, report) for match in report.unknown],
        "read_to_line": report.read_to_line,
        "masked": report.masked,
    }


def _code(match: CodeMatch[tuple[ReturnCode, ...]], report: Report) -> dict[str, Any]:
    return {
        "written": match.written,
        "role": match.role,
        "confidence": match.confidence,
        "count": match.count,
        "line": match.line,
        "column": match.column,
        "order": match.order,
        "inside": match.inside,
        "why": match.why,
        "message": match.message,
        "filled": [{"name": name, "text": text} for name, text in match.filled],
        "anatomy": anatomy_as_json(report.anatomies.get(match.written)),
        "meanings": [
            {
                "code": code.code,
                "table": code.table.slug,
                "section": code.section.name,
                "description": code.description,
                "disposition": code.disposition,
                "fixer": code.fixer,
                "path": code.get_absolute_url(),
            }
            for code in match.id
        ],
    }


def _unknown(match: UnknownMatch, report: Report) -> dict[str, Any]:
    return {
        "written": match.written,
        "line": match.line,
        "column": match.column,
        "range": str(match.range or ""),
        "why": match.why,
        "anatomy": anatomy_as_json(report.anatomies.get(match.written)),
    }
