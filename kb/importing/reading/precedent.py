"""What is known of a table before a file of it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kb.importing.reading.choices import ReadingChoices


def _no_codes(name: str) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Precedent:
    """How the table's last file was read, and its stored words: evidence for columns and letters of the next file.

    `samples` has the vendor's last texts of some codes: by the code's identity, then by the name of the text.
    `language` is the tag of the table. `has_no_header` says that the last file had none. `count` returns how many codes
    have a text, by its name.
    """

    choices: ReadingChoices = field(default_factory=ReadingChoices)
    samples: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    language: str = ""
    has_no_header: bool = False
    count: Callable[[str], int] = _no_codes

    @property
    def letters(self) -> str:
        """The stored words in one text: evidence for the encoding of the next file."""
        return "\n".join(text for texts in self.samples.values() for text in texts.values())
