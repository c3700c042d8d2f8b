"""Serve an assistant over standard input and output."""

import sys
from argparse import ArgumentParser
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urljoin

from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError
from django.db import close_old_connections

from kb.mcp import MISSING, is_installed
from kb.models.visibility import Reader, reader
from kb.ops.site_address import site

if is_installed():
    from kb.mcp.stdio import serve
    from kb.mcp.tools import Caller, ToolRefused


class Command(BaseCommand):
    """`manage.py mcp --user agent`."""

    help = "Serve an assistant over standard input and output (Model Context Protocol), read-only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the user, and the address of the pages."""
        parser.add_argument("--user", metavar="NAME", help="read as this user (default: the public)")
        parser.add_argument("--site", metavar="URL", default=site(), help="address of the site (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until standard input ends. Raises CommandError."""
        if not is_installed():
            raise CommandError(MISSING)
        if reader(_user(options["user"])) == Reader.NOTHING:
            raise CommandError("This site has no public access (KB_PUBLIC_READ). Choose a user with --user.")
        if sys.stdin.isatty():
            self.stderr.write("Waiting for an assistant on standard input. Ctrl-C ends it.")
        # People stop the server with Ctrl-C.
        with suppress(KeyboardInterrupt):
            serve(partial(_caller, options["user"], options["site"]))


def _caller(name: str | None, site: str) -> "Caller":
    """Return the caller with their present rights: rights and connections may end while the process runs."""
    close_old_connections()
    try:
        return Caller(_user(name), partial(urljoin, site))
    except CommandError as error:
        raise ToolRefused(str(error)) from error


def _user(name: str | None) -> Any:
    if name is None:
        return None
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user {name}.")
    return user
