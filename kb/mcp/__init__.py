"""The face for assistants: a Model Context Protocol server with a few read-only tools, resources and prompts.

answers.py       arguments and answers of the tools; code_answers.py has those about codes
tool_schemas.py  their JSON schemas, kept short
asked_codes.py   reads what an assistant asks about: codes, texts that name codes, words
meanings.py      codes as parts of answers; shapes.py has all other rows
quotes.py        texts quoted as data, and answers of limited size
tools.py         the tools
resources.py     codes, tables and notes by address
prompts.py       what people often ask for
documents.py     answers as Markdown, for both
server.py        the protocol around them
stdio.py         over standard input and output, for `manage.py mcp`
view.py          over HTTP, at /mcp/

It needs the extra `mcp`; without it, /mcp/ answers that it is not installed.
"""

from importlib.util import find_spec

MISSING = "This needs the extra `mcp`: the package mcp>=2,<3 is not installed."


def is_installed() -> bool:
    """Return whether the extra is installed."""
    return find_spec("mcp") is not None
