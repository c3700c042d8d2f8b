"""Write a table as CSV, XLSX or JSON from the command line."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.importing.export import FORMATS, WORDS, ExportRefused, export_table
from kb.models import CodeTable


class Command(BaseCommand):
    """`manage.py export_table --table zim-server --format csv`."""

    help = "Write a table's current codes in the vendor's words; importing the file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which table, and how to write it."""
        parser.add_argument("--table", required=True, metavar="SLUG")
        parser.add_argument("--format", choices=list(FORMATS), default="csv")
        parser.add_argument("--words", choices=WORDS, default="vendor", help="support: what agents read, not to import")
        parser.add_argument("--output", type=Path, help="a file; standard output where not given")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the table."""
        table = CodeTable.objects.filter(slug=options["table"]).first()
        if table is None:
            known = ", ".join(CodeTable.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no table {options['table']}; known: {known}.")
        try:
            parts = export_table(table, options["format"], options["words"])
            if options["output"] is None:
                out = getattr(self.stdout._out, "buffer", None)
                for part in parts:
                    out.write(part) if out else self.stdout.write(part.decode(), ending="")
                return
            with options["output"].open("wb") as file:
                file.writelines(parts)
        except (ExportRefused, OSError) as error:
            raise CommandError(str(error)) from error
