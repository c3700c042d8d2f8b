"""Replace the database with a copy."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.ops import readiness
from kb.ops.backup import copies
from kb.ops.backup.errors import CopyRefused, WouldReplace


class Command(BaseCommand):
    """`manage.py restore FILE`."""

    help = "Put the copy in FILE in the place of the database, all or nothing, and prove it. Stop the servers first."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file and --yes."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="replace what the database holds now")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore the copy and print its state. Raises CommandError."""
        try:
            about = copies.restore(options["file"], options["yes"])
        except WouldReplace as refused:
            raise CommandError(f"{refused} With --yes they are replaced by the copy.") from None
        except CopyRefused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"The database is as it was at {about.made_at}, up to change {about.sequence}; proved.")
        if readiness.missing_migrations():
            self.stdout.write("It is of an earlier release: run manage.py migrate.")
        self.stdout.write("Empty the caches before the servers start again: numbers of changes are used anew.")
