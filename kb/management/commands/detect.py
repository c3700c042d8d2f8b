"""Find the codes of a log from the command line."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.management.terminal import FOUND, NOT_FOUND, WRONG_USAGE, bold, indent, reader_for, safe
from kb.queries import detection
from kb.queries.detection import Report, TooLong
from kb.services import usage
from kb.text.detection.judgement import CodeMatch


class Command(BaseCommand):
    """`journalctl -u chat | manage.py detect -`, `manage.py detect app.log`."""

    help = (
        "Say which known codes are in a log, the most useful first. Exit status: 0 found, 1 none found, 2 wrong usage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say where the text is, and how to answer."""
        parser.add_argument("file", help="a file, or - for standard input")
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument("--public", action="store_true", help="only what the public may read")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found; leave with its status."""
        try:
            report = detection.detect(_read(options["file"]), reader_for(options["public"]))
        except (OSError, TooLong) as error:
            raise CommandError(str(error), returncode=WRONG_USAGE) from error
        usage.count_codes({code.pk for found in report.codes if found.is_likely for code in found.id})
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(report), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(self._lines(report)))
        self.stdout.flush()
        sys.exit(FOUND if any(found.is_likely for found in report.codes) else NOT_FOUND)

    def _lines(self, report: Report) -> Iterator[str]:
        if not report.codes:
            yield "No known code in the text."
        for found in report.codes:
            yield from self._found(found)
        for strange in report.unknown:
            where = f", in the range {safe(str(strange.range))}" if strange.range else ""
            yield f"{safe(strange.written)}  in no table{where}; line {strange.line}"
        if report.read_to_line:
            yield f"Read up to line {report.read_to_line} only: the text holds more codes than fit one answer."

    def _found(self, found: CodeMatch) -> Iterator[str]:
        sure = "" if found.is_likely else "perhaps  "
        for code in found.id:
            what = f"{code.get_disposition_display()}. Who can fix it: {code.get_fixer_display()}."
            yield f"{bold(code.code, self.stdout)}  {sure}{safe(code.description)}"
            yield indent(f"{code.table}. {what}")
        times = f"{found.count} times, first on line" if found.count > 1 else "Line"
        yield indent(f"{times} {found.line}. {found.why}")


def _read(name: str) -> str:
    """Read a little more than is allowed, so that a longer text is refused rather than cut."""
    size = detection.MAX_TEXT + 1
    if name == "-":
        return sys.stdin.buffer.read(size).decode(errors="replace")
    with Path(name).open("rb") as file:
        return file.read(size).decode(errors="replace")


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "codes": [
            {
                "written": found.written,
                "role": found.role,
                "confidence": found.confidence,
                "count": found.count,
                "line": found.line,
                "order": found.order,
                "inside": found.inside,
                "why": found.why,
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
                    for code in found.id
                ],
            }
            for found in report.codes
        ],
        "unknown": [
            {"written": strange.written, "line": strange.line, "range": str(strange.range or ""), "why": strange.why}
            for strange in report.unknown
        ],
        "read_to_line": report.read_to_line,
        "masked": report.masked,
    }
