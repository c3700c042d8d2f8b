"""What is known of a table before a file of it is read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kb.importing.reading.choices import ReadingChoices

_NO_NAME = re.compile(r"Column [0-9]{1,4}")


def _no_codes(name: str) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Precedent:
    """How the table's last file was read, and its stored words: evidence for columns and letters of the next file.

    `samples` has the vendor's last texts of some codes: by the code's identity, then by the name of the text.
    `language` is the tag of the table. `count` returns how many codes have a text, by its name. `encoding` is
    the one of the last file. `odd_codes` has the codes that are no numbers: such a code is not damaged. `extra_columns`
    has those of the sampled codes, from whichever file.
    """

    choices: ReadingChoices = field(default_factory=ReadingChoices)
    samples: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    language: str = ""
    count: Callable[[str], int] = _no_codes
    encoding: str = ""
    odd_codes: frozenset[str] = frozenset()
    extra_columns: frozenset[str] = frozenset()

    @property
    def has_no_header(self) -> bool:
        """Whether the last file had no header: its columns have the names of columns without one."""
        return any(
            target == "code" and bool(_NO_NAME.fullmatch(label)) for label, target in self.choices.columns.items()
        )

    @property
    def letters(self) -> str:
        """The stored words in one text: evidence for the encoding of the next file."""
        return "\n".join(text for texts in self.samples.values() for text in texts.values())
