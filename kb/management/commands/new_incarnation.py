"""Say that the database lost changes, so that copies of it elsewhere start over."""

from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.models import incarnations


class Command(BaseCommand):
    """`manage.py new_incarnation`."""

    help = (
        "Begin a new incarnation of the database: copies elsewhere start over with a snapshot, and no cached answer is"
        " used again. Run it after you put back a file, a disk or a machine as it was. A restore, a recovery and a"
        " promotion need no such help."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Begin it and print its name. Raises CommandError."""
        if not incarnations.is_stored():
            raise CommandError("The database is of an earlier release. Run manage.py migrate.")
        self.stdout.write(f"The database is now the incarnation {incarnations.renew()}.")
