"""A file whose encoding is known, as a reader of one format gets it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from kb.importing.reading.files import KEEP_BAD_BYTES, InputFile, codec_of
from kb.importing.reading.sheets import Limits, Problem


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
        return self.file.head.decode(codec_of(self.encoding), KEEP_BAD_BYTES)

    @cached_property
    def text(self) -> str:
        """The whole text, with LF for every line break. Raises Unreadable above `limits.memory`."""
        return self.file.text(self.encoding, self.limits)
