"""Codes in addresses: any code is one segment of a path and comes back as it was."""

import re

_ESCAPES = {"~0": "~", "~1": "/", "~2": "."}


class CodeConverter:
    """A code as one segment.

    Servers decode `%2F` before routing and browsers resolve `..`, so percent signs cannot carry these; JSON Pointer's
    escapes can: `~1` is a slash, `~0` a tilde. A code of nothing but dots has them as `~2`.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """Return the code that a segment stands for; a tilde that escapes nothing is itself."""
        return re.sub("~[012]", lambda match: _ESCAPES[match[0]], value)

    def to_url(self, value: str) -> str:
        """Return the segment for a code."""
        escaped = value.replace("~", "~0").replace("/", "~1")
        return escaped if escaped.strip(".") else escaped.replace(".", "~2")
