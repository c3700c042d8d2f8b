"""Export a table, or everything, as a file."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.exporting.sqlite import open_snapshot
from kb.exporting.tables import FORMATS, WORDS, ExportRefused, export_table
from kb.management.terminal import reader_for
from kb.models import CodeTable


class Command(BaseCommand):
    """`manage.py export_table --table zim-server --format csv`."""

    help = (
        "Write a table's current codes in the vendor's words; importing the file again changes nothing. As sqlite: its "
        "codes with the notes and incidents about them and a full-text index, or without --table everything."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the table and the output options."""
        parser.add_argument("--table", metavar="SLUG", help="needed, except for sqlite")
        parser.add_argument("--format", choices=[*FORMATS, "sqlite"], default="csv")
        parser.add_argument("--words", choices=WORDS, default="vendor", help="support: what agents read, not to import")
        parser.add_argument("--public", action="store_true", help="sqlite: only what the public may read")
        parser.add_argument("--output", type=Path, help="a file; standard output where not given")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file. Raises CommandError."""
        try:
            parts = _parts(options)
            if options["output"] is None:
                out = getattr(self.stdout._out, "buffer", None)
                for part in parts:
                    out.write(part) if out else self.stdout.write(part.decode(), ending="")
                return
            with options["output"].open("wb") as file:
                file.writelines(parts)
        except (ExportRefused, OSError) as error:
            raise CommandError(str(error)) from error


def _parts(options: dict[str, Any]) -> Iterator[bytes]:
    if options["format"] != "sqlite":
        return export_table(_table(options["table"] or ""), options["format"], options["words"])
    table = _table(options["table"]) if options["table"] else None
    return open_snapshot(reader_for(options["public"]), table)


def _table(slug: str) -> CodeTable:
    table = CodeTable.objects.filter(slug=slug).first()
    if table is None:
        slugs = ", ".join(CodeTable.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no table {slug}; known: {slugs}." if slug else f"Name a --table; known: {slugs}.")
    return table
