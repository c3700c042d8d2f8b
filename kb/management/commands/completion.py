"""Print what completes `manage.py` in a shell."""

import itertools
import re
from argparse import ArgumentParser
from pathlib import Path
from string import Template
from typing import Any

from django.core.management import BaseCommand, get_commands, load_command_class

from kb.management.completion import KINDS, words

SHELLS = ("bash", "zsh")
COMPLETED = ("create_token", "detect", "export_table", "import_table", "lookup")
"""The commands whose options are completed."""

_ZSH = "autoload -U +X bashcompinit && bashcompinit\n"
_DJANGO = {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback"}
_DJANGO |= {"--no-color", "--force-color", "--skip-checks"}


class Command(BaseCommand):
    """`source <(python manage.py completion bash)`."""

    help = "Print the completion of bash or zsh. Put into ~/.bashrc: source <(python manage.py completion bash)"
    # As for the other commands that only read.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the shell; or what the shell asks for at a Tab."""
        parser.add_argument("what", choices=[*SHELLS, *KINDS], help="a shell; or words that begin with a text")
        parser.add_argument("beginning", nargs="?", default="", help="of a table's slug, or of a code")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the script, or one word a line."""
        if options["what"] in KINDS:
            self.stdout.write("\n".join(words(options["what"], options["beginning"])))
            return
        template = Template((Path(__file__).parents[1] / "completion.bash").read_text(encoding="utf-8"))
        lines = [line for name in COMPLETED for line in (*_choices(name), _options(name))]
        script = template.substitute(commands=" ".join(_commands()), options="\n".join(lines))
        self.stdout.write((_ZSH if options["what"] == "zsh" else "") + script)


def _commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app == "kb")


def _parser(name: str) -> ArgumentParser:
    return load_command_class("kb", name).create_parser("manage.py", name)


def _options(name: str) -> str:
    """Return the line of the script with the options of a command."""
    options = set(re.findall(r"--[a-z-]+", _parser(name).format_usage()))
    return f"    '{name} '*) options={' '.join(sorted(options - _DJANGO))!r} ;;"


def _choices(name: str) -> list[str]:
    """Return the lines of the script with the values that options of a command take."""
    words = _parser(name).format_usage().replace("[", " ").replace("]", " ").split()
    choices = [(option, values[1:-1]) for option, values in itertools.pairwise(words) if values.startswith("{")]
    own = [(option, values) for option, values in choices if option.startswith("--") and option not in _DJANGO]
    return [f"    '{name} {option}') choices={values.replace(',', ' ')!r} ;;" for option, values in own]
