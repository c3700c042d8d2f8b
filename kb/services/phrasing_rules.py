"""How phrasings are stored."""

from typing import Any

from kb.services.journal import NotAllowed
from kb.text.editing.phrasings import tidy


class PhrasingsRefused(NotAllowed):
    """The phrasings are too many or too long. The message says which line, and what is allowed."""

    field = "phrasings"


def with_tidy_phrasings(values: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the values with their phrasings as they are stored. Raises PhrasingsRefused."""
    if "phrasings" not in values:
        return dict(values)
    try:
        return values | {"phrasings": tidy(values["phrasings"])}
    except ValueError as problem:
        raise PhrasingsRefused(str(problem)) from problem
