#!/usr/bin/env python
"""Django's command line."""

import gc
import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

from kb.management import completion
from kb.ops import environment

READER_LEFT = 141
"""Exit code when the reader of a pipe leaves, as `head` does: what a shell reports for a program ended by SIGPIPE."""


def main() -> None:
    """Run a command; say in words what keeps it from running."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Loaded code is no garbage: looking for some in it would take a sixth of a short command's time.
    gc.set_threshold(50_000)
    try:
        if sys.argv[1:2] != ["serve"]:
            # A command has one connection: a pool would hide for seconds what the database says.
            for database in settings.DATABASES.values():
                database.get("OPTIONS", {}).pop("pool", None)
                environment.limit(database, environment.WORKER)
        if sys.argv[1:2] == ["completion"] and sys.argv[2:3] != [] and sys.argv[2] in completion.KINDS:
            # Somebody waits at a Tab: loading every app takes longer than the answer.
            print("\n".join(completion.words(*sys.argv[2:4])))
            return
        execute_from_command_line(sys.argv)
        sys.stdout.flush()
    except BrokenPipeError:
        if "--traceback" in sys.argv:
            raise
        # Python flushes once more as it exits, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(READER_LEFT)
    except ImproperlyConfigured as error:
        sys.exit(f"manage.py: {error}")
    except OperationalError as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"manage.py: The database could not be asked. {str(error).strip()}")


if __name__ == "__main__":
    main()
