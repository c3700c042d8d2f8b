"""The face for assistants: a server of the Model Context Protocol with a few tools that only read.

answers.py   what the tools take and give, as JSON schemas
quoting.py   texts as data between marks, and answers that stay small
tools.py     the tools
server.py    the protocol's side of them
stdio.py     over standard input and output, for `manage.py mcp`
view.py      over HTTP, at /mcp/

It needs the extra `mcp`; without it the address says so.
"""

from importlib.util import find_spec

MISSING = "This needs the extra `mcp`: the package mcp>=2,<3 is not installed."


def is_installed() -> bool:
    """Whether the extra is there."""
    return find_spec("mcp") is not None
