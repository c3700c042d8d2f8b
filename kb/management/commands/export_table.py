"""Export a table, or everything, as a file."""

from argparse import ArgumentParser
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from kb.exporting.csv_text import DELIMITERS, CsvForm
from kb.exporting.sqlite import export_database
from kb.exporting.tables import FORMATS, WORDS, export_table
from kb.exporting.xlsx import ExportRefused
from kb.management.terminal import WRONG_USAGE, reader_for
from kb.models import CodeTable


class Command(BaseCommand):
    """`manage.py export_table --table zim-server --format csv`."""

    help = (
        "Export the current codes of a table in the vendor's text; importing the file again changes nothing. With "
        "--format sqlite: also its notes, its incidents and a full-text index; without --table, everything."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the table and the output options."""
        parser.add_argument("--table", metavar="SLUG", help="required, except for sqlite")
        parser.add_argument("--format", choices=[*FORMATS, "sqlite"], default="csv")
        parser.add_argument(
            "--words", choices=WORDS, default="vendor", help="support: what agents read, not for import"
        )
        parser.add_argument(
            "--delimiter",
            choices=list(DELIMITERS),
            default="comma",
            help="csv: Excel in German and most of Europe expects a semicolon",
        )
        parser.add_argument("--bom", action="store_true", help="csv: a byte order mark, which Excel needs for Chinese")
        parser.add_argument("--public", action="store_true", help="sqlite: only what the public may read")
        parser.add_argument("--output", metavar="FILE", type=Path, help="a file (default: standard output)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file. Raises CommandError."""
        try:
            # The rows are closed before Django closes the connection that they come from.
            with closing(_parts(options)) as parts:
                if options["output"] is None:
                    self._print(parts)
                    return
                with options["output"].open("wb") as file:
                    file.writelines(parts)
        except BrokenPipeError:
            raise
        except (ExportRefused, OSError) as error:
            raise CommandError(str(error)) from error

    def _print(self, parts: Iterator[bytes]) -> None:
        out = getattr(self.stdout._out, "buffer", None)
        for part in parts:
            out.write(part) if out else self.stdout.write(part.decode(), ending="")
        self.stdout.flush()


def _parts(options: dict[str, Any]) -> Generator[bytes, None, None]:
    if options["format"] != "sqlite":
        if options["public"]:
            raise CommandError(f"--public is for sqlite, not for {options['format']}.", returncode=WRONG_USAGE)
        form = CsvForm(options["delimiter"], options["bom"])
        if options["format"] != "csv" and form != CsvForm():
            raise CommandError(f"--delimiter and --bom are for CSV, not for {options['format']}.")
        return export_table(_table(options["table"] or ""), options["format"], options["words"], form)
    table = _table(options["table"]) if options["table"] else None
    return export_database(reader_for(options["public"]), table)


def _table(slug: str) -> CodeTable:
    table = CodeTable.objects.filter(slug=slug).first()
    if table is None:
        slugs = ", ".join(CodeTable.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(
            f"There is no table {slug}. Tables: {slugs}." if slug else f"--table is required. Tables: {slugs}."
        )
    return table
