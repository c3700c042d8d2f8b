"""Phrasings among the values that a service writes."""

from typing import Any

from kb.services.journal import NotAllowed
from kb.text.editing.phrasings import tidy


def with_tidy_phrasings(values: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the values with their phrasings as they are stored. Raises NotAllowed if they are too long."""
    if "phrasings" not in values:
        return dict(values)
    try:
        return values | {"phrasings": tidy(values["phrasings"])}
    except ValueError as problem:
        raise NotAllowed(f"The phrasings are too long. {problem}") from problem
