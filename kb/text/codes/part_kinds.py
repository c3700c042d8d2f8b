"""What the parts of a code are, and the facts about families of codes, from `parts.toml`."""

import re
from pathlib import Path
from typing import NamedTuple

from kb.text.word_lists import WordFile

_FILE = WordFile(Path(__file__).with_name("parts.toml"))
HRESULT_SEVERITIES = _FILE.texts("hresult_severities")
HRESULT_FACILITIES = _FILE.texts("hresult_facilities")
NTSTATUS_SEVERITIES = _FILE.texts("ntstatus_severities")
NTSTATUS_FACILITIES = _FILE.texts("ntstatus_facilities")
SQLSTATE_CLASSES = _FILE.texts("sqlstate_classes")
SMTP_CLASSES = _FILE.texts("smtp_classes")
SMTP_SUBJECTS = _FILE.texts("smtp_subjects")
SMTP_DETAILS = _FILE.texts("smtp_details")
HTTP_CLASSES = _FILE.texts("http_classes")
GRPC_STATUSES = _FILE.texts("grpc_statuses")
_WORDS = {
    family: re.compile(rf"(?<![a-z0-9.])(?:{'|'.join(map(re.escape, words.split()))})(?![a-z]|://)")
    for family, words in _FILE.texts("words").items()
}


class CodePart(NamedTuple):
    """One part of a code: what it is called, its value as written, and what the value means."""

    name: str
    value: str
    meaning: str


class InnerCode(NamedTuple):
    """The code of another family inside a code. `family` is a list of words in `parts.toml`."""

    family: str
    code: str

    @property
    def title(self) -> str:
        """The family as people call it."""
        return _TITLES[self.family]


class CodeParts(NamedTuple):
    """A code taken apart: its family, its parts from left to right, and the code inside it, if it wraps one."""

    family: str
    parts: tuple[CodePart, ...]
    inner: InnerCode | None = None

    @property
    def summary(self) -> str:
        """The parts as one sentence."""
        parts = ", ".join(f"{part.name} {part.value} ({part.meaning})" for part in self.parts)
        wrapped = f" It wraps the {self.inner.title} {self.inner.code}." if self.inner else ""
        return f"{self.family}: {parts}.{wrapped}"


_TITLES = {"win32": "Windows error", "ntstatus": "NTSTATUS", "http": "HTTP status"}


def names_family(family: str, names: str) -> bool:
    """Whether names or words in lower case say that a code is of a family."""
    return _WORDS[family].search(names) is not None
