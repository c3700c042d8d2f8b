"""Errors of an import; every message is for a person."""

from kb.importing.reading.choices import FileQuestion
from kb.services.journal import NotAllowed


class ImportRefused(NotAllowed):
    """The import is refused; the message says why and what to do."""


class WrongState(ImportRefused):
    """The import has the wrong state for this action: it is applied, discarded or rolled back."""


class DecidedMeanwhile(ImportRefused):
    """Somebody decided a row after the person saw it; the message says who and what."""


class PlanIsStale(ImportRefused):
    """A plan is out of date; `reasons` has one sentence for each change since it was made."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("This plan is out of date. " + " ".join(reasons) + " Plan the file again.")
        self.reasons = reasons


class NeedsAnswers(ImportRefused):
    """The file leaves questions open; `questions` has them, with their offers."""

    def __init__(self, questions: list[FileQuestion]) -> None:
        super().__init__(" ".join(question.message for question in questions))
        self.questions = questions


class NeedsConfirmation(ImportRefused):
    """The import would retire or rewrite so many codes that you have to confirm it."""

    def __init__(self, retired: int, current: int, limit: int, strange: int = 0) -> None:
        reasons = []
        if retired > limit:
            reasons.append(
                f"This import would retire {retired} of the table's {current} codes. More than {limit} at once must be"
                " confirmed. Does the file list the whole table?"
            )
        if strange:
            reasons.append(
                f"The new texts of {strange} codes hardly fit this table; see the plan's warnings. This must be"
                " confirmed. Is it the right file?"
            )
        super().__init__(" ".join(reasons))
        self.retired, self.current, self.limit = retired, current, limit


class RowsInError(ImportRefused):
    """Some rows cannot be applied; confirm that you want to apply the others (`skip_errors=True`)."""

    def __init__(self, errors: int, duplicates: int) -> None:
        super().__init__(
            f"{broken_words(errors, duplicates)} from an earlier line. Correct the file, or choose to leave"
            " out these rows."
        )
        self.errors, self.duplicates = errors, duplicates


def broken_words(errors: int, duplicates: int) -> str:
    """Say how many rows cannot be applied: `1 row has an error and 2 repeat a code`."""
    first = "1 row has an error" if errors == 1 else f"{errors} rows have errors"
    return f"{first} and {duplicates} repeat{'s' if duplicates == 1 else ''} a code"
