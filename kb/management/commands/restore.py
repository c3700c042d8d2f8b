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

    help = "Replace the database with the copy in FILE, all or nothing, and verify it. Stop the servers first."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file and --yes."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="replace the current contents of the database")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore the copy and print its state. Raises CommandError."""
        try:
            about = copies.restore(options["file"], options["yes"])
        except WouldReplace as refused:
            raise CommandError(f"{refused} Use --yes to replace them with the copy.") from None
        except CopyRefused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"The database is as it was at {about.made_at}, up to change {about.sequence}; verified.")
        if readiness.missing_migrations():
            self.stdout.write("The copy is from an earlier release. Run manage.py migrate.")
        self.stdout.write("Copies elsewhere start over by themselves: the database has a new incarnation.")
