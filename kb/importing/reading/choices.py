"""What somebody decides about how a file is read, and the questions that a file leaves open.

A question has offers. Each offer is a change of the choices: a button in the admin, a flag in the shell. A question
without a default stops the import until somebody has chosen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from kb.importing.reading.sheets import unreadable

ANSWERS: dict[str, dict[str, str]] = {
    "repeats": {
        "join": "Join all rows of each code",
        "shared": "Join the rows of a code that have the same description",
        "first": "Use the first row of each code and leave out the others",
    },
    "blanks": {
        "continue": "A row without a code continues the code above it",
        "error": "A row without a code is an error",
    },
    "lists": {
        "split": "Make one row for each code in a cell",
        "keep": "These are codes as written",
        "error": "Leave out rows whose cell has several codes",
    },
    "commas": {
        "join": "Join surplus cells to the last text of their row",
        "error": "Leave out rows with more cells than the header",
    },
    "damage": {
        "restore": "Use the stored codes in place of the damaged ones",
        "keep": "The codes are right as they are in the file",
    },
    "zeros": {
        "file": "They are the same codes: write them as the file does",
        "new": "They are new codes",
    },
    "sections": {
        "same": "Take them as those codes",
        "new": "They are new codes of another section",
    },
}
"""The questions that have one answer for a whole file: the values of each, with their labels."""

OF_PLAN = frozenset({"damage", "zeros", "sections"})
"""The questions that depend on the stored codes."""

NO_HEADER = 0
"""In `ReadingChoices.header`: the table has no header; its first row is a code."""


@dataclass(frozen=True, slots=True)
class ReadingChoices:
    """What somebody chose. Empty values are left to the reader.

    `tables` has the keys of the tables to read, `header` the line of each table's header by its key, `columns` the
    target of each header (see `columns.TARGETS`), `answers` a value of ANSWERS for each kind of question.
    """

    encoding: str = ""
    delimiter: str = ""
    tables: tuple[str, ...] = ()
    header: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, value in self.answers.items():
            if value not in ANSWERS.get(kind, {}):
                allowed = [f"{name}={word}" for name, words in ANSWERS.items() for word in words]
                message = f"There is no answer {kind}={value}. Allowed: {', '.join(allowed)}."
                raise unreadable("unknown_answer", message, value=value)

    def merged(self, changes: Mapping[str, Any]) -> Self:
        """Return the choices with changes of an offer, or of newer choices; empty values change nothing."""
        values: dict[str, Any] = {}
        for name, value in changes.items():
            if value:
                present = getattr(self, name)
                values[name] = {**present, **value} if isinstance(present, Mapping) else value
        return replace(self, **values)

    def as_json(self) -> dict[str, Any]:
        """Return the choices as stored in the database, without empty ones; `from_json` restores them."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return stored choices."""
        return cls(**{**stored, "tables": tuple(stored.get("tables", ()))})


@dataclass(frozen=True, slots=True)
class Offer:
    """One answer to a question: its label, and the choices that it makes."""

    label: str
    choices: Mapping[str, Any]

    @property
    def flags(self) -> str:
        """The flags of `manage.py import_table` that make the same choices."""
        return " ".join(flag for name, value in self.choices.items() for flag in _flags(name, value))


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """What a file leaves open. `default` is the label of the offer that is used until somebody chooses; "" for none."""

    kind: str
    message: str
    offers: tuple[Offer, ...] = ()
    default: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nothing can be imported until somebody chooses."""
        return not self.default

    def as_json(self) -> dict[str, Any]:
        """Return the question as an import stores it."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return a stored question."""
        return cls(**{**stored, "offers": tuple(Offer(**offer) for offer in stored.get("offers", ()))})


def default_answers(questions: Iterable[FileQuestion]) -> dict[str, str]:
    """Return the answers that questions have by default, so that the next file is read in the same way.

    What a plan asks differs from file to file, and rows that are errors stay errors: these are told each time.
    """
    return {kind: value for kind, value in _defaults(questions).items() if kind not in OF_PLAN and value != "error"}


def plan_answers(questions: Iterable[FileQuestion]) -> dict[str, str]:
    """Return the answers that the questions of a plan have by default: those of the next plan, too."""
    return {kind: value for kind, value in _defaults(questions).items() if kind in OF_PLAN}


def _defaults(questions: Iterable[FileQuestion]) -> dict[str, str]:
    offers = [offer for question in questions for offer in question.offers if offer.label == question.default]
    return {kind: value for offer in offers for kind, value in offer.choices.get("answers", {}).items()}


def ask(kind: str, message: str, default: str = "") -> FileQuestion:
    """Return a question that ANSWERS declares; `default` is the value that is used until somebody chooses."""
    values = ANSWERS[kind]
    offers = tuple(Offer(label, {"answers": {kind: value}}) for value, label in values.items())
    return FileQuestion(kind, message, offers, values.get(default, ""))


def _flags(name: str, value: Any) -> list[str]:
    pairs = {"columns": "--column", "answers": "--answer", "header": "--header"}
    if name in pairs:
        return [f"{pairs[name]} {_quote(f'{key}={word}' if key else str(word))}" for key, word in value.items()]
    if name == "tables":
        return [f"--sheet {_quote(key)}" for key in value]
    return [f"--{name} {_quote(str(value))}"]


def _quote(word: str) -> str:
    return word if word.replace("=", "").replace("-", "").replace("_", "").isalnum() else "'" + word + "'"
