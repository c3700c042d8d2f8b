"""Codes in addresses: every code becomes one segment of a path, and decoding the segment returns the code."""

import re

_ESCAPES = {"~0": "~", "~1": "/", "~2": "."}


class CodeConverter:
    """A code as one segment.

    Servers decode `%2F` before routing and browsers resolve `..`, so percent escapes fail for these characters. The
    escapes of JSON Pointer work: `~1` is a slash, `~0` a tilde. In a code that consists of dots, `~2` is a dot.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """Return the code of a segment; a tilde that escapes nothing stands for itself."""
        return re.sub("~[012]", lambda match: _ESCAPES[match[0]], value)

    def to_url(self, value: str) -> str:
        """Return the segment of a code."""
        segment = value.replace("~", "~0").replace("/", "~1")
        return segment if segment.strip(".") else segment.replace(".", "~2")
