#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError


def main() -> None:
    """Run a command; say in words what keeps it from running."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        # A command has one connection: a pool would hide for seconds what the database says.
        for database in settings.DATABASES.values():
            database.get("OPTIONS", {}).pop("pool", None)
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"manage.py: {error}")
    except OperationalError as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"manage.py: The database could not be asked. {str(error).strip()}")


if __name__ == "__main__":
    main()
