"""A file whose encoding is known, as a reader of one format gets it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from kb.importing.reading.files import KEEP_BAD_BYTES, InputFile, bad_byte, codec_of
from kb.importing.reading.sheets import Limits, Problem

_QUOTE = re.compile("^> ?", re.MULTILINE)
_LEAST_BAD, _BAD_SHARE = 3, 0.1


@dataclass
class SourceFile:
    """A file, its name, and how to read it. A reader adds what it leaves out to `problems`, with its line.

    `columns` has the target of headers that somebody chose, now or for an earlier file.
    """

    file: InputFile
    name: str
    limits: Limits
    encoding: str = ""
    delimiter: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def sample(self) -> str:
        """The first 64 KiB as text."""
        return self.without_quotes(self._head)

    @cached_property
    def _head(self) -> str:
        return self.file.head.decode(codec_of(self.encoding), KEEP_BAD_BYTES)

    @cached_property
    def _is_quoted(self) -> bool:
        """Whether each line begins with `>`, as in a mail that somebody forwards."""
        lines = [line for line in self._head.splitlines()[:-1] or [self._head] if line.strip()]
        return len(lines) > 1 and all(line.startswith(">") for line in lines)

    def without_quotes(self, text: str) -> str:
        """Return lines of the file without the `>` of a mail."""
        return _QUOTE.sub("", text) if self._is_quoted else text

    @cached_property
    def flaw(self) -> str:
        """A sentence where much of the text is not in the encoding, which then is probably another one; else ""."""
        foreign = [sign for sign in self.sample if not sign.isascii() or sign == "\0"] if self.encoding else []
        bad = sum(sign == "\0" or bad_byte(sign) is not None for sign in foreign)
        if bad < _LEAST_BAD or bad < _BAD_SHARE * len(foreign):
            return ""
        return f"Many characters are not {self.encoding.upper()}. The file is probably in another encoding: choose it."

    @cached_property
    def text(self) -> str:
        """The whole text, with LF for every line break. Raises Unreadable above `limits.memory`."""
        return self.without_quotes(self.file.text(self.encoding, self.limits))
