"""Create an API token for a program."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError

from kb.models import Scope
from kb.services import tokens


class Command(BaseCommand):
    """`manage.py create_token "Ticket bot" --user anna --scope read_internal --expires 90d`."""

    help = "Create an API token and print it once: only its hash is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the token's name, user, scopes and expiry."""
        parser.add_argument("name", help="the program that uses the token")
        parser.add_argument("--user", required=True, help="the user whose rights limit the token")
        parser.add_argument("--scope", action="append", required=True, choices=Scope.values, help="may be repeated")
        parser.add_argument("--expires", default="90d", help="12h, 90d, 2w, 1y or never (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print only the token on standard output, so that a script can read it. Raises CommandError."""
        user = get_user_model().objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user “{options['user']}”.")
        try:
            expires_at = tokens.expiry(options["expires"])
            tokens.check_use(user, options["scope"], expires_at)
            token, secret = tokens.create(user, options["name"], sorted(set(options["scope"])), expires_at)
        except (ValueError, ValidationError) as error:
            raise CommandError(" ".join(getattr(error, "messages", [str(error)]))) from None
        until = f"until {token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at else "until it is revoked"
        self.stderr.write(f"For {user}, {', '.join(token.scopes)}, {until}. It is shown only once:")
        self.stdout.write(secret)
