"""Check a site and print what is wrong."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError

from kb.ops.doctor.checks import DEEP, QUICK, Check, examine, examine_without_database


class Command(BaseCommand):
    """`manage.py doctor`, `manage.py doctor --deep`."""

    help = (
        "Check settings, database, search index, permissions, watched sources and disk, and report what is wrong. "
        "Changes nothing. "
        "Exit status: 0 all is well, 1 something is wrong, 2 the database is not available."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add areas, --deep and --json."""
        areas = QUICK | DEEP
        parser.add_argument("areas", nargs="*", help=f"check only these: {', '.join(areas)}")
        parser.add_argument("--deep", action="store_true", help="also read every row")
        parser.add_argument("--json", action="store_true", help="print JSON: what is wrong, by area")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks and exit with 0 (all well), 1 (something is wrong) or 2 (no database)."""
        checks = QUICK | DEEP if options["deep"] else QUICK
        if options["areas"]:
            checks = {area: _area(area) for area in options["areas"]}
        status = 0
        try:
            sentences = dict(examine(checks))
        except DatabaseError as error:
            sentences, status = examine_without_database(checks, error), 2
        self.stdout.write(json.dumps(sentences, indent=1) if options["json"] else _in_words(sentences))
        self.stdout.flush()
        sys.exit(status or any(sentences.values()))


def _area(name: str) -> Check:
    areas = QUICK | DEEP
    if name not in areas:
        raise CommandError(f"{name} is not an area. Allowed: {', '.join(areas)}.", returncode=2)
    return areas[name]


def _in_words(sentences_by_area: dict[str, list[str]]) -> str:
    lines = [
        f"{area:<12} {sentence}"
        for area, sentences in sentences_by_area.items()
        for sentence in sentences or ["nothing wrong"]
    ]
    return "\n".join(lines)
