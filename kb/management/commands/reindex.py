"""Rebuild the search index and the answers of the API, or check them."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from kb import answers, searching

MAX_SHOWN = 50


class Command(BaseCommand):
    """`manage.py reindex`, `manage.py reindex --check`."""

    help = "Rebuild the search index. With --check, only compare it with a new one: exit status 1 if they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --check."""
        parser.add_argument("--check", action="store_true", help="change nothing, print the differences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild, or check and exit with 1 if the index differs."""
        if not options["check"]:
            searching.rebuild()
            answers.rebuild()
            searching.repair_vectors()
            self.stdout.write("The search index was rebuilt.")
            return
        differences = [*searching.check(), *answers.differences()]
        for difference in differences[:MAX_SHOWN]:
            self.stdout.write(difference)
        if len(differences) > MAX_SHOWN:
            self.stdout.write(f"and {len(differences) - MAX_SHOWN} more")
        self.stdout.write(
            f"{len(differences)} differences: run `manage.py reindex`."
            if differences
            else "The search index is up to date."
        )
        self.stdout.flush()
        if differences:
            sys.exit(1)
