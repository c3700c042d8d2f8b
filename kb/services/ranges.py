"""Create, change and delete code ranges."""

from typing import Any

from kb.models import CodeRange
from kb.services import journal
from kb.services.journal import By, save_versioned


def save_range(code_range: CodeRange, version: int | None, values: dict[str, Any], by: By) -> CodeRange:
    """Create a code range (version None) or change one. Raises StaleEdit, NotAllowed."""
    return save_versioned(code_range, version, values, {}, by)


def delete_range(code_range: CodeRange, version: int, by: By) -> None:
    """Delete a code range. Notes on it stay. Raises StaleEdit, NotAllowed."""
    by.require_to("delete", CodeRange)
    with journal.entry(by) as entry:
        entry.delete(entry.lock(CodeRange, code_range.pk, version))
