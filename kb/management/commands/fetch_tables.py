"""Ask the sources of tables that are due, and leave plans waiting."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError

from kb.importing.watched_sources.asks import SourceAnswer, ask, due_sources
from kb.management.terminal import safe
from kb.models import Door, WatchedSource
from kb.services.journal import By

FINE, TROUBLE = 0, 1


class Command(BaseCommand):
    """`manage.py fetch_tables`, from a timer; `manage.py fetch_tables --table zim-server --now`."""

    help = (
        "Ask the sources of tables that are due, and leave a plan waiting in the admin where codes have changed. "
        "Nothing is ever applied. Exit status: 0 every source that was asked has answered, 1 one of them has not, or "
        "is not the table any more, 2 there is no such source."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the choice of sources, and the output."""
        parser.add_argument("--table", default="", metavar="SLUG", help="only the source of this table")
        parser.add_argument("--now", action="store_true", help="also ask sources that are not due yet")
        parser.add_argument("--json", action="store_true", help="print JSON: one object for each source")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask each source; one that fails does not stop the others."""
        slug, is_due_only = options["table"], not options["now"]
        by, results = By(None, Door.IMPORT), []
        try:
            if slug and not WatchedSource.objects.filter(table__slug=slug).exists():
                raise CommandError(f"The table {slug} has no source. Name one in the admin.", returncode=2)
            for source in due_sources(slug, is_due_only=is_due_only):
                answer = ask(source, by, is_due_only=is_due_only)
                results.append(_as_json(source, answer))
                if not options["json"]:
                    self.stdout.write(safe(f"{source.table.slug}: {answer.kind}. {answer.message}"))
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {' '.join(str(error).split())}", returncode=1) from None
        if options["json"]:
            self.stdout.write(json.dumps(results, indent=1, ensure_ascii=False))
        elif not results:
            self.stdout.write("No source is due.")
        self.stdout.flush()
        sys.exit(TROUBLE if any(result["result"] == "trouble" for result in results) else FINE)


def _as_json(source: WatchedSource, answer: SourceAnswer) -> dict[str, Any]:
    return {
        "table": source.table.slug,
        "result": answer.kind,
        "message": answer.message,
        "plan": answer.plan.pk if answer.plan else None,
    }
