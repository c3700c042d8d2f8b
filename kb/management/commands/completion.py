"""Print what completes `manage.py` in a shell."""

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

_ZSH = """autoload -U +X bashcompinit && bashcompinit
{script}# Its bashcompinit has no compopt.
_codebook_in_zsh() {{
  [[ "$words" == *manage.py* && " {texts} " == *" $words[CURRENT-1] "* ]] || _bash_complete -o default -F _codebook
}}
compdef _codebook_in_zsh manage.py python python3
"""
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
        lines = [line for name in COMPLETED for line in (*_choices(name), *_free(name), _options(name))]
        script = template.substitute(commands=" ".join(_commands()), options="\n".join(lines))
        if options["what"] == "zsh":
            script = _ZSH.format(script=script, texts=" ".join(_texts_everywhere()))
        self.stdout.write(script)


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
    choices = _values(name, r"\{([a-z_,-]+)\}")
    return [f"    '{name} {option}') choices={values.replace(',', ' ')!r} ;;" for option, values in choices]


def _free(name: str) -> list[str]:
    """Return the lines of the script with the options of a command after which nothing is offered."""
    cases = [f"'{name} {option}'" for option in _texts(name)]
    return [f"    {'|'.join(cases)}) is_free=yes ;;"] if cases else []


def _texts(name: str) -> list[str]:
    """Return the options of a command that take a text which is neither a file nor the slug of a table."""
    texts = _values(name, r"(\[?[A-Z]+)")
    return [option for option, value in texts if value not in ("FILE", "SLUG")]


def _texts_everywhere() -> list[str]:
    """Return the options that take such a text in every command that has them."""
    choices = {option for name in COMPLETED for option, _ in _values(name, r"(\{)")}
    return sorted({option for name in COMPLETED for option in _texts(name)} - choices)


def _values(name: str, form: str) -> list[tuple[str, str]]:
    """Return the options of a command whose value has this form in its usage, with the value."""
    values = re.findall(rf"(--[a-z-]+)\s+{form}", _parser(name).format_usage())
    return [(option, value) for option, value in values if option not in _DJANGO]
