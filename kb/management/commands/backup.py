"""Copy the database into a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.ops.backup import copies
from kb.ops.backup.errors import CopyRefused, WouldReplace


class Command(BaseCommand):
    """`manage.py backup FILE`."""

    help = "Back up the database to FILE while the site keeps running. Verifies the copy by restoring it elsewhere."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file and its options."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="replace FILE if it exists")
        parser.add_argument("--no-verify", action="store_true", help="do not verify the copy by restoring it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the copy and print what it holds. Raises CommandError."""
        try:
            about = copies.make(options["file"], options["yes"], not options["no_verify"])
        except WouldReplace as refused:
            raise CommandError(f"{refused} Use --yes to replace it.") from None
        except CopyRefused as refused:
            raise CommandError(str(refused)) from None
        rows = sum(table["rows"] for table in about.tables.values())
        proof = "not verified" if options["no_verify"] else "verified"
        self.stdout.write(f"{options['file']}: {rows} rows up to change {about.sequence}, {proof}.")
