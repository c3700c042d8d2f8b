"""Roll an import back, or take its table back to how it was before it."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from kb import searching
from kb.importing.applying.back_to import go_back_to, later_imports, preview_back_to
from kb.importing.applying.rollback import preview, roll_back
from kb.importing.errors import ImportRefused
from kb.models import Door, TableImport
from kb.services.journal import By

_MAX_SHOWN = 20


class Command(BaseCommand):
    """`manage.py rollback_import 12 --with-later --yes`."""

    help = (
        "Print what rolling an import back restores and what stays; do it with --yes. Exits with 0, or with 1 if the"
        " import cannot be rolled back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the number of the import and the decisions."""
        parser.add_argument("number", type=int, help="of the import, as in the list of imports")
        parser.add_argument(
            "--with-later",
            action="store_true",
            help="back to how the table was before the import: roll back every later one as well, the newest first",
        )
        parser.add_argument("--yes", action="store_true", help="do it; without it, nothing is written")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the preview, or roll back."""
        table_import = TableImport.objects.filter(pk=options["number"]).first()
        by = By(None, Door.IMPORT)
        try:
            if table_import is None:
                raise ImportRefused(f"There is no import {options['number']}.")
            self._run(table_import, by, options)
        except ImportRefused as refused:
            self.stderr.write(str(refused))
            sys.exit(1)

    def _run(self, table_import: TableImport, by: By, options: dict[str, Any]) -> None:
        if options["with_later"]:
            result = preview_back_to(table_import, by)
            imports, effects = result.imports, result.effects
        else:
            imports, effects = [table_import], preview(table_import)
        verb = "Rolled back" if options["yes"] else "Would roll back"
        if options["yes"]:
            go_back_to(table_import, by) if options["with_later"] else roll_back(table_import, by)
            searching.wait_for_vectors()
        self.stdout.write(f"{verb}, in this order: {', '.join(map(str, imports))}.")
        for sentence in effects.sentences() or ["Nothing changes."]:
            self.stdout.write(f"  {sentence}")
        for sentence in effects.stays[:_MAX_SHOWN]:
            self.stdout.write(f"  {sentence}")
        if len(effects.stays) > _MAX_SHOWN:
            self.stdout.write(f"  and {len(effects.stays) - _MAX_SHOWN} more stay")
        if not options["with_later"] and later_imports(table_import).exists():
            self.stdout.write("Later imports of the table stay. To roll them back, too, use --with-later.")
        if not options["yes"]:
            self.stdout.write("Nothing was rolled back. Add --yes.")
