"""Create, change and delete synonyms."""

from typing import Any

from kb.models import Synonym
from kb.services import journal
from kb.services.journal import By, NotAllowed, save_versioned


def save_synonym(synonym: Synonym, version: int | None, values: dict[str, Any], by: By) -> Synonym:
    """Create a group of synonyms (version None) or change one. Raises StaleEdit, NotAllowed."""
    words = [" ".join(word.split()) for word in values["words"].split(",")]
    words = list(dict.fromkeys(word for word in words if word))
    if len(words) < 2:
        raise NotAllowed("Enter two or more words or short phrases, separated by commas.")
    return save_versioned(synonym, version, values | {"words": ", ".join(words)}, {}, by)


def delete_synonym(synonym: Synonym, version: int, by: By) -> None:
    """Delete a group of synonyms: a search for one of its words no longer finds the others.

    Raises StaleEdit, NotAllowed.
    """
    by.require_to("delete", Synonym)
    with journal.entry(by) as entry:
        entry.delete(entry.lock(Synonym, synonym.pk, version))
