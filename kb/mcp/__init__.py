"""The face for assistants: a Model Context Protocol server with a few read-only tools.

answers.py   arguments and answers of the tools, with their JSON schemas
shapes.py    rows of the knowledge base as parts of answers
quotes.py    texts quoted as data, and answers of limited size
tools.py     the tools
server.py    the protocol around the tools
stdio.py     over standard input and output, for `manage.py mcp`
view.py      over HTTP, at /mcp/

It needs the extra `mcp`; without it, /mcp/ answers that it is not installed.
"""

from importlib.util import find_spec

MISSING = "This needs the extra `mcp`: the package mcp>=2,<3 is not installed."


def is_installed() -> bool:
    """Return whether the extra is installed."""
    return find_spec("mcp") is not None
